package bench

// schedule is the open loop: when each payment is due. It is fixed before the run
// and depends on nothing that happens in it.
type schedule struct {
	start int64   // when the payment 0 is due, UTC nanoseconds
	rate  float64 // payments per second
	count int64   // payments in all
}

// due is when payment n is to be sent. Each time is computed from the start, so
// that the rounding of one does not add to the next.
func (s *schedule) due(n int64) int64 {
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
