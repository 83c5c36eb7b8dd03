package faultline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen; it is no part of any outcome.
const patience = 20 * time.Second

// rig is a proxy before a target whose every connection a test holds.
type rig struct {
	*Proxy
	t     testing.TB
	now   atomic.Int64
	conns chan *net.TCPConn // what the target has accepted
	stop  func()
}

func start(t testing.TB, change func(*Options)) *rig {
	t.Helper()
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, conns: make(chan *net.TCPConn, 100)}
	o := Options{Target: target.Addr().String(), Seed: 7, Clock: r.now.Load}
	if change != nil {
		change(&o)
	}
	if r.Proxy, err = Listen(o); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := target.Accept()
			if err != nil {
				return
			}
			r.conns <- c.(*net.TCPConn)
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		defer target.Close()
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	r.stop = func() { cancel(); running.Wait() }
	t.Cleanup(r.stop)
	return r
}

// line connects through the proxy.
func (r *rig) line() (near, far *net.TCPConn, l *Line) {
	r.t.Helper()
	before := len(r.Lines())
	near = r.dial()
	far = r.accept()
	r.eventually("the line is known", func() bool { return len(r.Lines()) > before && r.Lines()[before].connected() })
	return near, far, r.Lines()[before]
}

func (r *rig) dial() *net.TCPConn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		r.t.Fatal(err)
	}
	return r.own(c.(*net.TCPConn))
}

// refused connects in vain: the end may come before dialling has returned.
func (r *rig) refused() {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err == nil {
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		r.t.Errorf("connecting ends with %v, want a reset", err)
	}
}

func (r *rig) accept() *net.TCPConn {
	r.t.Helper()
	select {
	case c := <-r.conns:
		return r.own(c)
	case <-time.After(patience):
		r.t.Fatal("the target sees nobody")
		return nil
	}
}

func (r *rig) own(c *net.TCPConn) *net.TCPConn {
	_ = c.SetDeadline(time.Now().Add(patience))
	r.t.Cleanup(func() { c.Close() })
	return c
}

func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	for limit := time.Now().Add(patience); !ok(); runtime.Gosched() {
		if time.Now().After(limit) {
			r.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func (r *rig) write(c net.Conn, text string) {
	r.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
}

// reads takes what is expected and no more.
func (r *rig) reads(c net.Conn, want string) {
	r.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		r.t.Fatalf("read %q %v, want %q", got[:n], err, want)
	}
}

// ends reads to the end, which is clean or a reset.
func (r *rig) ends(c net.Conn, want string, how End) {
	r.t.Helper()
	got, err := io.ReadAll(c)
	if string(got) != want || (how == Reset) != errors.Is(err, syscall.ECONNRESET) || (how != Reset) != (err == nil) {
		r.t.Errorf("ended with %q %v, want %q and %v", got, err, want, how)
	}
}

// Without a fault all bytes come through, both ways, and so do the ends.
func TestPasses(t *testing.T) {
	r := start(t, nil)
	near, far, l := r.line()
	text := strings.Repeat("all that there is, ", 50_000)
	for _, pair := range [][2]*net.TCPConn{{near, far}, {far, near}} {
		var all sync.WaitGroup
		all.Go(func() { _, _ = io.WriteString(pair[0], text); _ = pair[0].CloseWrite() })
		r.ends(pair[1], text, Close)
		all.Wait()
	}
	if l.Passed(Up) != int64(len(text)) || l.Passed(Down) != int64(len(text)) {
		t.Errorf("%d and %d bytes passed, want %d", l.Passed(Up), l.Passed(Down), len(text))
	}
	r.eventually("the line ends", func() bool { return len(r.Lines()) == 0 })
	near, far, _ = r.line()
	reset(far)
	r.ends(near, "", Reset)
}

// Bytes come when the clock says so and not before, in order whatever the chance; so
// does the end behind them.
func TestDelayAndJitter(t *testing.T) {
	r := start(t, nil)
	r.Plan(Way{Delay: time.Second, Jitter: time.Second}, Way{})
	near, far, l := r.line()
	r.write(near, "late")
	r.write(far, "at once")
	r.reads(near, "at once")
	r.now.Store(int64(time.Second) - 1)
	r.write(far, "meanwhile")
	r.reads(near, "meanwhile")
	if n := l.Passed(Up); n != 0 {
		t.Errorf("%d bytes are there before their time", n)
	}
	r.now.Store(int64(3 * time.Second))
	r.reads(far, "late")
	over := make(chan struct{})
	_ = near.CloseWrite()
	go func() {
		defer close(over)
		r.ends(far, "", Close)
	}()
	r.eventually("the end comes too", func() bool {
		r.now.Add(int64(time.Second))
		select {
		case <-over:
			return true
		default:
			return false
		}
	})

	l.Change(Up, Way{Delay: time.Hour})
	if l.Passed(Up) != 4 {
		t.Error("a change forgets what has passed")
	}
}

// The same seed gives the same delays, another one others; none is out of bounds.
func TestChance(t *testing.T) {
	draw := func(seed, number uint64) (all []int64) {
		o := Options{Seed: seed, Clock: func() int64 { return 0 }}.withDefaults()
		for range 50 {
			f := newFlow(&o, nil, Way{Delay: 10, Jitter: 1000}, number)
			f.chance.Uint64()
			all = append(all, f.due())
		}
		f := newFlow(&o, nil, Way{Delay: 10, Jitter: 1000}, number)
		for range 50 {
			due := f.due()
			if due < 10 || due > 1010 || due < all[len(all)-1] && len(all) > 50 {
				t.Fatalf("due at %d after %d", due, all[len(all)-1])
			}
			all = append(all, due)
		}
		return all
	}
	one := fmt.Sprint(draw(1, 1))
	if one != fmt.Sprint(draw(1, 1)) || one == fmt.Sprint(draw(2, 1)) || one == fmt.Sprint(draw(1, 2)) {
		t.Error("chance does not come from the seed and the line")
	}
}

// A rate lets so much through for the time that has passed.
func TestRate(t *testing.T) {
	r := start(t, nil)
	r.Plan(Way{Rate: 1000}, Way{})
	near, far, l := r.line()
	text := strings.Repeat("0123456789", 100)
	r.write(near, text)
	for tenth := int64(1); tenth <= 10; tenth++ {
		for step := int64(1); step <= 10; step++ { // a timer that is late gives no more
			r.now.Store((tenth-1)*int64(time.Second)/10 + step*int64(time.Second)/100)
			r.eventually("a part", func() bool { return l.Passed(Up) >= ((tenth-1)*10+step)*10 })
		}
		if n := l.Passed(Up); n > tenth*100+10 {
			t.Fatalf("%d bytes after %d tenths of a second", n, tenth)
		}
	}
	r.reads(far, text)
}

// Crumbs come out in the size that was asked for.
func TestSegment(t *testing.T) {
	o := Options{}
	f := newFlow(&o, nil, Way{Segment: 3}, 0)
	for _, c := range []struct{ n, want int }{{10, 3}, {2, 2}, {3, 3}} {
		if got, lose, _ := f.share(c.n); got != c.want || lose {
			t.Errorf("of %d bytes %d pass, lost: %v", c.n, got, lose)
		}
	}
	r := start(t, nil)
	r.Plan(Way{Segment: 1}, Way{Segment: 1})
	near, far, _ := r.line()
	r.write(near, "in crumbs")
	r.reads(far, "in crumbs")
}

// A fault strikes after exactly the byte it was told, and what is to be lost is lost.
func TestEndsAtEveryByte(t *testing.T) {
	const text = "twenty bytes of text"
	for _, then := range []End{Reset, Close} {
		for lose := range int64(3) {
			r := start(t, nil)
			for after := int64(0); after+lose <= int64(len(text)); after++ {
				near, far, l := r.line()
				l.Change(Up, Way{After: after, Lose: lose, Then: then})
				_, err := io.WriteString(near, text) // the line may have ended before it
				r.ends(far, text[:after], then)
				if err == nil && (then == Reset || after+lose == int64(len(text))) {
					r.ends(near, "", then)
				}
				<-l.Ended()
				r.eventually("it is forgotten", func() bool { return len(r.Lines()) == 0 })
			}
			r.stop()
		}
	}
}

// A direction that is closed by half leaves the other as it is.
func TestHalfClose(t *testing.T) {
	r := start(t, nil)
	near, far, l := r.line()
	l.Change(Up, Way{After: 4, Then: HalfClose})
	r.write(near, "seen and not seen")
	r.ends(far, "seen", Close)
	r.write(far, "the other way")
	r.reads(near, "the other way")
	r.write(near, "into nothing")
	_ = far.CloseWrite()
	r.ends(near, "", Close)
}

// In silence nothing comes and nobody learns of it, not even that the peer has gone.
func TestSilence(t *testing.T) {
	r := start(t, nil)
	near, far, l := r.line()
	r.write(near, "heard")
	r.reads(far, "heard")
	l.End(Silence)
	for range 100 {
		r.write(near, "unheard") // and it blocks nobody
	}
	r.write(far, "unheard")
	reset(near)
	r.eventually("it is taken", func() bool { return l.flows[Up].lostSome() })
	if len(r.Lines()) != 1 {
		t.Error("the line has ended")
	}
	_ = far.SetReadDeadline(time.Now().Add(time.Millisecond))
	if n, err := far.Read(make([]byte, 1)); n != 0 || !errors.As(err, new(net.Error)) || errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the far end has heard %d %v", n, err)
	}
	far.Close()
	r.eventually("it ends when both have given up", func() bool { return len(r.Lines()) == 0 })
}

// lostSome says that the direction has swallowed something.
func (f *flow) lostSome() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost > 0
}

// What is held is bounded, and so is the number of lines.
func TestBounds(t *testing.T) {
	r := start(t, func(o *Options) { o.LinesMax, o.HeldMax = 2, 64<<10 })
	r.Plan(Way{Delay: time.Hour}, Way{})
	near, _, l := r.line()
	r.line()
	r.refused()
	over := make(chan int64)
	go func() {
		n, _ := io.Copy(near, io.LimitReader(zeros{}, 64<<20))
		over <- n
	}()
	q := l.flows[Up].queue
	r.eventually("it holds all that it may", func() bool { return len(q) == cap(q) })
	if held := cap(q) * pieceBytes; held != 64<<10 {
		t.Errorf("%d bytes are held", held)
	}
	l.End(Reset)
	if n := <-over; n >= 64<<20 || l.Passed(Up) != 0 {
		t.Errorf("%d bytes were taken, %d passed", n, l.Passed(Up))
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// The end of Run ends all lines and leaves no goroutine.
func TestStop(t *testing.T) {
	r := start(t, nil)
	near, _, _ := r.line()
	_, far, l := r.line()
	l.End(Silence)
	r.stop()
	for _, c := range []net.Conn{near, far} {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a line is left")
		}
	}
	r.eventually("no goroutine is left", func() bool {
		buf := make([]byte, 1<<20)
		return !bytes.Contains(buf[:runtime.Stack(buf, true)], []byte("faultline.(*flow)"))
	})
	if _, err := net.Dial("tcp", r.Addr()); err == nil {
		t.Error("it still listens")
	}
}

// What cannot be is refused: options as an error, ways as a fault of the program.
func TestRefused(t *testing.T) {
	clock := func() int64 { return 0 }
	for _, o := range []Options{{}, {Target: "127.0.0.1:1"}, {Target: "x", Clock: clock, HeldMax: 1}, {Target: "x", Clock: clock, LinesMax: -1}, {Target: "x", Clock: clock, Address: "nowhere"}} {
		if p, err := Listen(o); err == nil {
			t.Errorf("%+v listens on %s", o, p.Addr())
		}
	}
	r := start(t, nil)
	_, _, l := r.line()
	for _, w := range []Way{{Delay: -1}, {Rate: -1}, {After: -1}, {Then: Silence + 1}} {
		for _, f := range []func(){func() { l.Change(Up, w) }, func() { r.Plan(w, Way{}) }} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%+v is a way", w)
					}
				}()
				f()
			}()
		}
	}
	gone := start(t, func(o *Options) { o.Target = "127.0.0.1:1" })
	gone.refused()
}
