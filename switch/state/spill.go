package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/storage"
)

// handOver makes the pending layer the one that is being written, and returns it
// for spill. The caller holds s.mu, and no other layer is being written.
func (s *Store) handOver() *layer {
	l := s.pending
	s.spilling, s.pending, s.spare = l, s.spare, nil
	s.writer.hurry.Store(false) // here, since Commit may ask for it before the write begins
	if s.pending == nil {
		s.pending = newLayer()
	}
	s.pending.begin(l.applied)
	return l
}

// spill writes a layer that was handed over to the database.
func (s *Store) spill(l *layer) {
	s.writing.Lock()
	err := s.writer.write(l)
	s.recent.age()
	s.writing.Unlock()
	s.mu.Lock()
	if err != nil {
		s.failed = fmt.Errorf("write state store: %w", err)
	} else {
		s.recent.leave(l)
		s.spilling = nil
		s.stale.Store(true)
	}
	s.spilled.Broadcast()
	s.mu.Unlock()
	if err != nil {
		s.fatal(s.failed)
		return
	}
	l.reset() // nobody looks into it any more
	s.mu.Lock()
	s.spare = l
	s.mu.Unlock()
}

// settle has all rows of committed groups in the database.
func (s *Store) settle() error {
	s.mu.Lock()
	for s.spilling != nil && s.failed == nil {
		s.spilled.Wait()
	}
	if s.failed != nil || !s.pending.used {
		defer s.mu.Unlock()
		return s.failed
	}
	l := s.handOver()
	s.mu.Unlock()
	s.spill(l)
	return s.failure()
}

func (s *Store) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// writer writes layers to the database, one at a time. It has the room for what it
// sorts.
type writer struct {
	db      *pebble.DB
	b       *pebble.Batch
	err     error
	key     []byte
	sealed  []byte
	sealer  *seal.Sealer
	ring    *seal.Keys
	tokener *seal.Tokener
	runMin  int // fewer marks make no run: each has to be looked into

	rest  *storage.Rest
	spell storage.Spell
	hurry atomic.Bool // the next layer will soon be full: no more rests
	rows  int         // since it has last looked whether to rest

	p        payment.Payment
	ids      []payment.ID
	keys     [][keyBytes]byte
	business []payment.Business
	marks    []uint64 // of one payment
	marking  marking
	late     []late
	facets   facets
	noticed  []notice
}

// late is a payment's mark that stands alone.
type late struct {
	id   payment.ID
	mark uint64
}

// notice is what becomes of a payment's row among dead letters or exceptions.
type notice struct {
	id  payment.ID
	tag byte
	has bool
}

// write writes a layer as one batch, in the order of the keys.
func (w *writer) write(l *layer) error {
	w.spell = w.rest.Begin()
	w.b, w.err = w.db.NewBatchWithSize(len(l.bytes)+len(l.bytes)/4), nil
	w.ids = l.payments.ids(w.ids[:0])
	w.err = w.derive(l)
	w.number([]byte{tagApplied}, l.applied)
	w.identities(l)
	w.only(tagConfig, l.config)
	w.notices()
	w.blocks()
	w.history(l)
	w.tidings(l)
	w.requests(l)
	w.lates()
	w.limits(l)
	w.only(tagMachine, l.machine)
	w.open(l)
	for n, row := range l.participants {
		if len(row) > 0 {
			w.key = appendParticipant(w.key[:0], route.Participant(n))
			w.set(w.key, row)
		}
	}
	w.changes(l)
	w.run(l)
	if w.err == nil {
		w.err = w.b.Commit(pebble.NoSync)
	}
	w.b.Close()
	return w.err
}

// only stores the one row of a tag, if the layer has it.
func (w *writer) only(tag byte, row []byte) {
	if len(row) > 0 {
		w.key = append(w.key[:0], tag)
		w.set(w.key, row)
	}
}

// wayRows is after how many rows, some 50 us, the writer gives way.
const wayRows = 64

// giveWay lets those run who have payments to hand on: a layer is 50 to 100 ms of
// work, and the scheduler would take the processor from it only every 10 ms. Not when
// there is a hurry: then the next layer fills as fast as this one is written.
func (w *writer) giveWay() {
	if w.rows++; w.rows < wayRows || w.hurry.Load() {
		return
	}
	w.rows = 0
	w.spell.Worked()
	runtime.Gosched()
}

func (w *writer) set(key, row []byte) {
	w.giveWay()
	if err := w.b.Set(key, row, nil); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) remove(key []byte) {
	if err := w.b.Delete(key, nil); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) number(key []byte, n uint64) {
	w.set(key, binary.BigEndian.AppendUint64(w.sealed[:0], n))
}

func (w *writer) identities(l *layer) {
	w.business = slices.AppendSeq(w.business[:0], maps.Keys(l.business))
	slices.SortFunc(w.business, func(a, b payment.Business) int { return bytes.Compare(a[:], b[:]) })
	for i := range w.business {
		w.key = appendBusiness(w.key[:0], &w.business[i])
		w.number(w.key, uint64(l.business[w.business[i]]))
	}
}

func (w *writer) requests(l *layer) {
	w.keys = slices.AppendSeq(w.keys[:0], maps.Keys(l.keys))
	slices.SortFunc(w.keys, func(a, b [keyBytes]byte) int { return bytes.Compare(a[:], b[:]) })
	for i := range w.keys {
		w.key = append(append(w.key[:0], tagKey), w.keys[i][:]...)
		w.number(w.key, uint64(l.keys[w.keys[i]]))
	}
}

// derive finds out what the payments of the layer are to be found by.
func (w *writer) derive(l *layer) error {
	w.late, w.noticed = w.late[:0], w.noticed[:0]
	w.marking.reset()
	w.facets.reset()
	for place, id := range w.ids {
		w.giveWay()
		at, _ := l.payments.get(id)
		if err := payment.DecodePayment(l.row(at), &w.p); err != nil {
			return fmt.Errorf("payment %d: %w", id, err)
		}
		w.notice(l)
		if at.open {
			continue
		}
		w.facets.add(&w.p)
		w.marks = appendMarks(w.marks[:0], &w.p, w.tokener)
		if l.inRun(id) {
			w.marking.add(w.marks, place)
			continue
		}
		for _, mark := range w.marks {
			w.late = append(w.late, late{id, mark})
		}
	}
	if len(w.marking.all) < w.runMin {
		for _, e := range w.marking.all {
			w.late = append(w.late, late{w.ids[placeOf(e)], e >> placeBits})
		}
		w.marking.reset()
	}
	slices.SortFunc(w.noticed, func(a, b notice) int { return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.id, b.id)) })
	return nil
}

// notice finds out whether w.p is a dead letter or an exception.
func (w *writer) notice(l *layer) {
	if w.p.DeadLetter || w.p.Decided() && !l.born(w.p.ID) {
		w.noticed = append(w.noticed, notice{w.p.ID, tagDeadLetter, w.p.DeadLetter})
	}
	if w.p.Exceptions != 0 {
		w.noticed = append(w.noticed, notice{w.p.ID, tagException, true})
	}
}

// history writes the rows of finished payments, and removes those of payments that
// are open again.
func (w *writer) history(l *layer) {
	for _, id := range w.ids {
		at, _ := l.payments.get(id)
		w.key = appendID(w.key[:0], tagHistory, id)
		switch {
		case !at.open:
			w.payment(l.row(at))
		case at.reopened && !l.born(id):
			w.remove(w.key)
		}
	}
}

// open writes the rows of open payments. Those that end here may have an open row
// in the database, unless they began here.
func (w *writer) open(l *layer) {
	for _, id := range w.ids {
		at, _ := l.payments.get(id)
		w.key = appendID(w.key[:0], tagOpen, id)
		switch {
		case at.open:
			w.payment(l.row(at))
		case !l.born(id):
			w.remove(w.key)
		}
	}
}

// payment stores the row of a payment under w.key, sealed.
func (w *writer) payment(row []byte) {
	w.sealed = w.sealer.Seal(w.sealed[:0], row, payment.SecretAt(row))
	w.set(w.key, w.sealed)
}

func (w *writer) notices() {
	for _, n := range w.noticed {
		if w.key = appendID(w.key[:0], n.tag, n.id); n.has {
			w.set(w.key, nil)
		} else {
			w.remove(w.key)
		}
	}
}

func (w *writer) blocks() {
	for _, f := range w.facets.sorted() {
		w.key = appendFacet(w.key[:0], f)
		w.set(w.key, nil)
	}
}

func (w *writer) lates() {
	for _, m := range w.late {
		w.key = appendLate(w.key[:0], m.id, m.mark)
		w.set(w.key, nil)
	}
}

// run writes the marks of the layer as one run.
func (w *writer) run(l *layer) {
	if len(w.marking.all) == 0 {
		return
	}
	w.marking.leaves(l.applied, w.ids, w.set)
	w.key = appendRun(w.key[:0], l.applied)
	w.set(w.key, binary.BigEndian.AppendUint32(w.sealed[:0], uint32(len(w.marking.all))))
}
