package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/storage"
)

// markName is the file beside Pebble's that says how far the journal is known to
// be on disk. It is written after every sync and not synced itself: after the end
// of a process it is exact, after a loss of power it may be old, but it never
// says more than is true. So a log whose end was damaged is not taken for one
// that was torn by the crash.
const markName = "DURABLE"

// Layout of the mark, little-endian: "switchd" and a line feed | last durable record u64 | CRC32C u32.
// It fits in a sector and is written at once.
const (
	markMagic = "switchd\n"
	markBytes = len(markMagic) + 8 + 4
)

// mark is the open file.
type mark struct {
	f     vfs.File
	mu    sync.Mutex // guards writing: what is written is the newest number
	buf   [markBytes]byte
	last  atomic.Uint64 // what set was given
	later *later        // nil: set writes at once
}

// later writes a mark beside those who set it: where the log goes on in a second folder
// while the disk is slow, nobody may wait for the mark on that disk. After the end of a
// process it is then what the disk had taken by that time.
type later struct {
	wake chan struct{} // holds one: there is something new
	done chan struct{} // closed when nothing is written any more
	err  atomic.Pointer[error]
}

// beside begins to write the mark on a goroutine of its own, until close.
func (m *mark) beside() {
	m.later = &later{wake: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(m.later.done)
		for range m.later.wake {
			if err := m.write(); err != nil {
				m.later.err.Store(&err)
				return
			}
		}
	}()
}

// readMark reads the mark of a folder. A folder without one has the mark 0, and so
// has one whose file a loss of power has left empty.
func readMark(disk vfs.FS, dir string) (uint64, error) {
	path := disk.PathJoin(dir, markName)
	f, err := disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, readError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(markBytes)+1))
	switch {
	case err != nil:
		return 0, readError(err)
	case allZero(b):
		return 0, nil
	case len(b) != markBytes || string(b[:len(markMagic)]) != markMagic,
		binary.LittleEndian.Uint32(b[markBytes-4:]) != crc32.Checksum(b[:markBytes-4], castagnoli):
		return 0, fmt.Errorf("%w: %s is not what was written; if verify finds nothing else, this file can be removed", ErrDamaged, path)
	}
	return binary.LittleEndian.Uint64(b[len(markMagic):]), nil
}

// openMark creates the mark of a folder, or overwrites it.
func openMark(disk vfs.FS, dir string, seq uint64) (*mark, error) {
	f, err := disk.OpenReadWrite(disk.PathJoin(dir, markName), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, writeError(err)
	}
	m := &mark{f: f}
	err = m.set(seq)
	if err == nil {
		err = m.sync()
	}
	if err == nil {
		if err = storage.SyncDir(disk, dir); err != nil {
			err = writeError(err)
		}
	}
	if err != nil {
		_ = f.Close() // says nothing more
		return nil, err
	}
	return m, nil
}

// set writes the mark, or has it written. One goroutine at a time.
func (m *mark) set(seq uint64) error {
	m.last.Store(seq)
	if m.later == nil {
		return m.write()
	}
	if failed := m.later.err.Load(); failed != nil {
		return *failed
	}
	select {
	case m.later.wake <- struct{}{}:
	default: // it will see the newest
	}
	return nil
}

func (m *mark) write() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := append(m.buf[:0], markMagic...)
	b = binary.LittleEndian.AppendUint64(b, m.last.Load())
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := m.f.WriteAt(b, 0); err != nil {
		return writeError(err)
	}
	return nil
}

// sync writes what was set, and has it stay.
func (m *mark) sync() error {
	if m.later != nil {
		if err := m.write(); err != nil {
			return err
		}
	}
	if err := m.f.Sync(); err != nil {
		return writeError(err)
	}
	return nil
}

// close leaves the mark on disk.
func (m *mark) close() error {
	if m.later != nil {
		close(m.later.wake)
		<-m.later.done
	}
	err := m.sync()
	if closing := m.f.Close(); err == nil && closing != nil {
		err = writeError(closing)
	}
	return err
}
