package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

func open(t testing.TB, fs vfs.FS) *PebbleLog {
	t.Helper()
	l, err := OpenPebble("journal", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// write appends groups of the given sizes; record n is "record n".
func write(t testing.TB, l Log, sizes ...int) {
	t.Helper()
	writeAt(t, l, 0, sizes...)
}

func writeAt(t testing.TB, l Log, at int64, sizes ...int) {
	t.Helper()
	var g Group
	for _, n := range sizes {
		g.Reset(l.Next())
		g.At(at)
		for range n {
			g.Add(fmt.Appendf(nil, "record %d", g.Next()))
		}
		ticket, err := l.Append(&g)
		if err != nil {
			t.Fatal(err)
		}
		if err := ticket.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

func read(l Log, from uint64) (last uint64, err error) {
	last = from - 1
	err = l.Replay(from, func(seq uint64, record []byte) error {
		if seq != last+1 || string(record) != fmt.Sprintf("record %d", seq) {
			return fmt.Errorf("got %q as record %d after %d", record, seq, last)
		}
		last = seq
		return nil
	})
	return last, err
}

func TestReplayFromAnywhere(t *testing.T) {
	for name, l := range map[string]Log{"pebble": open(t, vfs.NewMem()), "memory": NewMemory()} {
		write(t, l, 1, 3, 1, 10, 2)
		for from := uint64(1); from <= 18; from++ {
			last, err := read(l, from)
			if err != nil || (last != 17 && from <= 17) {
				t.Errorf("%s from %d: to %d, %v", name, from, last, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReopenGoesOn(t *testing.T) {
	fs := vfs.NewMem()
	for i := range 3 {
		l := open(t, fs)
		if want := uint64(5*i + 1); l.Next() != want {
			t.Fatalf("opened at %d, want %d", l.Next(), want)
		}
		write(t, l, 2, 3)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, fs)
	defer l.Close()
	if last, err := read(l, 1); last != 15 || err != nil {
		t.Fatalf("replayed to %d: %v", last, err)
	}
}

// TestCrashKeepsWhatWasWaitedFor throws away everything that was not synced.
func TestCrashKeepsWhatWasWaitedFor(t *testing.T) {
	for unsynced := 0; unsynced <= 100; unsynced += 25 {
		fs := vfs.NewCrashableMem()
		l := open(t, fs)
		write(t, l, 1, 2, 3, 4)
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(1, uint64(unsynced)))})
		l.Close()
		again := open(t, crashed)
		if last, err := read(again, 1); last != 10 || err != nil {
			t.Errorf("after a crash that keeps %d %% of unsynced bytes: to %d, %v", unsynced, last, err)
		}
		again.Close()
	}
}

// TestDamageIsFound changes stored groups behind the journal's back.
func TestDamageIsFound(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(t *testing.T, db *pebble.DB)
	}{
		{"missing group", "missing", func(t *testing.T, db *pebble.DB) { del(t, db, 3) }},
		{"missing first group", "missing", func(t *testing.T, db *pebble.DB) { del(t, db, 1) }},
		{"flipped byte", "checksum", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, -1) }},
		{"flipped chain hash", "chain", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 40) }},
		{"flipped root", "root", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 70) }},
		{"flipped number", "says that it is", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 9) }},
		{"flipped group number", "is number 65", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 16) }},
		{"flipped time", "chain", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 24) }},
		{"flipped length", "longer than its group", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, headBytes) }},
		{"flipped count", "group 3", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 4) }},
		{"newer format", "format version", func(t *testing.T, db *pebble.DB) { flip(t, db, 3, 0) }},
		{"cut", "longer than its group", func(t *testing.T, db *pebble.DB) {
			put(t, db, 3, func(v []byte) []byte { return v[:len(v)-1] })
		}},
		{"longer", "too many", func(t *testing.T, db *pebble.DB) {
			put(t, db, 3, func(v []byte) []byte { return append(v, 0) })
		}},
	} {
		fs := vfs.NewMem()
		l := open(t, fs)
		write(t, l, 2, 3, 4)
		c.change(t, l.db)
		_, err := read(l, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
		l.Close()
	}
}

func TestStateWithoutJournalIsFound(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	if _, err := read(l, 9); !errors.Is(err, ErrDamaged) {
		t.Errorf("replay of an empty journal from record 9: %v", err)
	}
}

func TestStateAheadOfJournalIsFound(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 2)
	if _, err := read(l, 9); !errors.Is(err, ErrDamaged) {
		t.Errorf("replay beyond the end: %v", err)
	}
}

func put(t *testing.T, db *pebble.DB, first uint64, change func([]byte) []byte) {
	v, closer, err := db.Get(groupKey(first))
	if err != nil {
		t.Fatal(err)
	}
	changed := change(append([]byte(nil), v...))
	closer.Close()
	if err := db.Set(groupKey(first), changed, pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, db *pebble.DB, first uint64, at int) {
	put(t, db, first, func(v []byte) []byte {
		if at < 0 {
			at += len(v)
		}
		v[at] ^= 0x40
		return v
	})
}

func del(t *testing.T, db *pebble.DB, first uint64) {
	if err := db.Delete(groupKey(first), pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenPebble(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second, err := OpenPebble(dir, Options{}); err == nil {
		second.Close()
		t.Fatal("two journals on one folder")
	}
}
