package retention

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
)

// world is a data folder with a real journal, an archive and rows that lose what was
// not synced, and a process that may die at any step.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	now     int64
	start   time.Duration // of the business day
	mem     *vfs.MemFS
	log     *journal.PebbleLog
	folder  *memFolder
	rows    *memRows
	records map[uint64]string // everything that ever was durable in the journal
	of      string            // what else its records say
	life    int               // steps until the process dies; less than 0: it does not
}

// died is what a process ends with in the middle.
type died struct{}

// step is one moment at which the process may die.
func (w *world) step() {
	if w.life--; w.life == 0 {
		panic(died{})
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: 1_790_000_000 * int64(time.Second), mem: vfs.NewCrashableMem(), records: map[uint64]string{}, life: -1}
	w.folder = &memFolder{w: w, names: map[string]*memFile{}, synced: map[string]*memFile{}}
	w.rows = &memRows{w: w, payments: map[uint64]int64{}, onDisk: map[uint64]int64{}}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.log, err = journal.OpenPebble("journal", journal.Options{FS: w.mem, Log: slog.New(slog.DiscardHandler)}); err != nil {
		w.t.Fatal(err)
	}
}

// write appends groups of payments over the next hours. Every record is a payment.
func (w *world) write(groups int) {
	w.t.Helper()
	var g journal.Group
	for range groups {
		w.now += w.rng.Int64N(int64(9 * time.Hour))
		g.Reset(w.log.Next())
		g.At(w.now)
		for range 1 + w.rng.IntN(3) {
			seq := g.Next()
			w.records[seq] = fmt.Sprintf("record %d at %d%s", seq, w.now, w.of)
			w.rows.payments[seq] = w.now
			g.Add([]byte(w.records[seq]))
		}
		ticket, err := w.log.Append(&g)
		if err == nil {
			err = ticket.Wait()
		}
		if err != nil {
			w.t.Fatal(err)
		}
		w.rows.applied = g.Next() - 1
	}
}

// die ends the process, or the whole machine: then nothing is left that was not
// synced, or only some of it.
func (w *world) die(machine bool) {
	w.t.Helper()
	unsynced := 100
	if machine {
		unsynced = 50 * w.rng.IntN(2)
	}
	crashed := w.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(w.rng.Uint64(), 2))})
	_ = w.log.Close() // only to end its goroutines
	w.mem = crashed
	w.open()
	if machine {
		w.folder.crash()
	}
	w.rows.crash()
	w.life = -1
}

// options are those of a job in this world: a few days of each.
func (w *world) options() Options {
	return Options{
		Journal: watchedLog{w.log, w}, Rows: w.rows, Archive: w.folder, Calendar: Calendar{w.start}, Clock: func() int64 { return w.now },
		JournalDays: 3, StateDays: 5, ArchiveDays: 20, Pause: time.Nanosecond, Log: slog.New(slog.DiscardHandler), By: "test", Participants: func() []string { return []string{"BANKA", "BANKB"} },
	}
}

// run runs the job once in a new process, and says whether it died.
func (w *world) run() (alive bool) {
	w.t.Helper()
	j, err := New(w.options())
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(died); !is {
				panic(r)
			}
			alive = false
		}
	}()
	if err := j.Once(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	return true
}

// watchedLog is the journal, and checks what it is told to delete.
type watchedLog struct {
	*journal.PebbleLog
	w *world
}

// DeleteBefore must come after the rows have it on disk, and after the archive would
// have it even if the machine died now.
func (l watchedLog) DeleteBefore(seq uint64) (journal.Base, error) {
	l.w.step()
	if l.w.rows.durable < seq-1 {
		l.w.t.Fatalf("records before %d are deleted, the rows on disk go to %d", seq, l.w.rows.durable)
	}
	stat, err := l.Stat()
	if err != nil {
		return journal.Base{}, err
	}
	kept := l.w.archived(l.w.folder.synced, func(f *memFile) []byte { return f.synced })
	for n := stat.First; n < seq; n++ {
		if kept[n] != l.w.records[n] {
			l.w.t.Fatalf("record %d is deleted and %q in the archive", n, kept[n])
		}
	}
	base, err := l.PebbleLog.DeleteBefore(seq)
	l.w.step()
	return base, err
}

// archived reads all files of the archive that are whole.
func (w *world) archived(names map[string]*memFile, bytesOf func(*memFile) []byte) map[uint64]string {
	all := map[uint64]string{}
	for name, f := range names {
		if !strings.HasSuffix(name, segmentSuffix) {
			continue
		}
		here := map[uint64]string{}
		_, _, err := journal.ReadSegment(bytes.NewReader(bytesOf(f)), func(r journal.Record) error {
			here[r.Seq] = string(r.Bytes)
			return nil
		})
		for seq, record := range here {
			if err == nil && all[seq] != w.records[seq] { // another switch's may lie beside ours
				all[seq] = record
			}
		}
	}
	return all
}

// check compares everything that was ever recorded with what is left in journal and
// archive, and the rows with what is to be known.
func (w *world) check() {
	w.t.Helper()
	left := w.archived(w.folder.names, func(f *memFile) []byte { return f.bytes })
	if err := w.log.Replay(w.first(), func(seq uint64, record []byte) error { left[seq] = string(record); return nil }); err != nil {
		w.t.Fatal(err)
	}
	// The archive may have lost what was too old, whole days of it; a day that was
	// cut in two by a change of business_day_start ends with the later start.
	gone := (Calendar{w.start}).Begin((Calendar{w.start}).DayOf(w.now)-20) + int64(dayLength)
	for seq, record := range w.records {
		if left[seq] == record {
			continue
		}
		if at := w.at(seq); left[seq] != "" || at >= gone {
			w.t.Fatalf("record %d of %v before now is %q, want %q", seq, time.Duration(w.now-at), left[seq], record)
		}
	}
	for _, name := range slices.Collect(maps.Keys(w.folder.names)) {
		if strings.HasSuffix(name, partSuffix) {
			w.t.Errorf("%s was left behind", name)
		}
	}
	// The days of a limit end where they begin now; they were others before a change
	// of business_day_start, but never fewer.
	limit, young := (Calendar{w.start}).Begin((Calendar{w.start}).DayOf(w.now)-5), w.now-5*int64(dayLength)
	for seq := range w.records {
		_, there := w.rows.payments[seq]
		switch at := w.at(seq); {
		case there == (seq < w.rows.known):
			w.t.Fatalf("payment %d of %v before now: in the rows %v, known from %d", seq, time.Duration(w.now-at), there, w.rows.known)
		case !there && at > young || there && at < limit:
			w.t.Fatalf("payment %d of %v before now: in the rows %v", seq, time.Duration(w.now-at), there)
		}
	}
}

func (w *world) first() uint64 {
	stat, err := w.log.Stat()
	if err != nil {
		w.t.Fatal(err)
	}
	return stat.First
}

func (w *world) at(seq uint64) (at int64) {
	if _, err := fmt.Sscanf(w.records[seq], "record %d at %d", new(uint64), &at); err != nil {
		w.t.Fatal(err)
	}
	return at
}

// memFolder is an archive that keeps only synced bytes under synced names.
type memFolder struct {
	w             *world
	names, synced map[string]*memFile
	made          int
}

type memFile struct {
	w             *world
	bytes, synced []byte
}

// String names it.
func (f *memFolder) String() string { return "archive" }

// Names lists it.
func (f *memFolder) Names() ([]string, error) { return slices.Sorted(maps.Keys(f.names)), nil }

// Create makes a file.
func (f *memFolder) Create(pattern string) (File, string, error) {
	f.w.step()
	f.made++
	name := strings.Replace(pattern, "*", fmt.Sprint(f.made), 1)
	file := &memFile{w: f.w}
	f.names[name] = file
	return file, name, nil
}

// Open reads a file.
func (f *memFolder) Open(name string) (io.ReadCloser, error) {
	f.w.step()
	file, there := f.names[name]
	if !there {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(file.bytes)), nil
}

// Rename renames a file, in memory.
func (f *memFolder) Rename(old, name string) error {
	f.w.step()
	if _, there := f.names[name]; there {
		f.w.t.Fatalf("%s is overwritten", name)
	}
	f.names[name] = f.names[old]
	delete(f.names, old)
	f.w.step()
	return nil
}

// Remove removes a file, in memory.
func (f *memFolder) Remove(name string) error {
	f.w.step()
	if _, there := f.names[name]; !there {
		return fs.ErrNotExist
	}
	delete(f.names, name)
	f.w.step()
	return nil
}

// Sync makes the names stay.
func (f *memFolder) Sync() error {
	f.w.step()
	f.synced = maps.Clone(f.names)
	f.w.step()
	return nil
}

// crash loses what was not synced; of names, some may have been.
func (f *memFolder) crash() {
	for _, name := range slices.Sorted(maps.Keys(f.names)) { // in order: chance is used up here
		if _, kept := f.synced[name]; !kept && f.w.rng.IntN(2) == 0 {
			f.synced[name] = f.names[name]
		}
	}
	f.names = maps.Clone(f.synced)
	for _, file := range f.names {
		file.bytes = slices.Clone(file.synced)
	}
}

// Write adds to a file; a process that dies in it has written some.
func (f *memFile) Write(b []byte) (int, error) {
	if f.w.life == 1 {
		b = b[:f.w.rng.IntN(len(b)+1)]
	}
	f.bytes = append(f.bytes, b...)
	f.w.step()
	return len(b), nil
}

// Sync makes the bytes stay.
func (f *memFile) Sync() error {
	f.w.step()
	f.synced = slices.Clone(f.bytes)
	f.w.step()
	return nil
}

// Close ends it.
func (f *memFile) Close() error { return nil }

// memRows are the rows of payments, each made at a time. What was not flushed is
// lost, and comes back by the replay of the journal, which has what was forgotten.
type memRows struct {
	w                *world
	payments, onDisk map[uint64]int64
	applied, durable uint64
	known            uint64
}

func (r *memRows) Durable() (uint64, error) { return r.durable, nil }

func (r *memRows) Flush(context.Context) error {
	r.w.step()
	r.flush()
	r.w.step()
	return nil
}

func (r *memRows) flush() { r.durable, r.onDisk = r.applied, maps.Clone(r.payments) }

func (r *memRows) crash() {
	if r.w.first() > r.durable+1 {
		r.w.t.Fatalf("the rows on disk go to %d, the journal begins at %d", r.durable, r.w.first())
	}
	payments := maps.Clone(r.onDisk)
	for seq := r.durable + 1; seq <= r.applied; seq++ {
		payments[seq] = r.w.at(seq)
	}
	r.payments = payments
}

// FirstSince looks at every payment that ever was.
func (r *memRows) FirstSince(at int64) (uint64, error) {
	first := r.applied + 1
	for seq := range r.w.records {
		if r.w.at(seq) >= at {
			first = min(first, seq)
		}
	}
	return first, nil
}

func (r *memRows) Known(context.Context) (uint64, error) { return r.known, nil }

func (r *memRows) Forget(_ context.Context, before uint64) error {
	r.w.step()
	if before <= r.known || before > r.applied+1 {
		return errors.New("refused")
	}
	r.known = before
	r.w.step()
	return nil
}

func (r *memRows) Sweep(_ context.Context, before uint64, atMost int) (deleted int, more bool, err error) {
	if before > r.known {
		r.w.t.Fatalf("rows below %d are deleted, known are those from %d", before, r.known)
	}
	r.w.step()
	for _, seq := range slices.Sorted(maps.Keys(r.payments)) {
		if seq >= before {
			break
		}
		if deleted == min(atMost, 3) { // slices of a few, so that there are several
			return deleted, true, nil
		}
		delete(r.payments, seq)
		deleted++
	}
	return deleted, false, nil
}
