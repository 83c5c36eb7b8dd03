package journal

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// busy is a file system on which somebody goes on when a folder has been listed.
type busy struct {
	vfs.FS
	goOn func()
}

// List lists a folder.
func (b busy) List(dir string) ([]string, error) {
	names, err := b.FS.List(dir)
	b.goOn()
	return names, err
}

// TestInUse: a journal that a process writes to is refused because it is in use,
// whatever its files look like meanwhile, and not as damaged.
func TestInUse(t *testing.T) {
	disk := vfs.NewMem()
	l := open(t, disk)
	write(t, l, 3)
	looked := 0
	o := quiet(busy{disk, func() {
		looked++
		write(t, l, 2)
		flush(t, l) // into a sorted file, and on in another log
		write(t, l, 2)
	}})
	for name, second := range map[string]func(string, Options) (*PebbleLog, error){"to write": OpenPebble, "to read": OpenReadOnly} {
		again, err := second("journal", o)
		if err == nil {
			t.Fatalf("opened %s twice: %v", name, again.Close())
		}
		if errors.Is(err, ErrDamaged) || looked > 0 {
			t.Errorf("%s, looked at %d times: %v", name, looked, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for range 2 { // nothing holds it any more
		again, err := OpenReadOnly("journal", quiet(disk))
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}
