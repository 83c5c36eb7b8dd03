package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Append begins to write g and returns; the ticket waits for the fsync. Several
// groups may be on their way, Pebble keeps their order.
func (l *PebbleLog) Append(g *Group) (Ticket, error) {
	if err := l.place.spread(l.db); err != nil {
		return nil, fmt.Errorf("journal: write group %d: %w", g.First(), err)
	}
	b := l.db.NewBatch()
	if err := l.put(b, g); err != nil {
		return nil, fmt.Errorf("journal: write group %d: %w", g.First(), err)
	}
	if err := l.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return nil, fmt.Errorf("journal: write group %d: %w", g.First(), err)
	}
	return &ticket{l, b, g.Next() - 1}, nil
}

// put adds g and the hashes that it adds to the Merkle log to b.
func (l *PebbleLog) put(b *pebble.Batch, g *Group) error {
	value := g.seal(&l.end)
	// In the write-ahead log alone: what a later start needs to tell a group that
	// was damaged from one that was torn (wal.go).
	var durable [8]byte
	binary.LittleEndian.PutUint64(durable[:], l.Durable())
	if err := b.LogData(durable[:], nil); err != nil {
		return err
	}
	if err := b.Set(groupKey(g.first), value, nil); err != nil {
		return err
	}
	return l.tree.addStored(leafHash(value[:headBytes]), func(level int, n uint64, h *Hash) error {
		return b.Set(hashKey(level, n), h[:], nil)
	})
}

// ticket is a batch whose fsync is under way.
type ticket struct {
	l    *PebbleLog
	b    *pebble.Batch
	last uint64
}

// Wait returns when the group is on disk. Tickets are waited for in the order of
// their groups, by one goroutine.
func (t *ticket) Wait() error {
	if err := t.b.SyncWait(); err != nil {
		return fmt.Errorf("journal: sync: %w", err)
	}
	if err := t.l.mark.set(t.last); err != nil {
		return err
	}
	t.l.durable.Store(t.last)
	t.l.watch.wake()
	return t.b.Close()
}
