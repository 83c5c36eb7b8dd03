package journal

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// killedWorld is a folder with a sorted file of groups, whose process was killed with
// records in its last log.
func killedWorld(t *testing.T) *world {
	t.Helper()
	w := &world{fs: vfs.NewCrashableMem()}
	l := open(t, w.fs)
	rng := rand.New(rand.NewPCG(6, 11))
	w.fill(t, l, rng, 200_000)
	flush(t, l) // only once: nothing is compacted meanwhile
	w.fill(t, l, rng, 20_000)
	killed := &world{fs: w.copy(), records: w.records, durable: w.durable, groups: w.groups}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return killed
}

// TestDamagedMarkKeepsNobodyFromVerifying: the file can be removed when nothing else
// is damaged, so that somebody must be able to look whether something is.
func TestDamagedMarkKeepsNobodyFromVerifying(t *testing.T) {
	w := killedWorld(t)
	b, _ := w.fs.UnsafeGetFileDataBuffer("journal/" + markName)
	b[3] ^= 4
	before := w.files(t)
	for name, open := range map[string]func(string, Options) (*PebbleLog, error){"to write": OpenPebble, "to look": OpenReadOnly} {
		if _, err := open("journal", quiet(w.fs)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), markName) {
			t.Errorf("opened %s: %v", name, err)
		}
	}
	if after := w.files(t); !slices.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
	for _, ending := range []string{"", ".sst", ".log"} { // in which something else is flipped
		fs := w.copy()
		if ending != "" {
			b, _ := fs.UnsafeGetFileDataBuffer("journal/" + slices.Max(filesOf(t, fs, ending)))
			b[len(b)/8] ^= 4
		}
		l, found, err := OpenToVerify("journal", quiet(fs))
		if !errors.Is(found, ErrDamaged) || !strings.Contains(found.Error(), markName) {
			t.Errorf("found %v", found)
		}
		if ending != "" { // the folder is so small that all of it is read when it is opened
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), ending) {
				t.Errorf("%s flipped, too: %v", ending, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if r, err := l.Verify(t.Context(), nil); err != nil || int(r.Last) != w.durable {
			t.Errorf("verified to record %d of %d: %v", r.Last, w.durable, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFlippedBlockIsAllThatIsSaid: the end of the last log has nothing to do with a
// sorted file that is damaged, and who looks is told once.
func TestFlippedBlockIsAllThatIsSaid(t *testing.T) {
	w := killedWorld(t)
	name := slices.Max(filesOf(t, w.fs, ".sst"))
	b, _ := w.fs.UnsafeGetFileDataBuffer("journal/" + name)
	last := bytes.LastIndex(b, w.records[w.groups[len(w.groups)-1]][:20]) // not in it
	if last >= 0 {
		t.Fatal("the last group is in a sorted file: this proves nothing")
	}
	for at := 100; at < len(b); at += 10_000 { // whichever of them the opening reads
		b[at] ^= 4
	}
	var said bytes.Buffer
	_, err := OpenReadOnly("journal", Options{FS: w.fs, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), ".log") {
		t.Errorf("opened: %v", err)
	}
	if said.Len() != 0 {
		t.Errorf("beside the error: %s", said.String())
	}
}

// TestMissingFileIsNamed: a file that is gone is damage, and the one that is gone is
// named, not one that is there.
func TestMissingFileIsNamed(t *testing.T) {
	w := killedWorld(t)
	log, sorted := slices.Max(filesOf(t, w.fs, ".log")), slices.Max(filesOf(t, w.fs, ".sst"))
	manifest := slices.Max(slices.DeleteFunc(w.files(t), func(n string) bool { return !strings.HasPrefix(n, "MANIFEST-") }))
	for _, name := range []string{log, sorted, manifest} {
		fs := w.copy()
		if err := fs.Remove("journal/" + name); err != nil {
			t.Fatal(err)
		}
		for how, open := range map[string]func(string, Options) (*PebbleLog, error){"to write": OpenPebble, "to look": OpenReadOnly} {
			_, err := open("journal", quiet(fs))
			want := name
			if name == log { // its number is not known for sure
				want = "that was written last is missing (0000"
			}
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s is gone, opened %s: %v", name, how, err)
				continue
			}
			for _, other := range w.files(t) {
				if other != name && strings.HasSuffix(other, ".log") && strings.Contains(err.Error(), other) {
					t.Errorf("%s is gone, and %s is named: %v", name, other, err)
				}
			}
		}
	}
	if _, err := OpenReadOnly("nowhere", quiet(w.fs)); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("no folder: %v", err)
	}
}
