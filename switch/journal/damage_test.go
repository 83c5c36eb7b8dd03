package journal

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var flips = flag.Int("journal.flips", 8, "bits that are flipped in each file of a folder")

// world is a journal folder as a process has left it that was killed, and what the
// process knew to be durable.
type world struct {
	fs      *vfs.MemFS
	records [][]byte // all that were appended
	durable int      // how many of them were waited for
	groups  []int    // first record of each group, from 0
}

// quiet is for tests that damage things and expect the log to say so.
func quiet(fs vfs.FS) Options {
	return Options{FS: fs, Log: slog.New(slog.DiscardHandler), Fatal: func(error) {}}
}

// fill appends groups of random sizes until more than size bytes are in them; some
// are as large as a busy switch makes them.
func (w *world) fill(t testing.TB, l *PebbleLog, rng *rand.Rand, size int) {
	t.Helper()
	var g Group
	for written := 0; written < size; written += g.Bytes() {
		g.Reset(l.Next())
		g.At(int64(len(w.groups)))
		n := 1 + rng.IntN(5)
		if rng.IntN(20) == 0 {
			n = 200
		}
		w.groups = append(w.groups, len(w.records))
		for range n {
			record := fmt.Appendf(nil, "record %d ", len(w.records)+1)
			for range 1 + rng.IntN(60) {
				record = append(record, byte(rng.Uint32()), byte(rng.Uint32()), 0, byte(rng.Uint32()), 'x')
			}
			w.records = append(w.records, record)
			g.Add(record)
		}
		ticket, err := l.Append(&g)
		if err != nil {
			t.Fatal(err)
		}
		if err := ticket.Wait(); err != nil {
			t.Fatal(err)
		}
		w.durable = len(w.records)
	}
}

// newWorld runs a process three times: the first two stop, the third is killed or,
// if cut, loses its power: then nothing stays that was not synced.
func newWorld(t testing.TB, cut bool) *world {
	t.Helper()
	w := &world{fs: vfs.NewCrashableMem()}
	rng := rand.New(rand.NewPCG(6, 1))
	for run, size := range []int{40_000, 350_000, 400_000} {
		l, err := OpenPebble("journal", quiet(w.fs))
		if err != nil {
			t.Fatal(err)
		}
		w.fill(t, l, rng, size)
		if run == 2 {
			w.fs = w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: map[bool]int{true: 0, false: 100}[cut], RNG: rng})
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// copy is the same folder once more.
func (w *world) copy() *vfs.MemFS {
	return w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(0, 0))})
}

func (w *world) files(t testing.TB) []string {
	t.Helper()
	names, err := w.fs.List("journal")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// outcome opens a folder and verifies it. It returns how many records are there,
// and the error that says what is wrong. Records that are not those that were
// written fail the test at once.
func (w *world) outcome(t testing.TB, fs vfs.FS, what string) (records int, err error) {
	t.Helper()
	var fatal atomic.Pointer[error]
	o := quiet(fs)
	o.Fatal = func(err error) { fatal.CompareAndSwap(nil, &err) }
	l, err := OpenPebble("journal", o)
	if err != nil {
		return 0, err
	}
	defer func() {
		l.Close()
		if stopped := fatal.Load(); stopped != nil && err == nil {
			err = *stopped
		}
	}()
	if _, err := l.Verify(t.Context(), nil); err != nil {
		return 0, err
	}
	err = l.Replay(1, func(seq uint64, record []byte) error {
		records++
		if int(seq) != records || !bytes.Equal(record, w.records[seq-1]) {
			t.Fatalf("%s: record %d is another one", what, seq)
		}
		return nil
	})
	return records, err
}

// kindOf is the kind of file that a name stands for.
func kindOf(name string) string {
	switch {
	case strings.HasSuffix(name, ".log"), strings.HasSuffix(name, ".sst"):
		return name[len(name)-3:]
	case strings.Contains(name, "-"):
		return name[:strings.Index(name, "-")]
	}
	return name
}

// places are where to flip a bit in a file: all of a small one, and of a large one
// its ends, the borders of blocks, and chance.
func places(size, most int, rng *rand.Rand) (at []int) {
	if size <= most {
		for i := range size {
			at = append(at, i)
		}
		return at[:min(len(at), most)]
	}
	for i := range most {
		switch i % 4 {
		case 0:
			at = append(at, rng.IntN(size))
		case 1:
			at = append(at, size-1-rng.IntN(min(size, 600)))
		case 2:
			at = append(at, min(size-1, max(0, rng.IntN(size/blockBytes+1)*blockBytes+rng.IntN(40)-20)))
		case 3:
			at = append(at, size-1-rng.IntN(min(size, 40_000)))
		}
	}
	return at
}

// TestBitFlips: one bit that is not what was written, anywhere in the folder of a
// process that was killed, is found by the start or by Verify, with the name of
// the file; or it is without effect. No record that was durable is lost or changed
// without a word.
func TestBitFlips(t *testing.T) {
	w := newWorld(t, false)
	w.flipBits(t, *flips, w.durable)
}

// TestBitFlipsAfterPowerCut: when the file that says how far the journal was on disk
// has not got there itself, the groups say it of those before them; only damage to
// the last group of all looks like a torn write.
func TestBitFlipsAfterPowerCut(t *testing.T) {
	w := newWorld(t, true)
	w.flipBits(t, *flips/2, w.groups[len(w.groups)-1])
}

// flipBits flips bits in each file; most is how many, least how many records must
// be there when nothing is said.
func (w *world) flipBits(t *testing.T, most, least int) {
	t.Helper()
	if testing.Short() {
		most = min(most, 2)
	}
	rng := rand.New(rand.NewPCG(6, 2))
	found, harmless := map[string]int{}, map[string]int{}
	for _, name := range w.files(t) {
		buf, err := w.fs.UnsafeGetFileDataBuffer("journal/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range places(len(buf), most, rng) {
			bit := rng.IntN(8)
			what := fmt.Sprintf("%s of %d bytes, byte %d, bit %d", name, len(buf), at, bit)
			flipped := w.copy()
			b, _ := flipped.UnsafeGetFileDataBuffer("journal/" + name)
			b[at] ^= 1 << bit
			records, err := w.outcome(t, flipped, what)
			switch {
			case err == nil && records < least:
				t.Errorf("%s: %d records of %d are there, and nobody has said a word", what, records, least)
			case err == nil:
				harmless[kindOf(name)]++
			case !strings.Contains(err.Error(), strings.TrimSuffix(name, ".sst")):
				t.Errorf("%s: the error does not name the file: %v", what, err)
			default:
				found[kindOf(name)]++
			}
		}
	}
	t.Logf("found %v; without effect %v", found, harmless)
	for _, kind := range []string{"log", "sst", "MANIFEST", markName} {
		if found[kind] == 0 {
			t.Errorf("no flip in a file of kind %s was found", kind)
		}
	}
}

// TestDamageBeforeAnEmptyFile: a file of the log that is damaged where it was durable is
// found, too, when the process has ended right after it had made the next one, and the mark
// is of long before.
func TestDamageBeforeAnEmptyFile(t *testing.T) {
	disks := newTwoDisks()
	l := openTwo(t, patient(disks))
	w := &world{}
	w.fill(t, l, rand.New(rand.NewPCG(6, 18)), 200_000)
	w.fs = disks.copy()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	name := slices.Max(filesOf(t, w.fs, ".log"))
	next, err := w.fs.Create("second/"+strings.TrimSuffix(name, ".log")+"-001.log", vfs.WriteCategoryUnspecified)
	if err == nil {
		err = errors.Join(next.Close(), w.fs.Remove("journal/"+markName))
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.outcome(t, w.copy(), "whole"); err != nil || n != w.durable {
		t.Fatalf("whole: %d records of %d: %v", n, w.durable, err)
	}
	b, _ := w.fs.UnsafeGetFileDataBuffer("journal/" + name)
	b[len(b)/2] ^= 4
	for _, o := range []Options{quiet(w.fs), patient(w.fs)} {
		if l, err := OpenPebble("journal", o); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v %v", l, err)
		}
	}
}
