package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// audit reads all rows and checks that what payments are found by is exactly what
// follows from their rows. gone is below what payments have been swept.
type audit struct {
	t        testing.TB
	gone     payment.ID
	rows     map[string][]byte
	payments map[payment.ID]*payment.Payment
	marks    map[payment.ID]map[uint64]bool // found, in runs and alone
}

func check(t testing.TB, s *Store, gone payment.ID) {
	t.Helper()
	a := &audit{t: t, gone: gone, rows: map[string][]byte{}, payments: map[payment.ID]*payment.Payment{}, marks: map[payment.ID]map[uint64]bool{}}
	v, err := s.view()
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	for tag := range byte(255) {
		err := v.scan(tag, func(key, row []byte) error {
			a.rows[string(key)] = bytes.Clone(row)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range everything(t, s) {
		a.payments[p.ID] = &p
	}
	for key, row := range a.rows {
		a.names([]byte(key), row)
	}
	a.findable(s)
	a.notices()
	a.facets()
}

// names checks a row that names a payment.
func (a *audit) names(key, row []byte) {
	a.t.Helper()
	switch key[0] {
	case tagKey, tagBusiness:
		if a.payments[idOf(row)] == nil {
			a.t.Errorf("%q names payment %d, which is not there", key, idOf(row))
		}
	case tagHistory:
		if p := a.payments[idOf(key[1:])]; p.ID < a.gone && !p.DeadLetter {
			a.t.Errorf("payment %d is there, those below %d are gone", p.ID, a.gone)
		}
	case tagLate:
		id, mark := readLate(key)
		a.found(id, mark)
		if a.payments[id] == nil {
			a.t.Errorf("a mark names payment %d, which is not there", id)
		}
	case tagRun:
		if run := binary.BigEndian.Uint64(key[1:]); run < uint64(a.gone) {
			a.t.Errorf("run %d is there, payments below %d are gone", run, a.gone)
		}
	case tagLeaf:
		run := leafRun(key)
		if a.rows[string(appendRun(nil, run))] == nil {
			a.t.Errorf("there is a leaf of run %d, but no run", run)
		}
		for i := range len(row) / markEntry {
			a.found(payment.ID(run-uint64(backAt(row, i))), markAt(row, i))
		}
	}
}

func (a *audit) found(id payment.ID, mark uint64) {
	if a.marks[id] == nil {
		a.marks[id] = map[uint64]bool{}
	}
	a.marks[id][mark] = true
}

// findable checks that finished payments have their keys and marks, and no others.
func (a *audit) findable(s *Store) {
	a.t.Helper()
	tokener := s.keys.Tokener()
	for id, p := range a.payments {
		want := map[uint64]bool{}
		for _, mark := range appendMarks(nil, p, tokener) {
			want[mark] = true
			if !p.Open() && !a.marks[id][mark] {
				a.t.Errorf("payment %d has no mark %x", id, mark)
			}
		}
		for mark := range a.marks[id] {
			if !want[mark] {
				a.t.Errorf("payment %d has the mark %x of something else", id, mark)
			}
		}
		if !p.Open() && a.rows[string(appendRequestKey(nil, &p.Key))] == nil {
			a.t.Errorf("payment %d is not found by its key", id)
		}
	}
	for id := range a.marks {
		if a.payments[id] == nil && id >= a.gone {
			a.t.Errorf("there are marks of payment %d, which never was", id)
		}
	}
}

func (a *audit) notices() {
	a.t.Helper()
	for id, p := range a.payments {
		_, dead := a.rows[string(appendID(nil, tagDeadLetter, id))]
		_, exception := a.rows[string(appendID(nil, tagException, id))]
		if dead != p.DeadLetter || exception != (p.Exceptions != 0) {
			a.t.Errorf("payment %d: dead letter %v, row %v; exceptions %b, row %v", id, p.DeadLetter, dead, p.Exceptions, exception)
		}
	}
	for key := range a.rows {
		if (key[0] == tagDeadLetter || key[0] == tagException) && a.payments[idOf([]byte(key[1:]))] == nil {
			a.t.Errorf("row %q of no payment", key)
		}
	}
}

func (a *audit) facets() {
	a.t.Helper()
	must, may := map[facet]bool{}, map[facet]bool{}
	for _, p := range a.payments {
		var f facets
		f.add(p)
		for _, f := range f.all {
			may[f] = true
			must[f] = must[f] || !p.Open()
		}
	}
	for f, is := range must {
		if _, found := a.rows[string(appendFacet(nil, f))]; is && !found {
			a.t.Errorf("facet %+v is missing", f)
		}
	}
	for key := range a.rows {
		if key[0] == tagFacet && !may[readFacet([]byte(key))] {
			a.t.Errorf("facet %+v is of no payment", readFacet([]byte(key)))
		}
	}
}

// sweep sweeps in slices until it is done.
func sweep(t testing.TB, s *Store, before payment.ID, limit int, between func()) (deleted int) {
	t.Helper()
	for n := 0; ; n++ {
		d, done, err := s.Sweep(before, limit)
		if err != nil {
			t.Fatal(err)
		}
		if deleted += d; done {
			return deleted
		}
		if n > 1_000_000 {
			t.Fatal("the sweep does not end")
		}
		between()
	}
}

// TestRowsAreFound: whatever groups, spills and crashes, what payments are found by
// follows from their rows.
func TestRowsAreFound(t *testing.T) {
	for seed := range uint64(4) {
		records := writeHistory(t, seed, 1500, false)
		rng := rand.New(rand.NewPCG(seed, 5))
		a := &actor{t: t, rng: rng, fs: vfs.NewCrashableMem(), groupMax: 30, spills: 1 + rng.IntN(300), crashes: 400, runMin: rng.IntN(40)}
		a.play(records, len(records))
		check(t, a.s, 0)
		a.s.Close()
	}
}

// TestSweep: a sweep takes exactly what is forgotten, with all that names it, in
// slices, over crashes, while the history goes on. The machine decides as it would
// without a sweep, and the hash is the same.
func TestSweep(t *testing.T) {
	const events, stops = 2000, 8
	swept := 0
	for seed := range uint64(5) {
		records := writeHistory(t, seed, events, true)
		rng := rand.New(rand.NewPCG(seed, 6))
		never := &actor{t: t, rng: rng, fs: vfs.NewMem(), groupMax: 1}
		a := &actor{t: t, rng: rng, fs: vfs.NewCrashableMem(), groupMax: 20, spills: 1 + rng.IntN(200), crashes: 300, keys: testKeys(t, 1), runMin: rng.IntN(30)}
		at := 0
		for i := range stops {
			to := len(records) * (i + 1) / stops
			for at < to {
				at = min(to, at+1+rng.IntN(40))
				a.play(records, at)
				n, _, err := a.s.Sweep(a.m.Known(), 1+rng.IntN(30))
				if err != nil {
					t.Fatal(err)
				}
				swept += n
			}
			never.play(records, to)
			if a.hash() != never.hash() {
				t.Fatalf("seed %d: another hash after %d events with a sweep", seed, to)
			}
			known := a.m.Known()
			for range 2 { // what has ended behind a sweep that was under way goes with the next one
				swept += sweep(t, a.s, known, 1+rng.IntN(30), func() {})
			}
			check(t, a.s, known)
			if a.hash() != never.hash() {
				t.Fatalf("seed %d: another hash after %d events and the whole sweep", seed, to)
			}
			if n := sweep(t, a.s, known, 1000, func() {}); n != 0 {
				t.Errorf("a further sweep has found %d payments", n)
			}
		}
		searchSame(t, a.s, never.s, rng)
		a.s.Close()
		never.s.Close()
	}
	if t.Logf("%d swept", swept); swept < 300 { // what a crash brings back is counted again, so that it varies
		t.Error("the histories forget too little")
	}
}

// searchSame compares searches in a store that was swept with one that was not.
func searchSame(t *testing.T, a, b *Store, rng *rand.Rand) {
	t.Helper()
	all := everything(t, b)
	for range 200 {
		q := question(rng, all)
		got, want := idsOf(pages(t, a, q, 500, func() {})), idsOf(pages(t, b, q, 500, func() {}))
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: %v after a sweep, %v without", q, got, want)
		}
	}
}

// TestSweepWhatIsKnown: rows of payments that the machine knows are not deleted.
func TestSweepWhatIsKnown(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	play(t, s, 1, 20)
	for range 3 { // the first call has the rows written, if they are not
		if _, done, err := s.Sweep(10, 100); done || err != nil && !strings.Contains(err.Error(), "must be forgotten") {
			t.Fatal(done, err)
		}
		if err := s.settle(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Sweep(10, 100); err == nil || !strings.Contains(err.Error(), "payments from 0 on are known: those below 10 must be forgotten") {
		t.Errorf("a sweep of what is known: %v", err)
	}
	if n := count(t, s); n != 19 {
		t.Errorf("%d payments are left of 19", n)
	}
}

// TestSweepIsBounded: a call looks at no more rows than it may, and a block.
func TestSweepIsBounded(t *testing.T) {
	s := openWith(t, vfs.NewMem(), Options{})
	defer s.Close()
	l := &load{s: s, tape: record(t, false)}
	for l.started < 4000 {
		if err := l.group(); err != nil {
			t.Fatal(err)
		}
	}
	m := payment.New(s)
	e := payment.Event{Seq: s.Applied() + 1, At: 1, Kind: payment.CommandGiven, Command: &payment.Command{Kind: payment.Forget, Payment: payment.ID(s.Applied())}}
	set(&e.Text, payment.Reason, "age")
	m.Step(&e, nil)
	b := s.Begin()
	m.Flush(b)
	if err := b.Commit(e.Seq); err != nil {
		t.Fatal(err)
	}
	if err := s.settle(); err != nil {
		t.Fatal(err)
	}
	most, calls := 0, 0
	for done := false; !done; calls++ {
		var n int
		var err error
		if n, done, err = s.Sweep(m.Known(), 100); err != nil {
			t.Fatal(err)
		}
		most = max(most, n)
	}
	if block := 1 << blockBits / loadEvents; most > 100+block+1 || calls < 10 {
		t.Errorf("%d payments in one of %d calls, want at most 100 and a block of %d", most, calls, block)
	}
	if n := count(t, s); n >= loadApart*3*loadPerGroup+1 { // those that are open
		t.Errorf("%d payments are left", n)
	}
}

// TestLookUpsBesideASweep: a request whose payment is being swept is found, or not,
// and never half.
func TestLookUpsBesideASweep(t *testing.T) {
	records := writeHistory(t, 2, 2000, true)
	a := &actor{t: t, rng: rand.New(rand.NewPCG(1, 1)), fs: vfs.NewMem(), groupMax: 20, spills: 100}
	a.play(records, len(records))
	defer a.s.Close()
	all := everything(t, a.s)
	done := make(chan error, 1)
	go func() {
		for {
			if _, over, err := a.s.Sweep(a.m.Known(), 5); over || err != nil {
				done <- err
				return
			}
		}
	}()
	for over := false; !over; {
		select {
		case err := <-done:
			if over = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
		for i := range all {
			p := &all[i]
			if p.Open() { // the machine has it in memory
				continue
			}
			if row, ok := a.s.FindRequest(&p.Key, nil); ok {
				var found payment.Payment
				if err := payment.DecodePayment(row, &found); err != nil {
					t.Fatal(err)
				}
			} else if p.ID >= a.m.Known() || p.DeadLetter {
				t.Fatal(fmt.Errorf("payment %d is not found by its request", p.ID))
			}
		}
	}
}
