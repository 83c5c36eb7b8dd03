package state

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

func open(t *testing.T, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open("state", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// play runs n requests through a machine on s, one group each, from sequence
// number first on. Each request is declined (nothing is configured to take it),
// so that each makes one finished payment.
func play(t *testing.T, s *Store, first, n uint64) {
	t.Helper()
	m := payment.New(s)
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Restore(snap); err != nil {
		t.Fatal(err)
	}
	var told payment.Tidings
	for seq := first; seq < first+n; seq++ {
		e := payment.Event{Seq: seq, At: int64(seq), Kind: payment.RequestArrived}
		if seq == 1 {
			e.Kind, e.Config = payment.ConfigChanged, &payment.Config{Currency: 356, OpenMax: 10, Participants: []payment.Profile{{ID: "A"}}}
		}
		e.Request.Key.STAN = uint32(seq)
		told.Step(m, &e, nil)
		b := s.Begin()
		m.Flush(b)
		told.Flush(b.PutTidings)
		if err := b.Commit(seq); err != nil {
			t.Fatal(err)
		}
	}
}

func count(t *testing.T, s *Store) (n uint64) {
	t.Helper()
	if err := s.Payments(func(*payment.Payment) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReopen(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	play(t, s, 1, 10)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, fs)
	defer s.Close()
	if s.Applied() != 10 || count(t, s) != 9 {
		t.Fatalf("applied %d, %d payments", s.Applied(), count(t, s))
	}
	row, ok := s.FindRequest(&payment.RequestKey{STAN: 5}, nil)
	var p payment.Payment
	if !ok || payment.DecodePayment(row, &p) != nil || p.ID != 5 || p.State != payment.Declined {
		t.Fatalf("request 5: %v, payment %d %v", ok, p.ID, p.State)
	}
	if _, ok := s.FindRequest(&payment.RequestKey{STAN: 999}, nil); ok {
		t.Fatal("found a request that never came")
	}
	play(t, s, 11, 5)
	if s.Applied() != 15 || count(t, s) != 14 {
		t.Fatalf("after going on: applied %d, %d payments", s.Applied(), count(t, s))
	}
}

// rowOf is the row of a payment with a number, and a text to know it by.
func rowOf(t testing.TB, tape *tape, stage int, id payment.ID, note string) (*payment.Payment, []byte) {
	t.Helper()
	tape.number(id, uint64(id))
	row := bytes.Clone(tape.puts[stage].row)
	i := bytes.Index(row, []byte("some.body@bankb"))
	if copy(row[i:i+len("some.body")], note+".........") == 0 {
		t.Fatal("the row has no address")
	}
	return &tape.puts[stage].p, row
}

// TestLookUps: a finished payment is found by its number, its key and its business
// identity, wherever its row is; one that is open again is not in the history, and
// the latest payment with an identity is the one that counts.
func TestLookUps(t *testing.T) {
	for _, way := range []struct {
		name   string
		settle func(s *Store) error
	}{
		{"in memory", func(*Store) error { return nil }},
		{"in the database", (*Store).settle},
		{"on its way", func(s *Store) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.spilling != nil { // the layer before
				s.spare = nil
				return s.writer.write(s.spilling)
			}
			return nil
		}},
	} {
		t.Run(way.name, func(t *testing.T) { testLookUps(t, way.name == "on its way", way.settle) })
	}
}

func testLookUps(t *testing.T, handOver bool, settle func(*Store) error) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	tape := record(t, false)
	put := func(applied uint64, f func(b *Batch)) {
		t.Helper()
		b := s.Begin()
		f(b)
		if err := b.Commit(applied); err != nil {
			t.Fatal(err)
		}
		if err := settle(s); err != nil {
			t.Fatal(err)
		}
		if handOver {
			s.mu.Lock()
			s.handOver()
			s.mu.Unlock()
		}
	}
	const first, last = 0, 3 // rows on the tape
	business := payment.Business{1}
	key := payment.RequestKey{STAN: 7}
	p, row := rowOf(t, tape, last, 7, "seven")
	put(7, func(b *Batch) {
		b.PutPayment(p, row)
		b.PutKey(payment.AppendKey(nil, &key), 7)
		b.PutBusiness(&business, 7)
	})
	found := func(way, note string, row []byte, ok bool) {
		t.Helper()
		if !ok || !bytes.HasPrefix(row, []byte("> ")) || !bytes.Contains(row, []byte(note+".")) {
			t.Errorf("%s: %q %v", way, row, ok)
		}
	}
	got, ok := s.FindPayment(7, []byte("> "))
	found("payment 7", "seven", got, ok)
	got, ok = s.FindRequest(&key, []byte("> "))
	found("request 7", "seven", got, ok)
	if _, ok := s.FindRequest(&payment.RequestKey{STAN: 8}, nil); ok {
		t.Error("found a request that never came")
	}
	if id, ok := s.FindBusiness(&business); !ok || id != 7 {
		t.Errorf("business: %d %v", id, ok)
	}
	if _, ok := s.FindBusiness(&payment.Business{2}); ok {
		t.Error("found a business identity that nobody has")
	}
	p, row = rowOf(t, tape, first, 7, "open")
	put(8, func(b *Batch) {
		b.Reopen(7)
		b.PutPayment(p, row)
	})
	if _, ok := s.FindPayment(7, nil); ok {
		t.Error("an open payment is in the history")
	}
	p, row = rowOf(t, tape, last, 7, "closed")
	q, later := rowOf(t, record(t, false), last, 9, "nine")
	put(9, func(b *Batch) {
		b.PutPayment(p, row)
		b.PutPayment(q, later)
		b.PutBusiness(&business, 9)
	})
	if id, ok := s.FindBusiness(&business); !ok || id != 9 {
		t.Errorf("business: %d %v", id, ok)
	}
	got, ok = s.FindPayment(7, []byte("> "))
	found("payment 7", "closed", got, ok)
	if handOver {
		s.spill(s.spilling)
	}
	if n := count(t, s); n != 2 {
		t.Errorf("%d payments", n)
	}
}

// TestCrashLeavesAPrefix: whatever a crash keeps, the rows are the effect of
// exactly the events up to Applied.
func TestCrashLeavesAPrefix(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	kept := map[uint64]bool{}
	for range 20 {
		fs := vfs.NewCrashableMem()
		s := open(t, fs)
		play(t, s, 1, 10)
		if rng.IntN(2) == 0 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		play(t, s, 11, 10)
		crashed := open(t, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng}))
		applied := crashed.Applied()
		kept[applied] = true
		if want := max(applied, 1) - 1; count(t, crashed) != want {
			t.Fatalf("applied %d, but %d payments", applied, count(t, crashed))
		}
		crashed.Close()
		s.Close()
	}
	if len(kept) < 2 {
		t.Errorf("every crash kept the same: %v", kept)
	}
}

func testKeys(t testing.TB, id uint32) *seal.Keys {
	t.Helper()
	keys, err := seal.New([32]byte{1}, seal.Key{ID: id, Secret: [32]byte{byte(id)}})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func openWith(t testing.TB, fs vfs.FS, o Options) *Store {
	t.Helper()
	o.FS = fs
	s, err := Open("state", o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused says why a store cannot be opened.
func refused(t *testing.T, fs vfs.FS, o Options) string {
	t.Helper()
	o.FS = fs
	s, err := Open("state", o)
	if err == nil {
		s.Close()
		t.Fatal("the store was opened")
	}
	return err.Error()
}

// TestSealed: no account is in the rows in the clear, every way of reading gives
// it back, and without the key there is a sentence instead.
func TestSealed(t *testing.T) {
	const account = "50100012345678"
	fs := vfs.NewMem()
	s := openWith(t, fs, Options{Keys: testKeys(t, 1)})
	tape := record(t, false)
	b := s.Begin()
	last := &tape.puts[3]
	b.PutPayment(&last.p, last.row)
	b.PutKey(tape.key, last.p.ID)
	opened := tape.puts[0].p
	opened.ID++
	b.PutPayment(&opened, tape.puts[0].row)
	if err := b.Commit(5); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, tag := range []byte{tagOpen, tagHistory} {
		v, err := s.view()
		if err != nil {
			t.Fatal(err)
		}
		if err := v.scan(tag, func(_, row []byte) error {
			rows++
			if bytes.Contains(row, []byte(account)) {
				t.Errorf("an account in the clear: %q", row)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		v.close()
	}
	if rows != 2 {
		t.Fatalf("%d rows", rows)
	}
	check := func(way string, row []byte) {
		t.Helper()
		var p payment.Payment
		if err := payment.DecodePayment(row, &p); err != nil || string(p.Text.Get(payment.PayerAccount)) != account {
			t.Errorf("%s: %v, account %q", way, err, p.Text.Get(payment.PayerAccount))
		}
	}
	row, _ := s.FindPayment(last.p.ID, nil)
	check("FindPayment", row)
	row, _ = s.FindRequest(&last.p.Key, nil)
	check("FindRequest", row)
	snap, err := s.Snapshot()
	if err != nil || len(snap.Open) != 1 {
		t.Fatalf("snapshot: %v, %d open", err, len(snap.Open))
	}
	check("Snapshot", snap.Open[0])
	if n := count(t, s); n != 2 {
		t.Errorf("Payments: %d", n)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if why := refused(t, fs, Options{}); !strings.Contains(why, "the key file is needed") {
		t.Errorf("without a key: %s", why)
	}
	s = openWith(t, fs, Options{Keys: testKeys(t, 2)})
	defer s.Close()
	if _, err := s.Snapshot(); err == nil || !strings.Contains(err.Error(), "sealed with key 1") {
		t.Errorf("with another key: %v", err)
	}
}

// TestFormat: a folder of another format is refused with a sentence.
func TestFormat(t *testing.T) {
	for want, change := range map[string]func(db *pebble.DB) error{
		"before the first release": func(db *pebble.DB) error { return db.Delete([]byte{tagFormat}, pebble.NoSync) },
		"format 9, this binary reads 1": func(db *pebble.DB) error {
			return db.Set([]byte{tagFormat}, []byte{9, 0}, pebble.NoSync)
		},
	} {
		fs := vfs.NewMem()
		s := open(t, fs)
		play(t, s, 1, 2)
		if err := change(s.db); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if why := refused(t, fs, Options{}); !strings.Contains(why, want) {
			t.Errorf("%q, want %q", why, want)
		}
	}
	fs := vfs.NewMem()
	s := open(t, fs)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if why := refused(t, fs, Options{Keys: testKeys(t, 1)}); !strings.Contains(why, "not sealed") {
		t.Errorf("a folder in the clear with a key: %s", why)
	}
}

// TestDurable: what a crash leaves is the effect of the events up to Durable.
func TestDurable(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, fs)
	defer s.Close()
	for range 3 {
		durable, err := s.Durable()
		if err != nil {
			t.Fatal(err)
		}
		crashed := open(t, fs.CrashClone(vfs.CrashCloneCfg{}))
		if crashed.Applied() != durable {
			t.Errorf("durable %d, a crash leaves %d", durable, crashed.Applied())
		}
		crashed.Close()
		play(t, s, s.Applied()+1, 5)
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		play(t, s, s.Applied()+1, 5)
	}
	if durable, err := s.Durable(); err != nil || durable != s.Applied()-5 {
		t.Errorf("durable %d of %d, %v", durable, s.Applied(), err)
	}
}

// TestCheckpoint: a copy that is made while the writer goes on is the store at one
// moment after the call, and looking at it changes nothing.
func TestCheckpoint(t *testing.T) {
	fs := vfs.NewMem()
	s := openWith(t, fs, Options{Keys: testKeys(t, 1)})
	defer s.Close()
	play(t, s, 1, 50)
	before, hashes := s.Applied(), map[uint64][32]byte{}
	done := make(chan error, 1)
	go func() { done <- s.Checkpoint("copy") }()
	for range 50 {
		hash, applied, err := s.Hash()
		if err != nil {
			t.Fatal(err)
		}
		hashes[applied] = hash
		play(t, s, s.Applied()+1, 1)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint("copy"); err == nil {
		t.Error("a copy was written over")
	}
	for range 2 {
		copied, err := Open("copy", Options{FS: fs, Keys: testKeys(t, 1), ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		hash, applied, err := copied.Hash()
		if err != nil || applied < before || hash != hashes[applied] && applied != s.Applied() {
			t.Errorf("the copy is at %d (%d at the call): %v, hash %x, want %x", applied, before, err, hash, hashes[applied])
		}
		copied.Close()
	}
}

// TestWritingAllocatesNothing: the rows of payments cost no garbage.
func TestWritingAllocatesNothing(t *testing.T) {
	s := openWith(t, vfs.NewMem(), Options{Keys: testKeys(t, 1)})
	defer s.Close()
	l := &load{s: s, tape: record(t, true)}
	write := func() {
		if err := l.group(); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		write()
	}
	if n := testing.AllocsPerRun(200, write); n >= 1 {
		t.Errorf("%v allocations in a group, want 0", n)
	}
}
