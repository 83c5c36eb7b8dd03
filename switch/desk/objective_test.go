package desk

import (
	"testing"
	"time"

	"switchd/switch/alert"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// budgeted has a watcher look at a switch once a second, and gives what it says then.
type budgeted struct {
	w   *watcher
	now int64
}

func newBudgeted() *budgeted {
	w := newWatcher(&Desk{o: Options{Refused: func() uint64 { return 0 }}})
	return &budgeted{w: w, now: int64(time.Hour)}
}

// goes lets so many seconds pass, with t's payments each of them.
func (b *budgeted) goes(seconds int, ready bool, each engine.PaymentTally) view.Overview {
	var o view.Overview
	pay := paymentCounts(&each)
	for range seconds {
		o = view.Overview{Ready: ready}
		b.w.pay.good += pay.good
		b.w.pay.declined += pay.declined
		b.w.pay.failed += pay.failed
		b.w.pay.ours += pay.ours
		b.w.objectives(&o, b.now)
		b.now += int64(time.Second)
	}
	return o
}

func burnOf(t *testing.T, o view.Overview, name string) view.Burn {
	t.Helper()
	for _, b := range o.Objectives {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("no objective %s: %+v", name, o.Objectives)
	return view.Burn{}
}

// TestAStartBurnsNoBudget: the seconds of a start are not an hour, and a minute of an hour
// without readiness is too much.
func TestAStartBurnsNoBudget(t *testing.T) {
	t.Parallel()
	pages := func(o view.Overview) bool {
		for _, a := range alert.Evaluate(alert.Input{Overview: view.Overview{Ready: true, Objectives: o.Objectives}}) {
			if a.Name == "SwitchdAvailabilityBurnFast" {
				return true
			}
		}
		return false
	}
	b := newBudgeted()
	o := b.goes(31, false, engine.PaymentTally{})
	if success, away := burnOf(t, o, alert.Success), burnOf(t, o, alert.Availability); success.Seconds != 30 || away.Seconds != 3600 {
		t.Errorf("the window of payments is %v s, that of readiness %v s", success.Seconds, away.Seconds)
	}
	if got := burnOf(t, o, alert.Availability); got.Fast < 99 || got.Fast > 101 || got.Slow > 9 || pages(o) {
		t.Errorf("half a minute of a start: %+v, it pages: %v", got, pages(o))
	}
	if o = b.goes(10, true, engine.PaymentTally{}); pages(o) {
		t.Errorf("it is ready, and pages: %+v", o.Objectives)
	}
	if o = b.goes(30, false, engine.PaymentTally{}); !pages(o) {
		t.Errorf("a minute of an hour: %+v", o.Objectives)
	}
	if o = b.goes(310, true, engine.PaymentTally{}); pages(o) {
		t.Errorf("it is over for five minutes: %+v", o.Objectives)
	}
	b.goes(4000, true, engine.PaymentTally{})
	if got := burnOf(t, b.goes(1, true, engine.PaymentTally{}), alert.Availability); got.Fast != 0 || got.Slow != 0 || len(b.w.budget.marks) != marksMax {
		t.Errorf("after an hour: %+v of %d marks", got, len(b.w.budget.marks))
	}
}

// TestTurnedAway: what is refused at the rim is told for as long as it goes on.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	b, refused, each := newBudgeted(), uint64(1000), uint64(0) // some of before the first look
	b.w.d.o.Refused = func() uint64 { refused += each; return refused }
	for _, perSecond := range []uint64{0, 40, 2, 0} {
		each = perSecond
		if o := b.goes(30, true, engine.PaymentTally{}); o.TurnedAway != float64(perSecond) {
			t.Errorf("%v a second, want %d", o.TurnedAway, perSecond)
		}
	}
}

// TestWhoseBudget: what banks make fail or decline uses up nothing of ours.
func TestWhoseBudget(t *testing.T) {
	t.Parallel()
	faults := func(f payment.Fault, n uint64) (all [payment.FaultCount]uint64) {
		all[f] = n
		return all
	}
	for _, c := range []struct {
		what   string
		each   engine.PaymentTally
		burn   float64
		minute view.Minute
	}{
		{"banks are down", engine.PaymentTally{Succeeded: 1, Failed: 3, Faults: faults(payment.FaultParticipant, 3)}, 0, view.Minute{Payments: 240, Success: 0.25, Failed: 0.75}},
		{"a payee's bank declines what is debited", engine.PaymentTally{Succeeded: 1, Reversed: 3, Faults: faults(payment.FaultNobody, 3)}, 0, view.Minute{Payments: 240, Success: 0.25, Declined: 0.75}},
		{"our module is away", engine.PaymentTally{Succeeded: 1, Failed: 2, Reversed: 1, Faults: faults(payment.FaultSwitch, 3)}, 75, view.Minute{Payments: 240, Success: 0.25, Failed: 0.75, Ours: 0.75}},
	} {
		b := newBudgeted()
		b.goes(400, true, engine.PaymentTally{Succeeded: 0})
		o := b.goes(60, true, c.each)
		got := burnOf(t, o, alert.Success)
		if !got.Enough || got.Fast < c.burn-0.01 || got.Fast > c.burn+0.01 {
			t.Errorf("%s: %+v, want %v", c.what, got, c.burn)
		}
		if o = b.goes(20, true, c.each); o.Minute.Success != c.minute.Success || o.Minute.Declined != c.minute.Declined || o.Minute.Failed != c.minute.Failed || o.Minute.Ours != c.minute.Ours || o.Minute.Payments < 200 {
			t.Errorf("%s: the minute %+v, want %+v", c.what, o.Minute, c.minute)
		}
	}
}
