package state

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
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
	for seq := first; seq < first+n; seq++ {
		e := payment.Event{Seq: seq, At: int64(seq), Kind: payment.RequestArrived}
		if seq == 1 {
			e.Kind, e.Config = payment.ConfigChanged, &payment.Config{Currency: 356, OpenMax: 10, Participants: []payment.Profile{{ID: "A"}}}
		}
		e.Request.Key.STAN = uint32(seq)
		m.Step(&e, nil)
		b := s.Begin()
		m.Flush(b)
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

// TestLookUps: a finished payment is found by its number and by its business
// identity; one that is open again is not in the history, and the latest payment
// with an identity is the one that counts.
func TestLookUps(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	put := func(applied uint64, f func(b *Batch)) {
		b := s.Begin()
		f(b)
		if err := b.Commit(applied); err != nil {
			t.Fatal(err)
		}
	}
	business := payment.Business{1}
	put(1, func(b *Batch) {
		b.PutPayment(&payment.Payment{ID: 7, State: payment.Declined}, []byte("seven"))
		b.PutBusiness(&business, 7)
	})
	if row, ok := s.FindPayment(7, []byte("> ")); !ok || string(row) != "> seven" {
		t.Errorf("payment 7: %q %v", row, ok)
	}
	if id, ok := s.FindBusiness(&business); !ok || id != 7 {
		t.Errorf("business: %d %v", id, ok)
	}
	if _, ok := s.FindBusiness(&payment.Business{2}); ok {
		t.Error("found a business identity that nobody has")
	}
	put(2, func(b *Batch) {
		b.Reopen(7)
		b.PutPayment(&payment.Payment{ID: 7, State: payment.Received}, []byte("open"))
	})
	if _, ok := s.FindPayment(7, nil); ok {
		t.Error("an open payment is in the history")
	}
	if snap, err := s.Snapshot(); err != nil || len(snap.Open) != 1 {
		t.Errorf("%v, %d open", err, len(snap.Open))
	}
	put(3, func(b *Batch) {
		b.PutPayment(&payment.Payment{ID: 7, State: payment.Declined}, []byte("closed"))
		b.PutPayment(&payment.Payment{ID: 9, State: payment.Declined}, []byte("nine"))
		b.PutBusiness(&business, 9)
	})
	if id, ok := s.FindBusiness(&business); !ok || id != 9 {
		t.Errorf("business: %d %v", id, ok)
	}
	if row, ok := s.FindPayment(7, nil); !ok || string(row) != "closed" {
		t.Errorf("payment 7: %q %v", row, ok)
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
