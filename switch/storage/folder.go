package storage

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// folders is a file system on which Pebble's folders keep what they promise.
//
// Pebble names its current MANIFEST by a marker file: it writes the new MANIFEST,
// creates the marker, and syncs the folder once for both. A power cut before that
// sync may keep the marker without the MANIFEST, where the file system does not
// keep the order of the two, and the folder does not open any more. So what a
// marker names is made to stay before the marker is there.
//
// When that sync fails Pebble panics, with a trace for its developers. It ends in
// Fatal instead, as one sentence.
type folders struct {
	vfs.FS
	name  string // of the database
	fatal func(error)
}

// markerPrefix begins the names of Pebble's markers.
const markerPrefix = "marker."

// Create creates a file; before a marker it syncs the folder.
func (f folders) Create(path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasPrefix(f.PathBase(path), markerPrefix) {
		if err := f.sync(f.PathDir(path)); err != nil {
			return nil, err
		}
	}
	return f.FS.Create(path, category)
}

func (f folders) sync(dir string) error {
	d, err := f.OpenDir(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		_ = d.Close() // the sync has said it
		return err
	}
	return d.Close()
}

// OpenDir opens a folder to be synced.
func (f folders) OpenDir(path string) (vfs.File, error) {
	d, err := f.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	return folder{d, f, path}, nil
}

// Unwrap returns the file system below.
func (f folders) Unwrap() vfs.FS { return f.FS }

// folder is an open folder.
type folder struct {
	vfs.File
	fs   folders
	path string
}

// Sync makes what was created, renamed and removed in the folder stay.
func (d folder) Sync() error {
	err := d.File.Sync()
	if err != nil {
		d.fs.fatal(fmt.Errorf("%s: sync of the folder %s: %w", d.fs.name, d.path, err))
	}
	return err
}
