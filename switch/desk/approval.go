package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"switchd/switch/access"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/view"
)

const (
	// approvalLife is how long an order waits for a second person.
	approvalLife = 15 * time.Minute
	// approvalsMax is how many orders may wait.
	approvalsMax = 64
)

// approvals are the orders that wait for a second person. They are in memory: at a
// restart nothing waits any more, and whoever wants it orders it again.
type approvals struct {
	mu  sync.Mutex // guards all
	all map[uint64]*approval
	// coming is how many are on their way to the journal: they have a place already.
	coming int
}

// approval is one of them. Its number is that of the record of its proposal, so that no
// other order ever had it.
type approval struct {
	*deed
	id          uint64
	at, expires int64
	roles       access.Roles // that may approve it
}

// propose has a deed wait, when the journal has that.
func (d *Desk) propose(a *deed, roles access.Roles) (view.Done, error) {
	w := &d.approvals
	w.mu.Lock()
	full := len(w.all)+w.coming >= approvalsMax
	if !full {
		w.coming++
	}
	w.mu.Unlock()
	if full {
		return view.Done{}, fault(view.ErrConflict, "%d orders wait for a second person: approve or reject some", approvalsMax)
	}
	seq, done, err := d.noted(a, "proposed", a.Reason, a.Operator)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.coming--
	if err != nil || !done {
		return view.Done{}, orRefused(err)
	}
	if w.all == nil {
		w.all = map[uint64]*approval{}
	}
	now := d.o.Clock()
	w.all[seq] = &approval{deed: a, id: seq, at: now, expires: now + int64(approvalLife), roles: roles}
	return view.Done{Approval: seq, Seq: seq, Text: fmt.Sprintf("%s: waits for approval %d by another %s.", a.text, seq, roleWords(roles))}, nil
}

func orRefused(err error) error {
	if err == nil {
		err = fault(view.ErrRefused, "the machine refused it")
	}
	return err
}

// noted logs what has become of a deed before it is done, or in its place.
func (d *Desk) noted(a *deed, kind, reason, operator string) (seq uint64, done bool, err error) {
	return d.command(engine.Order{
		Author:  engine.Author{Reason: reason, Operator: operator},
		Command: payment.Command{Kind: payment.Noted, Participant: a.command.Participant, Payment: a.command.Payment},
		Deed:    deedText(kind, a.text),
	})
}

// take takes an approval out, if may allows it; nobody else gets it then.
func (d *Desk) take(id uint64, may func(a *approval) error) (*approval, error) {
	w := &d.approvals
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.all[id]
	if a == nil || a.expires <= d.o.Clock() {
		return nil, fault(view.ErrNotFound, "no order waits for approval %d: it was approved, rejected, or its time is over", id)
	}
	if err := may(a); err != nil {
		return nil, err
	}
	delete(w.all, id)
	return a, nil
}

// approve carries out what another has ordered.
func (d *Desk) approve(ctx context.Context, c access.Caller, o *view.Order) (view.Done, error) {
	a, err := d.take(o.Approval, func(a *approval) error {
		switch {
		case a.Operator == o.Operator:
			return fault(view.ErrForbidden, "who has ordered it cannot approve it")
		case !c.Roles.Any(a.roles):
			return fault(view.ErrForbidden, "approval %d is for %s", a.id, roleWords(a.roles))
		}
		return nil
	})
	if err != nil {
		return view.Done{}, err
	}
	return d.carryOut(ctx, a.deed, o.Operator)
}

// reject drops an order that waits: whoever might approve it may, and who has given it.
func (d *Desk) reject(c access.Caller, o *view.Order) (view.Done, error) {
	a, err := d.take(o.Approval, func(a *approval) error {
		if a.Operator != o.Operator && !c.Roles.Any(a.roles) {
			return fault(view.ErrForbidden, "approval %d is for %s", a.id, roleWords(a.roles))
		}
		return nil
	})
	if err != nil {
		return view.Done{}, err
	}
	seq, done, err := d.noted(a.deed, "rejected", o.Reason, o.Operator)
	if err != nil || !done {
		return view.Done{}, orRefused(err) // it waits no more all the same: nothing happens
	}
	return view.Done{Done: true, Seq: seq, Text: "Rejected: " + a.text + "."}, nil
}

// expire ends the orders that nobody has approved in time. The journal has that.
func (d *Desk) expire() {
	d.drop(func(a *approval) bool { return a.expires <= d.o.Clock() }, "nobody has approved it in time")
}

// dropAll ends all orders that wait.
func (d *Desk) dropAll() { d.drop(func(*approval) bool { return true }, "the switch has stopped") }

func (d *Desk) drop(which func(a *approval) bool, why string) {
	w := &d.approvals
	w.mu.Lock()
	var over []*approval
	for id, a := range w.all {
		if which(a) {
			over = append(over, a)
			delete(w.all, id)
		}
	}
	w.mu.Unlock()
	slices.SortFunc(over, func(a, b *approval) int { return cmp.Compare(a.id, b.id) })
	for _, a := range over {
		if _, _, err := d.noted(a.deed, "expired", why, a.Operator); err != nil {
			d.o.Log.Warn("an order that nobody has approved is dropped without a record", "event", "command.expired", "approval", a.id, "error", err)
		}
	}
}

// Approvals is what waits for a second person.
func (d *Desk) Approvals(_ context.Context, c access.Caller) (view.Approvals, error) {
	w := &d.approvals
	w.mu.Lock()
	defer w.mu.Unlock()
	v := view.Approvals{Approvals: []view.Approval{}}
	for _, a := range w.all {
		if a.expires <= d.o.Clock() {
			continue
		}
		o := a.Order
		o.Reason = reasonFor(o.Reason, c.Roles)
		v.Approvals = append(v.Approvals, view.Approval{
			ID: a.id, Order: o, Text: a.text + ".", By: a.Operator, At: stamp(a.at), Expires: stamp(a.expires),
			Roles: a.roles.Names(), Mine: a.Operator == c.Name,
		})
	}
	slices.SortFunc(v.Approvals, func(a, b view.Approval) int { return cmp.Compare(a.ID, b.ID) })
	return v, nil
}

// debugged says until when the messages of participants are logged.
type debugged struct {
	mu  sync.Mutex // guards all
	all map[string]int64
}

func (g *debugged) set(participant string, until int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = map[string]int64{}
	}
	g.all[participant] = until
}

// until is that time in words; empty when it is over.
func (g *debugged) until(participant string, now int64) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := g.all[participant]; at > now {
		return stamp(at)
	}
	return ""
}
