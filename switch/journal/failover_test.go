package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"switchd/switch/storage"
)

// twoDisks are two folders of one file system, of which either can be made to hang or to
// fail.
type twoDisks struct {
	vfs.FS
	mem *vfs.MemFS

	mu     sync.Mutex               // guards the rest
	hang   map[string]chan struct{} // by what the path begins with
	fail   map[string]error
	before func(op errorfs.Op) // of a change; without the lock
	failed map[string]int      // operations that have failed, by file
}

func newTwoDisks() *twoDisks {
	d := &twoDisks{mem: vfs.NewCrashableMem(), hang: map[string]chan struct{}{}, fail: map[string]error{}, failed: map[string]int{}}
	d.FS = errorfs.Wrap(d.mem, errorfs.InjectorFunc(d.change))
	return d
}

// change is asked before each operation. Reading never hangs: what is read here is in the
// memory of the system.
func (d *twoDisks) change(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo, errorfs.OpFileWrite, errorfs.OpFileWriteAt,
		errorfs.OpRename, errorfs.OpRemove, errorfs.OpCreate, errorfs.OpReuseForWrite:
	default:
		return nil
	}
	folder, _, _ := strings.Cut(op.Path, "/")
	var hang chan struct{}
	d.mu.Lock()
	err, before := d.fail[folder], d.before
	for begin, goOn := range d.hang {
		if strings.HasPrefix(op.Path, begin) {
			hang = goOn
		}
	}
	if err != nil {
		d.failed[op.Path]++
	}
	d.mu.Unlock()
	if before != nil {
		before(op)
	}
	if hang != nil {
		<-hang
	}
	return err
}

// stall lets a disk, or files of it, hang until go on is called.
func (d *twoDisks) stall(begin string) (goOn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hang := make(chan struct{})
	d.hang[begin] = hang
	return sync.OnceFunc(func() {
		d.mu.Lock()
		delete(d.hang, begin)
		d.mu.Unlock()
		close(hang)
	})
}

func (d *twoDisks) copy() *vfs.MemFS {
	return d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(6, 2))})
}

// said are the kinds of lines that a log has written.
type said chan string

func (s said) Enabled(context.Context, slog.Level) bool { return true }
func (s said) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s said) WithGroup(string) slog.Handler            { return s }

// Handle keeps the event of a line.
func (s said) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "event" {
			s <- a.Value.String()
		}
		return true
	})
	return nil
}

// until waits for an event.
func (s said) until(t *testing.T, event string) {
	t.Helper()
	for {
		select {
		case e := <-s:
			if e == event {
				return
			}
		case <-time.After(time.Minute):
			t.Fatalf("nobody has said %s", event)
		}
	}
}

// quick is a second folder that is used soon, and left soon: on a busy machine also when
// nothing hangs. Two tries within a fourth of After, 25 ms, are wanted to go back: a starved machine
// may need several, and the watchdog of a minute is for that.
var quick = storage.Failover{Dir: "second", After: 100 * time.Millisecond, Probe: time.Millisecond, Healthy: 2 * time.Millisecond}

func twoFolders(disk vfs.FS) Options {
	o := quiet(disk)
	o.Failover = quick
	return o
}

func openTwo(t *testing.T, o Options) *PebbleLog {
	t.Helper()
	l, err := OpenPebble("journal", o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// holds fails the test unless a journal can be opened and has the records up to last.
func holds(t *testing.T, what string, open func(string, Options) (*PebbleLog, error), o Options, last int) {
	t.Helper()
	l, err := open("journal", o)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if got, err := read(l, 1); err != nil || int(got) != last {
		t.Errorf("%s: records to %d of %d: %v", what, got, last, err)
	}
	if _, err := l.Verify(t.Context(), nil); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// TestStalledDisk: while the first disk hangs commits go on in the second folder; what
// they have promised is there after a loss of power; and when the disk is well again the
// journal goes back.
func TestStalledDisk(t *testing.T) {
	disks, events := newTwoDisks(), make(said, 1000)
	o := twoFolders(disks)
	o.Log = slog.New(events)
	var now atomic.Int64
	o.Failover.Clock = func() int64 { return now.Add(1) }
	l := openTwo(t, o)
	write(t, l, 3, 2)
	if f := l.Failover(); f.Dir != "second" {
		t.Errorf("before: %+v", f)
	}
	goOn := disks.stall("journal")
	defer goOn()
	write(t, l, 2, 1, 2) // each of them waits until it is durable
	events.until(t, "journal.second.used")
	if f := l.Failover(); !f.Active || f.Switches == 0 || l.Durable() != 10 {
		t.Errorf("while the disk hangs: %+v, durable to %d", f, l.Durable())
	}
	for _, percent := range []int{0, 50, 100} {
		what := fmt.Sprintf("power lost, %d %% survives", percent)
		left := func() vfs.FS {
			return disks.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(6, 5))})
		}
		holds(t, what+", read", OpenReadOnly, quiet(left()), 10)
		holds(t, what+", two folders", OpenPebble, twoFolders(left()), 10)
		holds(t, what+", parted", OpenPebble, quiet(left()), 10)
	}
	if err := l.Checkpoint("copy"); err != nil {
		t.Error(err)
	}
	goOn()
	events.until(t, "journal.second.over")
	write(t, l, 4)
	if f := l.Failover(); f.Switches < 2 || f.Second <= 0 || f.Second > l.Failover().Second {
		t.Errorf("after: %+v", f)
	}
	events.until(t, "journal.second.empty")
	ownFolder(t, disks, 14)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, "stopped", OpenReadOnly, quiet(disks.copy()), 14)
	copied, err := OpenReadOnly("copy", quiet(disks.mem))
	if err != nil {
		t.Fatal(err)
	}
	if last, err := read(copied, 1); last < 10 || err != nil {
		t.Errorf("the checkpoint ends at %d: %v", last, err)
	}
	if err := copied.Close(); err != nil {
		t.Error(err)
	}
}

// ownFolder fails the test unless the journal's own folder has all records, so that it goes
// without the second one, in which they were once alone.
func ownFolder(t *testing.T, disks *twoDisks, last int) {
	t.Helper()
	left := disks.mem.CrashClone(vfs.CrashCloneCfg{})
	if err := errors.Join(left.RemoveAll("second"), left.Remove("journal/"+FailoverNote)); err != nil {
		t.Fatal(err)
	}
	holds(t, "the second folder is lost", OpenPebble, quiet(left), last)
}

// TestLookWhileListHangs: while the list of files cannot be written, which a flush wants, who
// looks how the second folder is used does not wait, and the log goes on there.
func TestLookWhileListHangs(t *testing.T) {
	disks, listed := newTwoDisks(), make(chan error, 100)
	l := openTwo(t, twoFolders(disks))
	write(t, l, 3)
	disks.mu.Lock()
	disks.before = func(op errorfs.Op) {
		if strings.Contains(op.Path, "MANIFEST") {
			listed <- nil
		}
	}
	disks.mu.Unlock()
	soon := func(what string, done <-chan error) {
		t.Helper()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("not yet: %s", what)
		}
	}
	listGoesOn := disks.stall("journal/MANIFEST")
	defer listGoesOn()
	if _, err := l.db.AsyncFlush(); err != nil {
		t.Fatal(err)
	}
	soon("the list is written", listed)
	looked, durable := make(chan error, 1), make(chan error, 1)
	go func() {
		if f := l.Failover(); f.Dir != "second" {
			t.Errorf("%+v", f)
		}
		looked <- nil
	}()
	soon("somebody has looked", looked)
	goOn := disks.stall("journal")
	defer goOn()
	var g Group
	g.Reset(l.Next())
	g.Add([]byte("record 4"))
	promise, err := l.Append(&g)
	if err != nil {
		t.Fatal(err)
	}
	go func() { durable <- promise.Wait() }()
	soon("the group is durable", durable)
	if f := l.Failover(); !f.Active || l.Durable() != 4 {
		t.Errorf("%+v, durable to %d", f, l.Durable())
	}
	listGoesOn()
	goOn()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, "stopped", OpenReadOnly, quiet(disks.copy()), 4)
}

// TestCrashInTwoFolders takes the power away before every change of both disks while the
// first one hangs now and then: nothing that was promised is lost, whether the next start
// has two folders or one.
func TestCrashInTwoFolders(t *testing.T) {
	type crash struct {
		fs      *vfs.MemFS
		what    string
		written [][]byte
		durable int
	}
	disks, events := newTwoDisks(), make(said, 10_000)
	var p promises
	var crashes []crash
	var mu sync.Mutex // guards crashes and points
	points, every, rng := 0, 13, rand.New(rand.NewPCG(6, 12))
	if testing.Short() {
		every = 41
	}
	disks.before = func(op errorfs.Op) {
		mu.Lock()
		defer mu.Unlock()
		if points++; points%every != 0 || len(crashes) >= 160 {
			return
		}
		_, durable := p.now()
		for _, percent := range []int{0, 50} {
			fs := disks.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
			written, _ := p.now()
			crashes = append(crashes, crash{fs, fmt.Sprintf("point %d (%v of %s), %d %% survives", points, op.Kind, op.Path, percent), written, durable})
		}
	}
	o := twoFolders(disks)
	o.Log = slog.New(events)
	for round := range 3 {
		l := openTwo(t, o)
		for range 2 {
			goOn := disks.stall("journal")
			if err := p.append(l, rand.New(rand.NewPCG(6, uint64(round))), 8); err != nil {
				t.Fatal(err)
			}
			goOn()
			events.until(t, "journal.second.over")
			if err := p.append(l, rand.New(rand.NewPCG(7, uint64(round))), 5); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for i, c := range crashes {
		if i%4 < 2 { // first with two folders, and killed again
			l, err := OpenPebble("journal", twoFolders(c.fs))
			if err != nil {
				t.Errorf("%s: %v", c.what, err)
				continue
			}
			killed := c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0})
			if err := l.Close(); err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
			c.fs = killed
		}
		kept(t, c.what, c.fs, c.written, c.durable)
	}
	t.Logf("%d crashes at %d points", len(crashes), points)
	if len(crashes) < 20 {
		t.Errorf("only %d crashes", len(crashes))
	}
}

// TestNoRoomInSecondFolder: with too little room on the second disk the log does not go there:
// who writes waits for the first disk, however long it hangs, and goes on with room again.
func TestNoRoomInSecondFolder(t *testing.T) {
	disks, events := newTwoDisks(), make(said, 1000)
	o := twoFolders(disks)
	o.Log = slog.New(events)
	var room atomic.Bool
	asked := make(chan struct{}, 1000)
	o.Failover.Enough = func() bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		return room.Load()
	}
	l := openTwo(t, o)
	write(t, l, 3)
	goOn := disks.stall("journal")
	defer goOn()
	waits := func() <-chan error {
		var g Group
		g.Reset(l.Next())
		g.Add([]byte("record 4")) // which has to wait
		promise, err := l.Append(&g)
		if err != nil {
			t.Fatal(err)
		}
		durable := make(chan error, 1)
		go func() { durable <- promise.Wait() }()
		return durable
	}
	durable := waits()
	for len(asked) > 0 {
		<-asked
	}
	for range 20 { // a fourth of After each: the disk hangs for long
		select {
		case <-asked:
		case <-time.After(time.Minute):
			t.Fatal("nobody asks whether there is room")
		}
	}
	select {
	case err := <-durable:
		t.Errorf("it is durable: %v", err)
	default:
	}
	if f := l.Failover(); f.Active || f.Switches != 0 || l.Durable() != 3 {
		t.Errorf("without room: %+v, durable to %d", f, l.Durable())
	}
	room.Store(true)
	events.until(t, "journal.second.used")
	if err := <-durable; err != nil || l.Durable() != 4 {
		t.Errorf("with room: durable to %d: %v", l.Durable(), err)
	}
	room.Store(false) // what is there stays there, and may come back
	goOn()
	events.until(t, "journal.second.over")
	write(t, l, 2)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, "stopped", OpenReadOnly, quiet(disks.copy()), 6)
}

// TestBothDisks: when the second disk fails while the first one hangs, or the first one
// fails at last, the process ends, and nothing is synced again.
func TestBothDisks(t *testing.T) {
	for _, c := range []struct {
		failing string
		with    error
	}{{"second", syscall.EIO}, {"second", syscall.ENOSPC}, {"journal", syscall.EIO}} {
		failing := c.failing
		disks, fatal := newTwoDisks(), make(chan error, 1)
		o := twoFolders(disks)
		o.Fatal = func(err error) {
			select {
			case fatal <- err:
			default:
			}
			select {} // a process that ends does nothing more
		}
		if failing == "journal" {
			o.Failover.After = time.Hour // nothing is so slow
		}
		l := openTwo(t, o)
		write(t, l, 3)
		goOn := disks.stall("journal")
		disks.mu.Lock()
		disks.fail[failing] = c.with
		disks.mu.Unlock()
		var g Group
		g.Reset(l.Next())
		g.Add([]byte("record 4"))
		if failing == "journal" {
			goOn()
		}
		promise, err := l.Append(&g)
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		go func() { waited <- promise.Wait() }()
		select {
		case err := <-fatal:
			if !errors.Is(err, c.with) || !strings.Contains(err.Error(), failing+"/") {
				t.Errorf("ended by: %v", err)
			}
		case err := <-waited:
			t.Errorf("%s fails, and the group was written: %v", failing, err)
		case <-time.After(time.Minute):
			t.Fatalf("%s fails, and the process goes on", failing)
		}
		disks.mu.Lock()
		for path, n := range disks.failed {
			if n != 1 {
				t.Errorf("%s: %d operations on %s after its first error", failing, n-1, path)
			}
		}
		disks.mu.Unlock()
		holds(t, failing+" has failed", OpenReadOnly, quiet(disks.copy()), 3)
		goOn()
	}
}
