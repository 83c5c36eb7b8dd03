package sim

import (
	"slices"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// perMinute is how many payments a payer may make in a minute under load.
const perMinute = 5

// categoryOf is the limit that a payment to a person falls under.
func categoryOf(c *payment.Config, purpose string) *payment.Limit {
	for i := range c.Limits {
		l := &c.Limits[i]
		if l.Payees != payment.Merchants && (len(l.Purposes) == 0 || slices.Contains(l.Purposes, purpose)) {
			return l
		}
	}
	return nil
}

// account is what a payer has used of one limit on one day.
type account struct {
	payer
	limit *payment.Limit
	day   int64
}

func (p *pursuit) account() account { return account{p.payer, p.category, p.at / day} }

// sharesWith says that two payments count towards the same.
func (p *pursuit) sharesWith(q *pursuit) bool { return p.category != nil && p.account() == q.account() }

func (p *pursuit) minute() minute { return minute{p.payer, p.at / int64(time.Minute)} }

// use is what has been paid.
type use struct {
	count int
	minor int64
}

// over says that it is more than the limit allows.
func (u use) over(l *payment.Limit) bool {
	return l.CountPerDay != 0 && u.count > int(l.CountPerDay) || l.PerDay != 0 && u.minor > l.PerDay
}

// limits: what a payer certainly has under way or paid on a day is within its limit
// when a payment begins, and so are its payments of a minute under load.
func (w *watch) limits(id payment.ID, p *pursuit) {
	if w.load >= payment.LoadNoEnquiries {
		if w.minutes[p.minute()]++; w.minutes[p.minute()] > perMinute {
			w.j.violation("limit", id, "the payer's payment %d of one minute begins under load", w.minutes[p.minute()])
		}
	}
	if p.category == nil {
		return
	}
	if most := p.category.PerPayment; most != 0 && p.minor > most {
		w.j.violation("limit", id, "a payment of %d begins, the limit %s is %d", p.minor, p.category.Name, most)
	}
	var u use
	//tidy:unordered a sum
	for _, q := range w.all {
		if q.counts && q.sharesWith(p) {
			u.count, u.minor = u.count+1, u.minor+q.minor
		}
	}
	if u.over(p.category) {
		w.j.violation("limit", id, "a payment begins with which its payer has %+v on one day, the limit is %+v", u, *p.category)
	}
}

// declined notes whether a payer has used its minute up when a payment is declined.
func (w *watch) declined(id payment.ID) {
	if p := w.all[id]; p != nil {
		p.throttled = w.load >= payment.LoadNoEnquiries && w.minutes[p.minute()] >= perMinute
	}
}

// withinLimits: at the end the rows tell when each payment counted. None was
// declined for a limit that was not used up, by payments that had begun and not
// failed; and what the participants' books say stands is within the limits.
func (j *judge) withinLimits() {
	var declined []payment.ID
	j.w.rows.payments(func(row *payment.Payment) {
		p := j.watch.all[row.ID]
		if p == nil {
			return
		}
		if p.begun == 0 {
			p.at = row.ClosedAt // when it was decided about
		}
		p.closed, p.failed = row.ClosedSeq, row.State == payment.Declined || row.State == payment.FailedReversed
		limited := row.Outcome == payment.LimitAmount || row.Outcome == payment.LimitCount && !p.throttled
		if p.failed && p.begun == 0 && limited {
			declined = append(declined, row.ID)
		}
	})
	for _, id := range declined {
		j.watch.usedUp(id, j.watch.all[id])
	}
	j.paid()
}

// usedUp: a payment that was declined for a limit was over it.
func (w *watch) usedUp(id payment.ID, p *pursuit) {
	if p.category == nil {
		w.j.violation("limit", id, "a payment that no limit is about is declined for one")
		return
	}
	with := use{1, p.minor}
	//tidy:unordered a sum
	for _, q := range w.all {
		if q.sharesWith(p) && q.begun != 0 && q.begun < p.closed && (!q.failed || q.closed > p.closed) {
			with.count, with.minor = with.count+1, with.minor+q.minor
		}
	}
	alone := p.category.PerPayment != 0 && p.minor > p.category.PerPayment
	if !with.over(p.category) && !alone {
		w.j.violation("limit", id, "declined for a limit, and with it its payer would have %+v on that day; the limit is %+v", with, *p.category)
	}
}

// paid: what stands in the participants' books is within the limits, but for what a
// participant has lied about.
func (j *judge) paid() {
	paid := map[account]use{}
	add := func(id payment.ID) {
		if p := j.watch.all[id]; p != nil && p.category != nil {
			u := paid[p.account()]
			paid[p.account()] = use{u.count + 1, u.minor + p.minor}
			if paid[p.account()].over(p.category) {
				j.violation("limit", id, "by the books its payer has paid %+v on one day, the limit is %+v", paid[p.account()], *p.category)
			}
		}
	}
	for n, b := range j.w.banks {
		for _, ref := range b.book.known {
			if l := b.book.legs[ref]; l.kind == debit && l.stands() > 0 && !l.lied() {
				id, _, _ := translate.ParseReference(ref[:])
				add(id)
			}
		}
		for stan := range b.sender.stan {
			a := b.sender.orders[stan+1]
			for _, minor := range [...]int64{a.minor, a.minor + 1} {
				if t := a.of(minor); t.held && !t.undone {
					add(j.requests[requestKey{route.Participant(n), a.stan, minor}])
				}
			}
		}
	}
}
