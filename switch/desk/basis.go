package desk

import (
	"context"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// basis is what an order that needs two persons goes by: what it is about, as the one who
// has ordered it could see it. Who approves it later approves that, and nothing else.
type basis struct {
	cap       int64 // in force, of an order that sets it
	there     bool  // the payment, of a decision
	state     payment.State
	dead      bool
	retried   int64
	decided   bool
	posted    bool // as its bank has said
	returned  bool
	refunded  int64
	exception payment.ReconSet
	other     string // of what somebody else does
}

// basisOf looks at what a deed is about.
func (d *Desk) basisOf(ctx context.Context, a *deed) (b basis, err error) {
	if a.other != nil {
		b.other = a.other.Basis()
		return b, nil
	}
	c := &a.command
	ctx, cancel := context.WithTimeout(ctx, inspectMax)
	defer cancel()
	err = d.o.Engine.Inspect(ctx, func(m *payment.Machine) {
		if c.Kind == payment.SetCap {
			b.cap = m.PositionIn(c.Participant, c.Amount.Currency).Cap
			return
		}
		b.there = m.Look(c.Payment, func(p *payment.Payment) {
			b.state, b.dead, b.retried, b.decided = p.State, p.DeadLetter, p.RetriedAt, p.Decided()
			b.posted, b.returned, b.refunded, b.exception = p.Confirmed, p.Returned, p.Refunded, p.Exceptions
		})
	})
	if err != nil {
		err = fault(view.ErrBusy, "the engine has not answered: %w", err)
	}
	return b, err
}

// void says why an order that waits must not be carried out any more; empty: it may.
func (d *Desk) void(ctx context.Context, a *approval) (why string, err error) {
	if !d.o.Roles(a.by).Any(a.may) {
		return "who has ordered it may not order it any more", nil
	}
	now, err := d.basisOf(ctx, a.deed)
	if err == nil && now != a.basis {
		why = "what it is about has changed since it was ordered"
	}
	return why, err
}

// rolesNow is the default of Options.Roles: nobody's roles change.
func rolesNow(c access.Caller) access.Roles { return c.Roles }
