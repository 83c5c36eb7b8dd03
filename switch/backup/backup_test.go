package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// take makes a backup of a live switch.
func (l *live) take(out string) *Manifest {
	l.t.Helper()
	m, err := Take(l.t.Context(), l.source(), out, options(l.t, l.fs))
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

// bring restores a backup.
func (l *live) bring(from, to string, until Until) *Restored {
	l.t.Helper()
	r, err := Restore(l.t.Context(), from, to, until, options(l.t, l.fs))
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// closedBackup backs up a data folder that nobody has open.
func closedBackup(t testing.TB, fs vfs.FS, dir, out string) *Manifest {
	t.Helper()
	o := options(t, fs)
	s, release, err := Closed(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	m, err := Take(t.Context(), s, out, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// gone fails when something of a backup is left.
func gone(t testing.TB, fs vfs.FS, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if there, err := diskOf(fs).there(path); there || err != nil {
			t.Errorf("%s is there: %v %v", path, there, err)
		}
	}
}

// TestPointInTime: a backup can be restored to every moment, before and after its
// rows, and the rows are then what they were at that moment.
func TestPointInTime(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	var points []point
	for i := range 10 {
		l.pay(25)
		points = append(points, l.settled())
		l.now.Add(int64(time.Second)) // so that a time between two points is none of an event
		if i == 5 {
			l.take("middle") // other files than at the end
		}
	}
	m := l.take("end")
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		for name, until := range map[string]Until{
			"seq":  {Seq: p.seq, AcceptFork: true},
			"time": {Time: p.at + 1, AcceptFork: true},
		} {
			r := l.bring("end", fmt.Sprintf("%s%d", name, i), until)
			if r.Last != p.seq || r.StateHash != p.hash || r.Rebuilt != (p.seq < m.Applied) || r.Cut != m.Journal.Last-p.seq {
				t.Errorf("up to %d by %s: %+v, want hash %s", p.seq, name, r, p.hash)
			}
		}
	}
	last := points[len(points)-1]
	if r := l.bring("end", "whole", Until{}); r.Last != last.seq || r.StateHash != last.hash || r.Cut != 0 || r.Rebuilt {
		t.Errorf("the whole: %+v, want %+v", r, last)
	}
	if r := l.bring("middle", "middle.whole", Until{}); r.StateHash != points[5].hash {
		t.Errorf("the backup of before: %+v, want %+v", r, points[5])
	}
}

// TestPaymentsGoOnMeanwhile: a backup is made under load, and what it restores is
// exactly the state that the switch had at its last event.
func TestPaymentsGoOnMeanwhile(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(200)
	end, paid := make(chan bool), make(chan bool)
	go func() {
		defer close(paid)
		for {
			l.pay(8)
			select {
			case <-end:
				return
			default:
			}
		}
	}()
	var backups []*Manifest
	for i := range 3 {
		before := l.point()
		m := l.take(fmt.Sprint("backup", i))
		if m.Journal.Last < before.seq || m.Applied < before.seq || m.Journal.Last < m.Applied {
			t.Errorf("backup %d: rows up to %d, journal up to %d; before it the switch was at %d", i, m.Applied, m.Journal.Last, before.seq)
		}
		backups = append(backups, m)
	}
	close(end)
	<-paid
	during := l.settled()
	if last := backups[len(backups)-1].Journal.Last; last >= during.seq {
		t.Errorf("nothing was paid while the backups were made: %d, %d", last, during.seq)
	}
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	all := closedBackup(t, fs, "data", "all")
	gone(t, fs, "data/"+stagingDir)
	for i, m := range backups {
		if _, err := Verify(t.Context(), fmt.Sprint("backup", i), options(t, fs)); err != nil {
			t.Error(err)
		}
		// The same moment from another source: all rows made again from event 1.
		want := l.bring("all", fmt.Sprint("want", i), Until{Seq: m.Journal.Last, AcceptFork: true})
		got := l.bring(fmt.Sprint("backup", i), fmt.Sprint("got", i), Until{})
		if !want.Rebuilt || got.Rebuilt || got.Last != want.Last || got.StateHash != want.StateHash {
			t.Errorf("backup %d gives %+v, want %+v", i, got, want)
		}
	}
	if all.Journal.Last != all.Applied {
		t.Errorf("a clean stop has left rows up to %d of %d", all.Applied, all.Journal.Last)
	}
}

// TestTrimmedJournal: where retention has deleted the first events, an end before the
// rows of the backup is refused, and the earliest one is named and possible.
func TestTrimmedJournal(t *testing.T) {
	mem := vfs.NewCrashableMem()
	l := start(t, mem, "data")
	l.pay(40)
	rows := l.settled()
	if err := l.state.Flush(); err != nil {
		t.Fatal(err)
	}
	base, err := l.journal.DeleteBefore(rows.seq - 20)
	if err != nil || base.First < 2 {
		t.Fatalf("%+v %v", base, err)
	}
	l.pay(20)
	last := l.settled()
	killed := mem.CrashClone(vfs.CrashCloneCfg{})
	m := closedBackup(t, killed, "data", "out")
	if m.Journal.First != base.First || m.Applied != rows.seq {
		t.Errorf("%+v, want events from %d and rows up to %d", m, base.First, rows.seq)
	}
	k := &live{t: t, fs: killed}
	_, err = Restore(t.Context(), "out", "to", Until{Seq: rows.seq - 1, AcceptFork: true}, options(t, killed))
	if want := fmt.Sprintf("the earliest end is %d", rows.seq); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	gone(t, killed, "to")
	bare := mem.CrashClone(vfs.CrashCloneCfg{})
	if err := bare.RemoveAll("data/" + stateDir); err != nil {
		t.Fatal(err)
	}
	s, release, err := Closed("data", options(t, bare))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := Take(t.Context(), s, "out", options(t, bare)); err == nil || !strings.Contains(err.Error(), "do not belong together") {
		t.Errorf("neither rows nor the beginning of the journal: %v", err)
	}
	for _, p := range []point{rows, last} {
		if r := k.bring("out", fmt.Sprint("to", p.seq), Until{Seq: p.seq, AcceptFork: true}); r.StateHash != p.hash || r.Rebuilt {
			t.Errorf("up to %d: %+v, want %+v", p.seq, r, p)
		}
	}
}

// TestFinish: what is to be done last is done before a switch may start on the
// folder, and none may when that fails.
func TestFinish(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(5)
	l.take("out")
	broken := errors.New("broken")
	o := options(t, fs)
	o.Finish = func(dir string) error {
		if _, err := enter(dir, options(t, fs)); dir != "to" || err == nil {
			t.Errorf("a switch would start on %s before it is finished", dir)
		}
		return broken
	}
	if _, err := Restore(t.Context(), "out", "to", Until{}, o); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := enter("to", options(t, fs)); err == nil {
		t.Error("a switch would start on it")
	}
}

// TestRestoredGoesOn: a switch starts on what was restored and goes on, and what
// it is then is backed up and restored again.
func TestRestoredGoesOn(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(40)
	l.settled()
	l.take("first")
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	r := l.bring("first", "again", Until{})
	second := start(t, fs, "again")
	second.stan = l.stan
	second.pay(40)
	p := second.settled()
	if p.seq <= r.Last {
		t.Errorf("it did not go on: %d after %d", p.seq, r.Last)
	}
	second.take("second")
	if r := second.bring("second", "thrice", Until{}); r.StateHash != p.hash {
		t.Errorf("%+v, want %+v", r, p)
	}
}

// TestKilledSwitch: the folder of a switch that was killed, whose rows are behind
// its journal, is backed up and restored to any event, also between the two.
func TestKilledSwitch(t *testing.T) {
	mem := vfs.NewCrashableMem()
	l := start(t, mem, "data")
	l.pay(40)
	middle := l.settled()
	if err := l.state.Flush(); err != nil {
		t.Fatal(err)
	}
	var points []point
	for range 3 {
		l.pay(20)
		points = append(points, l.settled())
	}
	killed := mem.CrashClone(vfs.CrashCloneCfg{})
	m := closedBackup(t, killed, "data", "out")
	if m.Applied != middle.seq || m.StateHash != middle.hash || m.Journal.Last != points[2].seq {
		t.Errorf("rows up to %d and journal up to %d, want %d and %d", m.Applied, m.Journal.Last, middle.seq, points[2].seq)
	}
	k := &live{t: t, fs: killed}
	for i, p := range points {
		r := k.bring("out", fmt.Sprint("to", i), Until{Seq: p.seq, AcceptFork: true})
		if r.StateHash != p.hash || r.Rebuilt || r.Replayed != p.seq-middle.seq {
			t.Errorf("up to %d: %+v, want %+v", p.seq, r, p)
		}
	}
}

// TestRefusals: what must not be done is not begun, and leaves nothing behind.
func TestRefusals(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(30)
	l.settled()
	m := l.take("good")
	o := options(t, fs)
	take := func(out string, o Options) error { _, err := Take(t.Context(), l.source(), out, o); return err }
	restore := func(to string, until Until, o Options) error {
		_, err := Restore(t.Context(), "good", to, until, o)
		return err
	}
	if err := fs.MkdirAll("killed"+partial, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := fs.MkdirAll("full/of", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := fs.MkdirAll("half", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := diskOf(fs).create("half/"+unfinished, []byte(unfinishedText)); err != nil {
		t.Fatal(err)
	}
	_, _, half := Closed("half", o)
	_, entered := Enter("good", o)
	other, without := o, o
	other.Keys, without.Keys = testKeys(t, 2), nil
	cancelled := o
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"again":        {take("good", o), "is there already"},
		"after a kill": {take("killed", o), "remove that folder"},
		"nowhere":      {take("no/where", o), "is not there"},
		"into itself":  {take("data/"+journalDir+"/good", o), "would lie in the data folder data"},
		"as itself":    {take("good/../data", o), "would lie in the data folder data"},
		"half":         {half, "a restore into it was begun and has not ended"},
		"start on it":  {entered, "data folder good is a backup: make a data folder of it"},
		"inside":       {restore("good/"+journalDir+"/to", Until{}, o), "lies in the backup good"},
		"target":       {restore("full", Until{}, o), "is not empty (of)"},
		"other keys":   {restore("to", Until{}, other), "sealed with the keys [1], the key file has [2]"},
		"no keys":      {restore("to", Until{}, without), "name the key file"},
		"beyond":       {restore("to", Until{Seq: m.Journal.Last + 1}, o), "cannot be restored up to"},
		"too early":    {restore("to", Until{Time: 1}, o), "cannot be restored up to"},
		"fork":         {restore("to", Until{Seq: 5}, o), fmt.Sprintf("%d events of the backup, from 6 on", m.Journal.Last-5)},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, c.err, c.want)
		}
	}
	if err := restore("to", Until{Seq: 5}, o); !errors.Is(err, ErrFork) {
		t.Errorf("a cut: %v", err)
	}
	for _, step := range []string{StepCheckpoint, StepHash, StepCopy} {
		ctx, cancel := context.WithCancel(t.Context())
		cancelled.Progress = func(p Progress) {
			if p.Step == step {
				cancel()
			}
		}
		if _, err := Take(ctx, l.source(), "cancelled", cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in step %s: %v", step, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelled.Progress = func(p Progress) {
		if p.Done == p.Total { // all files were read: the stores are next
			cancel()
		}
	}
	if _, err := Verify(ctx, "good", cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled verification: %v", err)
	}
	gone(t, fs, "to", "no", "cancelled", "cancelled"+partial, "killed", "data/"+stagingDir)
}

// TestWrongKeys: keys with the right number and other secrets are found before
// anything is done.
func TestWrongKeys(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(10)
	l.take("good")
	for name, c := range map[string]struct {
		token, secret byte
		want          string
	}{"key": {7, 9, "sealed with"}, "token": {8, 1, "another token key"}} {
		o := options(t, fs)
		o.Keys = keysOf(t, c.token, c.secret)
		if _, err := Restore(t.Context(), "good", "to", Until{}, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("another %s: restore: %v", name, err)
		}
		if _, err := Verify(t.Context(), "good", o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("another %s: verify: %v", name, err)
		}
	}
	gone(t, fs, "to")
	o := options(t, fs)
	o.Keys = nil
	if _, err := Verify(t.Context(), "good", o); err != nil { // all but the rows can be verified without
		t.Error(err)
	}
}

// TestRoom: a backup that does not fit is not begun.
func TestRoom(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, fs, "data")
	l.pay(10)
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20})
	if _, err := Take(t.Context(), l.source(), "out", options(t, fs)); err == nil || !strings.Contains(err.Error(), "has 1 MiB free") {
		t.Errorf("no room for the backup: %v", err)
	}
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 100 << 20})
	o := options(t, fs)
	o.Reserve = 200 << 20
	if _, err := Take(t.Context(), l.source(), "out", o); err == nil || !strings.Contains(err.Error(), "the switch itself needs 200 MiB") {
		t.Errorf("no room for the switch: %v", err)
	}
	gone(t, fs, "out", "out"+partial, "data/"+stagingDir)
	l.take("out")
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20})
	if _, err := Restore(t.Context(), "out", "to", Until{}, options(t, fs)); err == nil || !strings.Contains(err.Error(), "has 1 MiB free") {
		t.Errorf("no room for the restored: %v", err)
	}
	gone(t, fs, "to")
}
