package journal

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// whole fails unless the journal verifies and goes from first to last.
func whole(t *testing.T, l *PebbleLog, first, last uint64) Report {
	t.Helper()
	r, err := l.Verify(t.Context(), nil)
	if err != nil || r.First != first || r.Last != last {
		t.Fatalf("records %d to %d (%v), want %d to %d", r.First, r.Last, err, first, last)
	}
	s, err := l.Stat()
	if err != nil || s.First != first || s.Last != last || s.Groups != r.Groups || s.Chain != r.Chain || s.Tree != r.Tree || s.FirstAt != r.FirstAt || s.LastAt != r.LastAt {
		t.Fatalf("stat %+v (%v), verify %+v", s, err, r)
	}
	if last, err := read(l, first); last != r.Last || err != nil {
		t.Fatalf("replayed to %d of %d: %v", last, r.Last, err)
	}
	return r
}

// TestDeleteBefore deletes at every place of a journal with groups of three, and
// again further on: whole groups go, the rest verifies, can be proven, opened and
// gone on with.
func TestDeleteBefore(t *testing.T) {
	const groups = 21
	signer, verifiers := testKey(t)
	step := uint64(2)
	if testing.Short() {
		step = 11
	}
	for seq := uint64(0); seq <= 3*groups+5; seq += step {
		fs := vfs.NewMem()
		l := open(t, fs)
		for range groups {
			writeAt(t, l, int64(l.Next()), 3)
		}
		behind := l.Tail(1)
		next(t, behind, 1)
		b, err := l.DeleteBefore(seq)
		want := min((max(seq, 1)-1)/3, groups)*3 + 1
		if err != nil || b.First != want || b.Groups != (want-1)/3 {
			t.Fatalf("before %d: %+v (%v), want to begin at %d", seq, b, err, want)
		}
		whole(t, l, want, 3*groups)
		if want > 1 {
			if err := l.Replay(want-1, nil); !errors.Is(err, ErrGone) {
				t.Errorf("replay of a deleted record: %v", err)
			}
			if _, err := l.Tail(want - 1).Next(t.Context()); !errors.Is(err, ErrGone) {
				t.Errorf("a reader of a deleted record: %v", err)
			}
			if _, err := l.Prove(signer, want-1); !errors.Is(err, ErrGone) {
				t.Errorf("proof of a deleted record: %v", err)
			}
		}
		next(t, behind, 2) // it had read ahead
		if first, err := l.FirstSince(0); err != nil || first != want {
			t.Errorf("since the beginning: %d (%v)", first, err)
		}
		write := func(n int) {
			for range n {
				writeAt(t, l, int64(l.Next()), 3)
			}
		}
		write(2)
		for n := want; n < l.Next(); n++ {
			proven(t, l, signer, verifiers, n)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, fs)
		write(4)
		whole(t, l, want, 3*groups+18)
		if b, err = l.DeleteBefore(l.Next() - 1); err != nil || b.First != l.Next()-3 {
			t.Errorf("again: %+v (%v)", b, err)
		}
		proven(t, l, signer, verifiers, l.Next()-1)
		if b, err = l.DeleteBefore(l.Next() + 100); err != nil || b.First != l.Next() {
			t.Errorf("all of it: %+v (%v)", b, err)
		}
		whole(t, l, 3*groups+19, 3*groups+18)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, fs)
		write(1)
		whole(t, l, 3*groups+19, 3*groups+21)
		proven(t, l, signer, verifiers, l.Next()-1)
		l.Close()
	}
}

// TestDeleteAndDamage: a journal that begins behind a deletion notices when its
// first group is missing.
func TestDeleteAndDamage(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	write(t, l, 3, 3, 3)
	if _, err := l.DeleteBefore(4); err != nil {
		t.Fatal(err)
	}
	del(t, l.db, 4)
	if err := l.Replay(4, func(uint64, []byte) error { return nil }); !errors.Is(err, ErrDamaged) {
		t.Errorf("replay: %v", err)
	}
	if _, err := l.Verify(t.Context(), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("verify: %v", err)
	}
	l.Close()
}
