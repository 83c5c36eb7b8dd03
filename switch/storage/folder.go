package storage

import (
	"errors"
	"os"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// folders is a file system on which Pebble's folders keep what they promise.
//
// Pebble names its current MANIFEST by a marker file: it writes the new MANIFEST,
// creates the marker, removes the marker of before, and syncs the folder once for
// all. A power cut before that sync may keep any of it without the rest, where the
// file system does not keep the order, and the folder does not open any more, or
// opens as a new one. So each step is made to stay before the next.
type folders struct{ vfs.FS }

// markerPrefix begins the names of Pebble's markers.
const markerPrefix = "marker."

// Create creates a file; before a marker it syncs the folder.
func (f folders) Create(path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.before(path); err != nil {
		return nil, err
	}
	return f.FS.Create(path, category)
}

// Remove removes a file; before a marker it syncs the folder.
func (f folders) Remove(path string) error {
	if err := f.before(path); err != nil {
		return err
	}
	return f.FS.Remove(path)
}

// MkdirAll makes folders that nobody else may look into: Pebble would let everybody.
func (f folders) MkdirAll(dir string, _ os.FileMode) error { return f.FS.MkdirAll(dir, 0o700) }

func (f folders) before(path string) error {
	if !strings.HasPrefix(f.PathBase(path), markerPrefix) {
		return nil
	}
	return SyncDir(f.FS, f.PathDir(path))
}

// Unwrap returns the file system below.
func (f folders) Unwrap() vfs.FS { return f.FS }

// SyncDir makes what was created, renamed and removed in a folder stay.
func SyncDir(fs FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		_ = d.Close() // the sync has said it
		return err
	}
	return d.Close()
}

// MakeDir makes a folder that nobody else may look into, and those above it that are
// not there, so that they stay: what is in a folder goes with it.
func MakeDir(fs FS, dir string) error {
	if _, err := fs.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	above := fs.PathDir(dir)
	if above != dir {
		if err := MakeDir(fs, above); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return SyncDir(fs, above)
}
