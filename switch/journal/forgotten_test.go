package journal

import (
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestForgottenFile: the last change of the list of files says that the groups of a
// write-ahead log are in a sorted file now, and the log is gone. When that change
// cannot be read, Pebble opens the folder without these groups. The groups of the
// next log follow none that is there: the start is refused, and the sorted file,
// which has all of them, stays.
func TestForgottenFile(t *testing.T) {
	disk := vfs.NewCrashableMem()
	l := open(t, disk)
	ones := func(n int) []int { return slices.Repeat([]int{1}, n) }
	write(t, l, ones(100)...)
	flush(t, l)
	manifest := "journal/MANIFEST-000001"
	list, err := disk.UnsafeGetFileDataBuffer(manifest)
	if err != nil {
		t.Fatal(err)
	}
	logs := filesOf(t, disk, ".log")
	write(t, l, ones(20)...)
	flush(t, l)
	// With 128 groups the Merkle log ends in one hash, which the last of them has
	// made: nothing that the start reads of it was in the file.
	write(t, l, ones(8)...)
	killed := (&world{fs: disk}).copy()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range logs { // used again or removed before long
		_ = killed.Remove("journal/" + name)
	}
	tear(t, killed, manifest, len(list)+10, "garbage")
	tables := filesOf(t, killed, ".sst")
	for start := range 2 { // Pebble writes a new list; the second start must not find it in order either
		again, err := OpenPebble("journal", quiet(killed))
		if err == nil {
			last, err := read(again, 1)
			t.Fatalf("opened; replay: %d records, %v", last, err)
		}
		if !strings.Contains(err.Error(), "records 101 to 120 are missing") || start == 0 && !strings.Contains(err.Error(), manifest) {
			t.Errorf("the error does not say what is missing, or which file is damaged: %v", err)
		}
	}
	for _, name := range tables {
		if !slices.Contains(filesOf(t, killed, ".sst"), name) {
			t.Errorf("%s was removed", name)
		}
	}
}

func flush(t *testing.T, l *PebbleLog) {
	t.Helper()
	if err := l.db.Flush(); err != nil {
		t.Fatal(err)
	}
}

// filesOf are the files of the folder whose names have an ending.
func filesOf(t *testing.T, disk vfs.FS, ending string) []string {
	t.Helper()
	names, err := disk.List("journal")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ending) })
}
