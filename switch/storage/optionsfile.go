package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// CheckOptions reads the file of options that Pebble has left in a folder. There is
// nothing in it that we need, but Pebble refuses one that it cannot read, and does
// not name it. A folder without one is fine.
func CheckOptions(disk FS, dir string) error {
	names, err := disk.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	last := ""
	for _, name := range names {
		if strings.HasPrefix(name, "OPTIONS-") && (len(name) > len(last) || len(name) == len(last) && name > last) {
			last = name
		}
	}
	if last == "" {
		return nil
	}
	path := disk.PathJoin(dir, last)
	f, err := disk.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	// Options of another version of Pebble are none of our business.
	skip := &pebble.ParseHooks{SkipUnknown: func(string, string) bool { return true }}
	if err := new(pebble.Options).Parse(string(text), skip); err != nil {
		return badOptions{path, err}
	}
	return nil
}

// badOptions is a file of options that is not what was written.
type badOptions struct {
	path string
	err  error
}

// Error names the file and says what to do about it.
func (b badOptions) Error() string {
	return fmt.Sprintf("%s: %v; nothing is lost with it, it can be removed", b.path, Sentence(b.err))
}

// Is says that it is damage.
func (badOptions) Is(target error) bool { return target == pebble.ErrCorruption }
