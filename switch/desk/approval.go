package desk

import (
	"cmp"
	"context"
	"errors"
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
	// approvalsMax is how many orders may wait, approvalsByOne how many of one person: so
	// that none takes the places of all.
	approvalsMax   = 64
	approvalsByOne = 16
)

// approvals are the orders that wait for a second person. They are in memory: at a
// restart nothing waits any more, and whoever wants it orders it again. The records say
// of each how it has ended, of those that a crash has ended the next start does.
type approvals struct {
	// deciding is held while one is looked at and carried out, so that what it goes by is
	// not changed by another meanwhile.
	deciding sync.Mutex

	mu  sync.Mutex // guards the rest
	all map[uint64]*approval
	// coming are those on their way to the journal, by who has ordered them: they have a
	// place already.
	coming map[string]int
	closed bool // nothing may wait any more: the switch stops
}

// errStopping is what who orders something is told at the end.
var errStopping = fault(view.ErrBusy, "the switch stops: nothing can wait for a second person any more")

// place takes a place for an order of somebody, or says why there is none.
func (w *approvals) place(operator string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, own := len(w.all), w.coming[operator]
	for _, n := range w.coming {
		all += n
	}
	for _, a := range w.all {
		if a.Operator == operator {
			own++
		}
	}
	switch {
	case w.closed:
		return errStopping
	case all >= approvalsMax:
		return fault(view.ErrConflict, "%d orders wait for a second person: approve or reject some", approvalsMax)
	case own >= approvalsByOne:
		return fault(view.ErrConflict, "%d of your orders wait for a second person: have some approved, or reject them", approvalsByOne)
	}
	if w.coming == nil {
		w.coming = map[string]int{}
	}
	w.coming[operator]++
	return nil
}

// come has an order wait in its place; nil: the place is free again. It reports false when
// nothing may wait any more.
func (w *approvals) come(operator string, a *approval) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.coming[operator]--; w.coming[operator] == 0 {
		delete(w.coming, operator)
	}
	if a == nil || w.closed {
		return !w.closed
	}
	if w.all == nil {
		w.all = map[uint64]*approval{}
	}
	w.all[a.id] = a
	return true
}

// approval is one of them. Its number is that of the record of its proposal, so that no
// other order ever had it.
type approval struct {
	*deed
	id          uint64
	by          access.Caller // who has ordered it
	basis       basis
	at, expires int64
	may         access.Roles // that may order it
	roles       access.Roles // that may approve it
}

// The kinds of the records that tell what has become of an order that waits.
const (
	kindProposed = "proposed"
	kindApproved = "approved"
	kindRejected = "rejected"
	kindExpired  = "expired"
)

// whyStopped is why what waits at the end of the switch waits no more.
const whyStopped = "the switch has stopped"

// ended is the kind of a record by which an approval ends: it says of which.
func ended(kind string, id uint64) string { return fmt.Sprintf("%s %d", kind, id) }

// propose has a deed wait, when the journal has that.
func (d *Desk) propose(ctx context.Context, c access.Caller, a *deed, r rule) (view.Done, error) {
	w := &d.approvals
	if err := w.place(a.Operator); err != nil {
		return view.Done{}, err
	}
	p := &approval{deed: a, by: c, may: r.may, roles: r.approve}
	err := d.proposed(ctx, p)
	if err != nil {
		p = nil
	}
	waits := w.come(a.Operator, p)
	switch {
	case err != nil:
		return view.Done{}, err
	case !waits: // the end has come in between
		d.expired(p, whyStopped)
		return view.Done{}, errStopping
	}
	return view.Done{Approval: p.id, Seq: p.id, Text: fmt.Sprintf("%s: waits for approval %d by another %s.", a.text, p.id, roleWords(r.approve))}, nil
}

// proposed logs an order that is to wait.
func (d *Desk) proposed(ctx context.Context, p *approval) (err error) {
	if p.basis, err = d.basisOf(ctx, p.deed); err != nil {
		return err
	}
	seq, done, err := d.noted(p.deed, kindProposed, engine.Author{Reason: p.Reason, Operator: p.Operator})
	if err != nil || !done {
		return orRefused(err)
	}
	now := d.o.Clock()
	p.id, p.at, p.expires = seq, now, now+int64(approvalLife)
	return nil
}

func orRefused(err error) error {
	if err == nil {
		err = fault(view.ErrRefused, "the machine refused it")
	}
	return err
}

// noted logs what has become of a deed before it is done, or in its place.
func (d *Desk) noted(a *deed, kind string, by engine.Author) (seq uint64, done bool, err error) {
	return d.command(engine.Order{
		Author:  by,
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

// back has an approval wait again that could not be carried out: nothing was logged.
func (d *Desk) back(a *approval) {
	d.approvals.mu.Lock()
	defer d.approvals.mu.Unlock()
	d.approvals.all[a.id] = a
}

// approve carries out what another has ordered, if he still may and it is still what he
// has seen.
func (d *Desk) approve(ctx context.Context, c access.Caller, o *view.Order) (view.Done, error) {
	d.approvals.deciding.Lock()
	defer d.approvals.deciding.Unlock()
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
	why, err := d.void(ctx, a)
	if err != nil {
		d.back(a)
		return view.Done{}, err
	}
	if why != "" {
		if err := d.expired(a, why); errors.Is(err, engine.ErrBusy) {
			d.back(a)
			return view.Done{}, err
		}
		return view.Done{}, fault(view.ErrConflict, "%s: it waits no more", why)
	}
	// The record of the command has the reason of who has ordered it: this one has his own.
	var v view.Done
	_, done, err := d.noted(a.deed, ended(kindApproved, a.id), engine.Author{Reason: o.Reason, Operator: a.Operator, Approver: o.Operator})
	switch {
	case err == nil && !done:
		err = orRefused(nil)
	case err == nil:
		v, err = d.carryOut(ctx, a.deed, o.Operator)
	}
	if errors.Is(err, engine.ErrBusy) {
		d.back(a)
	}
	return v, err
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
	seq, done, err := d.noted(a.deed, ended(kindRejected, a.id), engine.Author{Reason: o.Reason, Operator: o.Operator})
	if errors.Is(err, engine.ErrBusy) {
		d.back(a)
	}
	if err != nil || !done {
		return view.Done{}, orRefused(err)
	}
	return view.Done{Done: true, Seq: seq, Text: "Rejected: " + a.text + "."}, nil
}

// expire ends the orders that nobody has approved in time. The journal has that.
func (d *Desk) expire() {
	d.drop(func(a *approval) bool { return a.expires <= d.o.Clock() }, "nobody has approved it in time")
}

// dropAll ends all orders that wait, and has none wait any more.
func (d *Desk) dropAll() {
	d.approvals.mu.Lock()
	d.approvals.closed = true
	d.approvals.mu.Unlock()
	d.drop(func(*approval) bool { return true }, whyStopped)
}

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
		if err := d.expired(a, why); errors.Is(err, engine.ErrBusy) {
			d.back(a) // nobody gets it any more, and the next look logs it
		}
	}
}

// expired logs that an order waits no more, and why.
func (d *Desk) expired(a *approval, why string) error {
	_, _, err := d.noted(a.deed, ended(kindExpired, a.id), engine.Author{Reason: why, Operator: a.Operator})
	if err != nil {
		d.o.Log.Warn("an order that nobody has approved has ended, and there is no record of it yet", "event", "command.expired", "approval", a.id, "error", err)
	}
	return err
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
		o.Reason = ReasonFor(o.Reason, c.Roles)
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
