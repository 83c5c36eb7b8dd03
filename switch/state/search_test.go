package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// everything reads all payments, the largest number first.
func everything(t testing.TB, s *Store) []payment.Payment {
	t.Helper()
	var all []payment.Payment
	err := s.Payments(func(p *payment.Payment) error {
		c := *p
		c.Text = payment.Text{}
		c.Text.CopyFrom(&p.Text)
		all = append(all, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b payment.Payment) int { return int(b.ID) - int(a.ID) })
	return all
}

// pages follows a search from page to page, each within most rows, and calls
// between before each further one.
func pages(t testing.TB, s *Store, q Query, most int, between func()) []payment.Payment {
	t.Helper()
	var all []payment.Payment
	for n := 0; ; n++ {
		page, err := s.search(q, most)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		all = append(all, page.Payments...)
		size := q.PageSize
		if size == 0 {
			size = PageDefault
		}
		switch short := len(page.Payments) < size; {
		case len(page.Payments) > size:
			t.Fatalf("a page of %d has %d payments", size, len(page.Payments))
		case page.Next == "" && page.Cut, page.Next != "" && short != page.Cut:
			t.Fatalf("%d payments, next %q, cut %v", len(page.Payments), page.Next, page.Cut)
		case page.Examined > most+size+2000: // a run may be looked into when it is nearly over
			t.Fatalf("%d rows examined, at most %d wanted", page.Examined, most)
		case n > 100_000:
			t.Fatal("the search does not end")
		}
		if q.Token = page.Next; q.Token == "" {
			return all
		}
		between()
	}
}

// question makes up a query that some payment may fit.
func question(rng *rand.Rand, all []payment.Payment) Query {
	p := &all[rng.IntN(len(all))]
	var q Query
	text := func(f payment.TextField) string { return string(p.Text.Get(f)) }
	switch rng.IntN(8) {
	case 0:
		q.ID = p.ID
	case 1:
		if p.Echo.RRN[0] != 0 {
			q.RRN = string(p.Echo.RRN[:])
		}
	case 2:
		q.UETR = text(payment.UETR)
	case 3:
		q.Reference = text(references[rng.IntN(len(references))])
	case 4, 5:
		q.Account = text(accounts[rng.IntN(len(accounts))])
	}
	if rng.IntN(4) == 0 {
		q.Participants = append(q.Participants, route.Participant(rng.IntN(4)))
	}
	for rng.IntN(4) == 0 {
		q.States = append(q.States, payment.States()[rng.IntN(len(payment.States()))])
	}
	if rng.IntN(4) == 0 {
		q.FromAt = all[rng.IntN(len(all))].CreatedAt
	}
	if rng.IntN(4) == 0 {
		q.ToAt = max(q.FromAt, all[rng.IntN(len(all))].CreatedAt) + rng.Int64N(2)
		if q.ToAt == q.FromAt {
			q.ToAt++
		}
	}
	if rng.IntN(5) == 0 {
		q.Min, q.Max = p.Amount.Minor-rng.Int64N(100), p.Amount.Minor+rng.Int64N(1000)
		q.Min = max(q.Min, 0)
	}
	q.ExceptionsOnly, q.DeadLettersOnly = rng.IntN(8) == 0, rng.IntN(8) == 0
	q.PageSize = rng.IntN(20)
	return q
}

// TestSearchFindsAll: a search finds exactly what a look at every payment finds, in
// whatever pages, however little a page may read, and wherever the rows are.
func TestSearchFindsAll(t *testing.T) {
	const events, stops = 1500, 3
	found := map[string]int{}
	for seed := range uint64(4) {
		records := writeHistory(t, seed, events, seed%2 == 0)
		rng := rand.New(rand.NewPCG(seed, 9))
		a := &actor{t: t, rng: rng, fs: vfs.NewCrashableMem(), groupMax: 30, spills: 100, crashes: 500, keys: testKeys(t, 1), runMin: rng.IntN(60)}
		for i := range stops {
			a.play(records, len(records)*(i+1)/stops)
			all := everything(t, a.s)
			known := a.m.Known()
			for range 120 {
				q := question(rng, all)
				want := slices.DeleteFunc(slices.Clone(all), func(p payment.Payment) bool {
					return !q.matches(&p) || p.ID < known && !p.Open() && !p.DeadLetter
				})
				got := pages(t, a.s, q, 1+rng.IntN(60), func() {})
				if !slices.EqualFunc(got, want, func(a, b payment.Payment) bool { return reflect.DeepEqual(&a, &b) }) {
					t.Fatalf("seed %d, %+v: found %v, want %v", seed, q, idsOf(got), idsOf(want))
				}
				if len(got) > 0 {
					found[kindOf(q)]++
				}
			}
		}
		a.s.Close()
	}
	t.Log(found)
	for _, kind := range []string{"id", "rrn", "uetr", "reference", "account", "dead", "exceptions", "participant", "state", "all"} {
		if found[kind] < 5 {
			t.Errorf("%d searches by %s found something", found[kind], kind)
		}
	}
}

func idsOf(all []payment.Payment) (ids []payment.ID) {
	for i := range all {
		ids = append(ids, all[i].ID)
	}
	return ids
}

// kindOf is by what a query is searched.
func kindOf(q Query) string {
	switch {
	case q.ID != 0:
		return "id"
	case q.RRN != "":
		return "rrn"
	case q.UETR != "":
		return "uetr"
	case q.Reference != "":
		return "reference"
	case q.Account != "":
		return "account"
	case q.DeadLettersOnly:
		return "dead"
	case q.ExceptionsOnly:
		return "exceptions"
	case len(q.Participants) > 0:
		return "participant"
	case len(q.States) > 0:
		return "state"
	}
	return "all"
}

// TestPagesAreStable: payments that arrive or change between two pages do not make
// one appear twice or vanish.
func TestPagesAreStable(t *testing.T) {
	records := writeHistory(t, 3, 2500, false)
	rng := rand.New(rand.NewPCG(3, 3))
	a := &actor{t: t, rng: rng, fs: vfs.NewMem(), groupMax: 20, spills: 150, runMin: 10}
	defer func() { a.s.Close() }()
	at := 800
	a.play(records, at)
	for at < len(records)-100 {
		before := everything(t, a.s)
		q := question(rng, before)
		q.PageSize = 1 + rng.IntN(4)
		got := pages(t, a.s, q, 1+rng.IntN(30), func() {
			at = min(at+rng.IntN(5), len(records))
			a.play(records, at)
		})
		now := map[payment.ID]*payment.Payment{}
		for _, p := range everything(t, a.s) {
			now[p.ID] = &p
		}
		ids := idsOf(got)
		for i := range ids {
			if i > 0 && ids[i] >= ids[i-1] {
				t.Fatalf("%+v: not in order: %v", q, ids)
			}
		}
		for i := range before {
			if p := &before[i]; q.matches(p) && q.matches(now[p.ID]) && !slices.Contains(ids, p.ID) {
				t.Fatalf("%+v: payment %d was left out of %v", q, p.ID, ids)
			}
		}
		at = min(at+20, len(records))
		a.play(records, at)
	}
}

// TestQueryFaults: what cannot be searched by is refused with a reason, and so is a
// token of another search.
func TestQueryFaults(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	play(t, s, 1, 60)
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{RRN: "123"}, "an RRN has 12 characters, this has 3"},
		{Query{UETR: "123"}, "a UETR has 36 characters"},
		{Query{Reference: strings.Repeat("x", 37)}, "a reference has at most 36"},
		{Query{Account: strings.Repeat("1", 36)}, "an account has at most 35"},
		{Query{FromAt: 9, ToAt: 9}, "the time ends before it begins"},
		{Query{Min: 9, Max: 8}, "the largest amount is less than the smallest"},
		{Query{PageSize: PageMax + 1}, "a page has 1 to 500 payments"},
		{Query{Token: "?"}, "none of this version's"},
		{Query{Token: "AAAAAAAAAAAAAAAAAAAAAAA"}, "none of this version's"},
	} {
		if _, err := s.Search(c.q); !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.q, err, c.want)
		}
	}
	first, err := s.Search(Query{PageSize: 10})
	if err != nil || first.Next == "" {
		t.Fatal(first.Next, err)
	}
	if _, err := s.Search(Query{PageSize: 20, Token: first.Next}); err != nil {
		t.Errorf("the next page may be larger: %v", err)
	}
	for i := range first.Next {
		changed := []byte(first.Next)
		changed[i] ^= 1
		if _, err := s.Search(Query{Token: string(changed)}); !errors.Is(err, ErrQuery) {
			t.Errorf("a changed token %s: %v", changed, err)
		}
	}
	if _, err := s.Search(Query{Token: first.Next, Min: 1}); !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), "another search") {
		t.Errorf("a token of another search: %v", err)
	}
}

// TestMarksInRuns: a mark is found in the run of its layer wherever it stands, also
// one that many payments share over several leaves.
func TestMarksInRuns(t *testing.T) {
	var m marking
	var ids []payment.ID
	const run, shared = 1_000_000, uint64(0x7777777777)
	rng := rand.New(rand.NewPCG(1, 1))
	want := map[uint64][]payment.ID{}
	for place := range 3000 {
		id := payment.ID(run - 3000*4 + place*4)
		ids = append(ids, id)
		marks := []uint64{rng.Uint64() >> (64 - markBits), rng.Uint64N(40) << 30, uint64(place)}
		if place%3 == 0 {
			marks = append(marks, shared, shared)
		}
		m.add(marks, place)
		slices.Sort(marks)
		for _, mark := range slices.Compact(marks) {
			want[mark] = append(want[mark], id)
		}
	}
	s := open(t, vfs.NewMem())
	defer s.Close()
	w := &s.writer
	for _, at := range []uint64{run - 1, run, run + 1} { // the runs beside it are others
		w.b = s.db.NewBatch()
		m.leaves(at, ids, w.set)
		if err := w.b.Commit(pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.view()
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	it, err := v.iterator(tagLeaf)
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	for mark, ids := range want {
		got, looked, err := probe(it, run, mark, 1<<64-1, nil)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, ids) {
			t.Fatalf("mark %x: %v, %d payments of %d", mark, err, len(got), len(ids))
		}
		if looked > len(ids)+2+len(ids)/leafMarks {
			t.Errorf("mark %x of %d payments: %d looked at", mark, len(ids), looked)
		}
		below := ids[rng.IntN(len(ids))] + payment.ID(rng.IntN(2)) // one of them, or just beyond
		fit := slices.IndexFunc(ids, func(id payment.ID) bool { return id >= below })
		if fit < 0 {
			fit = len(ids)
		}
		got, looked, err = probe(it, run, mark, below, nil)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, ids[:fit]) || looked > fit+2+fit/leafMarks {
			t.Fatalf("mark %x below %d: %v, %d payments of %d, %d looked at", mark, below, err, len(got), fit, looked)
		}
	}
	for range 100 {
		if mark := rng.Uint64() >> (64 - markBits); want[mark] == nil {
			if got, looked, err := probe(it, run, mark, 1<<64-1, nil); len(got) > 0 || looked > 1 || err != nil {
				t.Fatalf("an unknown mark: %v, %d looked at, %v", got, looked, err)
			}
		}
	}
}

// TestRunsAndLateMarks: payments with one reference are found in the order of their
// numbers although they ended in another, in runs and long after their run.
func TestRunsAndLateMarks(t *testing.T) {
	s := openWith(t, vfs.NewMem(), Options{Keys: testKeys(t, 1)})
	defer s.Close()
	s.writer.runMin = 0
	tape := record(t, false)
	last := &tape.puts[len(tape.puts)-1]
	row := func(id payment.ID) []byte {
		tape.number(id, uint64(id))
		m := payment.Payment{}
		if err := payment.DecodePayment(last.row, &m); err != nil {
			t.Fatal(err)
		}
		return last.row
	}
	applied := uint64(0)
	var want []payment.ID
	end := func(ids ...payment.ID) {
		t.Helper()
		b := s.Begin()
		for _, id := range ids {
			want = append(want, id)
			applied = max(applied, uint64(id))
			r := row(id)
			b.PutPayment(&last.p, r)
		}
		applied++
		if err := b.Commit(applied); err != nil {
			t.Fatal(err)
		}
		if err := s.settle(); err != nil {
			t.Fatal(err)
		}
	}
	end(5, 6, 7, 100)
	end(90, 200, 300)
	end(2_000_000, 2_000_500, 250)              // 250 is late
	end(20_000_000, 19_500_000, 260, 1_000_000) // so are the last two, in two segments
	end(50_000_000, 40_000_000, 270, 17_000_000)
	slices.Sort(want)
	slices.Reverse(want)
	rrn := "632622000001" // the rows all have that of the tape
	for size := 1; size < 20; size += 3 {
		for most := 1; most < 60; most += 7 {
			if got := idsOf(pages(t, s, Query{RRN: rrn, PageSize: size}, most, func() {})); !slices.Equal(got, want) {
				t.Fatalf("pages of %d, %d rows each: %v, want %v", size, most, got, want)
			}
		}
	}
	if got := pages(t, s, Query{RRN: fmt.Sprintf("%012d", 1)}, 20, func() {}); len(got) != 0 {
		t.Errorf("an unknown RRN: %v", idsOf(got))
	}
}
