package storage

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// tails is a file system on which a write-ahead log that cannot be written ends the
// process, with the file and the reason.
//
// Pebble gives such an error to whoever waits for that write. But when the same
// error meets it while it changes from one log file to the next it panics, and
// holds a lock the wrong way round while it does: the process dies of that, in a
// trace that does not name the disk. Whichever comes first, this comes before.
type tails struct {
	vfs.FS
	name  string // of the database
	fatal func(error)
	begun *atomic.Bool // a log file was made: from now on nobody else can be told
}

// logSuffix ends the names of write-ahead logs.
const logSuffix = ".log"

// Create makes a log file.
func (t tails) Create(path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := t.FS.Create(path, category)
	return t.made(path, f, err)
}

// ReuseForWrite makes a log file of an old one.
func (t tails) ReuseForWrite(old, path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := t.FS.ReuseForWrite(old, path, category)
	return t.made(path, f, err)
}

func (t tails) made(path string, f vfs.File, err error) (vfs.File, error) {
	if !strings.HasSuffix(path, logSuffix) {
		return f, err
	}
	if err != nil {
		if t.begun.Load() { // the first one is made by Open, which can say so
			t.failed("make", path, err)
		}
		return nil, err
	}
	t.begun.Store(true)
	return tail{f, t, path}, nil
}

func (t tails) failed(what, path string, err error) {
	if err != nil {
		t.fatal(fmt.Errorf("%s: %s %s: %w", t.name, what, path, err))
	}
}

// Unwrap returns the file system below.
func (t tails) Unwrap() vfs.FS { return t.FS }

// tail is a write-ahead log that is being written.
type tail struct {
	vfs.File
	fs   tails
	path string
}

// Write appends to the log.
func (f tail) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	f.fs.failed("write", f.path, err)
	return n, err
}

// Sync makes the log durable.
func (f tail) Sync() error {
	err := f.File.Sync()
	f.fs.failed("sync", f.path, err)
	return err
}

// SyncData makes what was written durable.
func (f tail) SyncData() error {
	err := f.File.SyncData()
	f.fs.failed("sync", f.path, err)
	return err
}

// SyncTo begins to make the log durable up to a length.
func (f tail) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	f.fs.failed("sync", f.path, err)
	return full, err
}

// Close ends the log.
func (f tail) Close() error {
	err := f.File.Close()
	f.fs.failed("close", f.path, err)
	return err
}
