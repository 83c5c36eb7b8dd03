package bench

import "time"

// schedule is the open loop: when each payment is due. It is fixed before the run
// and depends on nothing that happens in it.
type schedule struct {
	start int64   // when the payment 0 is due, UTC nanoseconds
	rate  float64 // payments per second
	count int64   // payments in all
	until int64   // when it ends, UTC nanoseconds
	parts []part  // those with a rate of their own, in order; none: the rate holds throughout
}

// part is what follows the first part of a schedule at another rate.
type part struct {
	first int64 // payment
	start int64 // when that is due
	rate  float64
}

// plan is the schedule of a run that begins at a time.
func (o *Options) plan(start int64) schedule {
	span := o.Warmup + o.Duration
	s := schedule{start: start, rate: o.Rate, count: int64(o.Rate * span.Seconds()), until: start + int64(span)}
	if o.Surge.Times != 0 {
		s.then(o.peak(), o.Surge.For)
		s.then(o.Rate, o.after())
	}
	return s
}

// then goes on at another rate.
func (s *schedule) then(rate float64, span time.Duration) {
	s.parts = append(s.parts, part{first: s.count, start: s.until, rate: rate})
	s.count += int64(rate * span.Seconds())
	s.until += int64(span)
}

// due is when payment n is to be sent. Each time is computed from the start, so
// that the rounding of one does not add to the next.
func (s *schedule) due(n int64) int64 {
	for i := len(s.parts) - 1; i >= 0; i-- {
		if p := &s.parts[i]; n >= p.first {
			return p.start + int64(float64(n-p.first)*1e9/p.rate)
		}
	}
	return s.start + int64(float64(n)*1e9/s.rate)
}

// pacer sends what is due. It belongs to one goroutine.
type pacer struct {
	schedule
	next    int64 // the first payment that was not sent yet
	clock   func() int64
	send    func(n, due, now int64)
	stopped <-chan struct{} // closed: send no more; nil: never
}

// lookEvery is how many late payments are sent before the clock is read again: the
// last of a long row was not sent at the time of the first.
const lookEvery = 64

// step sends everything that is due by now, however late it is, and returns when
// the next one is due; done says that there is none. It looks at stopped as often
// as at the clock.
func (p *pacer) step() (next int64, done bool) {
	for now := p.clock(); p.next < p.count; {
		due := p.due(p.next)
		if due > now {
			// What became due meanwhile is part of this batch.
			if now = p.clock(); due > now {
				return due, false
			}
		}
		p.send(p.next, due, now)
		if p.next++; p.next%lookEvery == 0 {
			select {
			case <-p.stopped:
				return 0, false
			default:
			}
			now = p.clock()
		}
	}
	return 0, true
}
