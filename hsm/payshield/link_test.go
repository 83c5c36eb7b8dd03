package payshield_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/payshield"
	"switchd/hsm/payshield/wire"
	"switchd/switch/logtext"
)

// echo asks for an echo and gives the error on a channel.
func (h *hand) echo(ctx context.Context, text string) chan error {
	done := make(chan error, 1)
	go func() { done <- h.Echo(ctx, text) }()
	return done
}

// open waits until so many requests are without an answer.
func (h *hand) open(t testing.TB, want float64) {
	t.Helper()
	ctx := within(t)
	for h.value(t, "switchd_hsm_payshield_open", "") != want {
		if ctx.Err() != nil {
			t.Fatalf("never %v requests open", want)
		}
		runtime.Gosched()
	}
}

// TestOutOfOrder: requests share a connection, and answers find theirs in any order.
func TestOutOfOrder(t *testing.T) {
	const n = 32
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		var asked [][2]string
		for range n {
			header, command := p.next()
			asked = append(asked, [2]string{header, command})
		}
		for i := range asked {
			a := asked[len(asked)-1-i]
			p.send(a[0], "B300"+a[1][6:])
		}
		p.next()
	}).up(t)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := h.Echo(within(t), fmt.Sprintf("text %02d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestLateAndUnknown: an answer that nobody waits for any more, and one to nothing that
// was asked, are dropped and counted, and the connection goes on.
func TestLateAndUnknown(t *testing.T) {
	got, give := make(chan struct{}), make(chan struct{})
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		late, text := p.next()
		close(got)
		<-give
		p.send(late, "B300"+text[6:])
		p.send("~~~~", "B300x")
		p.send("0ZZZ", "B300x")
		p.send("VVVV", "B300x")
		header, text := p.next()
		p.send(header, "B300"+text[6:])
		p.next()
	}).up(t)
	ctx, cancel := context.WithCancel(within(t))
	slow := h.echo(ctx, "slow")
	<-got
	cancel()
	if err := <-slow; !errors.Is(err, hsm.ErrTimeout) || hsm.NotDone(err) {
		t.Error(err)
	}
	close(give)
	if err := h.Echo(within(t), "next"); err != nil {
		t.Error(err)
	}
	if late, unknown := h.value(t, "switchd_hsm_payshield_dropped_total", "late"), h.value(t, "switchd_hsm_payshield_dropped_total", "unknown"); late != 1 || unknown != 3 {
		t.Errorf("%v late, %v unknown", late, unknown)
	}
}

// TestWrongEnds: an answer to another question, or no answer at all, ends the
// connection; what was asked may have been done, and the next call goes by a new one.
func TestWrongEnds(t *testing.T) {
	for name, bad := range map[string]func(p *peer, header string){
		"other command": func(p *peer, header string) { p.send(header, "ND00"+checkLMK+"1234-0001") },
		"same command":  func(p *peer, header string) { p.send(header, "B200bad") },
		"no code":       func(p *peer, header string) { p.send(header, "B3") },
		"small code":    func(p *peer, header string) { p.send(header, "B3a0") },
		"short":         func(p *peer, header string) { p.send("", "0") },
		"too long":      func(p *peer, header string) { _, _ = p.conn.Write([]byte{0xFF, 0xFF, 'B'}) },
		"empty":         func(p *peer, header string) { _, _ = p.conn.Write([]byte{0, 0}) },
	} {
		t.Run(name, func(t *testing.T) {
			first := true
			h := begin(t, payshield.Options{}, func(p *peer) {
				p.greet()
				header, text := p.next()
				if text == "" {
					return
				}
				if first {
					first = false
					bad(p, header)
				} else {
					p.send(header, "B300"+text[6:])
				}
				_, _ = io.Copy(io.Discard, p.conn)
			}).up(t)
			err := h.Echo(within(t), "bad")
			if !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) || errors.Is(err, hsm.ErrBlock) {
				t.Errorf("%v", err)
			}
			h.again()
			h.up(t)
			if err := h.Echo(within(t), "good"); err != nil {
				t.Error(err)
			}
			if n := h.value(t, "switchd_hsm_payshield_closed_total", "wrong"); n != 1 {
				t.Errorf("%v counted", n)
			}
		})
	}
}

// TestCut: what was written, or was being written, may have been done; what waited behind
// it was not.
func TestCut(t *testing.T) {
	h, ours, p := beginGated(t)
	first := h.echo(within(t), "first")
	<-ours.writing
	ours.through <- struct{}{}
	if _, text := p.next(); text != "B20005first" {
		t.Fatal(text)
	}
	second := h.echo(within(t), "second")
	<-ours.writing
	third := h.echo(within(t), "third")
	h.open(t, 3)
	_, _ = p.conn.Write([]byte{0, 20, '0', '0'}) // half an answer
	_ = p.conn.Close()
	for text, done := range map[string]chan error{"first": first, "second": second, "third": third} {
		if err := <-done; !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) != (text == "third") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// broken is a connection whose writes fail after so many bytes.
type broken struct {
	net.Conn
	mu   sync.Mutex // guards left
	left int
}

func (b *broken) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(b.left, len(p))
	b.left -= n
	if n > 0 {
		if m, err := b.Conn.Write(p[:n]); err != nil {
			return m, err
		}
	}
	if n < len(p) {
		return n, errors.New("broken pipe")
	}
	return n, nil
}

// TestHalfWritten: a command of which the last byte could not be written was not done.
func TestHalfWritten(t *testing.T) {
	const nc, b2 = 2 + 4 + 2, 2 + 4 + 2 + 4 + 4
	for left, want := range map[int]bool{nc: true, nc + 1: true, nc + b2 - 1: true, nc + b2: false} {
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			h := begin(t, payshield.Options{Dial: func(context.Context, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() { // ends with the connection
					p := &peer{t: t, conn: theirs}
					p.in = newReader(theirs)
					p.greet()
					_, _ = io.Copy(io.Discard, theirs)
				}()
				return &broken{Conn: ours, left: left}, nil
			}, Addresses: []string{"broken:1"}}, nil).up(t)
			ctx, cancel := context.WithCancel(within(t))
			done := h.echo(ctx, "text")
			if want {
				if err := <-done; !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
					t.Errorf("%v", err)
				}
				cancel()
				return
			}
			h.open(t, 1)
			cancel()
			if err := <-done; err == nil || !errors.Is(err, hsm.ErrTimeout) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestFull: a connection takes so many requests and no more, and one that was given up
// keeps its place.
func TestFull(t *testing.T) {
	got, answer := make(chan struct{}), make(chan struct{})
	h := begin(t, payshield.Options{OpenMax: 2}, func(p *peer) {
		p.greet()
		h1, t1 := p.next()
		h2, t2 := p.next()
		close(got)
		<-answer
		p.send(h1, "B300"+t1[6:])
		p.send(h2, "B300"+t2[6:])
		for {
			header, text := p.next()
			if text == "" {
				return
			}
			p.send(header, "B300"+text[6:])
		}
	}).up(t)
	ctx, cancel := context.WithCancel(within(t))
	given := h.echo(ctx, "one")
	kept := h.echo(within(t), "two")
	<-got
	if err := h.Echo(within(t), "three"); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Errorf("full: %v", err)
	}
	cancel()
	if err := <-given; !errors.Is(err, hsm.ErrTimeout) || hsm.NotDone(err) {
		t.Error(err)
	}
	if err := h.Echo(within(t), "four"); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Errorf("given up: %v", err)
	}
	close(answer)
	if err := <-kept; err != nil {
		t.Error(err)
	}
	h.open(t, 0)
	if err := h.Echo(within(t), "five"); err != nil {
		t.Error(err)
	}
}

// TestGivenUpUnwritten: a call whose context ends before it is written was not done, and
// its command is never sent.
func TestGivenUpUnwritten(t *testing.T) {
	h, ours, p := beginGated(t)
	first := h.echo(within(t), "first")
	<-ours.writing
	ctx, cancel := context.WithCancel(within(t))
	never := h.echo(ctx, "never")
	h.open(t, 2)
	cancel()
	if err := <-never; !errors.Is(err, hsm.ErrTimeout) || !hsm.NotDone(err) {
		t.Errorf("%v", err)
	}
	last := h.echo(within(t), "last")
	h.open(t, 2)
	for _, done := range []chan error{first, last} {
		ours.through <- struct{}{}
		header, text := p.next()
		if strings.Contains(text, "never") {
			t.Errorf("sent %s", text)
		}
		p.send(header, "B300"+text[6:])
		if err := <-done; err != nil {
			t.Error(err)
		}
		if text == "B20005first" {
			<-ours.writing
		}
	}
	if err := h.Echo(ctx, "x"); !errors.Is(err, hsm.ErrTimeout) || !hsm.NotDone(err) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// TestHung: a connection that owes answers and gives none between two looks is closed;
// an idle one is asked NC at every look.
func TestHung(t *testing.T) {
	probed, got := make(chan struct{}, 8), make(chan struct{})
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		for {
			header, text := p.next()
			switch text {
			case "":
				return
			case "NC":
				p.send(header, "ND00"+checkLMK+"1234-0001")
				probed <- struct{}{}
			default:
				close(got)
			}
		}
	}).up(t)
	for range 3 { // idle
		h.goOn <- struct{}{}
		<-probed
		h.open(t, 0)
	}
	stuck := h.echo(within(t), "stuck")
	<-got                // one that is still in the queue would end as one that was not done
	h.goOn <- struct{}{} // since the look before, NC was answered
	select {
	case err := <-stuck:
		t.Fatalf("too early: %v", err)
	default:
	}
	h.goOn <- struct{}{}
	if err := <-stuck; !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) {
		t.Error(err)
	}
	h.again()
	h.up(t)
	if n := h.value(t, "switchd_hsm_payshield_closed_total", "hung"); n != 1 {
		t.Errorf("%v counted", n)
	}
}

// TestRetry: waits double up to their maximum while there is no connection, and calls
// fail at once.
func TestRetry(t *testing.T) {
	var mu sync.Mutex // guards refused
	refused := 5
	h := begin(t, payshield.Options{
		Addresses: []string{"a:1", "b:1"}, RetryMin: time.Second, RetryMax: 4 * time.Second,
		Dial: func(_ context.Context, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if refused--; refused >= 0 {
				return nil, errors.New("connection refused")
			}
			ours, theirs := net.Pipe()
			go func() {
				p := &peer{t: t, conn: theirs, in: newReader(theirs)}
				p.greet()
				p.next()
			}()
			return ours, nil
		},
	}, nil)
	for i, want := range []time.Duration{1, 2, 4, 4, 4} {
		if got := <-h.waits; got != want*time.Second {
			t.Errorf("wait %d is %s", i, got)
		}
		if err := h.Echo(within(t), "x"); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
			t.Errorf("%v", err)
		}
		h.goOn <- struct{}{}
	}
	h.up(t)
	if n := h.value(t, "switchd_hsm_payshield_dials_total", "failed"); n != 5 {
		t.Errorf("%v failed", n)
	}
}

// TestOtherLMK: a module whose keys are under another LMK is not used.
func TestOtherLMK(t *testing.T) {
	h := begin(t, payshield.Options{Table: keyFile(t, strings.Replace(goldenKeys, `"version": 1,`, `"version": 1, "lmk": "0000000000000001",`, 1))}, func(p *peer) {
		p.greet()
		p.next()
	})
	<-h.waits // before the next connection
	if err := h.Echo(within(t), "x"); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) || !strings.Contains(err.Error(), "LMK") {
		t.Errorf("%v", err)
	}
	if n := h.value(t, "switchd_hsm_payshield_dials_total", "refused"); n != 1 {
		t.Errorf("%v refused", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Up(ctx); !errors.Is(err, hsm.ErrDown) {
		t.Error(err)
	}
}

// TestStatusRefused: an HSM that refuses NC is one that is not there; no call was refused.
func TestStatusRefused(t *testing.T) {
	h := begin(t, payshield.Options{}, func(p *peer) {
		header, _ := p.next()
		p.send(header, "ND68")
		p.next()
	})
	<-h.waits // before the next connection
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, err := range map[string]error{"call": h.Echo(within(t), "x"), "up": h.Up(ctx)} {
		if !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) || errors.Is(err, hsm.ErrDenied) || !strings.Contains(err.Error(), "68") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStop: Run ends all calls.
func TestStop(t *testing.T) {
	h := begin(t, payshield.Options{}, func(p *peer) {
		p.greet()
		for {
			if _, text := p.next(); text == "" {
				return
			}
		}
	}).up(t)
	call := h.echo(within(t), "x")
	h.open(t, 1)
	h.stop()
	if err := <-call; !errors.Is(err, hsm.ErrDown) {
		t.Error(err)
	}
	err := <-h.done
	h.done <- err
	if err := h.Echo(within(t), "x"); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Error(err)
	}
	if n := h.value(t, "switchd_hsm_payshield_connections", ""); n != 0 {
		t.Errorf("%v connections", n)
	}
}

// TestSpreads: calls go to the connection with the fewest requests.
func TestSpreads(t *testing.T) {
	hold := make(chan struct{})
	var mu sync.Mutex // guards served
	served := map[int]int{}
	conns := 0
	h := begin(t, payshield.Options{Conns: 4}, func(p *peer) {
		mu.Lock()
		me := conns
		conns++
		mu.Unlock()
		p.greet()
		for {
			header, text := p.next()
			if text == "" {
				return
			}
			mu.Lock()
			served[me]++
			mu.Unlock()
			go func() {
				<-hold
				p.send(header, "B300"+text[6:])
			}()
		}
	}).up(t)
	h.connected(t, 4)
	var calls []chan error
	for i := range 16 {
		calls = append(calls, h.echo(within(t), "x"))
		h.open(t, float64(i+1))
	}
	close(hold)
	for _, c := range calls {
		if err := <-c; err != nil {
			t.Error(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for me, n := range served {
		if n != 4 {
			t.Errorf("connection %d had %d", me, n)
		}
	}
}

// TestAnswerBeforeCommand: an answer to a command that was not sent yet is none.
func TestAnswerBeforeCommand(t *testing.T) {
	h, ours, p := beginGated(t)
	first := h.echo(within(t), "first")
	<-ours.writing
	second := h.echo(within(t), "second")
	h.open(t, 2)
	p.send("0003", "B300second") // NC was 1, the first is 2
	if err := <-second; !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) {
		t.Errorf("%v", err)
	}
	if err := <-first; !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) {
		t.Errorf("%v", err)
	}
}

// TestTwoAddresses: with one of two modules away, calls go to the other.
func TestTwoAddresses(t *testing.T) {
	h := begin(t, payshield.Options{
		Addresses: []string{"away:1", "there:1"}, Conns: 4,
		Dial: func(_ context.Context, address string) (net.Conn, error) {
			if address == "away:1" {
				return nil, errors.New("no route to host")
			}
			ours, theirs := net.Pipe()
			go func() { // ends with the connection
				p := &peer{t: t, conn: theirs, in: newReader(theirs)}
				p.greet()
				for header, text := p.next(); text != ""; header, text = p.next() {
					p.send(header, "B300"+text[6:])
				}
			}()
			return ours, nil
		},
	}, nil).up(t)
	for range 20 {
		if err := h.Echo(within(t), "x"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNumbersComeRound: a header that is still waited for is not used again, though all
// others were.
func TestNumbersComeRound(t *testing.T) {
	old := make(chan string, 1)
	free := make(chan struct{})
	h := begin(t, payshield.Options{HeaderLen: 2, OpenMax: 4}, func(p *peer) {
		read := func() (string, string) {
			frame, err := wire.Read(p.in, nil, wire.FrameMax)
			if err != nil {
				return "", ""
			}
			return string(frame[:2]), string(frame[2:])
		}
		header, _ := read()
		p.send(header, "ND00"+checkLMK+"1234-0001")
		waits, text := read()
		old <- waits
		for n := 0; n < 1100; n++ { // there are 1024 numbers
			header, text := read()
			if header == waits {
				t.Error("used again")
			}
			p.send(header, "B300"+text[6:])
		}
		<-free
		p.send(waits, "B300"+text[6:])
		_, _ = read()
	}).up(t)
	slow := h.echo(within(t), "slow")
	<-old
	for range 1100 {
		if err := h.Echo(within(t), "x"); err != nil {
			t.Fatal(err)
		}
	}
	close(free)
	if err := <-slow; err != nil {
		t.Error(err)
	}
}

// TestNoConnectionIsTold: a start that finds no module says why, with what it mostly is;
// and the log has one line a minute of an address, however often it is tried.
func TestNoConnectionIsTold(t *testing.T) {
	var said logtext.Text
	var now atomic.Int64
	h := begin(t, payshield.Options{
		Addresses: []string{"a:1", "b:1"}, Conns: 4, Log: slog.New(slog.NewTextHandler(&said, nil)), Clock: now.Load,
		Dial: func(context.Context, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			_ = theirs.Close()
			return ours, nil
		},
	}, nil)
	const line = "no connection to the HSM"
	// rounds has the addresses tried until there are so many lines, and a while longer.
	rounds := func(lines int) {
		t.Helper()
		for ctx, more := within(t), 20; more > 0 && ctx.Err() == nil; {
			<-h.waits
			if said.Count(line) >= lines {
				more--
			}
			h.goOn <- struct{}{}
		}
		if n := said.Count(line); n != lines {
			t.Errorf("%d lines, want %d:\n%s", n, lines, said.String())
		}
	}
	rounds(2)
	now.Store(int64(time.Minute))
	rounds(4)
	if said.Count("does it want TLS") != 4 || said.Count("has ended") != 0 {
		t.Error(said.String())
	}
	over, end := context.WithCancel(t.Context())
	end()
	if err := h.Up(over); !errors.Is(err, hsm.ErrDown) || !strings.Contains(err.Error(), "does it want TLS (hsm.tls)") {
		t.Errorf("a start says %v", err)
	}
}
