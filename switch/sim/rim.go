package sim

import (
	"time"

	"switchd/switch/mutant"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// The rim decides before anything is on the record, by the rules of switch/ingress:
// new requests that the load sheds are told "busy" and when to try again, enquiries
// "not decided", and of one request no two messages are told different things.

// request takes a payment's request.
func (d *door) request() {
	ev, n := &d.event, d.n
	if !d.welcome() {
		if !ev.Request.Repeat {
			d.refuse(translate.NotSignedOn)
		}
		return
	}
	r := &ev.Request
	wait := n.shedding(r)
	if r.Repeat {
		n.repeats[r.Key] = true
	} else if wait > 0 && !n.repeats[r.Key] {
		d.turnAway(ev, translate.TryAgain(payment.Busy, wait))
		return
	}
	if wait > 0 || r.Repeat && n.turned[r.Key] {
		r.Refuse = payment.Busy
	}
	if _, err := n.submit([]payment.Event{*ev}); err == nil {
		return
	}
	if n.repeats[r.Key] && !mutant.Is(mutant.BusyToRepeats) {
		return // the repeat speaks for both
	}
	d.turnAway(ev, translate.Busy)
}

// turnAway tells the sender of a request no, without a record.
func (d *door) turnAway(ev *payment.Event, why translate.Refusal) {
	if !mutant.Is(mutant.ForgetTurned) {
		d.n.turned[ev.Request.Key] = true
	}
	d.n.w.judge.busy(ev)
	d.out = framed(d.framing, d.out, func(dst []byte) ([]byte, error) { return d.interpreter.RefuseRequest(dst, ev, why) })
}

// shedding says that the load is too high for a request, and for how long.
func (n *node) shedding(r *payment.Request) (wait int64) {
	for step := n.ladder.step; step.Sheds(r.Type, r.Amount.Minor, n.table.config.BrownOut); step-- {
		wait += int64(loadDwell)
	}
	return wait
}

// askGap is the least time between two enquiries of one participant about one
// payment.
const askGap = int64(90 * time.Second)

// about is what an enquiry asks for, and who asks.
type about struct {
	by   route.Participant
	what payment.Reference
}

// enquiry takes an enquiry about a payment.
func (d *door) enquiry() {
	n, now := d.n, d.n.clock()
	if !d.automaton.Ready() {
		return
	}
	key := about{d.number, d.event.Request.Original}
	wait := int64(n.ladder.step) * int64(loadDwell)
	if at, known := n.asked[key]; wait == 0 && known && now-at < askGap {
		wait = min(at+askGap-now, askGap)
	}
	if wait > 0 {
		d.refuse(translate.TryAgain(payment.Pending, wait))
		return
	}
	if _, err := n.submit([]payment.Event{d.event}); err == nil { // one that found no room may come again at once
		n.asked[key] = now
	}
}
