package state

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// sent is the key of a request of a participant.
func sent(from route.Participant, transmitted, stan uint32) *payment.RequestKey {
	return &payment.RequestKey{From: from, Transmitted: transmitted, STAN: stan}
}

// written has finished payments of some keys in the database, in a layer of their own.
func written(t *testing.T, s *Store, keys ...*payment.RequestKey) {
	t.Helper()
	b := s.Begin()
	for _, key := range keys {
		id := payment.ID(s.Applied() + 1)
		p := payment.Payment{ID: id, Key: *key, State: payment.Success}
		b.PutPayment(&p, payment.AppendPayment(nil, &p))
		b.PutKey(payment.AppendKey(nil, key), id)
		if err := b.Commit(uint64(id)); err != nil {
			t.Fatal(err)
		}
		b = s.Begin()
	}
	if err := b.Commit(s.Applied()); err != nil {
		t.Fatal(err)
	}
	if err := s.settle(); err != nil {
		t.Fatal(err)
	}
}

// TestRecent: what is ruled out is not there, what is there is found in whatever
// layer it was written, and a sender whose clock is ahead costs only himself.
func TestRecent(t *testing.T) {
	fs := vfs.NewMem()
	s := openWith(t, fs, Options{})
	absent := func(want bool, key *payment.RequestKey) {
		t.Helper()
		text := keyOf(payment.AppendKey(nil, key))
		if got := s.recent.absent(&text); got != want {
			t.Errorf("%+v absent: %t", key, got)
		}
		if _, found := s.FindRequest(key, nil); found && want {
			t.Errorf("%+v is ruled out and there", key)
		}
	}
	found := func(key *payment.RequestKey) {
		t.Helper()
		absent(false, key)
		if _, ok := s.FindRequest(key, nil); !ok {
			t.Errorf("%+v is not found", key)
		}
	}
	absent(true, sent(1, 1, 1)) // an empty store
	written(t, s, sent(1, 100, 1), sent(2, 500, 1))
	found(sent(1, 100, 1))
	absent(true, sent(1, 100, 2)) // the layer's own keys are known one by one
	written(t, s, sent(1, 101, 1), sent(2, 50, 1))
	found(sent(1, 100, 1))
	found(sent(1, 101, 1))
	found(sent(2, 50, 1))
	absent(false, sent(1, 100, 2)) // another one of that second may have left
	absent(true, sent(1, 101, 2))
	absent(false, sent(2, 499, 2))
	absent(true, sent(2, 501, 1))
	absent(true, sent(3, 1, 1)) // a sender of whom there is nothing
	written(t, s)
	found(sent(1, 101, 1))
	absent(false, sent(1, 101, 2))
	absent(true, sent(1, 102, 1))
	s.Close()

	s = openWith(t, fs, Options{}) // nothing was flushed
	written(t, s, sent(1, 100, 1), sent(2, 500, 1))
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = openWith(t, fs, Options{})
	defer s.Close()
	found(sent(1, 100, 1))
	absent(false, sent(1, 100, 2))
	absent(true, sent(1, 101, 1))
	absent(false, sent(2, 500, 2))
}

// TestRecentFloor: with more keys than a start looks at, those it did not see rule
// nothing out for anybody.
func TestRecentFloor(t *testing.T) {
	fs := vfs.NewMem()
	s := openWith(t, fs, Options{})
	b := s.Begin()
	for n := range uint32(recentScan + 10) {
		b.PutKey(payment.AppendKey(nil, sent(1, 1000+n/16, n)), payment.ID(n+1))
	}
	b.PutKey(payment.AppendKey(nil, sent(2, 10, 1)), 1)
	if err := b.Commit(recentScan + 10); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = openWith(t, fs, Options{})
	defer s.Close()
	for _, c := range []struct {
		key    *payment.RequestKey
		absent bool
	}{{sent(2, 10, 2), false}, {sent(3, 999, 1), false}, {sent(3, 1001, 1), true}, {sent(1, 1001, 1), false}} {
		if text := keyOf(payment.AppendKey(nil, c.key)); s.recent.absent(&text) != c.absent {
			t.Errorf("%+v absent: %t, floor %d", c.key, !c.absent, s.recent.floor)
		}
	}
}

// TestRecentRandom: over layers that are pending, on their way and written, over starts
// from what is on disk, no key that was stored is ruled out, whatever clocks its sender
// has, and most new ones are.
func TestRecentRandom(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 7))
		fs := vfs.NewMem()
		s := openWith(t, fs, Options{})
		stored := map[[keyBytes]byte]*payment.RequestKey{}
		clock, ruled := uint32(1000), 0
		random := func() *payment.RequestKey {
			return sent(route.Participant(rng.IntN(4)), clock-uint32(rng.IntN(6))+uint32(rng.IntN(4)), rng.Uint32N(50))
		}
		for range 400 {
			switch rng.IntN(12) {
			case 0:
				s.mu.Lock()
				var l *layer
				if s.spilling == nil && s.pending.used {
					l = s.handOver()
				}
				s.mu.Unlock()
				if l != nil {
					go s.spill(l)
				}
			case 1:
				if err := s.settle(); err != nil {
					t.Fatal(err)
				}
			case 2:
				clock += rng.Uint32N(3)
			case 3:
				if rng.IntN(6) > 0 {
					break
				}
				if err := s.Flush(); err != nil {
					t.Fatal(err)
				}
				s.Close()
				s = openWith(t, fs, Options{})
			default:
				key := random()
				text := keyOf(payment.AppendKey(nil, key))
				if stored[text] != nil {
					break
				}
				if _, found := s.FindRequest(key, nil); found {
					t.Fatalf("seed %d: %+v is there before it came", seed, key)
				}
				s.mu.Lock()
				if s.recent.absent(&text) {
					ruled++
				}
				s.mu.Unlock()
				id := payment.ID(s.Applied() + 1)
				p := payment.Payment{ID: id, Key: *key, State: payment.Success}
				b := s.Begin()
				b.PutPayment(&p, payment.AppendPayment(nil, &p))
				b.PutKey(payment.AppendKey(nil, key), id)
				if err := b.Commit(uint64(id)); err != nil {
					t.Fatal(err)
				}
				stored[text] = key
			}
			for _, key := range stored {
				if _, found := s.FindRequest(key, nil); !found {
					t.Fatalf("seed %d: %+v was stored, and is not found", seed, key)
				}
				if rng.IntN(4) == 0 {
					break
				}
			}
		}
		s.Close()
		if ruled == 0 {
			t.Errorf("seed %d: no new key was ruled out", seed)
		}
	}
}
