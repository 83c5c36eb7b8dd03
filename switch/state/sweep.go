package state

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

// sweeping is how far the deletion of old payments has come. After a restart it
// begins again: what is gone is passed in no time.
type sweeping struct {
	before payment.ID
	phase  int
	at     []byte // the key where the phase goes on
}

// The phases of a sweep, in the order in which a crash may end it: nobody ever
// misses a mark of a payment that stays.
const (
	sweepHistory = iota // rows of forgotten payments, with their keys and identities
	sweepRescue         // the dead letters, which stay, get marks of their own
	sweepRuns           // runs that name nothing else, and tidings
	sweepLates          // marks of payments that are gone
	sweepDone
)

// Sweep deletes the payments below a number that have ended, and all that they were
// found by, except dead letters. They must have been forgotten (payment.Forget), so
// that the machine does not see the difference. A call looks at about limit rows and
// says how many payments it has deleted, and whether there is nothing left to do;
// without that, call it again. It does not wait: while rows are being written it
// does nothing. Safe for concurrent use.
func (s *Store) Sweep(before payment.ID, limit int) (deleted int, done bool, err error) {
	if !s.writing.TryLock() {
		return 0, false, nil
	}
	defer s.writing.Unlock()
	if ready, err := s.forgotten(before); err != nil || !ready {
		return 0, false, err
	}
	if s.sweeping.before != before || s.sweeping.phase == sweepDone {
		s.sweeping = sweeping{before: before}
	}
	w := &sweeper{
		view: &view{rows: s.db.NewSnapshot(), opener: s.keys.Opener()}, sweeping: &s.sweeping,
		b: s.db.NewBatch(), left: limit, tokener: s.keys.Tokener(), tidingsFrom: &s.tidingsFrom,
	}
	defer w.b.Close()
	defer w.close()
	err = w.slice()
	if err == nil {
		err = w.b.Commit(pebble.NoSync)
	}
	if err != nil {
		s.sweeping = sweeping{} // it has gone on beyond what was deleted
		return 0, false, fmt.Errorf("sweep the state store: %w", err)
	}
	s.stale.Store(true)
	return w.deleted, s.sweeping.phase == sweepDone, nil
}

// forgotten says whether the rows in the database are those of a machine that has
// forgotten the payments below a number. If that is in memory only, it has it
// written: what a crash leaves must not know payments that are gone.
func (s *Store) forgotten(before payment.ID) (bool, error) {
	machine, err := row(s.db, []byte{tagMachine})
	if err != nil {
		return false, err
	}
	known, err := payment.KnownIn(machine)
	if err != nil || before <= known {
		return err == nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.failed != nil:
		return false, s.failed
	case s.spilling != nil:
		return false, nil
	case s.pending.used:
		go s.spill(s.handOver())
		return false, nil
	}
	return false, fmt.Errorf("payments from %d on are known: those below %d must be forgotten before their rows go", known, before)
}

// sweeper makes one slice of a sweep.
type sweeper struct {
	*view
	*sweeping
	b           *pebble.Batch
	left        int // rows that may still be looked at
	deleted     int
	tokener     *seal.Tokener
	tidingsFrom *atomic.Uint64 // the store's

	p     payment.Payment
	gone  facets // of the payments of a block that are deleted
	stay  facets // of those that stay
	key   []byte
	marks []uint64
	fail  error
}

func (w *sweeper) slice() error {
	for w.left > 0 && w.phase != sweepDone {
		over, err := w.step()
		if err = firstError(err, w.fail); err != nil {
			return err
		}
		if over {
			w.phase, w.at = w.phase+1, nil
		}
	}
	return nil
}

// step works on a phase until it is over, or nothing is left of the limit.
func (w *sweeper) step() (over bool, err error) {
	switch w.phase {
	case sweepHistory:
		return w.history()
	case sweepRescue:
		return w.each(tagDeadLetter, w.rescue)
	case sweepRuns: // the number of a run is that of none of its payments
		w.tidings(w.tidingsFrom)
		w.deleteRange(appendRun(nil, 0), appendRun(nil, uint64(w.before)))
		w.deleteRange(appendLeaf(nil, 0, 0, 0), appendLeaf(nil, uint64(w.before), 0, 0))
		return true, nil
	}
	return w.each(tagLate, w.late)
}

// each calls f for the rows of a tag, from where the phase is, until it is over.
func (w *sweeper) each(tag byte, f func(key []byte) (over bool, err error)) (bool, error) {
	it, err := w.iterator(tag)
	if err != nil {
		return false, err
	}
	defer it.Close()
	for ok := it.SeekGE(append(w.at, 0)); ok; ok = it.Next() {
		if w.left <= 0 {
			return false, it.Error()
		}
		w.left--
		over, err := f(it.Key())
		if over || err != nil {
			return over, err
		}
		w.at = append(w.at[:0], it.Key()...)
	}
	return true, it.Error()
}

// history deletes rows, block by block: only for a whole block is it known which of
// its facets are still true.
func (w *sweeper) history() (over bool, err error) {
	it, err := w.iterator(tagHistory)
	if err != nil {
		return false, err
	}
	defer it.Close()
	from := w.at
	if len(from) == 0 {
		from = appendID(nil, tagHistory, 0)
	}
	for ok := it.SeekGE(from); ok && idOf(it.Key()[1:]) < w.before; {
		if w.left <= 0 {
			w.at = append([]byte{}, it.Key()...)
			return false, nil
		}
		if ok, err = w.block(it); err != nil {
			return false, err
		}
	}
	return true, it.Error()
}

// block sweeps the block whose first row it is at, and leaves it behind the block.
func (w *sweeper) block(it *pebble.Iterator) (more bool, err error) {
	block := blockOf(idOf(it.Key()[1:]))
	w.gone.reset()
	w.stay.reset()
	var from, to payment.ID // what is deleted in one piece
	for more = true; more && blockOf(idOf(it.Key()[1:])) == block; more = it.Next() {
		w.left--
		if err := w.read(it, &w.p); err != nil {
			return false, err
		}
		id := w.p.ID
		if id >= w.before || w.p.DeadLetter {
			w.stay.add(&w.p)
			w.deletePayments(from, to)
			from, to = 0, 0
			continue
		}
		if from == 0 {
			from = id
		}
		to = id + 1
		w.gone.add(&w.p)
		w.forget()
	}
	w.deletePayments(from, to)
	for _, f := range w.gone.all {
		if !slices.Contains(w.stay.all, f) {
			w.key = appendFacet(w.key[:0], f)
			w.delete()
		}
	}
	return more, it.Error()
}

func (w *sweeper) deletePayments(from, to payment.ID) {
	if from != 0 {
		w.deleteRange(appendID(nil, tagHistory, from), appendID(nil, tagHistory, to))
	}
}

// forget deletes what w.p is found by, except its marks.
func (w *sweeper) forget() {
	w.deleted++
	w.p.EachKey(func(key []byte) {
		w.key = append(append(w.key[:0], tagKey), key...)
		w.deleteOwn()
	})
	if w.p.Business != (payment.Business{}) {
		w.key = appendBusiness(w.key[:0], &w.p.Business)
		w.deleteOwn()
	}
	if w.p.Exceptions != 0 {
		w.key = appendID(w.key[:0], tagException, w.p.ID)
		w.delete()
	}
}

// deleteOwn deletes the row under w.key if it still names w.p: another payment may
// have taken its key over.
func (w *sweeper) deleteOwn() {
	v, err := row(w.rows, w.key)
	w.fail = firstError(w.fail, err)
	if len(v) == 8 && idOf(v) == w.p.ID {
		w.delete()
	}
}

func (w *sweeper) delete() { w.fail = firstError(w.fail, w.b.Delete(w.key, nil)) }

func (w *sweeper) deleteRange(from, to []byte) {
	w.fail = firstError(w.fail, w.b.DeleteRange(from, to, nil))
}

// rescue gives a dead letter marks of its own. Open ones get theirs when they end.
func (w *sweeper) rescue(key []byte) (over bool, err error) {
	id := idOf(key[1:])
	if id >= w.before {
		return true, nil
	}
	sealed, err := row(w.rows, appendID(nil, tagHistory, id))
	if err != nil || sealed == nil {
		return false, err
	}
	if err := w.decode(id, sealed, &w.p); err != nil {
		return false, err
	}
	w.marks = appendMarks(w.marks[:0], &w.p, w.tokener)
	for _, mark := range w.marks {
		w.key = appendLate(w.key[:0], id, mark)
		w.fail = firstError(w.fail, w.b.Set(w.key, nil, nil))
	}
	return false, nil
}

// late deletes a mark whose payment is not in the history.
func (w *sweeper) late(key []byte) (over bool, err error) {
	id, _ := readLate(key)
	if id>>segmentBits > w.before>>segmentBits {
		return true, nil
	}
	if id >= w.before {
		return false, nil
	}
	v, err := row(w.rows, appendID(nil, tagHistory, id))
	if err == nil && v == nil {
		w.key = append(w.key[:0], key...)
		w.delete()
	}
	return false, err
}
