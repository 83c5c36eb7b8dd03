package crash

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/storage"
)

// TestOracle: an oracle that sees nothing would pass every test here, so each thing
// that it must see is done to what a run has left.
func TestOracle(t *testing.T) {
	for _, c := range []struct {
		name, want string // in a fault or in the refusal; empty: all is well
		harm       func(t *testing.T, w *wreck)
	}{
		{"nothing", "", func(*testing.T, *wreck) {}},
		{"the rows are gone, the journal is not", "", func(t *testing.T, w *wreck) { w.removeAll(t, "state") }},
		{"a payment's row is gone", "is lost", func(t *testing.T, w *wreck) { w.del(t, historyKey(w.settled[3])) }},
		{"a payment and all that names it are gone", "is lost", func(t *testing.T, w *wreck) {
			w.del(t, historyKey(w.settled[3]))
			w.each(t, "k", func(key, v []byte) {
				if payment.ID(binary.BigEndian.Uint64(v)) == w.settled[3] {
					w.del(t, key)
				}
			})
		}},
		{"a payment is there twice", "has made the payments", func(t *testing.T, w *wreck) {
			w.set(t, historyKey(1<<40), w.get(t, historyKey(w.settled[3])))
		}},
		{"a payment is another", "is lost", func(t *testing.T, w *wreck) {
			w.set(t, historyKey(w.settled[3]), w.get(t, historyKey(w.settled[4])))
		}},
		{"a position is another's", "posted", func(t *testing.T, w *wreck) { w.set(t, []byte("p\x00\x00"), w.get(t, []byte("p\x00\x01"))) }},
		{"a request names another payment", "then with DUPLICATE", func(t *testing.T, w *wreck) { w.misname(t) }},
		{"the name of a request is gone", "answered with", func(t *testing.T, w *wreck) { w.unname(t) }},
		{"the tail of both stores is lost", "is lost", func(t *testing.T, w *wreck) { w.fs = w.half }},
		{"the tail of the journal alone is lost", "damaged", func(t *testing.T, w *wreck) {
			w.removeAll(t, "journal")
			if _, err := vfs.Clone(w.half, w.fs, "journal", "journal"); err != nil {
				t.Fatal(err)
			}
		}},
		{"a bank has not debited what it said it had", "but at its banks", func(_ *testing.T, w *wreck) { w.plan(3).debit = refuses }},
		{"its book is not its position", "its book says", func(_ *testing.T, w *wreck) { w.plan(3).debit = refuses }},
		{"a debit leaves twice", "has left twice", func(_ *testing.T, w *wreck) { w.at.heard = w.twice(payment.LegDebit) }},
		{"an answer is another", "the switch says", func(_ *testing.T, w *wreck) { w.at.heard = w.lie() }},
		{"a payment was never asked for", "nobody has asked", func(_ *testing.T, w *wreck) { w.at.sent-- }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWreck(t)
			c.harm(t, w)
			v := judge(w.fs, w.script, w.at)
			said := strings.Join(v.faults, "\n")
			if v.refused != nil || v.stopped != nil {
				said += v.broken()
			}
			if !strings.Contains(said, c.want) || (c.want == "") != (said == "") {
				t.Errorf("want %q, got:\n%s", c.want, said)
			}
		})
	}
}

// wreck is what a run of some payments has left, for a test to harm.
type wreck struct {
	script  *script
	fs      *vfs.MemFS
	half    *vfs.MemFS // the disk half-way
	at      moment
	settled []payment.ID
}

func newWreck(t *testing.T) *wreck {
	t.Helper()
	w := &wreck{script: newScript(7, 150)}
	fs := vfs.NewCrashableMem()
	r := newRun(w.script, place{fs: fs})
	r.restarts = []int{75}
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	for int(r.sent.Load()) < len(w.script.plans)/2 {
		if err := r.turn(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.p.stop(); err != nil {
		t.Fatal(err)
	}
	w.half = fs.CrashClone(vfs.CrashCloneCfg{})
	if err := r.play(); err != nil {
		t.Fatal(err)
	}
	if len(r.o.faults) > 0 {
		t.Fatal(r.o.faults)
	}
	w.at = r.moment(func() { w.fs = fs.CrashClone(vfs.CrashCloneCfg{}) })
	for _, m := range w.at.heard {
		if m.leg == payment.LegRequest && m.state == payment.Success && !m.repeat && w.script.plans[m.key.STAN-1].repeats == nil {
			w.settled = append(w.settled, m.id)
		}
	}
	return w
}

func (w *wreck) removeAll(t *testing.T, dir string) {
	if err := w.fs.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}

// open has f work on the state store behind its owner's back.
func (w *wreck) open(t *testing.T, f func(db *pebble.DB) error) {
	t.Helper()
	db, err := pebble.Open("state", storage.Options{FS: w.fs}.Pebble("state store"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f(db); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func (w *wreck) get(t *testing.T, key []byte) (row []byte) {
	w.open(t, func(db *pebble.DB) error {
		v, closer, err := db.Get(key)
		if err != nil {
			return err
		}
		row = bytes.Clone(v)
		return closer.Close()
	})
	return row
}

func (w *wreck) set(t *testing.T, key, row []byte) {
	w.open(t, func(db *pebble.DB) error { return db.Set(key, row, pebble.Sync) })
}

func (w *wreck) del(t *testing.T, key []byte) {
	w.open(t, func(db *pebble.DB) error { return db.Delete(key, pebble.Sync) })
}

// each calls f with every row whose key begins with tag.
func (w *wreck) each(t *testing.T, tag string, f func(key, row []byte)) {
	var rows [][2][]byte
	w.open(t, func(db *pebble.DB) error {
		it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte(tag), UpperBound: []byte{tag[0] + 1}})
		if err != nil {
			return err
		}
		for ok := it.First(); ok; ok = it.Next() {
			rows = append(rows, [2][]byte{bytes.Clone(it.Key()), bytes.Clone(it.Value())})
		}
		return it.Close()
	})
	for _, r := range rows {
		f(r[0], r[1])
	}
}

func historyKey(id payment.ID) []byte { return binary.BigEndian.AppendUint64([]byte("h"), uint64(id)) }

// nameOf is the key of a settled payment's request.
func (w *wreck) nameOf(t *testing.T, id payment.ID) (name []byte) {
	for i := range w.at.heard {
		if m := &w.at.heard[i]; m.id == id {
			return payment.AppendKey([]byte("k"), &m.key)
		}
	}
	t.Fatal("no message about it")
	return nil
}

func (w *wreck) misname(t *testing.T) {
	w.set(t, w.nameOf(t, w.settled[3]), binary.BigEndian.AppendUint64(nil, uint64(w.settled[4])))
}

func (w *wreck) unname(t *testing.T) { w.del(t, w.nameOf(t, w.settled[3])) }

// plan is that of a settled payment.
func (w *wreck) plan(settled int) *plan {
	for i := range w.at.heard {
		if m := &w.at.heard[i]; m.id == w.settled[settled] {
			return &w.script.plans[m.key.STAN-1]
		}
	}
	return nil
}

// twice is what was heard with one message of a settled payment again.
func (w *wreck) twice(leg payment.Leg) []message {
	heard := slices.Clone(w.at.heard)
	for _, m := range heard {
		if m.leg == leg && m.id == w.settled[3] {
			return append(heard, m)
		}
	}
	return nil
}

// lie is what was heard with another answer to a settled payment.
func (w *wreck) lie() []message {
	heard := slices.Clone(w.at.heard)
	for i := range heard {
		if m := &heard[i]; m.leg == payment.LegRequest && m.id == w.settled[3] {
			m.outcome = payment.Fraud
		}
	}
	return heard
}

// TestSweepFindsWhatIsNotDurable: a journal that says "durable" before it is loses
// payments, and the sweep finds that.
func TestSweepFindsWhatIsNotDurable(t *testing.T) {
	w := newSweep(t, newScript(3, 60))
	w.expect = true
	w.run.perStep = 10
	w.run.at.log = newHasty
	w.play()
	if w.bad == 0 {
		t.Error("no cut has found anything")
	}
	t.Logf("%d of %d cuts have found it; the first: %s", w.bad, w.judged, w.first)
}

// hasty is a journal whose tickets do not wait for the disk.
type hasty struct {
	journal.Log
	tickets chan journal.Ticket
	waited  chan struct{} // closed when all tickets were waited for
}

func newHasty(l journal.Log) journal.Log {
	h := hasty{l, make(chan journal.Ticket, 1000), make(chan struct{})}
	go func() { // when nobody looks
		defer close(h.waited)
		for t := range h.tickets {
			_ = t.Wait()
		}
	}()
	return h
}

// Append hands out a ticket that is waited for by somebody else.
func (h hasty) Append(g *journal.Group) (journal.Ticket, error) {
	t, err := h.Log.Append(g)
	if err == nil {
		h.tickets <- t
	}
	return now{}, err
}

// Close ends it. What has not been waited for by then never was durable.
func (h hasty) Close() error {
	close(h.tickets)
	<-h.waited
	return h.Log.Close()
}

type now struct{}

func (now) Wait() error { return nil }
