package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/storage"
)

// Options of a Pebble log.
type Options = storage.Options

// memTableBytes is how much of the journal Pebble keeps in memory before it
// writes a sorted file. Larger means fewer, larger files.
const memTableBytes = 32 << 20

// PebbleLog keeps the journal in a Pebble database of its own, with a
// synchronous write-ahead log.
type PebbleLog struct {
	db   *pebble.DB
	next uint64
	last Hash
}

// OpenPebble opens or creates the journal in dir and reads its end. It fails
// when another process has it open.
func OpenPebble(dir string, o Options) (*PebbleLog, error) {
	po := o.Pebble("journal")
	po.MemTableSize = memTableBytes
	db, err := pebble.Open(dir, po)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", dir, err)
	}
	l := &PebbleLog{db: db}
	if err := l.readEnd(); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", dir, err), db.Close())
	}
	return l, nil
}

// readEnd finds the sequence number and the hash that the next group builds on.
func (l *PebbleLog) readEnd() error {
	l.next = 1
	it, err := l.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer it.Close()
	if !it.Last() {
		return it.Error()
	}
	first, value, err := groupAt(it)
	if err != nil {
		return err
	}
	count, _, err := head(value, first)
	if err != nil {
		return err
	}
	if err := records(value, first, count, func(uint64, []byte) error { return nil }); err != nil {
		return err
	}
	l.next, l.last = first+uint64(count), sha256.Sum256(value)
	return nil
}

// Next is the sequence number that the next record must have.
func (l *PebbleLog) Next() uint64 { return l.next }

// Append begins to write g and returns; the ticket waits for the fsync. Several
// groups may be on their way, Pebble keeps their order.
func (l *PebbleLog) Append(g *Group) (Ticket, error) {
	if g.First() != l.next || g.Count() == 0 {
		panic(fmt.Sprintf("journal: group of %d records at %d, next is %d", g.Count(), g.First(), l.next))
	}
	value, hash := g.seal(l.last)
	b := l.db.NewBatch()
	if err := b.Set(key(g.First()), value, nil); err != nil {
		return nil, fmt.Errorf("journal: write group %d: %w", g.First(), err)
	}
	if err := l.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return nil, fmt.Errorf("journal: write group %d: %w", g.First(), err)
	}
	l.next, l.last = g.Next(), hash
	return (*ticket)(b), nil
}

// ticket is a batch whose fsync is under way.
type ticket pebble.Batch

// Wait returns when the group is on disk.
func (t *ticket) Wait() error {
	b := (*pebble.Batch)(t)
	if err := b.SyncWait(); err != nil {
		return fmt.Errorf("journal: sync: %w", err)
	}
	return b.Close()
}

// Replay reads the journal from record from on and checks it on the way: order,
// gaps, checksums and the hash chain.
func (l *PebbleLog) Replay(from uint64, f func(seq uint64, record []byte) error) error {
	it, err := l.db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("journal: read: %w", err)
	}
	defer it.Close()
	// The group that holds from begins at or before it.
	if !it.SeekLT(key(from + 1)) {
		if it.Error() != nil {
			return fmt.Errorf("journal: read: %w", it.Error())
		}
		if l.next > from {
			return fmt.Errorf("%w: record %d is missing, the journal goes to %d", ErrDamaged, from, l.next-1)
		}
		if from > 1 {
			return fmt.Errorf("%w: it is empty, but record %d was applied", ErrDamaged, from-1)
		}
		return nil
	}
	return l.replay(it, from, f)
}

func (l *PebbleLog) replay(it *pebble.Iterator, from uint64, f func(seq uint64, record []byte) error) error {
	var want uint64
	var chain Hash
	for ok := true; ok; ok = it.Next() {
		first, value, err := groupAt(it)
		if err != nil {
			return err
		}
		count, before, err := head(value, first)
		switch {
		case err != nil:
			return err
		case want != 0 && first != want:
			return fmt.Errorf("%w: records %d to %d are missing", ErrDamaged, want, first-1)
		case want != 0 && before != chain:
			return fmt.Errorf("%w: group %d does not follow the group before it (hash chain)", ErrDamaged, first)
		case want == 0 && first == 1 && before != Hash{}:
			return fmt.Errorf("%w: the first group claims a group before it", ErrDamaged)
		}
		err = records(value, first, count, func(seq uint64, record []byte) error {
			if seq < from {
				return nil
			}
			return f(seq, record)
		})
		if err != nil {
			return err
		}
		want, chain = first+uint64(count), sha256.Sum256(value)
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("journal: read: %w", err)
	}
	if want < from { // from may be the record after the last, not one beyond
		return fmt.Errorf("%w: it ends at record %d, but record %d was applied", ErrDamaged, want-1, from-1)
	}
	return nil
}

// Close flushes and closes the database.
func (l *PebbleLog) Close() error { return l.db.Close() }

func key(first uint64) []byte { return binary.BigEndian.AppendUint64(nil, first) }

func groupAt(it *pebble.Iterator) (first uint64, value []byte, err error) {
	if len(it.Key()) != 8 {
		return 0, nil, fmt.Errorf("%w: a key of %d bytes", ErrDamaged, len(it.Key()))
	}
	value, err = it.ValueAndErr()
	if err != nil {
		return 0, nil, fmt.Errorf("journal: read: %w", err)
	}
	return binary.BigEndian.Uint64(it.Key()), value, nil
}
