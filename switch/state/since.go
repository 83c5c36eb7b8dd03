package state

import (
	"math"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
)

// FirstSince is the number from which on no payment was made before at (UTC ns):
// that of the first one made then or later; beyond all events, when there is none.
// It is found by halving, since numbers and times go up together.
func (s *Store) FirstSince(at int64) (payment.ID, error) {
	v, err := s.view()
	if err != nil {
		return 0, err
	}
	defer v.close()
	return v.since(at)
}

// since is FirstSince.
func (v *view) since(at int64) (payment.ID, error) {
	applied, err := number(v.rows, tagApplied)
	if err != nil {
		return 0, err
	}
	first := payment.ID(applied + 1)
	for _, tag := range [...]byte{tagHistory, tagOpen} {
		id, err := v.firstSince(tag, at)
		if err != nil {
			return 0, err
		}
		first = min(first, id)
	}
	return first, nil
}

// firstSince is FirstSince for the payments of one tag; the largest number when there
// is none.
func (v *view) firstSince(tag byte, at int64) (payment.ID, error) {
	const none = payment.ID(math.MaxUint64)
	it, err := v.iterator(tag)
	if err != nil {
		return 0, err
	}
	defer it.Close()
	if !it.Last() {
		return none, readError(it.Error())
	}
	var p payment.Payment
	// Every payment below low is older, none from high on is.
	low, high, found := payment.ID(0), idOf(it.Key()[1:])+1, none
	for low < high {
		middle := low + (high-low)/2
		if !it.SeekGE(appendID(nil, tag, middle)) {
			if err := it.Error(); err != nil {
				return 0, readError(err)
			}
			high = middle
			continue
		}
		id := idOf(it.Key()[1:])
		if id >= high {
			high = middle
			continue
		}
		if err := v.read(it, &p); err != nil {
			return 0, err
		}
		if p.CreatedAt >= at {
			high, found = middle, id
		} else {
			low = id + 1
		}
	}
	return found, nil
}

// read reads the payment whose row it stands on.
func (v *view) read(it *pebble.Iterator, p *payment.Payment) error {
	sealed, err := it.ValueAndErr()
	if err != nil {
		return readError(err)
	}
	return v.decode(idOf(it.Key()[1:]), sealed, p)
}
