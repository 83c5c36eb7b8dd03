package backup

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// survivors are the percentages of what was not synced that a crash leaves.
var survivors = []int{0, 50, 100}

// crashes are copies of a disk as crashes at many moments would leave it.
type crashes struct {
	mem *vfs.MemFS
	rng *rand.Rand

	mu     sync.Mutex // guards the rest: the stores write on goroutines of their own
	armed  bool
	seen   int
	copies []*vfs.MemFS
	names  []string
}

// theEnd is when all is done.
const theEnd = "the end"

// newCrashes returns a disk that is copied before each sync and each change of
// names, while armed.
func newCrashes(seed uint64) (*crashes, vfs.FS) {
	c := &crashes{mem: vfs.NewCrashableMem(), rng: rand.New(rand.NewPCG(seed, 0))}
	return c, errorfs.Wrap(c.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo, errorfs.OpRename, errorfs.OpRemove, errorfs.OpRemoveAll, errorfs.OpLink:
			c.copy(fmt.Sprintf("%v of %s", op.Kind, op.Path))
		}
		return nil
	}))
}

func (c *crashes) copy(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.armed {
		return
	}
	if c.seen++; testing.Short() && c.seen%4 != 0 && name != theEnd {
		return
	}
	for _, percent := range survivors {
		c.copies = append(c.copies, c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: c.rng}))
		c.names = append(c.names, fmt.Sprintf("crash %d at %s, %d%% of what was not synced", len(c.names)/len(survivors), name, percent))
	}
}

func (c *crashes) arm(armed bool) {
	if !armed {
		c.copy(theEnd)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = armed
}

// TestCrashDuringFirstStart: wherever the process or the power goes while a folder is
// made, the next start goes on with it.
func TestCrashDuringFirstStart(t *testing.T) {
	c, fs := newCrashes(1)
	c.arm(true)
	start(t, fs, "data")
	c.arm(false)
	t.Logf("%d crashes", len(c.copies))
	for i, crashed := range c.copies {
		t.Run(c.names[i], func(t *testing.T) {
			l := start(t, crashed, "data")
			l.pay(1)
			if err := l.stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestCrashDuringBackup: wherever the process or the power goes, there is a whole
// backup or none, and the data folder is as good as ever.
func TestCrashDuringBackup(t *testing.T) {
	c, fs := newCrashes(1)
	l := start(t, fs, "data")
	l.pay(60)
	p := l.settled()
	c.arm(true)
	m := l.take("out")
	c.arm(false)
	whole := 0
	for i, crashed := range c.copies {
		o := options(t, crashed)
		switch there, err := diskOf(crashed).there("out"); {
		case err != nil:
			t.Fatal(err)
		case there:
			if got, err := Verify(t.Context(), "out", o); err != nil || got.Sum != m.Sum {
				t.Fatalf("%s: the backup: %v", c.names[i], err)
			}
			whole++
		}
		if _, err := enter("data", o); err != nil {
			t.Fatalf("%s: %v", c.names[i], err)
		}
		gone(t, crashed, "data/"+stagingDir)
		s, release, err := Closed("data", o)
		if err != nil {
			t.Fatalf("%s: %v", c.names[i], err)
		}
		again, err := Take(t.Context(), s, "again", o)
		if err != nil || again.Journal.Last != p.seq {
			t.Fatalf("%s: the next backup: %v, %+v", c.names[i], err, again)
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d crashes, %d of them after the backup was whole", len(c.copies), whole)
	if whole == 0 || whole == len(c.copies) {
		t.Error("this proves nothing")
	}
}

// TestCrashDuringRestore: wherever the process or the power goes, what was restored
// is whole, or no switch starts on it.
func TestCrashDuringRestore(t *testing.T) {
	for name, until := range map[string]Until{"whole": {}, "cut": {Seq: 150, AcceptFork: true}} {
		t.Run(name, func(t *testing.T) {
			c, fs := newCrashes(2)
			l := start(t, fs, "data")
			l.pay(60)
			l.settled()
			l.take("out")
			c.arm(true)
			r := l.bring("out", "to", until)
			c.arm(false)
			whole := 0
			for i, crashed := range c.copies {
				d, o := diskOf(crashed), options(t, crashed).withDefaults()
				if there, err := d.there("to/" + journalDir); err != nil || !there {
					continue // nothing was restored yet, and nothing is there that a switch could take for it
				}
				if _, err := enter("to", o); err != nil {
					if !strings.Contains(err.Error(), "has not ended") {
						t.Fatalf("%s: %v", c.names[i], err)
					}
					continue
				}
				hash, last, err := o.hash(t.Context(), d, "to")
				if err != nil || hash != r.StateHash || last != r.Last {
					t.Fatalf("%s: a switch would start on rows up to %d (%v)", c.names[i], last, err)
				}
				if x, err := o.extent(t.Context(), d, "to"); err != nil || x.Last != r.Last {
					t.Fatalf("%s: a switch would start on a journal up to %d (%v)", c.names[i], x.Last, err)
				}
				whole++
			}
			t.Logf("%d crashes, %d of them after all was restored", len(c.copies), whole)
			if whole == 0 || whole == len(c.copies) {
				t.Error("this proves nothing")
			}
		})
	}
}

// failing fails the n-th operation that changes the disk.
type failing struct {
	mu   sync.Mutex // guards left: the stores write on goroutines of their own
	left int
	err  error
}

// spare is how many operations more there would have had to be.
func (f *failing) spare() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left
}

// end lets everything succeed from now on.
func (f *failing) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = -1
}

func (f *failing) on(fs vfs.FS) vfs.FS {
	return errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead || op.Kind == errorfs.OpFileClose || op.Kind == errorfs.OpLock {
			return nil
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.left--; f.left == 0 {
			return f.err
		}
		return nil
	}))
}

// TestFailureDuringBackup: a backup that cannot be written leaves nothing behind,
// and says why.
func TestFailureDuringBackup(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(30)
	l.settled()
	for n := 1; ; n++ {
		f := failing{left: n, err: syscall.ENOSPC}
		_, err := Take(t.Context(), l.source(), "out", options(t, f.on(fs)))
		if err == nil && f.spare() > 0 {
			t.Logf("%d operations, each of which has failed once", n-1)
			break
		}
		if err == nil { // it could not remove what it has made it of: the next one does
			if err := fs.RemoveAll("out"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("operation %d: %v", n, err)
		}
		gone(t, fs, "out", "out"+partial)
	}
	if _, err := Verify(t.Context(), "out", options(t, fs)); err != nil {
		t.Error(err)
	}
}

// TestFailureDuringRestore: a restore that cannot be written leaves a folder that
// no switch starts on, and says that it must be removed.
func TestFailureDuringRestore(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(30)
	l.settled()
	l.take("out")
	for n, copying := 1, true; copying; n++ {
		f := failing{left: n, err: syscall.ENOSPC}
		o := options(t, f.on(fs))
		o.Progress = func(p Progress) {
			if p.Step == StepJournal { // what the stores do about a full disk is tested with a full disk
				f.end()
				copying = false
			}
		}
		to := fmt.Sprint("to", n)
		_, err := Restore(t.Context(), "out", to, Until{}, o)
		if !copying {
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d operations, each of which has failed once", n-1)
			break
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "remove it before you try again") {
			t.Fatalf("operation %d: %v", n, err)
		}
		if there, err := diskOf(fs).there(to + "/" + journalDir); err != nil || !there {
			continue
		}
		if _, err := enter(to, options(t, fs)); err == nil {
			t.Fatalf("operation %d: a switch would start on it", n)
		}
		if _, err := Restore(t.Context(), "out", to, Until{}, options(t, fs)); err == nil || !strings.Contains(err.Error(), "is not empty") {
			t.Fatalf("operation %d: a second restore: %v", n, err)
		}
	}
}
