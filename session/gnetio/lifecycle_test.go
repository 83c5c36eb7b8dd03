package gnetio

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

// runnable makes a function a task for a loop.
type runnable func()

func (f runnable) Run(context.Context) error { f(); return nil }

// When ctx ends, every link in every state is closed, what was queued is sent,
// the handler is told, and no goroutine is left.
func TestShutdown(t *testing.T) {
	before := runtime.NumGoroutine()
	h := &handler{}
	r := start(t, h, func(o *Options) { o.Loops = 2 })
	var up []io.Reader
	for range 5 {
		c := r.dial("BANKA")
		exchange(t, c, "before the end")
		up = append(up, c)
		// Queued without a wake-up: the shutdown sends it.
		if err := h.link(t, c).Queue(framed([]byte("the last words"))); err != nil {
			t.Fatal(err)
		}
	}
	hello := r.hello()
	for range 5 {
		r.tcp()
		c := r.tcp()
		if _, err := c.Write(hello); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil { // a worker waits
			t.Fatal(err)
		}
	}
	r.eventually("switchd_links", "handshake", 10)
	r.stop()
	for _, c := range up {
		got, err := io.ReadAll(c)
		if err != nil || string(got) != string(framed([]byte("the last words"))) {
			t.Errorf("end of a link: %q %v", got, err)
		}
	}
	if h.down.Load() != 5 || h.reasons[0] != "shutdown" {
		t.Errorf("%d links down, %q", h.down.Load(), h.reasons)
	}
	for _, state := range phaseNames {
		if n := r.metric("switchd_links", state); n != 0 {
			t.Errorf("%v links in state %s", n, state)
		}
	}
	for _, l := range h.links {
		l.Wake() // after the loops are gone
		l.Close("late")
		if l.Queue(framed(make([]byte, 12))) != ErrClosed {
			t.Error("queue after shutdown")
		}
	}
	if _, err := net.Dial("tcp", r.Addr()); err == nil {
		t.Error("the port is still open")
	}
	eventually(t, "goroutines gone", func() bool { return runtime.NumGoroutine() <= before })
}

func TestCloseWithoutRun(t *testing.T) {
	before := runtime.NumGoroutine()
	r := start(t, &handler{}, nil)
	o := r.opt
	o.Registry = nil
	s, err := Listen(o, &handler{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() == r.Addr() || strings.HasSuffix(s.Addr(), ":0") {
		t.Errorf("address %s", s.Addr())
	}
	o.Address = s.Addr()
	if _, err := Listen(o, &handler{}); err == nil {
		t.Error("one address twice")
	}
	s.Close()
	s.Close()
	if err := s.Run(context.Background()); err == nil {
		t.Error("Run after Close")
	}
	again, err := Listen(o, &handler{})
	if err != nil {
		t.Fatalf("the address is not free again: %v", err)
	}
	again.Close()
	r.stop()
	eventually(t, "goroutines gone", func() bool { return runtime.NumGoroutine() <= before })
}

// A server stopped at its very beginning ends too.
func TestRunWithEndedContext(t *testing.T) {
	r := start(t, &handler{}, nil)
	o := r.opt
	o.Registry = nil
	s, err := Listen(o, &handler{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	_, err := Listen(Options{Address: "nowhere", Loops: -1, LinksMax: -1, HandshakesMax: -1, OutboxBytesMax: -1, FrameDeadline: -1,
		HandshakeDeadline: -1, TickEvery: -1, HandshakeRate: 100_001, HandshakeBurst: -1, AddressesMax: -1, HalfOpenMax: -1,
		Access: Access{Allow: make([]netip.Prefix, 1), Peers: map[string]Peer{
			"BANKA": {LinksMax: -1}, "BANKB": {OutboxBytesMax: -1}, "BANKC": {Allow: make([]netip.Prefix, prefixesMax+1)},
		}}}, nil)
	for _, want := range []string{"Address", "handler", "TLS", "Clock", "Loops", "LinksMax", "HandshakesMax", "OutboxBytesMax",
		"FrameDeadline", "HandshakeDeadline", "TickEvery", "HandshakeRate", "HandshakeBurst", "AddressesMax", "HalfOpenMax",
		"Allow has an invalid", "a limit of BANKA", "a limit of BANKB", "Allow of BANKC has more"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
	r := start(t, &handler{}, nil)
	if _, err := Listen(r.opt, &handler{}); err == nil {
		t.Error("one registry for two servers")
	}
	for processors, want := range map[int]int{1: 1, 2: 1, 4: 2, 64: 32} {
		if got := defaultLoops(processors); got != want {
			t.Errorf("%d processors: %d loops", processors, got)
		}
	}
}

// The handler gets its ticks on the loop, may queue there without a wake-up,
// and may close the link there.
func TestTick(t *testing.T) {
	h := &ticking{}
	r := start(t, h, func(o *Options) { o.TickEvery = time.Millisecond })
	c := r.dial("BANKA")
	for range 3 {
		if got := readFrame(t, c); got != "from the tick" {
			t.Fatalf("%q", got)
		}
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
	r.eventually("switchd_links_closed_total", "handler", 1)
}

type ticking struct{ handler }

func (h *ticking) Tick(l *Link, now int64) {
	if now == 0 {
		panic("no time")
	}
	_ = l.Queue(framed([]byte("from the tick")))
	if h.ticks.Add(1) == 5 {
		l.Close("five ticks")
	}
}

// What Handler.LinkUp queues comes first, and a link closed there still sends it.
func TestFirstWordsAndClose(t *testing.T) {
	h := &handler{onUp: func(l *Link) {
		_ = l.Queue(framed([]byte("welcome here")))
		l.Close("and goodbye")
	}}
	r := start(t, h, nil)
	c := r.dial("BANKA")
	if got := readFrame(t, c); got != "welcome here" {
		t.Errorf("%q", got)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("%v", err)
	}
	eventually(t, "link down", func() bool { return h.down.Load() == 1 })
	if h.reasons[0] != "and goodbye" {
		t.Errorf("%q", h.reasons)
	}
}

// A cause has a line at once, then one a minute that says how many times it stands
// for; another cause has its own.
func TestCausesAndResults(t *testing.T) {
	var c causes
	lines, times := 0, 0
	for now := int64(0); now < 3*lineGap; now += lineGap / 100 {
		if n, due := c.tell("flood", now); due {
			lines, times = lines+1, times+n
		}
	}
	if lines != 3 || times != 201 {
		t.Errorf("%d lines for %d times", lines, times)
	}
	if n, due := c.tell("another", 0); n != 1 || !due {
		t.Error("causes share their lines")
	}
	if got := shakeResult(errors.New("anything")); got != shakeFailed {
		t.Error(got)
	}
}
