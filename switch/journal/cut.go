package journal

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// CutAfter drops every record after seq: for a restore to a point in time, in a
// folder that nobody else has open, before anything is appended. A group that seq
// lies inside of is written again with the records up to seq; its hash, and so the
// hash of the journal, is another one then. What is dropped is gone.
func (l *PebbleLog) CutAfter(seq uint64) error {
	base := l.base.Load()
	switch {
	case seq+1 >= l.end.next:
		return nil
	case seq+1 < base.First:
		return gone(base, seq+1)
	}
	h, value, err := groupOf(l.db, seq+1)
	if err != nil {
		return err
	}
	var c checker
	if err := c.records(value, &h); err != nil {
		return err
	}
	// First of all nobody may expect the records that go.
	if err := l.mark.set(seq); err != nil {
		return err
	}
	if err := l.mark.sync(); err != nil {
		return err
	}
	l.durable.Store(seq)
	if err := readTree(l.db, h.number, &l.tree); err != nil {
		return err
	}
	l.end = h.begin()
	b := l.db.NewBatch()
	defer b.Close()
	if err := l.cut(b, &h, value, seq); err != nil {
		return fmt.Errorf("journal: cut after record %d: %w", seq, err)
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("journal: cut after record %d: %w", seq, err)
	}
	return l.readEnd()
}

// cut puts into b that the group of h and all after it go, and what stays of it.
// The deletion of the groups comes first: by it the start knows such a write in
// the write-ahead log (wal.go).
func (l *PebbleLog) cut(b *pebble.Batch, h *head, value []byte, seq uint64) error {
	if err := b.DeleteRange(groupKey(h.first), []byte{tagGroup + 1}, nil); err != nil {
		return err
	}
	for level := range l.tree.levels {
		if err := b.DeleteRange(hashKey(level, h.number>>level), []byte{tagHash, byte(level) + 1}, nil); err != nil {
			return err
		}
	}
	var g Group
	g.Reset(h.first)
	g.At(h.at)
	err := eachRecord(value, h, func(at uint64, _ int, record []byte) error {
		if at <= seq {
			g.Add(record)
		}
		return nil
	})
	if err != nil || g.Count() == 0 {
		return err
	}
	return l.put(b, &g)
}
