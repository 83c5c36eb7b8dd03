package journal

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// DeleteBefore deletes every group that ends before record seq, and returns where
// the journal begins now: at seq, or at the beginning of the group that holds it.
// The base and the deletion are one synced write. What the Merkle log needs to
// prove later records stays; what was deleted can be proven no more, only from an
// exported segment. Pebble gives the room back in its own time. Records that are
// not durable yet are never deleted. One call at a time, safe beside everything
// else; a Reader that has not come so far fails with ErrGone.
func (l *PebbleLog) DeleteBefore(seq uint64) (Base, error) {
	base := *l.base.Load()
	seq = min(seq, l.Durable()+1)
	next, err := l.baseBefore(seq)
	if err != nil || next.First <= base.First {
		return base, err
	}
	b := l.db.NewBatch()
	defer b.Close()
	err = b.Set([]byte{tagBase}, next.append(nil), nil)
	if err == nil {
		err = b.DeleteRange([]byte{tagGroup}, groupKey(next.First), nil)
	}
	// A hash with an even number is the left one of a pair: it stays until all that
	// its right neighbour stands for is deleted too.
	for level := 0; err == nil && next.Groups>>level > 1; level++ {
		err = b.DeleteRange(hashKey(level, 0), hashKey(level, next.Groups>>level&^1), nil)
	}
	if err == nil {
		err = b.Commit(pebble.Sync)
	}
	if err != nil {
		return base, fmt.Errorf("journal: delete records before %d: %w", next.First, err)
	}
	l.base.Store(&next)
	return next, nil
}

// baseBefore is the base when the last group that ends before seq is deleted; the
// zero base when there is none.
func (l *PebbleLog) baseBefore(seq uint64) (b Base, err error) {
	it, err := groups(l.db)
	if err != nil {
		return b, err
	}
	defer it.Close()
	for ok := it.SeekLT(groupKey(seq)); ok; ok = it.Prev() {
		h, value, err := groupAt(it)
		if err != nil {
			return b, err
		}
		if h.next() <= seq {
			return Base{First: h.next(), Groups: h.number + 1, At: h.at, Chain: chainHash(value)}, nil
		}
	}
	if err := it.Error(); err != nil {
		return b, readError(err)
	}
	return b, nil
}
