package crash

import (
	"flag"
	"fmt"
	"path"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

var (
	seedFlag  = flag.Uint64("crash.seed", 1, "seed of the scripts and of what a crash keeps")
	pointFlag = flag.Int("crash.point", 0, "crash at this sync alone, from 1; 0: at every one")
	sizeFlag  = flag.String("crash.size", "small", "how much is tried: small, commit (make crash) or long (make crash-long)")
)

// sized is a figure by the size of the run.
func sized(small, commit, long int) int {
	switch *sizeFlag {
	case "commit":
		return commit
	case "long":
		return long
	}
	return small
}

// syncs are the operations after which data is promised to stay.
func syncs(k errorfs.OpKind) bool {
	return k == errorfs.OpFileSync || k == errorfs.OpFileSyncData
}

// cut is the power going off before a sync has begun.
type cut struct {
	point   int // number of the sync
	file    string
	percent int // of what was not synced that is there afterwards
	fs      *vfs.MemFS
	at      moment
}

// sweep plays a script, has the power go off at every sync, and judges what each
// cut leaves.
type sweep struct {
	t      *testing.T
	script *script
	run    *run
	mem    *vfs.MemFS
	cuts   chan cut
	judges sync.WaitGroup
	mu     sync.Mutex // guards what follows
	points int
	files  map[string]int
	judged int
	open   int                    // payments that were open at the cuts
	at     func(file string) bool // cut at syncs of these kinds of files only; nil: at all
	expect bool                   // that cuts find something: it is counted only
	bad    int
	first  string
}

// percents are how much of the data that was not synced survives.
var percents = []int{0, 50, 100}

func newSweep(t *testing.T, s *script) *sweep {
	w := &sweep{t: t, script: s, mem: vfs.NewCrashableMem(), cuts: make(chan cut), files: map[string]int{}}
	w.run = newRun(s, place{fs: errorfs.Wrap(w.mem, errorfs.InjectorFunc(w.before))})
	for range runtime.GOMAXPROCS(0) {
		w.judges.Go(func() {
			for c := range w.cuts {
				w.judge(&c)
			}
		})
	}
	return w
}

// before cuts the power before each sync.
func (w *sweep) before(op errorfs.Op) error {
	if !syncs(op.Kind) {
		return nil
	}
	w.mu.Lock()
	w.points++
	point := w.points
	w.files[fileType(op.Path)]++
	w.mu.Unlock()
	if *pointFlag != 0 && *pointFlag != point || w.at != nil && !w.at(fileType(op.Path)) {
		return nil
	}
	var cuts []cut
	at := w.run.moment(func() {
		for _, percent := range percents {
			cuts = append(cuts, cut{point: point, file: op.Path, percent: percent, fs: survivors(w.mem, percent, uint64(point))})
		}
	})
	for _, c := range cuts {
		c.at = at
		w.cuts <- c
	}
	return nil
}

func (w *sweep) judge(c *cut) {
	v := judge(c.fs, w.script, c.at)
	w.mu.Lock()
	w.judged++
	w.open += v.open
	w.mu.Unlock()
	why := v.broken()
	if why == "" {
		return
	}
	said := fmt.Sprintf("cut %d (sync of %s), %d %% of the rest survives: %s\n-crash.seed %d -crash.point %d",
		c.point, c.file, c.percent, why, w.script.seed, c.point)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bad++; w.bad == 1 {
		w.first = said
	}
	if !w.expect {
		w.t.Error(said)
	}
}

// play plays the script to its end and waits for all verdicts.
func (w *sweep) play() {
	err := w.run.play()
	close(w.cuts)
	w.judges.Wait()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range w.run.o.faults {
		w.t.Error(f)
	}
	var types []string
	for name := range w.files {
		types = append(types, name)
	}
	sort.Strings(types)
	for _, name := range types {
		w.t.Logf("%5d syncs of %s", w.files[name], name)
	}
	w.t.Logf("%d payments, %d messages, %d syncs, %d cuts judged, %d payments were open at them",
		len(w.script.plans), w.run.heard, w.points, w.judged, w.open)
}

// fileType is what kind of file of which store a path is.
func fileType(name string) string {
	store, base := path.Base(path.Dir(name)), path.Base(name)
	switch {
	case base == "journal" || base == "state":
		return base + " folder"
	case strings.HasSuffix(base, ".log"):
		return store + " WAL"
	case strings.HasSuffix(base, ".sst"):
		return store + " table"
	case strings.HasPrefix(base, "MANIFEST"):
		return store + " MANIFEST"
	case strings.HasPrefix(base, "OPTIONS"), strings.HasSuffix(base, ".dbtmp"):
		return store + " OPTIONS"
	case strings.HasPrefix(base, "marker"):
		return store + " marker"
	case base == "DURABLE":
		return store + " DURABLE"
	}
	return "other: " + name
}

// TestPowerCuts cuts the power at every sync of a run, of 2,000 payments in a commit.
func TestPowerCuts(t *testing.T) {
	n := sized(200, 2000, 2000)
	w := newSweep(t, newScript(*seedFlag, n))
	w.run.perStep, w.run.flushes, w.run.restarts = sized(20, 40, 4), 10, []int{n / 4, n / 2, n * 3 / 4}
	w.play()
}

// TestPowerCutsAmidRows cuts the power while rows go to disk by themselves: enough
// payments for the state store to be full several times.
func TestPowerCutsAmidRows(t *testing.T) {
	if *sizeFlag != "long" {
		t.Skip("100,000 payments: with -crash.size long")
	}
	w := newSweep(t, newScript(*seedFlag, 100_000))
	w.run.perStep = 500
	w.at = func(file string) bool { return file == "state table" || file == "state MANIFEST" }
	w.play()
}
