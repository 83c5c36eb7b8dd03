package main

import (
	"context"
	"errors"
	"net/url"

	"switchd/switch/access"
	"switchd/switch/desk"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
	"switchd/switch/view"
)

// timeline is all that happened to a payment of a folder. Who reads the folder and has its
// key sees as much as an operator.
func (l *lookFolder) timeline(ctx context.Context, s *state.Store, id string) (v view.Timeline, err error) {
	config, err := s.Config()
	if err != nil {
		return v, err
	}
	if config == nil {
		return v, errors.New("the state store knows no configuration yet")
	}
	d, err := desk.New(desk.Options{
		Engine: stopped{config}, Rows: s, Records: l.log, Keys: l.keys, Clock: clock, Log: l.out,
		Force: func() desk.Force { return desk.Force{} },
		Query: func(url.Values) (state.Query, error) { return state.Query{}, errStopped },
		Look: func(_ context.Context, id payment.ID) (own *payment.Payment, found bool, err error) {
			found, err = findPayment(s, id, func(p *payment.Payment) { own = desk.Copy(p) })
			return own, found, err
		},
	})
	if err != nil {
		return v, err
	}
	return d.Timeline(ctx, access.Caller{Roles: access.Operator}, id)
}

// errStopped is what an engine says that does not run.
var errStopped = errors.New("the switch does not run")

// stopped is the engine of a switch that does not run: it knows with whom it has run.
type stopped struct{ config *payment.Config }

// Inspect has no machine to show.
func (stopped) Inspect(context.Context, func(*payment.Machine)) error { return errStopped }

// Config is what was in force last.
func (s stopped) Config() *payment.Config { return s.config }

// Load is none, as all that is counted.
func (stopped) Load() (l payment.Load) { return l }

// Tally is nothing.
func (stopped) Tally(route.Participant, payment.Class) (t engine.Tally) { return t }

// PaymentTally is nothing.
func (stopped) PaymentTally() (t engine.PaymentTally) { return t }

// CommitTally is nothing.
func (stopped) CommitTally() (t engine.CommitTally) { return t }

// Command takes no order.
func (stopped) Command(engine.Order) (seq uint64, done bool, err error) { return 0, false, errStopped }
