package retention

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/switch/journal"
)

var seeds = flag.Uint64("retention-seeds", 20, "random runs of TestCrashesAnywhere")

// TestCrashesAnywhere: days go by, the job runs, the process or the machine dies at
// any step, business_day_start changes: no record is lost, nothing is deleted before
// the archive and the rows have it on disk, nobody is forgotten too early, and in the
// end everything that is due is done.
func TestCrashesAnywhere(t *testing.T) {
	deaths, machines, moved := 0, 0, 0
	for seed := range *seeds {
		w := newWorld(t, seed)
		for range 12 {
			w.write(1 + w.rng.IntN(12))
			if w.rng.IntN(3) == 0 {
				w.rows.flush()
			}
			if w.rng.IntN(4) == 0 {
				w.start = time.Duration(w.rng.IntN(24)) * time.Hour
			}
			if w.rng.IntN(3) > 0 {
				w.life = 1 + w.rng.IntN(60)
			}
			if alive := w.run(); !alive || w.rng.IntN(4) == 0 {
				machine := w.rng.IntN(2) == 0
				deaths++
				if machine {
					machines++
				}
				w.die(machine)
			}
			w.life = -1
		}
		w.run()
		w.check()
		moved += int(w.first() - 1)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if err := w.log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d runs: %d deaths, %d of them of the machine; %d records left the journal", *seeds, deaths, machines, moved)
	if deaths == 0 || moved == 0 {
		t.Error("this proves little")
	}
}

// TestEveryStep: the process, or the machine, dies at the n-th step of a run with
// much to do, for every n; the next run does what is left.
func TestEveryStep(t *testing.T) {
	for _, machine := range []bool{false, true} {
		steps := 0
		for n := 1; ; n++ {
			w := newWorld(t, 5)
			w.write(28)
			w.life = n
			alive := w.run()
			steps = n
			if !alive {
				w.die(machine)
				w.run()
			}
			w.check()
			if err := w.log.Close(); err != nil {
				t.Fatal(err)
			}
			if alive {
				break
			}
		}
		t.Logf("died at each of %d steps (machine: %v)", steps, machine)
	}
}

// names are the files of the archive.
func (w *world) names() string {
	return strings.Join(slices.Sorted(maps.Keys(w.folder.names)), " ")
}

// TestDays: which days go where, and when.
func TestDays(t *testing.T) {
	w := newWorld(t, 1)
	w.now = at(t, "2024-02-26T12:00:00Z")
	var g journal.Group
	for day := range 7 { // to the 3rd of March of a leap year
		for range 2 {
			w.now += int64(time.Hour)
			g.Reset(w.log.Next())
			g.At(w.now)
			w.records[g.Next()] = "x"
			g.Add([]byte("x"))
			ticket, err := w.log.Append(&g)
			if err != nil || ticket.Wait() != nil {
				t.Fatal(err)
			}
		}
		w.rows.applied = uint64(2 * (day + 1))
		w.now += int64(22 * time.Hour)
	}
	w.records = map[uint64]string{}
	for seq := range uint64(14) {
		w.records[seq+1] = "x"
	}
	w.rows.flush()
	job := func(change func(*Options)) error {
		t.Helper()
		o := w.options()
		o.Rows = noRows{w.rows}
		change(&o)
		j, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		return j.Once(context.Background())
	}
	for _, c := range []struct {
		now, names string
		first      uint64
	}{
		{"2024-03-01T23:59:59Z", "2024-02-26.swseg", 3}, // three days stay, and today
		{"2024-03-02T00:00:00Z", "2024-02-26.swseg 2024-02-27.swseg", 5},
		{"2024-03-02T10:00:00Z", "2024-02-26.swseg 2024-02-27.swseg", 5}, // nothing new
		{"2024-03-04T00:00:00Z", "2024-02-26.swseg 2024-02-27.swseg 2024-02-28.swseg 2024-02-29.swseg", 9},
		{"2024-03-18T00:00:00Z", "2024-02-27.swseg 2024-02-28.swseg 2024-02-29.swseg 2024-03-01.swseg 2024-03-02.swseg", 13}, // 20 days in the archive; the day in which the journal ends stays
	} {
		w.now = at(t, c.now)
		if err := job(func(*Options) {}); err != nil {
			t.Fatal(err)
		}
		if w.names() != c.names || w.first() != c.first {
			t.Errorf("at %s: %s, the journal begins at %d; want %s, %d", c.now, w.names(), w.first(), c.names, c.first)
		}
	}
	header, seg, err := journal.VerifySegment(bytes.NewReader(w.folder.names["2024-02-29.swseg"].bytes))
	if err != nil || header.Day != "2024-02-29" || header.By != "test" || !slices.Equal(header.Participants, []string{"BANKA", "BANKB"}) || seg.First != 7 || seg.Last != 8 {
		t.Errorf("the file of the leap day: %+v %+v %v", header, seg, err)
	}
}

// noRows are rows with nothing to forget.
type noRows struct{ *memRows }

// FirstSince knows of no payment.
func (noRows) FirstSince(int64) (uint64, error) { return 0, nil }

// TestWhatIsInTheWay: a file of the day that holds something else is left alone, and
// the day gets another name; when that is taken too, somebody must look.
func TestWhatIsInTheWay(t *testing.T) {
	w := newWorld(t, 2)
	w.write(80)
	probe := newWorld(t, 2)
	probe.write(80)
	probe.run()
	days := strings.Fields(probe.names())
	if len(days) < 5 {
		t.Fatalf("only %v were archived", days)
	}
	for i, name := range days {
		bytes := slices.Clone(probe.folder.names[name].bytes)
		switch i {
		case 0: // whole, and ours: it is believed
		case 1:
			bytes[len(bytes)/2] ^= 1 // damaged
		case 2:
			bytes = probe.folder.names[days[3]].bytes // whole, of another day
		case 3:
			bytes = nil
		default:
			continue
		}
		w.folder.names[name] = &memFile{w: w, bytes: bytes, synced: bytes}
	}
	w.run()
	w.check()
	for i, name := range days[:4] {
		other := false
		for have := range w.folder.names {
			other = other || strings.HasPrefix(have, strings.TrimSuffix(name, segmentSuffix)+"-")
		}
		if other != (i > 0) {
			t.Errorf("%s was in the way: %s", name, w.names())
		}
	}

	stranger, here := newWorld(t, 2), newWorld(t, 2) // two switches with one archive
	stranger.of = " of another switch"
	stranger.write(40)
	stranger.run()
	here.write(40)
	maps.Copy(here.folder.names, stranger.folder.names)
	here.run()
	all := strings.Fields(here.names())
	for name := range stranger.folder.names {
		delete(here.folder.names, name)
	}
	here.check()
	if theirs := strings.Fields(stranger.names()); len(theirs) == 0 || len(all) != 2*len(theirs) {
		t.Errorf("another switch's days were taken for its own: %v", all)
	}

	again := newWorld(t, 2)
	again.write(80)
	header, seg, err := journal.VerifySegment(bytes.NewReader(probe.folder.names[days[0]].bytes))
	if err != nil {
		t.Fatal(err)
	}
	both := fmt.Sprintf("%s-%d-%d.swseg", header.Day, seg.First, seg.Last)
	again.folder.names[days[0]], again.folder.names[both] = &memFile{w: again}, &memFile{w: again}
	j, err := New(again.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Once(context.Background()); err == nil || !strings.Contains(err.Error(), both+" in archive does not hold those records") || again.first() != 1 {
		t.Errorf("%v; the journal begins at %d", err, again.first())
	}
}

// breaks fails one thing.
type breaks struct {
	*memFolder
	what string
}

var errBroken = errors.New("input/output error")

// Create may fail.
func (b breaks) Create(pattern string) (File, string, error) {
	if b.what == "create" {
		return nil, "", errBroken
	}
	f, name, err := b.memFolder.Create(pattern)
	return breaksFile{f, b.what}, name, err
}

// Rename may fail.
func (b breaks) Rename(old, name string) error {
	if b.what == "rename" {
		return errBroken
	}
	return b.memFolder.Rename(old, name)
}

// Open may give something else than was written.
func (b breaks) Open(name string) (io.ReadCloser, error) {
	if b.what == "read" {
		b.names[name].bytes[100] ^= 1
	}
	return b.memFolder.Open(name)
}

// Sync may fail.
func (b breaks) Sync() error {
	if b.what == "sync" {
		return errBroken
	}
	return b.memFolder.Sync()
}

type breaksFile struct {
	File
	what string
}

// Write may fail.
func (f breaksFile) Write(b []byte) (int, error) {
	if f.what == "write" {
		return 0, errBroken
	}
	return f.File.Write(b)
}

// Sync may fail.
func (f breaksFile) Sync() error {
	if f.what == "fsync" {
		return errBroken
	}
	return f.File.Sync()
}

// TestBrokenArchive: whatever does not work, nothing leaves the journal, the other
// parts do their work, and with the archive in order all is made up for.
func TestBrokenArchive(t *testing.T) {
	for _, what := range []string{"create", "write", "fsync", "read", "rename", "sync", "room"} {
		w := newWorld(t, 3)
		w.write(40)
		o := w.options()
		o.Archive = breaks{w.folder, what}
		if what == "room" {
			o.Spare = func() int64 { return spareLeast - 1 }
		}
		var log strings.Builder
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		j, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		j.due(context.Background())
		if w.first() != 1 || !strings.Contains(log.String(), "level=ERROR msg=retention") || strings.Contains(w.names(), partSuffix) {
			t.Errorf("%s: the journal begins at %d, the archive has %q, the log says %s", what, w.first(), w.names(), log.String())
		}
		if w.rows.known == 0 {
			t.Errorf("%s: nobody was forgotten", what)
		}
		log.Reset()
		w.now += int64(retryAfter) - 1
		j.due(context.Background())
		if log.Len() != 0 {
			t.Errorf("%s: tried again too early: %s", what, log.String())
		}
		w.run()
		w.check()
	}
}

// TestOncePerDay: Run's rhythm.
func TestOncePerDay(t *testing.T) {
	w := newWorld(t, 4)
	w.write(40)
	var log strings.Builder
	o := w.options()
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	for range 3 * 24 * 60 {
		before := w.first()
		j.due(context.Background())
		if w.first() != before {
			runs++
		}
		w.now += int64(time.Minute)
	}
	if runs != 4 || j.done != j.o.Calendar.DayOf(w.now-int64(time.Minute)) {
		t.Errorf("days left the journal in %d runs over three days, want 4: the first, and one on each new day", runs)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	log.Reset()
	w.now += 2 * int64(dayLength)
	if err := j.Run(ctx); err != nil || log.Len() != 0 {
		t.Errorf("a run that was told to end: %v, %s", err, log.String())
	}
}

// TestStop: it ends a run under way, and one that comes after.
func TestStop(t *testing.T) {
	w := newWorld(t, 4)
	w.write(40)
	begun := make(chan struct{})
	o := w.options()
	o.Rows = waits{w.rows, begun}
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- j.Run(context.Background()) }()
	<-begun
	j.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := j.Run(context.Background()); err != nil || w.first() != 1 {
		t.Errorf("%v; a stopped job has moved the journal to %d", err, w.first())
	}
	j.Stop()
}

// waits are rows that flush until they are told to stop.
type waits struct {
	*memRows
	begun chan struct{}
}

// Flush waits for the end.
func (r waits) Flush(ctx context.Context) error {
	close(r.begun)
	<-ctx.Done()
	return ctx.Err()
}

// TestWithoutArchive: nothing leaves the journal, and once a day somebody is told.
func TestWithoutArchive(t *testing.T) {
	w := newWorld(t, 6)
	w.write(40)
	var log strings.Builder
	o := w.options()
	o.Archive, o.ArchiveDays, o.Log = nil, 0, slog.New(slog.NewTextHandler(&log, nil))
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * 24 * 60 {
		j.due(context.Background())
		w.now += int64(time.Minute)
	}
	if n := strings.Count(log.String(), "has nowhere to go: set retention.archive_dir"); w.first() != 1 || n < 2 || n > 3 {
		t.Errorf("told %d times in two days, the journal begins at %d:\n%s", n, w.first(), log.String())
	}
	if w.rows.known == 0 {
		t.Error("nobody was forgotten")
	}
}

// TestOptionsAreChecked: all faults at once.
func TestOptionsAreChecked(t *testing.T) {
	_, err := New(Options{Archive: &memFolder{}, Calendar: Calendar{dayLength}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v", err)
	}
}

// TestFolder: the real one.
func TestFolder(t *testing.T) {
	path := t.TempDir() + "/a/b"
	f := At(path)
	w := newWorld(t, 7)
	w.write(40)
	o := w.options()
	o.Archive, o.Journal = f, w.log
	w.rows.flush()
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Once(context.Background()); err != nil {
		t.Fatal(err)
	}
	names, err := f.Names()
	if err != nil || len(names) < 5 || w.first() == 1 {
		t.Fatalf("%v %v, the journal begins at %d", names, err, w.first())
	}
	for _, name := range names {
		r, err := f.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := journal.VerifySegment(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
	if _, err := At(path + "/" + names[0]).Names(); err == nil {
		t.Error("a file is taken for a folder")
	}
}
