package retention

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"switchd/switch/storage"
)

// dir is a folder of the file system.
type dir string

var realDisk = storage.Options{}.WithDefaults().FS

// At returns the folder at a path. It is made when it is needed: a switch does not
// wait for its archive.
func At(path string) Folder { return dir(path) }

// String is the path.
func (d dir) String() string { return string(d) }

func (d dir) path(name string) string { return filepath.Join(string(d), name) }

// Names lists the files.
func (d dir) Names() ([]string, error) {
	if err := storage.MakeDir(realDisk, string(d)); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(string(d))
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Create makes a file that its owner may read.
func (d dir) Create(pattern string) (File, string, error) {
	f, err := os.CreateTemp(string(d), pattern)
	if err != nil {
		return nil, "", err
	}
	return f, filepath.Base(f.Name()), nil
}

// Open opens a file.
func (d dir) Open(name string) (io.ReadCloser, error) { return os.Open(d.path(name)) }

// Rename renames a file. A link fails when somebody else has just taken the name, a
// rename would not; some file systems know no links.
func (d dir) Rename(old, name string) error {
	err := os.Link(d.path(old), d.path(name))
	switch {
	case err == nil:
		return os.Remove(d.path(old))
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if _, err := os.Lstat(d.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s: %w", d.path(name), fs.ErrExist))
	}
	return os.Rename(d.path(old), d.path(name))
}

// Remove removes a file.
func (d dir) Remove(name string) error { return os.Remove(d.path(name)) }

// Sync makes the names of the folder durable.
func (d dir) Sync() error { return storage.SyncDir(realDisk, string(d)) }
