package journal

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestCheckpoint: the copy has every record that was durable, opens by itself and
// goes on by itself.
func TestCheckpoint(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	defer l.Close()
	write(t, l, 2, 5, 1)
	if err := l.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	write(t, l, 4)
	if err := l.Checkpoint("copy"); err == nil {
		t.Error("a checkpoint over another one")
	}
	for range 2 {
		c, err := OpenReadOnly("copy", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if last, err := read(c, 1); last != 8 || err != nil || c.Durable() != 8 {
			t.Errorf("the copy goes to %d (%v)", last, err)
		}
		var g Group
		g.Reset(c.Next())
		g.Add([]byte("x"))
		g.At(1)
		if _, err := c.Append(&g); err == nil {
			t.Error("a journal that was opened for reading was written to")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	c, err := OpenPebble("copy", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	write(t, c, 1, 1)
	if last, err := read(c, 3); last != 10 || err != nil {
		t.Errorf("the copy goes on to %d (%v)", last, err)
	}
	if _, err := OpenReadOnly("nowhere", Options{FS: fs}); err == nil {
		t.Error("a journal that is not there was opened for reading")
	}
}

// TestCheckpointToFullDisk: a copy that cannot be written is an error of the copy;
// the journal goes on.
func TestCheckpointToFullDisk(t *testing.T) {
	fs := vfs.NewMem()
	full := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWrite && strings.HasPrefix(op.Path, "copy") {
			return syscall.ENOSPC
		}
		return nil
	}))
	l, err := OpenPebble("journal", Options{FS: full})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	write(t, l, 2, 5)
	if err := l.Checkpoint("copy"); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	write(t, l, 3)
	whole(t, l, 1, 10)
}
