package journal

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

var faults = flag.Int("journal.faults", 40, "disk operations of each kind that fail, one in each run")

// promises is what a process has promised: the records that it has written and how
// many of them are durable for sure.
type promises struct {
	mu      sync.Mutex
	written [][]byte
	durable int
}

func (p *promises) wrote(record []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = append(p.written, record)
}

func (p *promises) promise(last uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.durable = int(last)
}

func (p *promises) now() (written [][]byte, durable int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written, p.durable
}

// work opens the journal, appends groups of several sizes with two under way,
// stops in between, and deletes some. It ends with the first error.
func (p *promises) work(o Options, rounds int) error {
	rng := rand.New(rand.NewPCG(6, 9))
	for round := range rounds {
		l, err := OpenPebble("journal", o)
		if err != nil {
			return err
		}
		if err := p.append(l, rng, 18); err != nil {
			return err
		}
		if round%2 == 1 {
			if _, err := l.DeleteBefore(l.Durable() / 3); err != nil {
				return err
			}
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (p *promises) append(l *PebbleLog, rng *rand.Rand, groups int) error {
	var under [2]Ticket
	var lasts [2]uint64
	var g [2]Group
	for n := range groups + 2 {
		i := n % 2
		if under[i] != nil {
			if err := under[i].Wait(); err != nil {
				return err
			}
			p.promise(lasts[i])
			under[i] = nil
		}
		if n >= groups {
			continue
		}
		g[i].Reset(l.Next())
		g[i].At(int64(l.Next()))
		for range 1 + rng.IntN(4) {
			record := make([]byte, 1+rng.IntN(9000))
			for j := range record {
				record[j] = byte(rng.Uint32())
			}
			p.wrote(record)
			g[i].Add(record)
		}
		lasts[i] = g[i].Next() - 1
		var err error
		if under[i], err = l.Append(&g[i]); err != nil {
			return err
		}
	}
	return nil
}

// kept opens what a fault has left and fails the test unless everything that was
// promised is there, nothing is there that was not written, and the journal goes
// on. written and durable are of the moment of the fault.
func kept(t *testing.T, what string, fs vfs.FS, written [][]byte, durable int) {
	t.Helper()
	l, err := OpenPebble("journal", quiet(fs))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	defer l.Close()
	r, err := l.Verify(t.Context(), nil)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if int(r.Last) < durable || int(r.Last) > len(written) {
		t.Errorf("%s: records to %d, durable to %d, written to %d", what, r.Last, durable, len(written))
		return
	}
	err = l.Replay(r.First, func(seq uint64, record []byte) error {
		if !bytes.Equal(record, written[seq-1]) {
			return fmt.Errorf("record %d is another one", seq)
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	writeAt(t, l, 1<<40, 2)
}

// TestCrashAtEverySync takes the power away before every sync, rename, removal and
// creation of a file, with nothing, half and all of what was not synced surviving.
func TestCrashAtEverySync(t *testing.T) {
	type crash struct {
		fs      *vfs.MemFS
		what    string
		written [][]byte
		durable int
	}
	var crashes []crash
	var mu sync.Mutex // guards crashes: Pebble works on several goroutines
	var p promises
	disk := vfs.NewCrashableMem()
	rng, points := rand.New(rand.NewPCG(6, 10)), 0
	injector := errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo, errorfs.OpRename, errorfs.OpRemove, errorfs.OpCreate, errorfs.OpReuseForWrite:
		default:
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		points++
		if testing.Short() && points%8 != 0 {
			return nil
		}
		_, durable := p.now()
		for _, percent := range []int{0, 50, 100} {
			fs := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
			written, _ := p.now() // later than durable, and not before the clone
			crashes = append(crashes, crash{fs, fmt.Sprintf("point %d (%v of %s), %d %% survives", points, op.Kind, op.Path, percent), written, durable})
		}
		return nil
	})
	if err := p.work(quiet(errorfs.Wrap(disk, injector)), 4); err != nil {
		t.Fatal(err)
	}
	for _, c := range crashes {
		kept(t, c.what, c.fs, c.written, c.durable)
	}
	t.Logf("%d crashes at %d points", len(crashes), points)
	if len(crashes) < 50 {
		t.Errorf("only %d crashes", len(crashes))
	}
}

// kinds are the operations that fail, by what they do.
var kinds = map[string]func(errorfs.OpKind) bool{
	"write": func(k errorfs.OpKind) bool {
		return k == errorfs.OpFileWrite || k == errorfs.OpFileWriteAt || k == errorfs.OpCreate || k == errorfs.OpRename || k == errorfs.OpReuseForWrite || k == errorfs.OpLink
	},
	"sync": func(k errorfs.OpKind) bool {
		return k == errorfs.OpFileSync || k == errorfs.OpFileSyncData || k == errorfs.OpFileSyncTo
	},
	"read": func(k errorfs.OpKind) bool {
		return k == errorfs.OpFileRead || k == errorfs.OpFileReadAt || k == errorfs.OpOpen || k == errorfs.OpList || k == errorfs.OpStat || k == errorfs.OpFileStat
	},
}

// TestDiskErrors lets the n-th write, sync or read of a run fail, once or from then
// on, with an I/O error or a full disk: the process stops with one sentence, or the
// operation did not matter; nothing that was promised is lost when the disk is
// well again, after a loss of power too.
func TestDiskErrors(t *testing.T) {
	most := *faults
	if testing.Short() {
		most = min(most, 6)
	}
	stopped := map[string]int{}
	for kind, matches := range kinds {
		for _, sticky := range []bool{false, true} {
			total := countOps(t, matches)
			for i := range most {
				n := 1 + i*total/most
				failure := error(syscall.EIO)
				if i%2 == 1 && kind == "write" {
					failure = syscall.ENOSPC
				}
				what := fmt.Sprintf("%s %d of %d fails (sticky %v, %v)", kind, n, total, sticky, failure)
				if err := diskError(t, what, matches, n, sticky, failure); err != nil {
					stopped[kind]++
					if bytes.ContainsRune([]byte(err.Error()), '\n') {
						t.Errorf("%s: more than a sentence: %q", what, err)
					}
					if !errors.Is(err, failure) && !bytes.Contains([]byte(err.Error()), []byte(failure.Error())) {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
		}
	}
	t.Logf("stopped %v of %d each", stopped, 2*most)
	for kind := range kinds {
		if stopped[kind] == 0 {
			t.Errorf("no error of a %s has stopped the process", kind)
		}
	}
}

// countOps is how many operations a run without errors needs.
func countOps(t *testing.T, matches func(errorfs.OpKind) bool) (n int) {
	t.Helper()
	var mu sync.Mutex
	var p promises
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if matches(op.Kind) {
			n++
		}
		return nil
	}))
	if err := p.work(quiet(fs), 2); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return n
}

// diskError runs a process on a disk with one fault and returns why it has
// stopped, nil if it has not.
func diskError(t *testing.T, what string, matches func(errorfs.OpKind) bool, n int, sticky bool, failure error) error {
	t.Helper()
	var mu sync.Mutex // guards count
	var p promises
	disk, count := vfs.NewCrashableMem(), 0
	fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if !matches(op.Kind) {
			return nil
		}
		if count++; count == n || count > n && sticky {
			return failure
		}
		return nil
	}))
	ended := make(chan error, 1)
	o := Options{FS: fs, Log: slog.New(slog.DiscardHandler), Fatal: func(err error) {
		select {
		case ended <- err:
		default:
		}
		select {} // a process that ends does nothing more
	}}
	go func() {
		err := p.work(o, 2)
		select {
		case ended <- err:
		default:
		}
	}()
	err := <-ended
	_, durable := p.now()
	rng := rand.New(rand.NewPCG(6, uint64(n)))
	for _, percent := range []int{0, 100} {
		left := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
		written, _ := p.now()
		kept(t, fmt.Sprintf("%s, %d %% survives", what, percent), left, written, durable)
	}
	return err
}
