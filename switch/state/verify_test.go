package state

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

// filled is a closed store with a history in it.
func filled(t *testing.T, keys *seal.Keys) *vfs.MemFS {
	t.Helper()
	rng := rand.New(rand.NewPCG(6, 7))
	a := &actor{t: t, rng: rng, fs: vfs.NewCrashableMem(), groupMax: 30, spills: 100, keys: keys, runMin: 20}
	records := writeHistory(t, 6, 2000, true)
	a.play(records, len(records))
	if err := a.s.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := a.s.Close(); err != nil {
		t.Fatal(err)
	}
	return a.fs
}

func look(fs vfs.FS, keys *seal.Keys) (*Store, error) {
	return Open("state", Options{FS: fs, Keys: keys, ReadOnly: true, Log: slog.New(slog.DiscardHandler)})
}

// TestVerifyFindsEveryFlip: a changed bit in any sorted file is found, whether it is in
// a payment or in what payments are found by; Hash finds those in payments only.
func TestVerifyFindsEveryFlip(t *testing.T) {
	keys := testKeys(t, 1)
	fs := filled(t, keys)
	names, err := fs.List("state")
	if err != nil {
		t.Fatal(err)
	}
	rng, missed := rand.New(rand.NewPCG(6, 8)), 0
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		whole, _ := fs.UnsafeGetFileDataBuffer("state/" + name)
		for at := 0; at < len(whole); at += max(1, len(whole)/60) {
			flipped := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rng})
			b, _ := flipped.UnsafeGetFileDataBuffer("state/" + name)
			b[at] ^= 1 << rng.IntN(8)
			s, err := look(flipped, keys)
			if err != nil {
				continue
			}
			if _, _, err := s.Hash(); err == nil {
				missed++
			}
			if _, err := s.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s, byte %d: %v", name, at, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if missed == 0 {
		t.Error("Hash has found them all: this proves nothing")
	}
}

// TestVerifyFindsKeysOfNothing: a payment that is gone while something names it.
func TestVerifyFindsKeysOfNothing(t *testing.T) {
	keys := testKeys(t, 1)
	fs := filled(t, keys)
	for name, spoil := range map[string]func(s *Store, id payment.ID) error{
		"names payment": func(s *Store, id payment.ID) error {
			return s.db.Delete(appendID(nil, tagHistory, id), pebble.NoSync)
		},
		"marks of run": func(s *Store, _ payment.ID) error {
			it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tagLeaf}, UpperBound: []byte{tagLeaf + 1}})
			if err != nil || !it.First() {
				t.Fatal("no leaf", err)
			}
			key := append([]byte{}, it.Key()...)
			return errors.Join(it.Close(), s.db.Delete(key, pebble.NoSync))
		},
		"is not what is written there": func(s *Store, id payment.ID) error {
			other, err := row(s.db, appendID(nil, tagHistory, id))
			return errors.Join(err, s.db.Set(appendID(nil, tagHistory, id+1), other, pebble.NoSync))
		},
	} {
		s := openWith(t, fs.CrashClone(vfs.CrashCloneCfg{}), Options{Keys: keys})
		if r, err := s.Verify(t.Context()); err != nil || r.Payments == 0 || r.Keys < r.Payments || r.Files == 0 {
			t.Errorf("whole: %+v, %v", r, err)
		}
		var last payment.ID
		if err := s.Payments(func(p *payment.Payment) error {
			if !p.Open() {
				last = p.ID
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := spoil(s, last); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if _, err := s.Verify(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("ended: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestOtherTokenKey: keys under which no account would be found are refused, whoever
// opens the store and however; so they stay when a sealing key is added.
func TestOtherTokenKey(t *testing.T) {
	fs := filled(t, testKeys(t, 1))
	ring := []seal.Key{{ID: 1, Secret: [32]byte{1}}, {ID: 2, Secret: [32]byte{2}}}
	for token, want := range map[byte]error{1: nil, 2: seal.ErrOtherKeys} {
		keys, err := seal.New([32]byte{token}, ring...)
		if err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{true, false} {
			s, err := Open("state", Options{FS: fs, Keys: keys, ReadOnly: readOnly})
			if !errors.Is(err, want) {
				t.Errorf("token key %d, read only %v: %v", token, readOnly, err)
			}
			if err == nil {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
