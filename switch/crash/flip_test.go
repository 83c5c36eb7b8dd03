package crash

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/state"
)

// content is all that both stores hold.
type content struct {
	journal journal.Report
	rows    [sha256.Size]byte
	applied uint64
}

// audit reads both stores to the end, as verify does. The number of files is not
// content.
func audit(at place) (c content, err error) {
	log, err := journal.OpenReadOnly("journal", journal.Options{FS: at.fs, Log: quiet, Fatal: at.fatal})
	if err != nil {
		return c, err
	}
	if c.journal, err = log.Verify(context.Background(), nil); err != nil {
		return c, errors.Join(err, log.Close())
	}
	c.journal.Files = 0
	store, err := state.Open("state", state.Options{FS: at.fs, Log: quiet, Fatal: at.fatal, Keys: keys, ReadOnly: true})
	if err != nil {
		return c, errors.Join(err, log.Close())
	}
	c.rows, c.applied, err = store.Hash()
	return c, errors.Join(err, store.Close(), log.Close())
}

// folder is a data folder in use, with files of every kind, as kill -9 leaves it.
func folder(t *testing.T) (s *script, fs *vfs.MemFS, at moment) {
	t.Helper()
	s = newScript(*seedFlag, 150)
	mem := vfs.NewCrashableMem()
	r := newRun(s, place{fs: mem})
	r.perStep, r.flushes, r.restarts = 10, 3, []int{50, 100}
	err := r.start()
	for err == nil && int(r.sent.Load()) < len(s.plans) {
		err = r.turn()
		if len(r.restarts) > 0 && int(r.sent.Load()) == r.restarts[0] && err == nil {
			r.restarts = r.restarts[1:]
			if err = r.p.stop(); err == nil {
				err = r.start()
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	at = r.moment(func() { fs = everything(mem) })
	if err := r.p.stop(); err != nil {
		t.Fatal(err)
	}
	return s, fs, at
}

// files lists the files of a data folder by kind.
func files(t *testing.T, fs vfs.FS) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, dir := range []string{"journal", "state"} {
		names, err := fs.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		for _, name := range names {
			if name != "LOCK" {
				name = dir + "/" + name
				all[fileType(name)] = append(all[fileType(name)], name)
			}
		}
	}
	return all
}

// harm does one thing to a copy of a data folder and says what came of it.
type harm struct {
	t      *testing.T
	script *script
	fs     *vfs.MemFS
	at     moment
	whole  content

	named, found int // of what was found: how often the message names the file
}

func newHarm(t *testing.T) *harm {
	h := &harm{t: t}
	h.script, h.fs, h.at = folder(t)
	var err error
	if h.whole, err = audit(place{fs: everything(h.fs)}); err != nil {
		t.Fatal(err)
	}
	return h
}

// done says who has found what do has done: nobody, if nothing has changed. What
// nobody has found, and what makes the switch break a promise, fails the test.
func (h *harm) done(what, file string, do func(fs vfs.FS)) (found string) {
	read, run := everything(h.fs), everything(h.fs)
	do(read)
	do(run)
	is, damaged := audit(place{fs: read})
	v := judge(run, h.script, h.at)
	switch {
	case len(v.faults) > 0:
		h.t.Errorf("%s: %s\n\t(an audit says: %v)", what, v.broken(), damaged)
		return "NOBODY, and a promise is broken"
	case v.refused != nil:
		h.says(what, file, v.refused)
		return "the start"
	case v.stopped != nil:
		h.says(what, file, v.stopped)
		return "the running switch"
	case damaged != nil:
		h.says(what, file, damaged)
		return "verify"
	case is.journal == h.whole.journal && is.applied < h.whole.applied:
		return "the start, which makes newer rows from the journal" // and the judge has no complaint
	case is != h.whole:
		h.t.Errorf("%s: the stores hold something else, and nobody has found it", what)
		return "NOBODY"
	}
	return "nobody: nothing has changed"
}

// says counts the messages that name the file, by its name or as Pebble does by the
// number in it, and shows the others.
func (h *harm) says(what, file string, err error) {
	name := path.Base(file)
	if h.found++; strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "file "+strings.TrimSuffix(name, ".sst")) {
		h.named++
		return
	}
	h.t.Logf("%s: %v", what, err)
}

// TestBitFlips flips one bit in each run, in every kind of file in a data folder. It
// is found by the start, by the running switch, which stops, or by verify; or
// everything is as it was. It never makes another payment, answer or position.
func TestBitFlips(t *testing.T) {
	h := newHarm(t)
	each := sized(3, 10, 600)
	chance := rand.New(rand.NewPCG(*seedFlag, 5))
	kinds := files(t, h.fs)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		found, flips := map[string]int{}, 0
		for range each {
			name := kinds[kind][len(kinds[kind])-1] // older ones may be needed no more
			if chance.IntN(3) == 0 {
				name = kinds[kind][chance.IntN(len(kinds[kind]))]
			}
			n := size(t, h.fs, name)
			if n == 0 {
				continue // a marker is only a name
			}
			at, bit := chance.Int64N(n), byte(1)<<chance.IntN(8)
			flips++
			found[h.done(fmt.Sprintf("%s, byte %d of %d, bit %02x", name, at, n, bit), name, func(fs vfs.FS) {
				b := read(t, fs, name)
				b[at] ^= bit
				replace(t, fs, name, b)
			})]++
		}
		t.Logf("%-18s %3d flips in %d files, found by: %v", kind, flips, len(kinds[kind]), found)
	}
	if t.Logf("%d of %d findings name the file", h.named, h.found); h.named < h.found {
		t.Error("a damaged file is not named")
	}
}

// TestMissingFiles takes each file away in turn.
func TestMissingFiles(t *testing.T) {
	h := newHarm(t)
	for kind, names := range files(t, h.fs) {
		for _, name := range names {
			found := h.done("without "+name, name, func(fs vfs.FS) {
				if err := fs.Remove(name); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%-18s without %s, found by: %s", kind, path.Base(name), strings.TrimPrefix(found, "nobody: "))
		}
	}
}
