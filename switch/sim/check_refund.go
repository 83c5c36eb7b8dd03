package sim

import "switchd/switch/payment"

// givesBack: when a refund begins, all refunds of its original that certainly are
// under way or paid are no more than that.
func (w *watch) givesBack(id payment.ID, p *pursuit) {
	if p.kind != payment.Refund {
		return
	}
	o := w.all[p.original]
	if o == nil || o.begun == 0 {
		w.j.violation("refund", id, "a refund begins of what was never paid")
		return
	}
	var sum int64
	//tidy:unordered a sum
	for _, q := range w.all {
		if q.counts && q.original == p.original {
			sum += q.minor
		}
	}
	if sum > o.minor {
		w.j.violation("refund", id, "a refund begins with which %d is given back of %d", sum, o.minor)
	}
}

// refunds: at the end no more was given back than was paid, from who got it to who
// paid, and each payment knows how much. Of one that was forgotten meanwhile a refund
// that fails is not taken back.
func (j *judge) refunds() {
	given := map[payment.ID]int64{}
	paid := map[payment.ID]*pursuit{}
	j.w.rows.payments(func(p *payment.Payment) {
		if p.Type != payment.Refund || p.State != payment.Success && p.State != payment.Deemed {
			return
		}
		given[p.Original] += p.Amount.Minor
		paid[p.Original] = j.watch.all[p.Original]
		if o := paid[p.Original]; o == nil || o.payer.account != string(p.Text.Get(payment.PayeeAccount)) || o.payer.bank != int(p.PayeeBank) {
			j.violation("refund", p.ID, "a refund of %d goes to %q at participant %d, and was paid by %+v", p.Original, p.Text.Get(payment.PayeeAccount), p.PayeeBank, o)
		}
	})
	j.w.rows.payments(func(p *payment.Payment) {
		sum := given[p.ID]
		if settled := p.State == payment.Success || p.State == payment.Deemed; sum > p.Amount.Minor || sum > 0 && !settled {
			j.violation("refund", p.ID, "%d is given back of %d, and the payment is %v", sum, p.Amount.Minor, p.State)
		}
		if p.Refunded < sum || p.Refunded > sum && !j.w.swarm.forgets {
			j.violation("refund", p.ID, "%d is given back, the payment says %d", sum, p.Refunded)
		}
	})
}
