package retention

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// dir is a folder of the file system.
type dir string

// At returns the folder at a path. It is made when it is needed: a switch does not
// wait for its archive.
func At(path string) Folder { return dir(path) }

// String is the path.
func (d dir) String() string { return string(d) }

func (d dir) path(name string) string { return filepath.Join(string(d), name) }

// Names lists the files.
func (d dir) Names() ([]string, error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
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
func (d dir) Create(name string) (File, error) {
	return os.OpenFile(d.path(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
}

// Open opens a file.
func (d dir) Open(name string) (io.ReadCloser, error) { return os.Open(d.path(name)) }

// Rename renames a file.
func (d dir) Rename(old, name string) error { return os.Rename(d.path(old), d.path(name)) }

// Remove removes a file.
func (d dir) Remove(name string) error { return os.Remove(d.path(name)) }

// Sync makes the names of the folder durable.
func (d dir) Sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
