package sim

import (
	"switchd/switch/payment"
	"switchd/switch/route"
)

// receipt is what is known of a message that a participant acknowledges.
type receipt struct {
	at    int64 // when its receipt became durable; 0: not yet
	asked int   // how often the sender has asked anew since
}

// acknowledged takes a durable receipt.
func (j *judge) acknowledged(f *fact, leg payment.Leg) {
	if r := &f.receipts[leg]; r.at == 0 {
		*r = receipt{at: j.w.now}
	}
}

// repeats: what a participant has acknowledged does not come again, unless it asks.
func (j *judge) repeats(to route.Participant, id payment.ID, m *message) {
	leg := sentLeg(m.kind, payment.LegRequest)
	if m.kind == reply {
		id = j.requests[requestKey{to, m.stan, m.minor}]
	}
	f := j.facts[id]
	if f == nil || id == 0 || m.kind == confirm && m.result != resultDone { // a rejection is said again to who accepts late
		return
	}
	switch r := &f.receipts[leg]; {
	case r.at == 0 || r.at == j.w.now:
	case r.asked > 0:
		r.asked--
	default:
		j.violation("receipts", id, "a %v to participant %d leaves again after its receipt", m.kind, to)
	}
}
