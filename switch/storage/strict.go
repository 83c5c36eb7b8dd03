package storage

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// strict is a file system on which nothing fails twice in the folder of a database:
// the first write, sync, creation or renaming there that fails ends the process, with
// the file and the reason, before Pebble hears of it.
//
// Pebble gives some errors to whoever waits, tries again after others, and answers
// the rest with a panic: while it changes from one log file to the next, when a
// marker cannot be synced, in a compaction that still runs when an Open fails.
//
// Reading and removing, and everything in other folders (a copy of the database,
// say), fails as usual.
type strict struct {
	vfs.FS
	name  string // of the database
	fatal func(error)
	syncs *Sync
	rest  *Rest
	dir   atomic.Pointer[string] // the folder, once Pebble has it
}

// Lock takes the folder: from now on it is the one.
func (s *strict) Lock(path string) (io.Closer, error) {
	lock, err := s.FS.Lock(path)
	if err == nil {
		dir := s.PathDir(path)
		s.dir.Store(&dir)
	}
	return lock, err
}

// Unwrap returns the file system below.
func (s *strict) Unwrap() vfs.FS { return s.FS }

// failed ends the process because of err.
func (s *strict) failed(what, path string, err error) {
	if err != nil {
		s.fatal(fmt.Errorf("%s: %s %s: %w", s.name, what, path, Sentence(err)))
	}
}

// ours says whether a file is in the folder, or the folder itself.
func (s *strict) ours(path string) bool {
	dir := s.dir.Load()
	return dir != nil && (path == *dir || s.PathDir(path) == *dir)
}

func (s *strict) made(path string, f vfs.File, err error) (vfs.File, error) {
	if !s.ours(path) {
		return f, err
	}
	if s.failed("make", path, err); err != nil {
		return nil, err
	}
	file := strictFile{f, s, path}
	if s.rest != nil && background(path) {
		spell := s.rest.Begin()
		return restful{file, &spell}, nil
	}
	return file, nil
}

// Create makes a file.
func (s *strict) Create(path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.Create(path, category)
	return s.made(path, f, err)
}

// ReuseForWrite makes a file of an old one.
func (s *strict) ReuseForWrite(old, path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.ReuseForWrite(old, path, category)
	return s.made(path, f, err)
}

// OpenReadWrite opens a file to write into it.
func (s *strict) OpenReadWrite(path string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := s.FS.OpenReadWrite(path, category, opts...)
	return s.made(path, f, err)
}

// OpenDir opens a folder to be synced.
func (s *strict) OpenDir(path string) (vfs.File, error) {
	f, err := s.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	// Pebble opens its folder before it takes the lock.
	return strictFile{f, s, path}, nil
}

// Link gives a file another name.
func (s *strict) Link(old, path string) error {
	err := s.FS.Link(old, path)
	if s.ours(path) {
		s.failed("link", path, err)
	}
	return err
}

// Rename gives a file its name.
func (s *strict) Rename(old, path string) error {
	err := s.FS.Rename(old, path)
	if s.ours(path) {
		s.failed("rename", path, err)
	}
	return err
}

// strictFile is a file that is written to, or a folder.
type strictFile struct {
	vfs.File
	fs   *strict
	path string
}

func (f strictFile) failed(what string, err error) {
	if err != nil && f.fs.ours(f.path) {
		f.fs.failed(what, f.path, err)
	}
}

// Write appends to the file.
func (f strictFile) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	f.failed("write", err)
	return n, err
}

// WriteAt writes into the file.
func (f strictFile) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(b, at)
	f.failed("write", err)
	return n, err
}

// Sync makes the file durable; of a folder, what was created, renamed and removed
// in it.
func (f strictFile) Sync() error {
	begun := f.fs.syncs.begin()
	err := f.File.Sync()
	f.fs.syncs.end(begun, f.path)
	f.failed("sync", err)
	return err
}

// SyncData makes what was written durable.
func (f strictFile) SyncData() error {
	begun := f.fs.syncs.begin()
	err := f.File.SyncData()
	f.fs.syncs.end(begun, f.path)
	f.failed("sync", err)
	return err
}

// SyncTo begins to make the file durable up to a length.
func (f strictFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	f.failed("sync", err)
	return full, err
}
