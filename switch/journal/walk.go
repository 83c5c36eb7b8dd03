package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// walk calls f for every group in r from the one that holds record from on, in
// order, and checks that each follows the one before it; it does not look at their
// records. It fails when record last is not there.
func walk(r pebble.Reader, from, last uint64, f func(h *head, value []byte) error) error {
	base, err := readBase(r)
	if err != nil {
		return err
	}
	if from < base.First {
		return gone(base, from)
	}
	it, err := groups(r)
	if err != nil {
		return err
	}
	defer it.Close()
	at := base.end()
	// The group that holds from begins at or before it. If there is none, then
	// the first one must follow the base.
	ok := it.SeekLT(groupKey(from + 1))
	known := !ok || binary.BigEndian.Uint64(it.Key()[1:]) == base.First
	if !ok && it.Error() == nil {
		ok = it.First()
	}
	for ; ok; ok = it.Next() {
		h, value, err := groupAt(it)
		if err != nil {
			return err
		}
		if !known {
			known, at = true, h.begin()
		}
		if err := at.follow(&h, value); err != nil {
			return err
		}
		if err := f(&h, value); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	if at.next <= last {
		return missing(at.next, last)
	}
	return nil
}

// groups iterates over the groups.
func groups(r pebble.Reader) (*pebble.Iterator, error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: []byte{tagGroup}, UpperBound: []byte{tagGroup + 1}})
	if err != nil {
		return nil, readError(err)
	}
	return it, nil
}

// groupAt is the group that it stands on. The value is valid until it moves.
func groupAt(it *pebble.Iterator) (h head, value []byte, err error) {
	if len(it.Key()) != 1+8 {
		return h, nil, fmt.Errorf("%w: the key of a group has %d bytes", ErrDamaged, len(it.Key()))
	}
	if value, err = it.ValueAndErr(); err != nil {
		return h, nil, readError(err)
	}
	h, err = readHead(value, binary.BigEndian.Uint64(it.Key()[1:]))
	return h, value, err
}

// groupOf is a copy of the group that holds a record.
func groupOf(r pebble.Reader, seq uint64) (h head, value []byte, err error) {
	it, err := groups(r)
	if err != nil {
		return h, nil, err
	}
	defer it.Close()
	if !it.SeekLT(groupKey(seq + 1)) {
		if err := it.Error(); err != nil {
			return h, nil, readError(err)
		}
		return h, nil, missing(seq, seq)
	}
	if h, value, err = groupAt(it); err != nil {
		return h, nil, err
	}
	if seq >= h.next() {
		return h, nil, missing(seq, seq)
	}
	return h, append([]byte(nil), value...), nil
}
