package crash

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// small is a file system with room for so many bytes more. What a write has no room
// for is cut off, as a disk does it.
type small struct {
	vfs.FS
	mu   sync.Mutex // guards room
	room int64
}

// take takes room for n bytes, or what there is.
func (s *small) take(n int) (got int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	got = int(min(int64(n), s.room))
	if s.room -= int64(got); got < n {
		return got, syscall.ENOSPC
	}
	return got, nil
}

// Unwrap is the file system without a limit.
func (s *small) Unwrap() vfs.FS { return s.FS }

// Create makes a file.
func (s *small) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.limited(s.FS.Create(name, c))
}

// OpenReadWrite opens a file to be written.
func (s *small) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return s.limited(s.FS.OpenReadWrite(name, c, o...))
}

// ReuseForWrite makes a new file of an old one.
func (s *small) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.limited(s.FS.ReuseForWrite(old, name, c))
}

func (s *small) limited(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &smallFile{f, s}, nil
}

// smallFile takes room for what is appended; to write over what is there takes none.
type smallFile struct {
	vfs.File
	s *small
}

// Write appends as much as there is room for.
func (f *smallFile) Write(b []byte) (int, error) {
	n, full := f.s.take(len(b))
	done, err := f.File.Write(b[:n])
	return done, errors.Join(err, full)
}

// WriteAt writes in place, and grows the file only if there is room for all.
func (f *smallFile) WriteAt(b []byte, at int64) (int, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if grow := at + int64(len(b)) - info.Size(); grow > 0 {
		if _, full := f.s.take(int(grow)); full != nil {
			return 0, full
		}
	}
	return f.File.WriteAt(b, at)
}

// TestFullDisk lets the disk become full at any moment: the switch stops by itself,
// or does not start; a start that finds no room either does no harm; and with room
// again the switch knows everything that it had said.
func TestFullDisk(t *testing.T) {
	first := newBase(t, 120, 60)
	ends, again := map[string]int{}, map[string]int{}
	tries := sized(10, 60, 600)
	for n := range tries {
		room := 90_000 * n / tries
		disk := func(bytes int) func(*vfs.MemFS) vfs.FS {
			return func(mem *vfs.MemFS) vfs.FS { return &small{FS: mem, room: int64(bytes)} }
		}
		left, why := first.goOn(disk(room), 100, func(r *run) { r.flushes, r.restarts = 20, []int{90} })
		ends[endOf(why)]++
		after, stillFull := left.goOn(disk(0), 100, func(*run) {})
		again[endOf(stillFull)]++
		for _, err := range []error{why, stillFull} {
			if err == nil || !errors.Is(err, syscall.ENOSPC) && !strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
				t.Errorf("full after %d bytes: ended with %v", room, err)
			}
		}
		if broken := judge(after.fs, after.script, after.at).broken(); broken != "" {
			t.Errorf("full after %d bytes (%v), again (%v): %s", room, why, stillFull, broken)
		}
	}
	t.Logf("when it was full: %v; while it was still full: %v", ends, again)
}
