package crash

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// sector is what a disk writes as a whole.
const sector = 512

// write is a group on its way to the disk: the file system with all of it, and how
// much of the log was synced before.
type write struct {
	fs     *vfs.MemFS
	wal    string
	synced int64
	size   int64
	at     moment
}

// writes plays a script and returns the writes to the journal's log that a power
// cut could have torn.
func writes(t *testing.T, s *script, perStep int) (all []write, end write) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	var r *run
	r = newRun(s, place{fs: errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !syncs(op.Kind) || fileType(op.Path) != "journal WAL" || r.sent.Load() == 0 {
			return nil
		}
		w := write{wal: op.Path}
		var before *vfs.MemFS
		w.at = r.moment(func() { w.fs, before = everything(mem), mem.CrashClone(vfs.CrashCloneCfg{}) })
		w.size, w.synced = size(t, w.fs, w.wal), size(t, before, w.wal)
		all = append(all, w)
		return nil
	}))})
	r.perStep = perStep
	err := r.start()
	for err == nil && (int(r.sent.Load()) < len(s.plans) || r.busy()) {
		err = r.turn()
	}
	if err != nil {
		t.Fatal(err)
	}
	end.at = r.moment(func() { end.fs = everything(mem) })
	end.wal = all[len(all)-1].wal
	end.size = size(t, end.fs, end.wal)
	end.synced = end.size
	if err := r.p.stop(); err != nil {
		t.Fatal(err)
	}
	return all, end
}

func size(t testing.TB, fs vfs.FS, name string) int64 {
	t.Helper()
	info, err := fs.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// read is the content of a file.
func read(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// replace writes a file anew.
func replace(t testing.TB, fs vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// damage judges copies of one write, each with the log changed in one way.
type damage struct {
	t    *testing.T
	s    *script
	w    write
	must bool // it must start
	work chan func()
	all  sync.WaitGroup

	mu                    sync.Mutex // guards what follows
	tried, started, named int
	refusals              map[string]int
}

func newDamage(t *testing.T, s *script, w write, must bool) *damage {
	d := &damage{t: t, s: s, w: w, must: must, work: make(chan func()), refusals: map[string]int{}}
	for range runtime.GOMAXPROCS(0) {
		d.all.Go(func() {
			for f := range d.work {
				f()
			}
		})
	}
	return d
}

// try judges the write with what change makes of the log.
func (d *damage) try(name string, change func(log []byte) []byte) {
	d.work <- func() {
		fs := everything(d.w.fs)
		log := change(read(d.t, fs, d.w.wal))
		replace(d.t, fs, d.w.wal, log)
		v := judge(fs, d.s, d.w.at)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.tried++
		switch {
		case len(v.faults) > 0, v.stopped != nil, d.must && v.refused != nil:
			d.t.Errorf("%s: %s", name, v.broken())
		case v.refused == nil:
			d.started++
		case !strings.Contains(v.refused.Error(), path.Base(d.w.wal)) || !strings.Contains(v.refused.Error(), "offset"):
			d.t.Errorf("%s: the refusal does not name file and offset: %v", name, v.refused)
		default:
			d.named++
		}
	}
}

func (d *damage) done() {
	close(d.work)
	d.all.Wait()
	d.t.Logf("%s, %d bytes of it synced before %d: %d changes, %d started with nothing lost, %d refused with file and offset",
		d.w.wal, d.w.synced, d.w.size, d.tried, d.started, d.named)
}

// fillers are what a disk may have behind the end of a log: nothing, the zeros of a
// file that was made longer beforehand, or what an older log has left there.
func fillers(log []byte) map[string][]byte {
	stale := append([]byte(nil), log[:min(len(log), 2*sector)]...)
	return map[string][]byte{"nothing": nil, "zeros": make([]byte, 8*sector), "older bytes": stale}
}

// TestTornGroup cuts the last write to the log, of which nothing was promised, at
// each of its bytes: whatever stands behind the cut, the switch starts and has lost
// nothing that it had said.
func TestTornGroup(t *testing.T) {
	s := newScript(*seedFlag, 40)
	all, _ := writes(t, s, 2)
	best := all[0]
	for _, w := range all[len(all)/3:] { // a small one in the middle of things
		if n := w.size - w.synced; n > 300 && (n < best.size-best.synced || best.size-best.synced <= 300) {
			best = w
		}
	}
	d := newDamage(t, s, best, true)
	for name, fill := range fillers(read(t, best.fs, best.wal)) {
		for cut := best.synced; cut <= best.size; cut++ {
			if every := int64(sized(9, 3, 1)); cut%every != 0 && (name != "nothing" || *sizeFlag == "small") {
				continue
			}
			d.try(fmt.Sprintf("cut at %d, then %s", cut, name), func(log []byte) []byte { return append(log[:cut:cut], fill...) })
		}
	}
	d.done()
}

// TestReorderedSectors: of the last write some sectors are on the disk and some are
// not, in any order.
func TestReorderedSectors(t *testing.T) {
	s := newScript(*seedFlag, 80)
	all, _ := writes(t, s, 20)
	best := all[0]
	for _, w := range all {
		if w.size-w.synced > best.size-best.synced {
			best = w
		}
	}
	d := newDamage(t, s, best, true)
	sectors := int((best.size+sector-1)/sector - best.synced/sector)
	if sectors < 10 {
		t.Fatalf("the largest write has %d sectors only", sectors)
	}
	lose := func(log []byte, n int) {
		from := max(best.synced, (best.synced/sector+int64(n))*sector)
		clear(log[from:min(int64(len(log)), (best.synced/sector+int64(n)+1)*sector)])
	}
	for n := range sectors {
		d.try(fmt.Sprintf("sector %d of %d is not there", n, sectors), func(log []byte) []byte { lose(log, n); return log })
	}
	for n := range sized(20, 100, 2000) {
		d.try(fmt.Sprintf("half of the sectors are there, seed %d", n), func(log []byte) []byte {
			chance := rand.New(rand.NewPCG(*seedFlag, uint64(n)))
			for k := range sectors {
				if chance.IntN(2) == 0 {
					lose(log, k)
				}
			}
			return log
		})
	}
	d.done()
}

// TestLostSectors cuts the log where it was promised, at each sector, and zeroes
// each: that is not what a crash does, and the start must refuse it, or have lost
// nothing.
func TestLostSectors(t *testing.T) {
	s := newScript(*seedFlag, 60)
	_, end := writes(t, s, 6)
	d := newDamage(t, s, end, false)
	for at := int64(0); at < end.size; at += sector {
		d.try(fmt.Sprintf("cut at %d", at), func(log []byte) []byte { return log[:at] })
		d.try(fmt.Sprintf("no sector at %d", at), func(log []byte) []byte { clear(log[at:min(end.size, at+sector)]); return log })
	}
	d.done()
	if d.started > d.tried/10 {
		t.Errorf("%d of %d changes did not matter: what was changed?", d.started, d.tried)
	}
}
