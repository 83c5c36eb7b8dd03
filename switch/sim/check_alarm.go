package sim

import "switchd/switch/payment"

// alarms: a payee's bank that says it has credited what the switch has given up on
// has made money. The switch keeps its decision, and reports an exception. Of a
// bank whose answers carry no reference a known limit: when the payment has ended,
// nothing tells what such an answer is about.
func (j *judge) alarms() {
	j.w.rows.payments(func(p *payment.Payment) {
		f := j.facts[p.ID]
		gone := p.State == payment.FailedReversed || p.State == payment.ReversalStuck || p.State == payment.Declined && p.Model == payment.ModelB
		if f != nil && f.yesLate && gone && f.alarms == 0 {
			j.violation("alarm", p.ID, "the payee's bank says that it has credited, the payment is %v, and no exception was reported", p.State)
		}
	})
}
