package journal

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"switchd/switch/storage"
)

// refused fails the test unless an opening is refused because of the second folder, with
// all of some words.
func refused(t *testing.T, what string, open func(string, Options) (*PebbleLog, error), dir string, o Options, words ...string) {
	t.Helper()
	l, err := open(dir, o)
	if err == nil {
		t.Errorf("%s: opened", what)
		_ = l.Close()
		return
	}
	if !errors.Is(err, ErrSecondFolder) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v", what, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: nothing of %q: %v", what, word, err)
		}
	}
}

// stalledAndKilled is a disk whose journal has records in its second folder alone.
func stalledAndKilled(t *testing.T) *vfs.MemFS {
	t.Helper()
	disks := newTwoDisks()
	l := openTwo(t, twoFolders(disks))
	write(t, l, 3)
	goOn := disks.stall("journal")
	write(t, l, 2, 2)
	killed := disks.copy()
	goOn()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return killed
}

// TestNeededFolder: a journal whose latest records may be in a second folder is not
// opened without it, to write or to look, and nothing is changed by trying.
func TestNeededFolder(t *testing.T) {
	killed := stalledAndKilled(t)
	clone := func() *vfs.MemFS { return (&twoDisks{mem: killed}).copy() }
	holds(t, "both are there", OpenReadOnly, quiet(clone()), 7)

	gone := clone()
	if err := gone.RemoveAll("second"); err != nil {
		t.Fatal(err)
	}
	before := (&world{fs: gone}).files(t)
	refused(t, "gone, read", OpenReadOnly, "journal", quiet(gone), "second", "mount")
	refused(t, "gone, written", OpenPebble, "journal", twoFolders(gone), "second", "mount")
	refused(t, "gone, parted", OpenPebble, "journal", quiet(gone), "second", "mount")
	if after := (&world{fs: gone}).files(t); !slices.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
	if _, err := gone.Stat("second"); err == nil {
		t.Error("the folder was made again")
	}

	other := clone()
	o := twoFolders(other)
	o.Failover.Dir = "third"
	l, err := OpenPebble("another", o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "another's", OpenPebble, "journal", o, "third", "another")
	refused(t, "a new one", OpenPebble, "journal", func() Options { o := o; o.Failover.Dir = "fourth"; return o }(), "fourth", "second")

	moved := clone()
	if err := moved.Rename("second", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	o = twoFolders(moved)
	o.Failover.Dir = "elsewhere"
	refused(t, "moved, nobody says where to", OpenReadOnly, "journal", quiet(moved), "second", "--wal-failover-dir")
	holds(t, "moved, read", OpenReadOnly, o, 7)
	holds(t, "moved", OpenPebble, o, 7)
	holds(t, "moved, then read", OpenReadOnly, quiet(moved), 7)
}

// TestCopiedNote: two journals never have one second folder.
func TestCopiedNote(t *testing.T) {
	killed := stalledAndKilled(t)
	if err := killed.MkdirAll("copy", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range (&world{fs: killed}).files(t) {
		if err := vfs.Copy(killed, "journal/"+name, "copy/"+name); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "a copy", OpenPebble, "copy", twoFolders(killed), "journal", "copy")
	refused(t, "a copy to be parted", OpenPebble, "copy", quiet(killed), "journal", "copy")
	holds(t, "the journal itself", OpenPebble, twoFolders(killed), 7)
	// Now nothing is needed of the second folder, but it is in use all the same.
	refused(t, "a copy of before", OpenPebble, "copy", twoFolders(killed), "journal")
	if err := killed.RemoveAll("journal"); err != nil {
		t.Fatal(err)
	}
	refused(t, "a copy that is old", OpenPebble, "copy", twoFolders(killed), "since")
	refused(t, "a copy that is old, parted", OpenPebble, "copy", quiet(killed), "since")
	refused(t, "a copy that is old, read", OpenReadOnly, "copy", quiet(killed), "since")
}

// patient is a second folder that is never used.
func patient(disk vfs.FS) Options {
	o := twoFolders(disk)
	o.Failover.After = time.Hour
	return o
}

// TestCleanStop: after it the second folder is not needed, so that it can be left out or
// be another one.
func TestCleanStop(t *testing.T) {
	disk := vfs.NewMem()
	l := openTwo(t, patient(disk))
	write(t, l, 3)
	refused(t, "while it is open", OpenPebble, "other", patient(disk), "journal")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "another journal", OpenPebble, "other", patient(disk), "second", "journal")
	if err := disk.Rename("second", "away"); err != nil {
		t.Fatal(err)
	}
	holds(t, "read", OpenReadOnly, quiet(disk), 3)
	o := patient(disk)
	o.Failover.Dir = "third"
	holds(t, "another folder", OpenPebble, o, 3)
	l = openTwo(t, o)
	write(t, l, 2)
	if err := disk.Rename("away", "second"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "the folder of before", OpenPebble, "journal", patient(disk), "second")
	holds(t, "parted", OpenPebble, quiet(disk), 5)
	for _, path := range []string{"journal/" + FailoverNote, "third/" + ownerNote} {
		if _, err := disk.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	holds(t, "together again", OpenPebble, o, 5)
}

// TestPartedAfterAStall: what the second folder had is in the first one when the next
// start has one folder only.
func TestPartedAfterAStall(t *testing.T) {
	killed := stalledAndKilled(t)
	holds(t, "parted", OpenPebble, quiet(killed), 7)
	if logs, err := logsIn(killed, "second"); err != nil || len(logs) > 0 {
		t.Errorf("left in the second folder: %v %v", logs, err)
	}
	if err := killed.RemoveAll("second"); err != nil {
		t.Fatal(err)
	}
	holds(t, "without it", OpenPebble, quiet(killed), 7)
}

// TestEarlierFolder: a second folder of an earlier opening does not pass for the one that
// the journal needs, however often an opening is cut off between its two notes.
func TestEarlierFolder(t *testing.T) {
	disks := newTwoDisks()
	disks.mem = stalledAndKilled(t)
	disks.FS = errorfs.Wrap(disks.mem, errorfs.InjectorFunc(disks.change))
	if err := storage.MakeDir(disks.mem, "snapshot"); err != nil {
		t.Fatal(err)
	}
	names, err := disks.mem.List("second")
	for _, name := range names {
		if err == nil {
			err = vfs.Copy(disks.mem, "second/"+name, "snapshot/"+name)
		}
	}
	if err == nil {
		err = storage.SyncDir(disks.mem, "snapshot")
	}
	if err != nil {
		t.Fatal(err)
	}
	var cut *vfs.MemFS
	for range 3 {
		disks.before = func(op errorfs.Op) {
			if op.Kind == errorfs.OpCreate && op.Path == "second/"+ownerNote+".new" && cut == nil {
				cut = disks.mem.CrashClone(vfs.CrashCloneCfg{})
			}
		}
		cut = nil
		l := openTwo(t, patient(disks))
		left := disks.copy()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		o := patient(left)
		o.Failover.Dir = "snapshot"
		refused(t, "an earlier one", OpenPebble, "journal", o, "snapshot", "earlier")
		if err := errors.Join(left.RemoveAll("second"), left.Rename("snapshot", "second")); err != nil {
			t.Fatal(err)
		}
		refused(t, "an earlier one, read", OpenReadOnly, "journal", quiet(left), "second", "earlier")
		refused(t, "an earlier one, parted", OpenPebble, "journal", quiet(left), "second", "earlier")
		if cut == nil {
			t.Fatal("the second folder has no new note")
		}
		holds(t, "cut off, read", OpenReadOnly, quiet((&twoDisks{mem: cut}).copy()), 7)
		disks = newTwoDisks()
		disks.mem = cut
		disks.FS = errorfs.Wrap(disks.mem, errorfs.InjectorFunc(disks.change))
	}
	holds(t, "cut off", OpenPebble, patient(disks), 7)
}

// TestDamagedNote: a note that cannot be read opens nothing.
func TestDamagedNote(t *testing.T) {
	for _, path := range []string{"journal/" + FailoverNote, "second/" + ownerNote} {
		killed := stalledAndKilled(t)
		b, _ := killed.UnsafeGetFileDataBuffer(path)
		b[len(b)/2] ^= 1
		for _, o := range []Options{quiet(killed), twoFolders(killed)} {
			if l, err := OpenPebble("journal", o); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v %v", path, l, err)
			}
		}
	}
}
