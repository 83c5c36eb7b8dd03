package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Kill has the switch killed in the window and started again on what it has on disk.
type Kill struct {
	At time.Duration // into the window; 0: never; within the window, and a second before its end at least
	// Kill ends the switch at once. It gets no chance to say or write anything.
	Kill func() error
	// Start starts it again and returns when it takes connections, with where that is.
	Start func(ctx context.Context) (address string, admin Admin, err error)
}

// KillReport is what became of a switch that was killed.
type KillReport struct {
	At       float64 `json:"at_s"`      // into the window
	Serving  float64 `json:"serving_s"` // from the start of the process until it took connections
	Ready    float64 `json:"ready_s"`   // and until it said that it is ready, with its participants back
	Out      float64 `json:"out_s"`     // from the kill until all participants were back
	InFlight int64   `json:"in_flight"` // payments without an answer when it was killed: the books judge them
	Later    int64   `json:"answered_later"`
	NotSent  int64   `json:"not_sent"` // due while it was gone
	Balanced bool    `json:"books_balanced"`
}

// outage is the time in which the switch is gone.
type outage struct {
	gone     bool     // the pacer sends nothing; guarded by run.gate
	skipped  int64    // payments of the window that it did not send; guarded by run.gate
	at       interval // from the kill until all participants are back
	inWindow int64    // of the payments in flight
	report   KillReport
}

// Bounds of an outage.
const (
	hangUpLimit = 2 * time.Second // until the links of a killed switch have ended by themselves
	readyLimit  = time.Minute
	readyPoll   = 5 * time.Millisecond
)

// killed says whether a payment was in flight when the switch was killed, or sent before.
// Numbers begin at 1: what has no number was never sent.
func (r *run) killed(number int64) bool { return number > 0 && number <= r.lastBefore.Load() }

// wasOpen says whether the answer to a payment is of a switch that was started again, to
// one of the time before.
func (r *run) wasOpen(number int64) bool { return r.killed(number) && r.moved.Load() != nil }

// kill kills the switch, starts it again, and brings all participants back. The caller of
// Run.
func (r *run) kill(ctx, work context.Context) error {
	r.gate.Lock()
	r.out.gone = true
	r.lastBefore.Store(r.last)
	r.gate.Unlock()
	begun := r.o.Clock()
	r.closing.Store(true) // links that end now do so because of us
	if err := r.o.Kill.Kill(); err != nil {
		return fmt.Errorf("kill the switch: %w", err)
	}
	r.cutOff()
	r.open.each(func(p opened) {
		r.out.report.InFlight++
		if r.inWindow(p.due) {
			r.out.inWindow++
		}
	})
	// Answers to them are not added to answered either: the wait at the end is for the
	// others, and theirs would make up for some of those.
	r.sent.Add(-r.out.report.InFlight)
	starting := r.o.Clock()
	address, admin, err := r.o.Kill.Start(ctx)
	if err != nil {
		return fmt.Errorf("start the switch again: %w", err)
	}
	r.out.report.Serving = float64(r.o.Clock()-starting) / 1e9
	r.o.Address = address
	r.moved.Store(&admin)
	r.closing.Store(false)
	if err := r.reconnect(ctx, work); err != nil {
		return err
	}
	if err := r.ready(ctx); err != nil {
		return err
	}
	now := r.o.Clock()
	r.out.report.Ready = float64(now-starting) / 1e9
	r.out.at = interval{begun, now}
	r.out.report.At, r.out.report.Out = float64(begun-r.from.Load())/1e9, float64(r.out.at.length())/1e9
	r.gate.Lock()
	r.out.gone = false
	r.gate.Unlock()
	return nil
}

// cutOff waits until the links of a switch that is gone have ended: what it has sent is
// read, not thrown away.
func (r *run) cutOff() {
	late := time.AfterFunc(hangUpLimit, func() {
		for _, l := range r.links {
			l.conn.NetConn().Close()
		}
	})
	defer late.Stop()
	r.cut()
	r.readers.Wait()
	r.writers.Wait()
	for _, l := range r.links {
		l.conn.Close()
	}
}

// reconnect gives every link a new connection. Nothing of the old one is sent again: a
// participant that has lost its line does not know what arrived.
func (r *run) reconnect(ctx, work context.Context) error {
	work, r.cut = context.WithCancel(work)
	for _, l := range r.links {
		fresh, err := r.dial(ctx, l.at)
		if err != nil {
			return err
		}
		l.conn, l.on, l.signedOn = fresh.conn, fresh.on, false
		l.mu.Lock()
		l.outbox, l.writing = l.outbox[:0], false
		l.mu.Unlock()
		if err := r.serve(ctx, work, l); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until the switch says that it is.
func (r *run) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		err := r.admin().get(ctx, "/readyz", func(io.Reader) error { return nil })
		if err == nil {
			return nil
		}
		if pause(ctx, readyPoll); ctx.Err() != nil {
			return errors.Join(fmt.Errorf("the switch is not ready after %v", readyLimit), err)
		}
	}
}

// recovered reports the outage.
func (r *run) recovered(out *Report) {
	if r.o.Kill.At == 0 {
		return
	}
	k := r.out.report
	k.Later, k.NotSent = k.InFlight-r.unanswered(), r.out.skipped
	k.Balanced = out.BooksBalanced
	out.Kill = &k
}

// unanswered is how many of the payments that were in flight never had an answer.
func (r *run) unanswered() (n int64) {
	r.open.each(func(p opened) {
		if r.killed(p.number) {
			n++
		}
	})
	return n
}

// doubt is how much each participant's customers may not have been told of: payments that
// were in flight when the switch was killed and were never answered.
func (r *run) doubt() []int64 {
	sums := make([]int64, len(r.stations))
	r.open.each(func(p opened) {
		if r.killed(p.number) {
			sums[p.payer] += p.amount
			sums[p.payee] += p.amount
		}
	})
	return sums
}

// errKilled is why counters of a process that was killed say nothing.
var errKilled = errors.New("the switch was killed meanwhile")

// begunAgain makes the figures of a switch that was killed unknown: its process has begun
// to count again. What it had taken in when it was killed, it has achieved: whether it has
// kept that is what the books say.
func (r *run) begunAgain(f *facts) {
	if r.out.at == (interval{}) {
		return
	}
	f.gone = time.Duration(r.out.at.length())
	f.last.Answered += r.out.report.InFlight
	f.first.Switch.known, f.first.Err = false, errKilled
}

// killFaults says what is wrong with a kill.
func (o *Options) killFaults() (faults []error) {
	if o.Kill.At == 0 {
		return nil
	}
	if !within(o.Kill.At, 1, o.Duration-time.Second) {
		faults = append(faults, fmt.Errorf("bench: the switch is killed at %v of a window of %v, want a second before its end at least", o.Kill.At, o.Duration))
	}
	if o.Kill.Kill == nil || o.Kill.Start == nil {
		faults = append(faults, errors.New("bench: Kill needs both of its functions"))
	}
	if o.Surge.Times != 0 || o.Watching.Consoles != 0 {
		faults = append(faults, errors.New("bench: one of a surge, consoles and a kill"))
	}
	return faults
}
