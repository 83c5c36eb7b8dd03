package state

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
)

// Tidings are what the machine has decided, event by event, for who reads it from a
// number on (switch/feed). They go with the rows of the same groups, in one batch: a
// crash leaves both or neither, and the replay makes the rest of both again. So there
// is never a gap, and nothing is there twice.

// tidings are those of a layer, in their order.
type tidings struct {
	bytes []byte
	rows  []tidingsRow
}

type tidingsRow struct {
	payment.TidingsRow
	at, end int
}

func (t *tidings) reset() { t.bytes, t.rows = t.bytes[:0], t.rows[:0] }

func (t *tidings) put(at payment.TidingsRow, row []byte) {
	from := len(t.bytes)
	t.bytes = append(t.bytes, row...)
	t.rows = append(t.rows, tidingsRow{at, from, len(t.bytes)})
}

func appendTidings(b []byte, last uint64, part uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(append(b, tagTidings), last), part)
}

const tidingsKeyBytes = 1 + 8 + 2

// tidingsAt is what appendTidings has made a key of.
func tidingsAt(key []byte) (last uint64, part uint16) {
	return binary.BigEndian.Uint64(key[1:]), binary.BigEndian.Uint16(key[9:])
}

func (w *writer) tidings(l *layer) {
	for i := range l.tidings.rows {
		r := &l.tidings.rows[i]
		w.key = appendTidings(w.key[:0], r.Last, r.Part)
		w.set(w.key, l.tidings.bytes[r.at:r.end])
	}
}

// ErrTidingsGone is wrapped by the answer to who asks for tidings that are no longer
// kept, or never were.
var ErrTidingsGone = errors.New("these events are no longer kept")

// tidingsPage bounds what one call of Tidings reads: at least one row, and no more
// once it has so many bytes.
const tidingsPage = 64 << 10

// TidingsCursor reads tidings, a page at a time. It belongs to one goroutine.
type TidingsCursor struct {
	store *Store
	last  uint64 // the next row is the first with this last event and part, or later
	part  uint16
	page  []byte
	ends  []int
}

// Tidings returns a cursor to the tidings of event from and all later ones. The first
// page may begin with some of earlier events. Safe for concurrent use.
func (s *Store) Tidings(from uint64) *TidingsCursor {
	return &TidingsCursor{store: s, last: from}
}

// beginTidings finds out from where on there are tidings. A folder of before there
// were any has those of what it is told from now on.
func (s *Store) beginTidings(readOnly bool) error {
	first, err := number(s.db, tagTidingsFrom)
	if err != nil {
		return err
	}
	if first == 0 {
		first = s.Applied() + 1
		if !readOnly {
			err = s.db.Set([]byte{tagTidingsFrom}, binary.BigEndian.AppendUint64(nil, first), pebble.NoSync)
		}
	}
	s.tidingsFrom.Store(first)
	return err
}

// tidings deletes the tidings of events before one, in a sweep of payments that
// are as old.
func (w *sweeper) tidings(from *atomic.Uint64) {
	if before := uint64(w.before); before > from.Load() {
		from.Store(before) // first: who reads beside it looks at that last
		w.fail = firstError(w.fail, w.b.Set([]byte{tagTidingsFrom}, binary.BigEndian.AppendUint64(nil, before), nil))
		w.deleteRange(appendTidings(nil, 0, 0), appendTidings(nil, before, 0))
	}
}

// TidingsFrom is the first event whose tidings are kept. Safe for concurrent use.
func (s *Store) TidingsFrom() uint64 { return s.tidingsFrom.Load() }

// Page calls f with the next rows, in order, as far as they are there, and returns the
// last event whose tidings have all been read then. A row is valid during the call.
// With nothing new f is not called. It fails with ErrTidingsGone when rows that come
// next have been deleted.
func (c *TidingsCursor) Page(f func(row []byte) error) (read uint64, err error) {
	c.page, c.ends = c.page[:0], c.ends[:0]
	if first := c.store.TidingsFrom(); c.last < first {
		return 0, fmt.Errorf("%w: the first is %d", ErrTidingsGone, first)
	}
	if !c.recent() {
		if err := c.stored(); err != nil {
			return 0, err
		}
	}
	from := 0
	for _, end := range c.ends {
		if err := f(c.page[from:end]); err != nil {
			return 0, err
		}
		from = end
	}
	return c.last - 1, nil
}

// take adds a row to the page, and reports whether there is room for more.
func (c *TidingsCursor) take(last uint64, part uint16, row []byte) bool {
	c.page = append(c.page, row...)
	c.ends = append(c.ends, len(c.page))
	c.last, c.part = last, part+1
	return len(c.page) < tidingsPage
}

// through notes that everything up to an event has been read.
func (c *TidingsCursor) through(applied uint64) {
	if applied >= c.last {
		c.last, c.part = applied+1, 0
	}
}

// recent reads from the layers. It reports false when what comes next is older.
func (c *TidingsCursor) recent() (ok bool) {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range [...]*layer{s.spilling, s.pending} {
		if l == nil || c.last <= l.since {
			continue
		}
		if ok = true; !c.layer(&l.tidings) {
			return true
		}
		c.through(l.applied)
	}
	return ok
}

// layer reads from a layer as far as there is room. It reports false when that has
// ended it.
func (c *TidingsCursor) layer(t *tidings) bool {
	first, _ := slices.BinarySearchFunc(t.rows, c, func(r tidingsRow, c *TidingsCursor) int {
		return cmp.Or(cmp.Compare(r.Last, c.last), cmp.Compare(r.Part, c.part))
	})
	for _, r := range t.rows[first:] {
		if !c.take(r.Last, r.Part, t.bytes[r.at:r.end]) {
			return false
		}
	}
	return true
}

// stored reads from the database.
func (c *TidingsCursor) stored() error {
	from := c.last
	rows := c.store.db.NewSnapshot() // rows and their end of one moment
	defer rows.Close()
	it, err := rows.NewIter(&pebble.IterOptions{LowerBound: []byte{tagTidings}, UpperBound: []byte{tagTidings + 1}})
	if err != nil {
		return readError(err)
	}
	defer it.Close()
	room := true
	for ok := it.SeekGE(appendTidings(nil, c.last, c.part)); ok && room; ok = it.Next() {
		row, err := it.ValueAndErr()
		if err != nil {
			return readError(err)
		}
		if len(it.Key()) != tidingsKeyBytes {
			return wrong(it.Key())
		}
		last, part := tidingsAt(it.Key())
		room = c.take(last, part, row)
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	if first := c.store.TidingsFrom(); from < first { // they were deleted meanwhile
		return fmt.Errorf("%w: the first is %d", ErrTidingsGone, first)
	}
	if room {
		applied, err := number(rows, tagApplied)
		if err != nil {
			return err
		}
		c.through(applied)
	}
	return nil
}
