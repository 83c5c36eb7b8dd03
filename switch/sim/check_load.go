package sim

import (
	"switchd/switch/payment"
	"switchd/switch/route"
)

// admitted: nothing new is begun that the step of the ladder sheds which was in force
// when its request came, and no sender has more requests under way than it may. What
// must be finished is never shed: check_final.go asks that everything ends.
func (w *watch) admitted(id payment.ID, p *pursuit) {
	if p.load >= 4 {
		w.j.violation("load", id, "a payment begins that was asked for when no new ones were taken")
	}
	if p.load == 3 && w.config.BrownOut > 0 && p.minor > w.config.BrownOut {
		w.j.violation("load", id, "a payment of %d begins that was asked for when only those up to %d were taken", p.minor, w.config.BrownOut)
	}
	if p.load >= 2 && p.kind == payment.Collect {
		w.j.violation("load", id, "a payer is asked about a collect that came when none were taken")
	}
	if p.unlisted {
		w.j.violation("config", id, "a payment begins that participant %d has asked for, which is not configured any more", p.from)
	}
	if p.drained {
		w.j.violation("drain", id, "a payment begins that participant %d has asked for while it was drained", p.from)
	}
	most := w.profile(p.from).InFlight
	if most == 0 || uint64(id) < w.started {
		return
	}
	if n := w.waiting(func(q *pursuit) bool { return q != p && q.from == p.from && !q.asksPayer() }); n >= most {
		w.j.violation("load", id, "a request of participant %d is taken, and %d of it are under way already, of %d that may be", p.from, n, most)
	}
}

// room: no more messages of a leg wait for a participant's answer than its limit may
// ever be.
func (w *watch) room(id payment.ID, to route.Participant, leg payment.Leg) {
	flow := w.profile(to).Flow
	if flow.Off || flow.Max == 0 {
		return
	}
	if n := w.waiting(func(q *pursuit) bool { return q != w.all[id] && q.leg == leg && q.to == to && !q.asksPayer() }); n >= int(flow.Max) {
		w.j.violation("load", id, "a payment begins that needs a %v at participant %d, and %d wait there already, of %d that may", leg, to, n, flow.Max)
	}
}

// waiting counts those under way that are meant.
func (w *watch) waiting(meant func(*pursuit) bool) (n int) {
	//tidy:unordered counts only
	for _, q := range w.all {
		if q.waits && meant(q) {
			n++
		}
	}
	return n
}
