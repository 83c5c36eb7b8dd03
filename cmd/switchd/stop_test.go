package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/switch/payment"
)

// TestSecondStart: a data folder has one switch. The second is told so and ends,
// the first goes on.
func TestSecondStart(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 2)
	s.withModule(func(hsm.Keeper) {}) // whose file is locked too
	first := s.serve()
	second := start(t, "serve", "--config", s.config, "--quiet")
	second.wait(patience, exitFailed)
	said := strings.TrimSpace(second.err.String())
	want := "switchd: data folder " + s.data + " is in use by another process: stop that one, or set another data_dir"
	if strings.Contains(said, "\n") || !strings.HasPrefix(said, want) {
		t.Errorf("the second start said:\n%s\nwant one line that begins with\n%s", said, want)
	}
	if first.ended() || !s.recovered() {
		t.Error("the second start has ended the first")
	}
	s.stopClean(first)
}

// TestStopUnderLoad: Ctrl-C under load drains; what is refused meanwhile is
// refused, and nothing stays open.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	s := newSimulated(t)
	p := s.serve("--drain", "10m") // it must end by itself
	rate := "100"
	if raced {
		rate = "20"
	}
	banks := s.banks(seed, "--rate", rate, "--faults", "--repeat-rate", "0.1")
	paid := func(n uint64) func() bool {
		return func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] >= n }
	}
	until(t, patience, "200 payments", paid(200))
	p.signal(syscall.SIGINT)
	p.wait(patience, 0)
	h := readHistory(t, s.data)
	for txn, f := range h.facts() {
		// What came during the drain was refused, and maybe not acknowledged.
		if f.open && f.state != payment.Declined {
			t.Errorf("after the stop payment %s is open in state %s", txn, f.state)
		}
	}
	if h.sum != 0 || len(h.facts()) < 200 {
		t.Errorf("after the stop of %d payments the positions sum to %d", len(h.facts()), h.sum)
	}
	p = s.serve() // for what the banks sent when nobody listened any more
	until(t, patience, "payments after the restart", paid(50))
	s.rest(banks...)
	s.stopClean(p)
	t.Log(judge(t, readHistory(t, s.data), s.reports(banks...)))
}

// TestDoubledSignal: the second signal ends a drain, but what comes within a second
// of the first is the first one again.
func TestDoubledSignal(t *testing.T) {
	signals, done := make(chan os.Signal), make(chan struct{})
	var now atomic.Int64
	over := make(chan bool)
	go func() { over <- again(signals, done, now.Load) }()
	for _, at := range []time.Duration{0, time.Millisecond, doubledWithin - 1} {
		now.Store(int64(at))
		select {
		case signals <- os.Interrupt:
		case <-over:
			t.Fatalf("it has ended before %v", at)
		}
	}
	signals <- os.Interrupt // is taken when the one before it was judged; itself it may be of either time
	now.Store(int64(doubledWithin))
	select {
	case signals <- os.Interrupt:
		if !<-over {
			t.Error("a second signal does not end it")
		}
	case <-over:
	}
	go func() { over <- again(signals, done, now.Load) }()
	close(done)
	if <-over {
		t.Error("the end of the drain was taken for a signal")
	}
}

// TestSecondCtrlC: whoever does not want to wait for a drain does not have to,
// and loses nothing by it. The first one may come twice.
func TestSecondCtrlC(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 3)
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()
	request := c.pay("BANKC", "user1@bankc")
	c.send(request)
	if resolve := c.receive(); resolve.mti != "0100" {
		t.Fatalf("a %s, want a resolution", resolve.mti)
	}
	p.signal(syscall.SIGINT) // it waits now for an answer that never comes
	p.says(patience, "Ctrl-C again ends at once")
	begun := time.Now()
	p.signal(syscall.SIGINT)
	if !s.recovered() || p.ended() {
		t.Error("it has not waited for the open payment")
	}
	until(t, patience, "a second Ctrl-C ends it", func() bool { p.signal(syscall.SIGINT); return p.ended() })
	if took := time.Since(begun); took > doubledWithin+5*time.Second {
		t.Errorf("it has ended after %v", took)
	}
	p.wait(patience, exitFailed)
	p = s.serve()
	if got, ok := s.summary(); !ok || got.Open != 1 {
		t.Errorf("after the restart %d payments are open, want the one", got.Open)
	}
	p.kill()
}

// TestDrainLimit: a drain that cannot end says what it leaves.
func TestDrainLimit(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 3)
	p := s.serve("--drain", "300ms")
	c := s.connect("BANKC")
	c.signOn()
	c.send(c.pay("BANKC", "user1@bankc"))
	if resolve := c.receive(); resolve.mti != "0100" {
		t.Fatalf("a %s, want a resolution", resolve.mti)
	}
	p.signal(syscall.SIGTERM)
	if out := c.receive(); out.mti != "0800" || out.de[70] != "002" {
		t.Errorf("a %s with code %q, want the sign-off", out.mti, out.de[70])
	}
	p.wait(patience, 0)
	if want := "payments still open: 1; the next start goes on with them"; !strings.Contains(p.err.String(), want) {
		t.Errorf("it said:\n%s\nwant %q", p.err.String(), want)
	}
}

// TestRepeatWhileDraining: what was refused because the switch is closing stays
// refused. A sender that had not seen the refusal when it repeated the request
// must not find it paid: it has told its customer no.
func TestRepeatWhileDraining(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 3)
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()
	held := c.pay("BANKC", "user1@bankc")
	c.send(held)
	resolve := c.receive()
	p.signal(syscall.SIGTERM)
	p.says(patience, "Ctrl-C again ends at once")
	late := c.pay("BANKC", "user2@bankc")
	var refusal *message
	until(t, patience, "the drain has begun", func() bool {
		late.de[11], late.de[37] = c.pay("BANKC", "").de[11], fmt.Sprintf("L%011d", time.Now().UnixNano()%100_000_000_000)
		c.send(late)
		if refusal = c.receive(); refusal.mti == "0210" {
			return true
		}
		c.send(refusal.answer("14", 3, 7, 11, 32, 37)) // not yet: this one is a payment
		c.answerTo(late)
		return false
	})
	expect(t, refusal, "91", "SWITCH IS CLOSING")
	c.send(late.repeat())
	if a := c.receive(); !bytes.Equal(a.raw, refusal.raw) {
		t.Errorf("the repeat led to a %s %v %v, the request to %s %v", a.mti, a.de, a.tags, refusal.mti, refusal.de)
		c.send(a.answer("14", 3, 7, 11, 32, 37))
		c.answerTo(late)
	}
	c.send(resolve.answer("14", 3, 7, 11, 32, 37)) // the held payment ends, and the drain with it
	c.answerTo(held)
	p.wait(patience, 0)
}
