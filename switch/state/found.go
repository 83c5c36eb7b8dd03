package state

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
)

// runs goes down the payments with a mark, from one run to the one before. A run
// names no payment beyond its number, so that what has been found is in order as
// soon as it lies beyond the next run.
type runs struct {
	mark   uint64
	heads  *pebble.Iterator
	leaves *pebble.Iterator
	budget *budget
	begun  bool
	next   uint64       // the run that is probed next; 0: there is none
	ids    []payment.ID // found in the runs before, largest first
	fail   error
}

func (v *view) runs(mark uint64, b *budget) (*runs, error) {
	heads, err := v.iterator(tagRun)
	if err != nil {
		return nil, err
	}
	leaves, err := v.iterator(tagLeaf)
	if err != nil {
		return nil, firstError(err, heads.Close())
	}
	return &runs{mark: mark, heads: heads, leaves: leaves, budget: b}, nil
}

// begin goes to the last run that may name a payment below id: all later ones began
// more than lateAfter events behind it.
func (r *runs) begin(id payment.ID) {
	r.begun = true
	to := uint64(id) + lateAfter
	if to < lateAfter || !r.heads.SeekGE(appendRun(nil, to)) {
		r.heads.Last()
	}
	r.step()
}

// step notes the run where heads is.
func (r *runs) step() {
	if r.next = 0; r.heads.Valid() {
		r.next = binary.BigEndian.Uint64(r.heads.Key()[1:])
	}
}

func (r *runs) before(id payment.ID) (payment.ID, bool) {
	if !r.begun {
		r.begin(id)
	}
	for r.fail == nil {
		for len(r.ids) > 0 && r.ids[0] >= id {
			r.ids = r.ids[1:]
		}
		switch {
		case len(r.ids) > 0 && uint64(r.ids[0]) >= r.next:
			return r.ids[0], true
		case r.next == 0:
			return 0, false
		case r.budget.over() && payment.ID(r.next)+1 < id: // each call comes further
			return payment.ID(r.next) + 1, false
		}
		var looked int
		r.ids, looked, r.fail = probe(r.leaves, r.next, r.mark, id, r.ids)
		if cost := probeCost + looked/entriesPerRow; payment.ID(r.next) < id {
			r.budget.spend(cost)
		} else {
			r.budget.add(cost) // the page before has looked there as well: this one shall come further
		}
		slices.SortFunc(r.ids, func(a, b payment.ID) int { return cmp.Compare(b, a) })
		r.ids = slices.Compact(r.ids)
		r.heads.Prev()
		r.step()
	}
	return 0, false
}

func (r *runs) row() []byte { return nil }

func (r *runs) close() error {
	return firstError(r.fail, r.heads.Error(), r.leaves.Error(), r.heads.Close(), r.leaves.Close())
}

// lates goes down the payments with a mark of their own, from one segment to the
// one before.
type lates struct {
	mark   uint64
	it     *pebble.Iterator
	budget *budget
	at     payment.ID // found last
	key    []byte
}

func (v *view) lates(mark uint64, b *budget) (*lates, error) {
	it, err := v.iterator(tagLate)
	return &lates{mark: mark, it: it, budget: b}, err
}

func (l *lates) before(id payment.ID) (payment.ID, bool) {
	if l.at != 0 && l.at < id {
		return l.at, true
	}
	for asked := id; id > 0; {
		if id < asked && l.budget.over() {
			return id, false
		}
		l.budget.spend(seekCost)
		l.key = append(appendLate(l.key[:0], id-1, l.mark), 0) // what lies right behind it
		if !l.it.SeekLT(l.key) {
			return 0, false
		}
		found, mark := readLate(l.it.Key())
		switch segment := found >> segmentBits; {
		case mark == l.mark:
			l.at = found
			return found, true
		case mark < l.mark: // the largest in this segment
			id = segment << segmentBits
		default: // the largest of an earlier segment
			id = (segment + 1) << segmentBits
		}
	}
	return 0, false
}

func (l *lates) row() []byte { return nil }

func (l *lates) close() error { return firstError(l.it.Error(), l.it.Close()) }
