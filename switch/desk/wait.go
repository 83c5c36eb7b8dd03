package desk

import (
	"fmt"
	"strings"
	"time"

	"switchd/switch/payment"
	"switchd/switch/view"
)

// wait is a time after which the switch goes on with a payment by itself.
type wait struct {
	own   bool          // of a state, and not of a message that goes out again
	leg   payment.Leg   // the message
	state payment.State // the state
	due   int64
	since int64 // when it began
}

// waits are those of one payment as it is made again: the state's own is the last, before it
// one for each message that goes out until it is answered.
type waits [payment.LegCount + 1]wait

// look notes which waits have begun.
func (w *waits) look(p *payment.Payment, now int64) {
	begun := func(at int, is wait) {
		if was := &w[at]; is.due != was.due || is.state != was.state {
			is.since = now
			*was = is
		}
	}
	for leg := range p.Legs {
		if l := &p.Legs[leg]; l.Owed() {
			begun(leg, wait{leg: payment.Leg(leg), due: l.Due})
		} else {
			begun(leg, wait{})
		}
	}
	begun(payment.LegCount, wait{own: true, state: p.State, due: dueOf(p)})
}

// dueOf is when something happens because a state has lasted; 0: never. That of a reversal
// is for its sender, who may have been told.
func dueOf(p *payment.Payment) int64 {
	if p.State == payment.DebitRevSent && p.Reply != payment.NoOutcome {
		return 0
	}
	return p.Due()
}

// over are those that have ended by a time.
func (w *waits) over(now int64) (all []wait) {
	for _, one := range w {
		if one.due != 0 && one.due <= now {
			all = append(all, one)
		}
	}
	return all
}

// about is the leg that a wait is for.
func (w *wait) about() payment.Leg {
	if w.own {
		return waitLegs[w.state]
	}
	return w.leg
}

// waitLegs and waitWords say what a state waits for.
var (
	waitLegs = map[payment.State]payment.Leg{
		payment.Resolving: payment.LegResolve, payment.AwaitAuth: payment.LegResolve, payment.DebitSent: payment.LegDebit,
		payment.CreditSent: payment.LegCredit, payment.CreditUnknown: payment.LegStatus, payment.DebitRevSent: payment.LegReversal,
	}
	waitWords = map[payment.State]string{
		payment.Resolving: "who the payee is", payment.AwaitAuth: "the payer's approval", payment.DebitSent: "the answer to the debit",
		payment.CreditSent: "the answer to the credit", payment.CreditUnknown: "what became of the credit",
		payment.DebitRevSent: "the reversal before its sender is told",
	}
)

// words say what is waited for.
func (w *wait) words() string {
	switch {
	case w.own:
		return waitWords[w.state]
	case w.leg == payment.LegRequest:
		return "the receipt of the answer"
	}
	return "an answer to " + legWords[w.leg]
}

// timed tells timers that have ended: which, and how long they were.
func timed(over []wait, m *view.Moment) {
	m.Kind = momentTimer
	var all []string
	for i := range over {
		w := &over[i]
		all = append(all, fmt.Sprintf("The wait for %s has ended, after %s.", w.words(), lasted(time.Duration(w.due-w.since))))
	}
	if m.Text = strings.Join(all, " "); len(over) > 0 {
		m.Leg = over[0].about().String()
	}
}

// lasted is a wait as people say it.
func lasted(d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%g s", d.Seconds())
	case d%time.Minute < time.Second:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}

// timersOf are the waits that run.
func timersOf(p *payment.Payment) (all []view.Timer) {
	for leg := range p.Legs {
		if l := &p.Legs[leg]; l.Owed() && l.Due != 0 {
			all = append(all, view.Timer{Name: "sent again", Leg: payment.Leg(leg).String(), Ends: stamp(l.Due)})
		}
	}
	if due := dueOf(p); due != 0 {
		all = append(all, view.Timer{Name: "wait for " + waitWords[p.State], Ends: stamp(due)})
	}
	return all
}
