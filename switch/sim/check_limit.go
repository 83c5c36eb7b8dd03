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

// category is the limit that a payment falls under now; nil: none.
func (w *watch) category(p *pursuit) *payment.Limit {
	if p.foreign {
		return nil
	}
	for i := range w.config.Limits {
		l := &w.config.Limits[i]
		if l.Payees != payment.Merchants && (len(l.Types) == 0 || slices.Contains(l.Types, p.kind)) &&
			(len(l.Purposes) == 0 || slices.Contains(l.Purposes, p.purpose)) {
			return l
		}
	}
	return nil
}

// account is what a payer has used of one limit on one day.
type account struct {
	payer
	limit string
	day   int64
}

// account is where a payment counts that begins now, or is declined.
func (p *pursuit) account() account { return account{p.payer, p.limit.Name, p.at / day} }

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

// throttles says that a payment counts towards the minute of its payer.
func (w *watch) throttles(p *pursuit) bool {
	return w.load >= payment.LoadNoEnquiries && p.kind != payment.Refund
}

// limits: what a payer certainly has under way or paid on a day is within its limit
// when a payment begins, and so are its payments of a minute under load.
func (w *watch) limits(id payment.ID, p *pursuit) {
	if w.throttles(p) {
		if w.minutes[p.minute()]++; w.minutes[p.minute()] > perMinute {
			w.j.violation("limit", id, "the payer's payment %d of one minute begins under load", w.minutes[p.minute()])
		}
	}
	if p.most != 0 && p.minor > p.most {
		w.j.violation("limit", id, "a payment of %d begins, the limit was %d when its request came", p.minor, p.most)
	}
	l := w.category(p)
	if l == nil || l.PerDay == 0 && l.CountPerDay == 0 {
		return
	}
	p.limit = *l
	p.counted = p.account()
	var u use
	//tidy:unordered a sum
	for _, q := range w.all {
		if q.counts && q.counted == p.counted {
			u.count, u.minor = u.count+1, u.minor+q.minor
		}
	}
	if u.over(l) {
		w.j.violation("limit", id, "a payment begins with which its payer has %+v on one day, the limit is %+v", u, *l)
	}
}

// declined notes which limit is in force when a payment is declined, and whether its
// payer has used its minute up.
func (w *watch) declined(id payment.ID) {
	p := w.all[id]
	if p == nil || p.begun != 0 {
		return
	}
	p.declined, p.at = true, w.now
	p.throttled = w.throttles(p) && w.minutes[p.minute()] >= perMinute
	if l := w.category(p); l != nil {
		p.limit = *l
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
	if p.most != 0 && p.minor > p.most {
		return
	}
	if p.limit.Name == "" {
		w.j.violation("limit", id, "a payment that no limit is about is declined for one")
		return
	}
	with := use{1, p.minor}
	//tidy:unordered a sum
	for _, q := range w.all {
		if q.counted == p.account() && q.begun < p.closed && (!q.failed || q.closed > p.closed) {
			with.count, with.minor = with.count+1, with.minor+q.minor
		}
	}
	if !with.over(&p.limit) {
		w.j.violation("limit", id, "declined for a limit, and with it its payer would have %+v on that day; the limit is %+v", with, p.limit)
	}
}

// paid: what stands in the participants' books is within the largest limit under
// which any of it has begun, but for what a participant has lied about.
func (j *judge) paid() {
	paid, most := map[account]use{}, map[account]payment.Limit{}
	var all []account // in an order that is the same in each run
	add := func(id payment.ID) {
		p := j.watch.all[id]
		if p == nil || p.counted.limit == "" {
			return
		}
		u, l := paid[p.counted], most[p.counted]
		if l.Name == "" {
			l, all = p.limit, append(all, p.counted)
		}
		l.PerDay, l.CountPerDay = larger(l.PerDay, p.limit.PerDay), larger(l.CountPerDay, p.limit.CountPerDay)
		paid[p.counted], most[p.counted] = use{u.count + 1, u.minor + p.minor}, l
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
	for _, at := range all {
		if u, l := paid[at], most[at]; u.over(&l) {
			j.violation("limit", 0, "by the books the payer %+v has paid %+v, the limit was %+v", at, u, l)
		}
	}
}

// larger is the larger of two limits, of which 0 is none.
func larger[T int64 | uint32](a, b T) T {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}
