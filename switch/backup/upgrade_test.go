package backup

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// folder runs a switch on a new data folder for a while and stops it.
func folder(t testing.TB, fs vfs.FS, payments int) point {
	t.Helper()
	l := start(t, fs, "data")
	l.pay(payments)
	p := l.settled()
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	return p
}

// written changes what a data folder says of who wrote it.
func written(t testing.TB, fs vfs.FS, dir string, f func(w *Writer)) {
	t.Helper()
	w, err := readWriter(diskOf(fs), dir)
	if err != nil || w == nil {
		t.Fatalf("%v %v", w, err)
	}
	f(w)
	if err := w.write(diskOf(fs), dir); err != nil {
		t.Fatal(err)
	}
}

func snapshots(t testing.TB, fs vfs.FS, dir string) []string {
	t.Helper()
	dirs, err := diskOf(fs).snapshots(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// TestUpgrade: a folder that another version has written gets a snapshot before it
// is opened, once, from which that version's state comes back.
func TestUpgrade(t *testing.T) {
	older := func(w *Writer) { w.Formats.Logic, w.Version = 0, "0.0.9" }
	for name, c := range map[string]struct {
		change func(w *Writer)
		build  string
		want   string // name of the snapshot; "": none
	}{
		"same":                   {func(*Writer) {}, "0.1.0", ""},
		"older rules":            {older, "0.1.0", "-0.0.9"},
		"older rules, developer": {older, "0.1.1-dev", "-0.0.9"},
		"another release":        {func(*Writer) {}, "0.1.1", "-0.1.0"},
		"another developer":      {func(*Writer) {}, "0.1.1-dev", ""},
		"a strange name":         {func(w *Writer) { w.Version = "../v 1" }, "0.1.0", "-.._v_1"},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			p := folder(t, fs, 30)
			written(t, fs, "data", c.change)
			o := options(t, fs)
			o.Build.Version = c.build
			for range 2 { // the first start did not get far: the second finds the snapshot
				if _, err := enter("data", o); err != nil {
					t.Fatal(err)
				}
			}
			got := snapshots(t, fs, "data")
			if c.want == "" {
				if len(got) != 0 {
					t.Errorf("snapshots %v", got)
				}
				return
			}
			want := fmt.Sprintf("data/snapshots/%d%s", p.seq, c.want)
			if len(got) != 1 || got[0] != want {
				t.Fatalf("snapshots %v, want %s", got, want)
			}
			l := start(t, fs, "data") // goes on under the new version, compacts, deletes
			l.stan = 30
			l.pay(50)
			l.settled()
			if m, err := Verify(t.Context(), want, o); err != nil || m.Kind != KindSnapshot {
				t.Error(err)
			}
			if r := l.bring(want, "back", Until{}); r.StateHash != p.hash || r.Last != p.seq {
				t.Errorf("from the snapshot: %+v, want %+v", r, p)
			}
			if r := l.bring(want, "cut", Until{Seq: 20, AcceptFork: true}); r.Last != 20 || !r.Rebuilt {
				t.Errorf("to event 20: %+v", r)
			}
		})
	}
}

// TestFolderOfNobody: a folder that does not say who wrote it gets a snapshot too.
func TestFolderOfNobody(t *testing.T) {
	fs := vfs.NewMem()
	p := folder(t, fs, 10)
	if err := fs.Remove("data/" + writerFile); err != nil {
		t.Fatal(err)
	}
	if _, err := enter("data", options(t, fs)); err != nil {
		t.Fatal(err)
	}
	if got := snapshots(t, fs, "data"); len(got) != 1 || got[0] != fmt.Sprintf("data/snapshots/%d-unknown", p.seq) {
		t.Errorf("snapshots %v", got)
	}
	if err := diskOf(fs).create("data/"+writerFile, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := enter("data", options(t, fs)); err == nil || !strings.Contains(err.Error(), "does not say who wrote") {
		t.Error(err)
	}
}

// TestFolderWithoutRows: the rows were moved away, or the switch was killed before
// it had written any: backup and snapshot are of the journal, which makes them again.
func TestFolderWithoutRows(t *testing.T) {
	mem := vfs.NewCrashableMem()
	l := start(t, mem, "data")
	l.pay(20)
	p := l.settled()
	killed, moved := mem.CrashClone(vfs.CrashCloneCfg{}), mem.CrashClone(vfs.CrashCloneCfg{})
	if err := moved.RemoveAll("data/" + stateDir); err != nil {
		t.Fatal(err)
	}
	for name, fs := range map[string]vfs.FS{"killed": killed, "moved": moved} {
		written(t, fs, "data", func(w *Writer) { w.Version = "0.0.9" })
		m := closedBackup(t, fs, "data", "out")
		if _, err := enter("data", options(t, fs)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m.Applied != 0 || m.StateHash != "" || m.Journal.Last != p.seq {
			t.Errorf("%s: %+v", name, m)
		}
		k := &live{t: t, fs: fs}
		for to, from := range map[string]string{"backup": "out", "snapshot": snapshots(t, fs, "data")[0]} {
			if r := k.bring(from, to, Until{}); !r.Rebuilt || r.StateHash != p.hash {
				t.Errorf("%s: %s: %+v, want %+v", name, to, r, p)
			}
		}
	}
}

// TestDowngrade: a binary that is older than a folder refuses it and says what to
// do, whichever of the formats is newer, and changes nothing.
func TestDowngrade(t *testing.T) {
	for i, format := range ours.named() {
		t.Run(format.name, func(t *testing.T) {
			fs := vfs.NewMem()
			p := folder(t, fs, 10)
			o := options(t, fs)
			newer := func(w *Writer) {
				w.Formats = ours
				numbers := []*int{&w.Formats.Storage, &w.Formats.Journal, &w.Formats.State, &w.Formats.Event, &w.Formats.Row, &w.Formats.Logic}
				*numbers[i]++
				w.Version = "0.2.0"
			}
			written(t, fs, "data", newer)
			_, err := enter("data", o)
			wants := []string{
				"last written by version 0.2.0, which is newer than this one (0.1.0)",
				fmt.Sprintf("%s %d, this one knows %d", format.name, format.number+1, format.number),
				"Start that version", "there is no snapshot",
			}
			for _, want := range wants {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nwant %q", err, want)
				}
			}
			if len(snapshots(t, fs, "data")) != 0 {
				t.Error("a snapshot was made of a folder that is not ours")
			}
			// With a snapshot of before, that is the way back.
			written(t, fs, "data", func(w *Writer) { *w = Writer{Build{"0.0.9", ""}, Formats{Logic: 1}} })
			if _, err := enter("data", o); err != nil {
				t.Fatal(err)
			}
			written(t, fs, "data", newer)
			way := fmt.Sprintf("switchd restore --from data/snapshots/%d-0.0.9 --to", p.seq)
			if _, err := enter("data", o); err == nil || !strings.Contains(err.Error(), way) {
				t.Errorf("%v\nwant %q", err, way)
			}
			// Nor does it read a backup of that folder.
			s, release, err := Closed("data", o)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if _, err := Take(t.Context(), s, "out", o); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(t.Context(), "out", "to", Until{}, o); err == nil || !strings.Contains(err.Error(), "use that version") {
				t.Error(err)
			}
			gone(t, fs, "to")
		})
	}
}

// TestSnapshotsAreBounded: the oldest go.
func TestSnapshotsAreBounded(t *testing.T) {
	fs := vfs.NewMem()
	var want []string
	for i := range 5 {
		l := start(t, fs, "data")
		l.stan = uint32(100 * i)
		l.pay(10)
		p := l.settled()
		if err := l.stop(); err != nil {
			t.Fatal(err)
		}
		written(t, fs, "data", func(w *Writer) { w.Version = fmt.Sprintf("0.0.%d", i) })
		if _, err := enter("data", options(t, fs)); err != nil {
			t.Fatal(err)
		}
		want = append([]string{fmt.Sprintf("data/snapshots/%d-0.0.%d", p.seq, i)}, want...)
	}
	if got := snapshots(t, fs, "data"); fmt.Sprint(got) != fmt.Sprint(want[:snapshotsKept]) {
		t.Errorf("snapshots %v, want %v", got, want[:snapshotsKept])
	}
}

// TestCrashDuringSnapshot: the start after it finds the folder as it was, and makes
// the snapshot.
func TestCrashDuringSnapshot(t *testing.T) {
	c, fs := newCrashes(4)
	p := folder(t, fs, 30)
	written(t, fs, "data", func(w *Writer) { w.Version = "0.0.9" })
	c.arm(true)
	if _, err := enter("data", options(t, fs)); err != nil {
		t.Fatal(err)
	}
	c.arm(false)
	for i, crashed := range c.copies {
		if _, err := enter("data", options(t, crashed)); err != nil {
			t.Fatalf("%s: %v", c.names[i], err)
		}
		got := snapshots(t, crashed, "data")
		if len(got) != 1 {
			t.Fatalf("%s: snapshots %v", c.names[i], got)
		}
		k := &live{t: t, fs: crashed}
		if r := k.bring(got[0], "back", Until{}); r.StateHash != p.hash {
			t.Fatalf("%s: from the snapshot %+v, want %+v", c.names[i], r, p)
		}
	}
	t.Logf("%d crashes", len(c.copies))
}

// TestFailureDuringSnapshot: a start that cannot make the snapshot is refused, and
// the next one makes it.
func TestFailureDuringSnapshot(t *testing.T) {
	fs := vfs.NewMem()
	folder(t, fs, 10)
	written(t, fs, "data", func(w *Writer) { w.Version = "0.0.9" })
	for n := 1; ; n++ {
		f := failing{left: n, err: syscall.ENOSPC}
		_, err := enter("data", options(t, f.on(fs)))
		if f.spare() > 0 {
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d operations, each of which has failed once", n-1)
			break
		}
		if err == nil { // a link that fails is copied
			if err := fs.RemoveAll("data/" + snapshotDir); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := snapshots(t, fs, "data"); len(got) != 1 {
		t.Errorf("snapshots %v", got)
	}
}

// TestWriterIsWhatIsInForce: who wrote a folder is said once it is written, and not
// again when nothing has changed.
func TestWriterIsWhatIsInForce(t *testing.T) {
	fs := vfs.NewMem()
	folder(t, fs, 1)
	w, err := readWriter(diskOf(fs), "data")
	if err != nil || w == nil || w.Formats != ours || w.Version != "0.1.0" {
		t.Fatalf("%+v %v", w, err)
	}
	text, err := json.Marshal(w)
	if err != nil || !strings.Contains(string(text), `"version":"0.1.0","commit":"c0ffee","formats":{"storage":`) {
		t.Errorf("%s %v", text, err)
	}
	f := failing{left: 1, err: syscall.ENOSPC}
	entry, err := enter("data", options(t, f.on(fs)))
	if err != nil {
		t.Fatal(err)
	}
	if err := entry.Begin(); err != nil || f.spare() != 1 {
		t.Errorf("the same writer is written again: %v", err)
	}
}
