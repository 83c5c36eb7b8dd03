package simbank

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Bank is a simulated participant. Make it with New, let it live in Run; all
// other methods are safe for concurrent use before, during and after.
type Bank struct {
	opts     Options
	speech   speech
	book     *Book
	payments *payments
	timers   *schedule
	stats    counters

	chance  *dice // faults
	traffic *dice // own payments
	jitter  *dice // back-off
	forger  *dice // messages that do not prove themselves

	links   links
	ready   chan struct{}
	first   sync.Once   // closes ready
	resting atomic.Bool // originates no more
	leaving atomic.Bool // connects no more
	running atomic.Bool
}

// New makes a participant with its accounts opened. All faults of the options
// are in the error.
func New(o Options) (*Bank, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	spoken, err := newSpeech(o)
	if err != nil {
		return nil, err
	}
	b := &Bank{
		opts: o, speech: spoken,
		book:     NewBook(o.LegsMax),
		payments: newPayments(o),
		timers:   newSchedule(o.Clock, o.DelayedMax),
		chance:   newDice(o.Seed, 1),
		traffic:  newDice(o.Seed, 2),
		jitter:   newDice(o.Seed, 3),
		forger:   newDice(o.Seed, 4),
		ready:    make(chan struct{}),
	}
	for n := 1; n <= o.Accounts; n++ {
		b.book.Open(AccountOf(accountNumber(o.Institution, n)), o.OpeningBalance)
	}
	return b, nil
}

// Book is the participant's book of accounts.
func (b *Bank) Book() *Book { return b.book }

// Ready is closed at the first sign-on.
func (b *Bank) Ready() <-chan struct{} { return b.ready }

// StopOriginating ends the own payments of Rate; the link stays, and what the
// switch asks is still answered. A demo calls it on all participants, waits for
// the last payment, and only then ends Run.
func (b *Bank) StopOriginating() { b.resting.Store(true) }

// Run connects, signs on and serves, again after each loss, until ctx ends; with a
// Listener the switch connects and signs on. Then
// it originates no more, waits up to Options.Drain for its open payments, signs
// off and closes. It may be called once. It returns nil: a switch that is not
// there is a matter of trying again.
func (b *Bank) Run(ctx context.Context) error {
	if b.running.Swap(true) {
		return errors.New("simbank: Run called twice")
	}
	// The parts outlive ctx by the drain; only the originator ends with it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	parts.Go(func() { b.timers.run(life) })
	if b.opts.Listener != nil {
		parts.Go(func() { b.accept(life) })
	} else {
		for range b.opts.Links {
			parts.Go(func() { b.connect(life) })
		}
	}
	parts.Go(func() { b.repeat(life) })
	// The drain comes after the last payment has begun: one that begins beside it
	// could find its link signed off, and count as sent though it never was.
	b.originate(ctx)
	<-ctx.Done()
	b.StopOriginating()
	b.drain()
	b.signOff()
	end()
	parts.Wait()
	return nil
}

// connect keeps a link to the switch until ctx ends.
func (b *Bank) connect(ctx context.Context) {
	wait := b.opts.BackoffMin
	for ctx.Err() == nil && !b.leaving.Load() {
		if conn, err := b.dial(ctx); err != nil {
			b.opts.Log.Warn("switch not reached", "participant", b.opts.ID, "address", b.opts.Address, "reason", err)
		} else {
			l := newLink(b, conn)
			reason := l.run(ctx, true)
			b.links.remove(l)
			b.opts.Log.Info("link closed", "participant", b.opts.ID, "reason", reason)
			if l.lived.Load() {
				wait = b.opts.BackoffMin
			}
		}
		// Half to one and a half of the wait, by chance: participants that
		// lost the same switch must not come back as one.
		pause(ctx, wait/2+time.Duration(b.jitter.below(int64(wait)+1)))
		wait = min(2*wait, b.opts.BackoffMax)
	}
}

func (b *Bank) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, b.opts.DialTimeout)
	defer cancel()
	d := tls.Dialer{Config: b.opts.TLS}
	return d.DialContext(ctx, "tcp", b.opts.Address)
}

// drain waits for the open own payments, up to Options.Drain.
func (b *Bank) drain() {
	deadline := time.NewTimer(b.opts.Drain)
	defer deadline.Stop()
	for b.payments.waiting() > 0 {
		select {
		case <-b.payments.changed:
		case <-deadline.C:
			b.opts.Log.Warn("payments left open", "participant", b.opts.ID, "count", b.payments.waiting())
			return
		}
	}
}

// signOff tells the switch to send no more and waits for its answers, so that the
// connections close with nothing on its way.
func (b *Bank) signOff() {
	b.leaving.Store(true)
	all := b.links.all()
	for _, l := range all {
		b.links.remove(l)
		l.enter(signedOff)
		l.ask(signOff)
	}
	patience := time.NewTimer(b.opts.EchoTimeout)
	defer patience.Stop()
	for _, l := range all {
		select {
		case <-l.bye:
		case <-l.gone:
		case <-patience.C:
			return
		}
	}
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
