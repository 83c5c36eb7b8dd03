package journal

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCutAfter cuts a journal behind every record, between groups and inside of
// them, with and without a deletion before: what is left verifies, opens after the
// loss of everything that was not synced, and goes on as another history.
func TestCutAfter(t *testing.T) {
	for _, deleted := range []uint64{0, 6} {
		for seq := max(deleted, 1) - 1; seq <= 20; seq++ {
			if testing.Short() && seq%4 != 0 {
				continue
			}
			fs := vfs.NewCrashableMem()
			l := open(t, fs)
			writeAt(t, l, 10, 3, 1, 1, 7)
			writeAt(t, l, 20, 4, 1, 2)
			if _, err := l.DeleteBefore(deleted); err != nil {
				t.Fatal(err)
			}
			was := whole(t, l, max(deleted, 1), 19)
			if err := l.CutAfter(seq); err != nil {
				t.Fatalf("after %d: %v", seq, err)
			}
			last := min(seq, 19)
			if r := whole(t, l, max(deleted, 1), last); (r.Chain == was.Chain) != (last == 19) {
				t.Errorf("after %d: chain hash %s, before %s", seq, r.Chain, was.Chain)
			}
			if l.Durable() != last || l.Next() != last+1 {
				t.Errorf("after %d: durable to %d, next %d", seq, l.Durable(), l.Next())
			}
			fs = fs.CrashClone(vfs.CrashCloneCfg{})
			l.Close()
			l = open(t, fs)
			whole(t, l, max(deleted, 1), last)
			writeAt(t, l, 20, 2)
			whole(t, l, max(deleted, 1), last+2)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, fs)
			whole(t, l, max(deleted, 1), last+2)
			l.Close()
		}
	}
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 3, 3, 3)
	if _, err := l.DeleteBefore(7); err != nil {
		t.Fatal(err)
	}
	if err := l.CutAfter(4); !errors.Is(err, ErrGone) {
		t.Errorf("cut before the beginning: %v", err)
	}
}

// TestCutLetsTimeGoBack: after a cut, groups may have times before those that
// were dropped.
func TestCutLetsTimeGoBack(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	writeAt(t, l, 10, 1)
	writeAt(t, l, 90, 1)
	if err := l.CutAfter(1); err != nil {
		t.Fatal(err)
	}
	writeAt(t, l, 11, 1)
	whole(t, l, 1, 2)
}
