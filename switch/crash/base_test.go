package crash

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// base is a data folder that was in use, and what its outside knows.
type base struct {
	script *script
	fs     *vfs.MemFS
	at     moment
}

// newBase plays a script but for its last payments.
func newBase(t *testing.T, payments, left int) *base {
	t.Helper()
	b := &base{script: newScript(*seedFlag, payments)}
	fs := vfs.NewCrashableMem()
	r := newRun(b.script, place{fs: fs})
	err := r.start()
	for err == nil && int(r.sent.Load()) < payments-left {
		err = r.turn()
	}
	if err != nil {
		t.Fatal(err)
	}
	b.at = r.moment(func() { b.fs = everything(fs) })
	if err := r.p.stop(); err != nil {
		t.Fatal(err)
	}
	return b
}

// everything is the disk as the process sees it: what kill -9 leaves.
func everything(fs *vfs.MemFS) *vfs.MemFS { return survivors(fs, 100, 1) }

// survivors is the disk after a power cut that so many percent of what was not
// synced have survived.
func survivors(fs *vfs.MemFS, percent int, chance uint64) *vfs.MemFS {
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(*seedFlag, chance))})
}

// goOn has a switch go on with the folder, seen through disk, until its script is
// played or something fails. It returns why it ended, nil if nothing has failed, and
// what is left then: all that it wrote, or what a power cut at that moment leaves.
// The process ends there: what it still does, nobody hears.
func (b *base) goOn(disk func(*vfs.MemFS) vfs.FS, percent int, prepare func(*run)) (left *base, why error) {
	mem := everything(b.fs)
	left = &base{script: b.script}
	over := make(chan error, 1)
	var once sync.Once
	var r *run
	end := func(err error) {
		once.Do(func() {
			left.at = r.die(func() { left.fs = survivors(mem, percent, 2) })
			over <- err
		})
	}
	r = resume(b.script, place{fs: disk(mem), fatal: func(err error) {
		end(sudden{err})
		select {} // must not return
	}}, b.at)
	r.perStep = 1
	prepare(r)
	go func() {
		err := r.play()
		if err == nil {
			_, err = audit(r.at)
		}
		end(err)
	}()
	return left, <-over
}

// sudden is why a process ended by Fatal.
type sudden struct{ error }

// Unwrap is the reason.
func (s sudden) Unwrap() error { return s.error }

// endOf says how a process ended.
func endOf(why error) string {
	var refused refusal
	var at sudden
	switch {
	case why == nil:
		return "nothing failed"
	case errors.As(why, &refused):
		return "the start was refused"
	case errors.As(why, &at):
		return "it stopped at once"
	}
	return "it stopped"
}
