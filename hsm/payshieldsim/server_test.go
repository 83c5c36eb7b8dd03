package payshieldsim_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/payshieldsim"
)

// patience is far more than anything here takes.
const patience = 90 * time.Second

// serving is a server that works, and what its delays wait for.
type serving struct {
	*payshieldsim.Server
	t    *testing.T
	addr string
	goOn chan struct{}
	stop context.CancelFunc
	done chan error
}

func serve(t *testing.T, o payshieldsim.Options, faults ...string) *serving {
	t.Helper()
	for _, text := range faults {
		f, err := payshieldsim.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	s := &serving{t: t, goOn: make(chan struct{}), done: make(chan error, 1)}
	o.LMK = newLab(t).lmk
	o.Wait = func(ctx context.Context, _ time.Duration) bool {
		select {
		case <-s.goOn:
			return true
		case <-ctx.Done():
			return false
		}
	}
	var err error
	if s.Server, err = payshieldsim.New(o); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.done <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-s.done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// line is a connection to it.
type line struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func (s *serving) dial() *line {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	s.t.Cleanup(func() { _ = conn.Close() })
	return &line{conn, s.t, bufio.NewReader(conn)}
}

// send sends commands, all at once.
func (l *line) send(commands ...string) {
	l.t.Helper()
	var all []byte
	for _, c := range commands {
		frame := append(make([]byte, wire.LengthSize), c...)
		wire.PutLength(frame)
		all = append(all, frame...)
	}
	if _, err := l.Write(all); err != nil {
		l.t.Fatal(err)
	}
}

// want reads answers.
func (l *line) want(answers ...string) {
	l.t.Helper()
	for _, want := range answers {
		frame, err := wire.Read(l.in, nil, wire.FrameMax)
		if err != nil || string(frame) != want {
			l.t.Fatalf("%q, %v, not %q", frame, err, want)
		}
	}
}

// ends wants the connection to end with nothing more than some bytes.
func (l *line) ends(most int) {
	l.t.Helper()
	rest, err := io.ReadAll(l.in)
	if err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") || len(rest) > most {
		l.t.Errorf("%d bytes %q, %v", len(rest), rest, err)
	}
}

func echo(n int) (command, answer string) {
	return fmt.Sprintf("%04dB20002%02d", n, n), fmt.Sprintf("%04dB300%02d", n, n)
}

// TestServe: commands that come together are answered in order; a frame that cannot be
// answered ends the connection and no other.
func TestServe(t *testing.T) {
	s := serve(t, payshieldsim.Options{FrameMax: 512})
	var commands, answers []string
	for n := range 50 {
		c, a := echo(n)
		commands, answers = append(commands, c), append(answers, a)
	}
	good := s.dial()
	good.send(commands...)
	good.want(answers...)
	for name, bytes := range map[string]string{"too long": "\x02\x01", "empty": "\x00\x00", "no command": "\x00\x04ABCD", "small letters": "\x00\x06ABCDnc"} {
		bad := s.dial()
		if _, err := bad.Write([]byte(bytes)); err != nil {
			t.Fatal(name, err)
		}
		bad.ends(0)
	}
	good.send(commands[7])
	good.want(answers[7])
	if n := s.Stats().Answered; n != 51 {
		t.Errorf("%d answered", n)
	}
	s.stop()
	good.ends(0)
}

// TestConnections: there are so many at once, and their places come free.
func TestConnections(t *testing.T) {
	s := serve(t, payshieldsim.Options{ConnsMax: 2})
	c, a := echo(1)
	first, second := s.dial(), s.dial()
	for _, l := range []*line{first, second} {
		l.send(c)
		l.want(a)
	}
	s.dial().ends(0)
	if n := s.Stats(); n.Refused != 1 || n.Conns != 2 {
		t.Errorf("%+v", n)
	}
	_ = first.Close()
	for over := time.After(patience); s.Stats().Conns > 1; runtime.Gosched() {
		select {
		case <-over:
			t.Fatal("the place did not come free")
		default:
		}
	}
	third := s.dial()
	third.send(c)
	third.want(a)
}

// TestFaults: what each fault does, and to which commands.
func TestFaults(t *testing.T) {
	c1, a1 := echo(1)
	c2, a2 := echo(2)
	c3, a3 := echo(3)
	answered := func(fault string, commands, answers []string) func(*testing.T) {
		return func(t *testing.T) {
			l := serve(t, payshieldsim.Options{}, fault).dial()
			l.send(commands...)
			l.want(answers...)
		}
	}
	all := []string{c1, c2, c3}
	for fault, test := range map[string]func(*testing.T){
		"hang/2":     answered("hang/2", all, []string{a1, a3}),
		"NC:hang":    answered("NC:hang", []string{c1, "0009NC", c3}, []string{a1, a3}),
		"wrong/3":    answered("wrong/3", all, []string{a1, a2, "0003ND0003"}),
		"unknown/3":  answered("unknown/3", all, []string{a1, a2, "~~~~B30003"}),
		"twice/2":    answered("twice/2", all, []string{a1, a2, a2, a3}),
		"error=41/2": answered("error=41/2", all, []string{a1, "0002B341", a3}),
		"reverse=3":  answered("reverse=3", all, []string{a3, a2, a1}),
		"cut/2": func(t *testing.T) {
			l := serve(t, payshieldsim.Options{}, "cut/2").dial()
			l.send(all...)
			l.want(a1)
			l.ends(2 + len(a2) - 1)
		},
		"close/2": func(t *testing.T) {
			l := serve(t, payshieldsim.Options{}, "close/2").dial()
			l.send(all...)
			l.want(a1)
			l.ends(0)
		},
		"garbage/2": func(t *testing.T) {
			l := serve(t, payshieldsim.Options{}, "garbage/2").dial()
			l.send(c1, c2)
			l.want(a1)
			if frame, err := wire.Read(l.in, nil, wire.FrameMax); !errors.Is(err, hsm.ErrBlock) {
				t.Errorf("%q, %v", frame, err)
			}
		},
		"delay=1s/2": func(t *testing.T) {
			s := serve(t, payshieldsim.Options{LateMax: 1}, "delay=1s/2")
			l := s.dial()
			l.send(all...)
			l.want(a1, a3)
			s.goOn <- struct{}{}
			l.want(a2)
			l.send(all...) // the second and the one after next are late, and there is one place
			l.send(all...)
			s.goOn <- struct{}{}
			s.goOn <- struct{}{}
			s.goOn <- struct{}{}
			for range 6 {
				if _, err := wire.Read(l.in, nil, wire.FrameMax); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(strings.ReplaceAll(fault, "/", " of "), test)
	}
}
