package bench

import "sync/atomic"

// ring holds the open payments by number, in a fixed room. The pacer opens, the
// readers close; a number is opened once in a run.
type ring struct {
	slots []slot
	mask  int64
}

// slot is one open payment. number is 0 when it is free and is written last, so
// that whoever takes it by compare-and-swap has read the other two of the same
// payment, even if an answer comes twice and the slot is taken again.
type slot struct {
	number atomic.Int64
	due    atomic.Int64
	amount atomic.Int64
	sides  atomic.Int64 // payer and payee
}

// newRing takes a power of two.
func newRing(size int) *ring {
	return &ring{slots: make([]slot, size), mask: int64(size - 1)}
}

// open notes payment n (from 1); false when its slot is taken, which means that as
// many payments as there are slots are open. Pacer only.
func (r *ring) open(n, due int64, o *order) bool {
	s := &r.slots[n&r.mask]
	if s.number.Load() != 0 {
		return false
	}
	s.due.Store(due)
	s.amount.Store(o.amount)
	s.sides.Store(int64(o.payer)<<32 | int64(o.payee))
	s.number.Store(n)
	return true
}

// opened is what was noted of a payment.
type opened struct {
	number       int64
	due, amount  int64
	payer, payee int
}

// close takes payment n out; false when it is not open. Safe for concurrent use.
func (r *ring) close(n int64) (opened, bool) {
	s := &r.slots[n&r.mask]
	if n <= 0 || s.number.Load() != n {
		return opened{}, false
	}
	sides := s.sides.Load()
	p := opened{number: n, due: s.due.Load(), amount: s.amount.Load(), payer: int(sides >> 32), payee: int(sides & (1<<32 - 1))}
	return p, s.number.CompareAndSwap(n, 0)
}

// each calls f for every payment that is still open.
func (r *ring) each(f func(opened)) {
	for i := range r.slots {
		if n := r.slots[i].number.Load(); n != 0 {
			sides := r.slots[i].sides.Load()
			f(opened{number: n, due: r.slots[i].due.Load(), amount: r.slots[i].amount.Load(), payer: int(sides >> 32), payee: int(sides & (1<<32 - 1))})
		}
	}
}
