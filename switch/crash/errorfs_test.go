package crash

import (
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestDiskErrors has the n-th write, sync and read of a process fail, for n from 1
// on: the process must stop by itself, or refuse to start, with one clear sentence,
// and a start on what is left then must know everything that it had said.
func TestDiskErrors(t *testing.T) {
	base, each := newBase(t, 300, 60), sized(25, 200, 200)
	for _, c := range []struct {
		name string
		is   func(errorfs.OpKind) bool
	}{
		{"write", func(k errorfs.OpKind) bool {
			return k == errorfs.OpFileWrite || k == errorfs.OpFileWriteAt || k == errorfs.OpCreate || k == errorfs.OpReuseForWrite || k == errorfs.OpRename
		}},
		{"sync", syncs},
		{"read", func(k errorfs.OpKind) bool { return k == errorfs.OpFileRead || k == errorfs.OpFileReadAt }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := faults{t: t, base: base, each: each, is: c.is, ends: map[string]int{}, files: map[string]int{}}
			f.all()
		})
	}
}

// faults runs the end of a script again and again, with one error each.
type faults struct {
	t    *testing.T
	base *base
	each int // one error in each of so many runs
	is   func(errorfs.OpKind) bool

	mu    sync.Mutex // guards what follows
	ends  map[string]int
	files map[string]int
}

func (f *faults) all() {
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := range next {
				f.one(n)
			}
		})
	}
	for n := 1; n <= f.each; n++ {
		next <- n
	}
	close(next)
	workers.Wait()
	f.t.Logf("%d runs: %v", f.each, f.ends)
	for _, kind := range slices.Sorted(maps.Keys(f.files)) {
		f.t.Logf("%5d errors in %s", f.files[kind], kind)
	}
}

// one has operation n fail. The process dies of it, or, every other time, the whole
// machine with it.
func (f *faults) one(n int) {
	var count atomic.Int64
	var file atomic.Pointer[string]
	inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !f.is(op.Kind) || count.Add(1) != int64(n) {
			return nil
		}
		file.Store(&op.Path)
		return syscall.EIO
	})
	left, why := f.base.goOn(func(mem *vfs.MemFS) vfs.FS { return errorfs.Wrap(mem, inject) }, 100*(n%2), func(r *run) {
		r.restarts = []int{len(f.base.script.plans) - 30}
		for i := range f.base.at.sent { // old requests again: the switch must look them up
			r.later[r.o.step+1+i/10] = append(r.later[r.o.step+1+i/10], r.script.again(i, false))
		}
	})
	if file.Load() == nil {
		f.t.Errorf("%d: there is no such operation, the run is too short", n)
		return
	}
	end := endOf(why)
	if why == nil || !errors.Is(why, syscall.EIO) && !strings.Contains(why.Error(), syscall.EIO.Error()) {
		f.t.Errorf("%d: the error in %s came out as %v", n, *file.Load(), why)
	}
	if broken := judge(left.fs, left.script, left.at).broken(); broken != "" {
		f.t.Errorf("%d: after an error in %s, which ended with %v: %s", n, *file.Load(), why, broken)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends[end]++
	f.files[fileType(*file.Load())]++
}
