package canary

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// Canary pays. Make it with New.
type Canary struct {
	o       Options
	metrics *metrics
	pair    atomic.Pointer[[2]route.Participant] // nil: not known yet
	ended   chan ended
	held    atomic.Bool
	began   int64
	good    atomic.Int64           // when the latest succeeded; 0: none has
	latest  atomic.Pointer[string] // how the latest has ended

	// Of Run.
	signedOn bool
	alone    bool   // nothing of an earlier start is under way any more
	stan     uint32 // of the latest
	underWay uint64 // its key; 0: none
}

// New returns a canary that does not pay yet.
func New(o Options) (*Canary, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Canary{o: o, ended: make(chan ended, 4), began: o.Clock()}
	c.metrics = newMetrics(o.Registry, c)
	return c, nil
}

// Hold has no more payments begin: the switch drains. Safe for concurrent use.
func (c *Canary) Hold() { c.held.Store(true) }

// Good is when the latest payment succeeded, UTC nanoseconds; 0: none has. Safe for
// concurrent use.
func (c *Canary) Good() int64 { return c.good.Load() }

// Check says whether canary payments succeed, for readiness: the latest success may be
// three payments old. A failure after it is a warning. Safe for concurrent use.
func (c *Canary) Check() (warning string, err error) {
	if c.held.Load() {
		return "", nil // another check says that the switch drains
	}
	good, how := c.good.Load(), "none has ended"
	if l := c.latest.Load(); l != nil {
		how = "the latest: " + *l
	}
	since := c.o.Clock() - max(good, c.began)
	switch {
	case since > int64(3*c.o.Every+c.o.Timeout) && good == 0:
		return "", fmt.Errorf("no canary payment has succeeded since the start; %s", how)
	case since > int64(3*c.o.Every+c.o.Timeout):
		return "", fmt.Errorf("no canary payment has succeeded for %v; %s", time.Duration(since).Round(time.Second), how)
	case c.latest.Load() != nil && how != "the latest: "+string(success):
		return "a canary payment has not succeeded: " + how, nil
	}
	return "", nil
}

// Run pays until ctx ends.
func (c *Canary) Run(ctx context.Context) error {
	tick := time.NewTicker(c.o.Every)
	defer tick.Stop()
	for {
		c.beat(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// beat makes one payment, if none is under way, and waits for its end.
func (c *Canary) beat(ctx context.Context) {
	if c.held.Load() {
		return
	}
	c.drainEnded()
	if c.underWay != 0 { // it has been counted as failed, and only the machine can end it
		c.note(stuck, 0)
		return
	}
	wait, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	began := c.o.Clock()
	event, result := c.prepare(wait)
	if result == "" {
		result = c.pay(wait, event)
	}
	if ctx.Err() != nil {
		return // the switch stops
	}
	c.note(result, c.o.Clock()-began)
}

// drainEnded takes what has ended after nobody waited for it any more.
func (c *Canary) drainEnded() {
	for {
		select {
		case e := <-c.ended:
			if e.key == c.underWay {
				c.underWay = 0
			}
		default:
			return
		}
	}
}

// prepare signs the two on, and finds out which of them pays. A result says why none can
// be made now.
func (c *Canary) prepare(ctx context.Context) (e payment.Event, r result) {
	config, pair := c.o.Engine.Config(), c.pair.Load()
	if pair == nil {
		return e, refused
	}
	if !c.signedOn {
		taken, err := c.o.Engine.Submit([]payment.Event{{Kind: payment.LinkUp, From: pair[0]}, {Kind: payment.LinkUp, From: pair[1]}})
		if err != nil || taken < len(pair) {
			return e, refused
		}
		c.signedOn = true
	}
	position := int64(0)
	err := c.o.Engine.Inspect(ctx, func(m *payment.Machine) {
		position = m.Position(pair[0]).Posted
		if !c.alone {
			c.alone = true
			m.OpenPayments(func(p *payment.Payment) { c.alone = c.alone && (p.State.Final() || !m.Canary(p)) })
		}
	})
	switch {
	case err != nil:
		return e, timeout
	case !c.alone:
		return e, stuck
	}
	payer, payee := 0, 1
	if position < 0 { // it has paid more than it got
		payer, payee = 1, 0
	}
	return c.request(pair[payer], payee, config), ""
}

// request is a payment to one of the canaries.
func (c *Canary) request(from route.Participant, payee int, config *payment.Config) payment.Event {
	now := c.o.Clock()
	c.stan = c.stan%999_999 + 1
	e := payment.Event{Kind: payment.RequestArrived, From: from}
	e.Request = payment.Request{
		Key:  payment.RequestKey{From: from, STAN: c.stan, Transmitted: payment.Transmitted(now), Other: uint64(now)},
		Hash: uint64(now), Echo: payment.Echo{STAN: c.stan, Transmitted: payment.Transmitted(now)},
	}
	copy(e.Request.Echo.RRN[:], "CANARY000000")
	e.Request.Amount.Minor, e.Request.Amount.Currency = amountMinor, config.Currency
	e.Text.Set(payment.PayerAccount, []byte("canary"))
	e.Text.Set(payment.PayeeAccount, []byte("canary"))
	e.Text.Set(payment.PayeeIFSC, []byte(prefixes[payee]+"0000001"))
	return e
}

// pay hands a payment over and waits for the answer to its sender.
func (c *Canary) pay(ctx context.Context, e payment.Event) result {
	if taken, err := c.o.Engine.Submit([]payment.Event{e}); err != nil || taken == 0 {
		return refused
	}
	c.underWay = e.Request.Key.Other
	for {
		select {
		case got := <-c.ended:
			if got.key != c.underWay {
				continue
			}
			if c.underWay = 0; got.outcome != payment.OK {
				c.o.Log.Warn("a canary payment was declined", "event", "canary.declined", "outcome", got.outcome.String())
				return failed
			}
			return success
		case <-ctx.Done():
			return timeout
		}
	}
}

// note counts a payment.
func (c *Canary) note(r result, took int64) {
	before, text := c.latest.Load(), string(r)
	c.latest.Store(&text)
	c.metrics.payments[r].Inc()
	if r == success {
		c.metrics.duration.Observe(float64(took) / 1e9)
		c.good.Store(c.o.Clock())
	}
	if was := before == nil || *before == string(success); was != (r == success) {
		if r == success {
			c.o.Log.Info("canary payments succeed again", "event", "canary.recovered")
			return
		}
		c.o.Log.Warn("a canary payment has not succeeded", "event", "canary.failed", "result", text)
	}
}
