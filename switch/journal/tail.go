package journal

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Record is one record as a reader gets it.
type Record struct {
	Seq   uint64
	At    int64  // time of its group, UTC nanoseconds
	Bytes []byte // valid until the next call of the reader
}

// tailBytes is how much a Reader reads ahead: at least one group, and no more once
// it has this many bytes. It holds nothing of Pebble while its user works or waits.
const tailBytes = 1 << 20

// Reader reads durable records in order and waits for more. It belongs to one
// goroutine; several readers may work beside each other and beside Append.
type Reader struct {
	l       *PebbleLog
	from    uint64 // record to return next
	end     end    // behind the groups that were read
	known   bool   // end is: a group was read
	ahead   []byte // groups that were read
	taken   int    // how much of it the groups take whose turn has come
	sizes   []int  // of those whose turn has not
	group   head   // the one that records are returned of
	value   []byte // the rest of it
	seq     uint64 // of the next record in value
	checker checker
}

// Tail returns a reader from record from on; 0 and 1 are the first ever. Safe for
// concurrent use. All readers must have ended before Close.
func (l *PebbleLog) Tail(from uint64) *Reader { return &Reader{l: l, from: max(from, 1)} }

// Next returns the next record, and waits until it is durable. It checks on the way
// what Replay checks. It fails with ErrGone when the record was deleted, with
// ErrDamaged when it is not what was written, and when ctx ends; after an error
// other than that of ctx the reader is of no use.
func (r *Reader) Next(ctx context.Context) (Record, error) {
	for {
		for len(r.value) > 0 {
			size := recordHeadBytes + int(binary.LittleEndian.Uint32(r.value))
			seq, record := r.seq, r.value[recordHeadBytes:size]
			r.value, r.seq = r.value[size:], seq+1
			if seq >= r.from {
				r.from = seq + 1
				return Record{Seq: seq, At: r.group.at, Bytes: record[:len(record):len(record)]}, nil
			}
		}
		if len(r.sizes) > 0 {
			r.nextGroup()
			continue
		}
		if err := r.wait(ctx); err != nil {
			return Record{}, err
		}
		if err := r.fill(); err != nil {
			return Record{}, err
		}
	}
}

// nextGroup takes the next group that was read ahead. All were checked.
func (r *Reader) nextGroup() {
	value := r.ahead[r.taken:][:r.sizes[0]]
	r.taken, r.sizes = r.taken+len(value), r.sizes[1:]
	r.group = takeHead(value)
	r.value, r.seq = value[headBytes:], r.group.first
}

// wait returns when the next record is durable.
func (r *Reader) wait(ctx context.Context) error {
	for r.l.Durable() < r.from {
		changed := r.l.watch.wait()
		if r.l.Durable() >= r.from {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// fill reads ahead, from the group that holds the next record on.
func (r *Reader) fill() error {
	durable := r.l.Durable()
	snapshot := r.l.db.NewSnapshot() // base and groups of one moment
	defer snapshot.Close()
	base, err := readBase(snapshot)
	if err != nil {
		return err
	}
	if r.from < base.First {
		return gone(base, r.from)
	}
	it, err := groups(snapshot)
	if err != nil {
		return err
	}
	defer it.Close()
	r.ahead, r.taken, r.sizes = r.ahead[:0], 0, r.sizes[:0]
	for ok := r.seek(it); ok && len(r.ahead) < tailBytes; ok = it.Next() {
		h, value, err := groupAt(it)
		if err != nil {
			return err
		}
		if h.next() > durable+1 {
			break
		}
		if err := r.take(base, &h, value); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	if len(r.sizes) == 0 {
		return missing(r.from, r.from)
	}
	return nil
}

// seek moves to the group that holds the next record.
func (r *Reader) seek(it *pebble.Iterator) bool {
	if r.known {
		return it.SeekGE(groupKey(r.end.next))
	}
	return it.SeekLT(groupKey(r.from + 1))
}

// take checks a group and keeps a copy of it.
func (r *Reader) take(base *Base, h *head, value []byte) error {
	if !r.known {
		if h.next() <= r.from {
			return missing(r.from, r.from)
		}
		if r.known, r.end = true, h.begin(); h.first == base.First {
			r.end = base.end()
		}
	}
	if err := r.end.follow(h, value); err != nil {
		return err
	}
	if err := r.checker.records(value, h); err != nil {
		return err
	}
	r.ahead, r.sizes = append(r.ahead, value...), append(r.sizes, len(value))
	return nil
}

// watch tells readers that the durable mark has moved. The writer pays for it only
// when somebody waits.
type watch struct {
	waiting atomic.Bool
	mu      sync.Mutex // guards changed
	changed chan struct{}
}

// wait returns a channel that is closed at the next wake. The caller looks at the
// mark again after this call and before it waits.
func (w *watch) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	w.waiting.Store(true)
	return w.changed
}

// wake is called after the mark has moved.
func (w *watch) wake() {
	if !w.waiting.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting.Store(false)
	close(w.changed)
	w.changed = nil
}
