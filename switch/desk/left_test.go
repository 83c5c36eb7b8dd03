package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"switchd/switch/access"
	"switchd/switch/engine"
	"switchd/switch/view"
)

// open are the approvals that the list of deeds has as open: a proposal that no other
// record has ended.
func (r *rig) waiting() (open []uint64) {
	r.t.Helper()
	v, err := r.Changes(context.Background(), auditor, 0, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	over := map[uint64]int{}
	for _, c := range v.Changes {
		switch {
		case c.Approval == 0:
		case c.Kind != kindProposed:
			over[c.Approval]++
		case over[c.Approval] == 0:
			open = append(open, c.Approval)
		}
		if over[c.Approval] > 1 {
			r.t.Errorf("approval %d has ended %d times", c.Approval, over[c.Approval])
		}
	}
	return open
}

// TestNothingWaitsForEver: what waited when the switch was killed is ended by the next
// start, once, and nothing else is.
func TestNothingWaitsForEver(t *testing.T) {
	r := newRig(t)
	order := view.Order{Command: "set-cap", Participant: "BANKA", Amount: "500.00"}
	propose := func(r *rig, c access.Caller) uint64 { return r.do(c, order).Approval }
	r.do(sam, view.Order{Command: "approve", Approval: propose(r, omar)})
	r.do(sam, view.Order{Command: "reject", Approval: propose(r, omar)})
	propose(r, omar)
	r.pass(approvalLife)
	r.expire()
	want := []uint64{propose(r, olga), propose(r, omar)} // in the same words as those that have ended
	slices.Reverse(want)
	if got := r.waiting(); !slices.Equal(got, want) {
		t.Fatalf("%v wait, want %v", got, want)
	}
	again := r.killed()
	now := propose(again, omar)
	for range 2 {
		if err := again.endLeft(); err != nil {
			t.Fatal(err)
		}
	}
	if got := again.waiting(); !slices.Equal(got, []uint64{now}) {
		t.Errorf("after a start %v wait, want %d alone", got, now)
	}
	const text = "|the switch was started again before anybody had approved it|Set the net debit cap of BANKA to 500.00 INR."
	if got := again.changes(auditor)[:2]; !slices.Equal(got, []string{"expired|omar|" + text, "expired|olga|" + text}) {
		t.Errorf("%q", got)
	}
	third := again.killed()
	if err := third.endLeft(); err != nil || len(third.waiting()) != 0 {
		t.Errorf("after another start %v wait: %v", third.waiting(), err)
	}
}

// TestTheEndEndsWhatComes: what is ordered while the switch stops waits for nobody, and what
// was on its way then is ended as the others.
func TestTheEndEndsWhatComes(t *testing.T) {
	e := &enders{}
	r := newRig(t, func(o *Options) { e.Engine, o.Engine = o.Engine, e })
	e.then = r.dropAll
	order := view.Order{Command: "set-cap", Participant: "BANKA", Amount: "500.00"}
	if said := r.refused(omar, order, view.ErrBusy); !strings.Contains(said, "the switch stops") {
		t.Error(said)
	}
	r.refused(omar, order, view.ErrBusy)
	if got := r.changes(auditor); len(got) != 2 || !strings.HasPrefix(got[0], "expired|omar||the switch has stopped|") || len(r.waiting()) != 0 {
		t.Errorf("%q", got)
	}
}

// enders does something once, behind the record of the first order.
type enders struct {
	Engine
	then func()
}

func (e *enders) Command(o engine.Order) (uint64, bool, error) {
	seq, done, err := e.Engine.Command(o)
	if then := e.then; then != nil {
		e.then = nil
		then()
	}
	return seq, done, err
}

// TestAFullEngineEndsNothing: an order whose end the journal cannot take now goes on to wait,
// or has its end logged later.
func TestAFullEngineEndsNothing(t *testing.T) {
	full := false
	r := newRig(t, func(o *Options) { o.Engine = &fullEngine{o.Engine, &full} })
	propose := func(amount string) view.Order {
		return view.Order{Approval: r.do(omar, view.Order{Command: "set-cap", Participant: "BANKA", Amount: amount}).Approval}
	}
	reject, void, other := propose("1.00"), propose("2.00"), propose("3.00")
	reject.Command, void.Command, other.Command = "reject", "approve", "approve"
	r.do(sam, other) // the cap is another one now
	full = true
	r.refused(sam, reject, view.ErrBusy)
	r.refused(sam, void, view.ErrBusy)
	r.pass(approvalLife)
	r.expire()
	full = false
	if got := r.waiting(); len(got) != 2 {
		t.Errorf("%v wait", got)
	}
	r.expire()
	if got := r.waiting(); len(got) != 0 {
		t.Errorf("%v wait, also when the engine takes orders again", got)
	}
}

// TestKindOfDeed: a record that only looks as if it ended something is none.
func TestKindOfDeed(t *testing.T) {
	for deed, want := range map[string]string{
		"approved 7: Set it": "approved 7 Set it", "proposed: Set it: now": "proposed 0 Set it: now", "backup: Make one": "backup 0 Make one",
		"approved x: Set it": "noted 0 approved x: Set it", "painted 7: Red": "noted 0 painted 7: Red", "": "noted 0 ", "approved": "approved 0 ",
	} {
		kind, id, rest := kindOf(deed)
		if got := fmt.Sprint(kind, " ", id, " ", rest); got != want {
			t.Errorf("%q is %q, want %q", deed, got, want)
		}
	}
}
