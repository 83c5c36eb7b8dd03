package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// replay hands the records of group after group on, from a sequence number on. It
// checks each group as a whole before it hands on a record of it.
type replay struct {
	end     end // of the groups so far
	from    uint64
	f       func(seq uint64, record []byte) error
	checker checker
}

func (r *replay) group(first uint64, value []byte) error {
	h, err := readHead(value, first)
	if err != nil {
		return err
	}
	if r.end == (end{}) { // the first of a replay that does not begin at the beginning
		r.end = end{next: h.first, number: h.number, at: h.at, chain: h.before}
	}
	if err := r.end.follow(&h, value); err != nil {
		return err
	}
	if err := r.checker.records(value, &h); err != nil {
		return err
	}
	return eachRecord(value, &h, func(seq uint64, _ int, record []byte) error {
		if seq < r.from {
			return nil
		}
		return r.f(seq, record)
	})
}

// ended checks that the log goes to the record before from at least.
func (r *replay) ended() error {
	switch {
	case r.end.next >= r.from:
		return nil
	case r.end.next == 1:
		return fmt.Errorf("%w: it is empty, but record %d was applied", ErrDamaged, r.from-1)
	}
	return fmt.Errorf("%w: it ends at record %d, but record %d was applied", ErrDamaged, r.end.next-1, r.from-1)
}

// Replay reads the journal from record from on and checks it on the way: order,
// gaps, checksums, roots and the hash chain. It reads to the end that the journal
// had when it was opened, or that Append has moved; call it from the goroutine of
// Append.
func (l *PebbleLog) Replay(from uint64, f func(seq uint64, record []byte) error) error {
	first := l.base.Load()
	if from < first.First {
		return fmt.Errorf("%w: records before %d, and %d is wanted", ErrGone, first.First, from)
	}
	it, err := l.groups()
	if err != nil {
		return err
	}
	defer it.Close()
	r := replay{from: from, f: f}
	// The group that holds from begins at or before it.
	ok := it.SeekLT(groupKey(from + 1))
	if !ok && it.Error() == nil {
		// There is none: then either from is before the first group, which must
		// not be, or the log is empty.
		ok, r.end = it.First(), first.end()
	} else if ok && binary.BigEndian.Uint64(it.Key()[1:]) == first.First {
		r.end = first.end()
	}
	for ; ok; ok = it.Next() {
		first, value, err := groupAt(it)
		if err != nil {
			return err
		}
		if err := r.group(first, value); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	if err := r.ended(); err != nil {
		return err
	}
	if r.end.next < l.end.next {
		return fmt.Errorf("%w: records %d to %d are missing", ErrDamaged, r.end.next, l.end.next-1)
	}
	return nil
}

// groups iterates over the groups.
func (l *PebbleLog) groups() (*pebble.Iterator, error) {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tagGroup}, UpperBound: []byte{tagGroup + 1}})
	if err != nil {
		return nil, readError(err)
	}
	return it, nil
}

// groupAt is the group that it stands on.
func groupAt(it *pebble.Iterator) (first uint64, value []byte, err error) {
	if len(it.Key()) != 1+8 {
		return 0, nil, fmt.Errorf("%w: the key of a group has %d bytes", ErrDamaged, len(it.Key()))
	}
	if value, err = it.ValueAndErr(); err != nil {
		return 0, nil, readError(err)
	}
	return binary.BigEndian.Uint64(it.Key()[1:]), value, nil
}
