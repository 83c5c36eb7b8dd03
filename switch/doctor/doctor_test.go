package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/switch/clock"
)

// step is a clock on which each reading comes so much later.
func step(each time.Duration) func() int64 {
	now := time.Now().UnixNano()
	return func() int64 {
		now += int64(each)
		return now
	}
}

// of is the finding of a name.
func of(t *testing.T, all []Finding, name string) Finding {
	t.Helper()
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("nothing about %s in %+v", name, all)
	return Finding{}
}

// TestMachine: each look has a finding, one that is not good says what to do, and nothing
// stays in the folder.
func TestMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all := Machine(t.Context(), Options{Dir: dir, Clock: step(time.Millisecond), Syncs: 5})
	for _, name := range []string{"disk", "fsync", "clock jump", "clock", "file descriptors", "core dumps", "swap"} {
		if f := of(t, all, name); f.Text == "" || (f.Level != OK) != (f.Todo != "") {
			t.Errorf("%+v", f)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v: it has left %v", err, left)
	}
}

// TestSecondDisk: the room for the journal's second folder is judged by itself, also where
// that is not there yet; without one nothing is said.
func TestSecondDisk(t *testing.T) {
	t.Parallel()
	o := Options{Clock: step(time.Millisecond)}
	for _, f := range Machine(t.Context(), o) {
		if f.Name == "second disk" {
			t.Errorf("without one: %+v", f)
		}
	}
	o.Second = filepath.Join(t.TempDir(), "not", "yet")
	for _, c := range []struct {
		least, low int64
		want       Level
	}{{1, 2, OK}, {1, 1 << 60, Warn}, {1 << 60, 1 << 61, Bad}} {
		o.SecondLeast, o.SecondLow = c.least, c.low
		if f := of(t, Machine(t.Context(), o), "second disk"); f.Level != c.want || !strings.Contains(f.Text, o.Second) || (f.Level != OK) != (f.Todo != "") {
			t.Errorf("%+v: %+v", c, f)
		}
	}
}

// took is a clock by which the fsyncs take what a list says, again and again.
func took(each ...time.Duration) func() int64 {
	now, reads := int64(0), 0 // one at the begin, then two for each
	return func() int64 {
		if reads > 0 && reads%2 == 0 {
			now += int64(each[(reads/2-1)%len(each)])
		}
		reads++
		return now
	}
}

// TestSyncs: what an fsync may take, by a clock of the test. A few slow ones decide
// nothing, and good and bad are a factor of ten apart.
func TestSyncs(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	f := func(level Level, text string, each ...time.Duration) {
		t.Helper()
		f := syncs(t.Context(), &Options{Dir: t.TempDir(), Clock: took(each...), Syncs: 20})
		if f.Level != level || f.Text != text || (level == OK) != (f.Todo == "") {
			t.Errorf("%v: %+v, want %s %q", each, f, level, text)
		}
	}
	f(OK, "p50 1.0ms, p90 1.0ms, max 1.0ms of 20 appends of 4 KiB", ms)
	f(OK, "p50 9.9ms, p90 9.9ms, max 9.9ms of 20 appends of 4 KiB", 9900*time.Microsecond)
	f(OK, "p50 1.0ms, p90 1.0ms, max 900.0ms of 20 appends of 4 KiB", ms, 900*ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms, ms)
	f(OK, "p50 1.0ms, p90 60.0ms, max 60.0ms of 20 appends of 4 KiB", ms, 60*ms, ms, ms, ms)
	f(Warn, "slow at times: p50 1.0ms, p90 150.0ms, max 150.0ms of 20 appends of 4 KiB", ms, 150*ms, ms, ms, ms)
	f(Warn, "slow: p50 10.0ms, p90 10.0ms, max 10.0ms of 20 appends of 4 KiB", 10*ms)
	f(Warn, "slow: p50 50.0ms, p90 900.0ms, max 900.0ms of 18 appends of 4 KiB", 50*ms, 2*ms, 900*ms) // for longer than it may take
	f(Warn, "slow: p50 99.0ms, p90 99.0ms, max 99.0ms of 20 appends of 4 KiB", 99*ms)
	f(Bad, "far too slow: p50 100.0ms, p90 100.0ms, max 100.0ms of 20 appends of 4 KiB", 100*ms)
	f(Bad, "far too slow: p50 6000.0ms, p90 6000.0ms, max 6000.0ms of 1 appends of 4 KiB", 6*time.Second)
	f(Warn, "so fast that nothing reaches a disk: p50 10us, p90 10us, max 10us of 20 appends of 4 KiB", 10*time.Microsecond)
	if f := syncs(t.Context(), &Options{Dir: filepath.Join(t.TempDir(), "not", "there"), Clock: step(ms), Syncs: 1}); f.Level != OK {
		t.Errorf("where the folder would be: %+v", f)
	}
}

// TestRoom: below the warning it warns, below the reserve it is bad.
func TestRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reserve, warning int64
		level            Level
	}{{0, 1, OK}, {1, 1 << 62, Warn}, {1 << 61, 1 << 62, Bad}} {
		if f := room(&Options{Dir: t.TempDir(), Reserve: c.reserve, Warning: c.warning}); f.Level != c.level {
			t.Errorf("%d %d: %+v", c.reserve, c.warning, f)
		}
	}
}

// TestNoSyncsBelowReserve: what is left is not written to.
func TestNoSyncsBelowReserve(t *testing.T) {
	t.Parallel()
	f := of(t, Machine(t.Context(), Options{Dir: t.TempDir(), Reserve: 1 << 61, Clock: step(time.Millisecond), Syncs: 5}), "fsync")
	if f.Level != OK || !strings.HasPrefix(f.Text, "not measured") {
		t.Errorf("%+v", f)
	}
}

// TestClock: a clock that nothing keeps right warns, one that is off is bad, one of which
// nothing is known is neither.
func TestClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state clock.State
		err   error
		level Level
		want  string
	}{
		{clock.State{Synchronized: true, Offset: -time.Millisecond, ErrorMax: time.Millisecond}, nil, OK, "synchronised"},
		{clock.State{Offset: time.Hour}, nil, Warn, "nothing keeps the clock right"},
		{clock.State{Synchronized: true, Offset: -2 * time.Second}, nil, Bad, "off by"},
		{clock.State{Synchronized: true, ErrorMax: 2 * time.Second}, nil, Bad, "off by"},
		{clock.State{}, clock.ErrUnknown, OK, ""},
	} {
		if f := clockFinding(c.state, c.err); f.Level != c.level || !strings.Contains(f.Text, c.want) {
			t.Errorf("%+v %v: %+v", c.state, c.err, f)
		}
	}
}

// TestClockJump: a file from the future is bad.
func TestClockJump(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "version.json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := &Options{Dir: dir, Clock: func() int64 { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC).UnixNano() }}
	for _, c := range []struct {
		at    time.Time
		level Level
	}{{time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), OK}, {time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC), Bad}} {
		if err := os.Chtimes(file, c.at, c.at); err != nil {
			t.Fatal(err)
		}
		if f := ahead(o); f.Level != c.level {
			t.Errorf("%v: %+v", c.at, f)
		}
	}
}

// TestKeyFiles: who else may read a key is told.
func TestKeyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for name, mode := range map[string]os.FileMode{"own": 0o600, "group": 0o640, "all": 0o644} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	levels := map[Level]int{}
	for _, f := range keyFiles(append(files, filepath.Join(dir, "none"))) {
		levels[f.Level]++
	}
	if levels[OK] != 1 || levels[Warn] != 1 || levels[Bad] != 2 {
		t.Errorf("%v", levels)
	}
}
