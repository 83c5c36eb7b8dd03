package sim

import (
	"time"

	"switchd/switch/payment"
)

// finalBound is how long after its request, or after the begin of the liveness
// phase, a payment may take to be final: start of the debit, debit, credit, the
// wait for a late credit, the largest gap of a reversal, and a minute for what is
// on its way.
const finalBound = 45*time.Second + 15*time.Second + 15*time.Second + 600*time.Second + 15*time.Minute + time.Minute

// finals: every payment is final, and has become so in time.
func (j *judge) finals() {
	j.w.rows.payments(func(p *payment.Payment) {
		if !p.State.Final() {
			j.violation("final", p.ID, "the payment ends in %v", p.State)
			return
		}
		if bound := max(p.CreatedAt, j.calmFrom, j.at(p.ID).collect.end()) + int64(finalBound); p.ClosedAt > bound {
			j.violation("final", p.ID, "the payment became %v %v too late", p.State, time.Duration(p.ClosedAt-bound))
		}
	})
}

// undrained: something never ends.
func (j *judge) undrained() {
	w := j.w
	if w.node == nil {
		j.violation("final", 0, "the switch never comes back")
		return
	}
	var id payment.ID
	w.node.m.OpenPayments(func(p *payment.Payment) {
		if id == 0 && p.Open() {
			id = p.ID
		}
	})
	j.violation("final", id, "%d payments and %d other things do not end within %v without faults", w.node.m.OpenCount(), w.agenda.waiting, calmBound)
}
