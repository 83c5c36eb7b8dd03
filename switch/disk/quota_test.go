package disk

import (
	"fmt"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// quota is a file system with so many bytes and no more, in which somebody else's
// files take room as well. It is a Disk, too.
type quota struct {
	vfs.FS
	mem *vfs.MemFS

	mu     sync.Mutex // guards all below, and that nobody writes between look and write
	limit  int64
	others int64 // what somebody else has written
	bulk   int64 // the ballast
	note   string
	most   int64 // that our files have taken at one time
}

func newQuota(mem *vfs.MemFS, limit int64) *quota { return &quota{FS: mem, mem: mem, limit: limit} }

// used is what our files take below a folder.
func (q *quota) used(dir string) (sum int64) {
	names, err := q.mem.List(dir)
	if err != nil {
		return 0
	}
	for _, name := range names {
		path := q.mem.PathJoin(dir, name)
		info, err := q.mem.Stat(path)
		switch {
		case err != nil: // removed meanwhile
		case info.IsDir():
			sum += q.used(path)
		default:
			sum += info.Size()
		}
	}
	return sum
}

func (q *quota) free() int64 { return q.limit - q.others - q.bulk - q.used("/") }

// leave has somebody else write until so much is free, or remove what he wrote.
func (q *quota) leave(free int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.others += q.free() - free
}

// String names the folder.
func (q *quota) String() string { return "data" }

// Free is what is left.
func (q *quota) Free() (int64, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.free(), nil
}

// Ballast is what SetBallast has set aside.
func (q *quota) Ballast() (int64, error) { return q.bulk, nil }

// SetBallast sets room aside, if there is any.
func (q *quota) SetBallast(bytes int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free()+q.bulk < bytes {
		return syscall.ENOSPC
	}
	q.bulk = bytes
	return nil
}

// Note keeps a text.
func (q *quota) Note(text string) error { q.note = text; return nil }

// Noted is the text.
func (q *quota) Noted() (string, error) { return q.note, nil }

// Create makes a file that counts.
func (q *quota) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return q.wrap(q.FS.Create(name, c))
}

// OpenReadWrite opens a file that counts.
func (q *quota) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return q.wrap(q.FS.OpenReadWrite(name, c, o...))
}

// ReuseForWrite opens an old file that counts.
func (q *quota) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return q.wrap(q.FS.ReuseForWrite(old, name, c))
}

// Unwrap is the file system without a limit.
func (q *quota) Unwrap() vfs.FS { return q.FS }

func (q *quota) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &quotaFile{File: f, q: q}, nil
}

// quotaFile is a file that does not grow when the disk is full.
type quotaFile struct {
	vfs.File
	q *quota
}

// Write writes what still fits, as a disk does.
func (f *quotaFile) Write(b []byte) (int, error) {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	fits := b
	if room := f.q.free(); room < int64(len(b)) {
		fits = b[:max(0, room)]
	}
	n, err := f.File.Write(fits)
	f.q.most = max(f.q.most, f.q.used("/"))
	if err == nil && len(fits) < len(b) {
		err = fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return n, err
}
