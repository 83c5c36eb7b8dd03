package desk

import (
	"context"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/view"
)

// Proposal is what needs two persons and is not done by the desk.
type Proposal struct {
	Kind, Text       string // one word for Changes, and what would be done, without its point
	Reason, Operator string
	// Basis is what it goes by, as a text: once that is another, nobody can approve it.
	Basis func() string
	// Act does it, and has it noted before. It runs while no other order is approved.
	Act func(ctx context.Context, approver string) error
}

// Bounds says that what bounds money needs a second person when this caller orders it.
func (d *Desk) Bounds(c access.Caller) bool { return d.twoPersons(c) }

// Propose has something wait for a second person, as a cap does, when the journal has that.
// Safe for concurrent use.
func (d *Desk) Propose(ctx context.Context, c access.Caller, p Proposal) (view.Done, error) {
	r := rules[payment.SetCap.String()]
	o := view.Order{Command: p.Kind, Reason: p.Reason, Operator: p.Operator}
	if err := says(&o); err != nil {
		return view.Done{}, err
	}
	a := &deed{Order: o, text: p.Text, command: payment.Command{Kind: payment.Noted, Participant: route.Nobody}, other: &p}
	return d.propose(ctx, c, a, r)
}
