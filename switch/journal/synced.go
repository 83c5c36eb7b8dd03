package journal

import (
	"errors"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/storage"
)

// synced makes sure, once, that what was read of a folder is on disk.
type synced struct {
	once sync.Once
	err  error
}

// settle makes what a journal that is only looked at was read from stay. After kill -9
// its last groups may be in the memory of the system alone, and a power cut takes
// them: what is signed of them would be a lie then. Whoever writes has them on disk
// anyway. It changes no file; a medium that cannot be written has nothing to sync.
func (l *PebbleLog) settle() error {
	if l.mark != nil {
		return nil
	}
	l.synced.once.Do(func() {
		names, err := l.o.FS.List(l.dir)
		for _, name := range names {
			if err == nil && strings.HasSuffix(name, ".log") {
				err = syncRead(l.o.FS, l.o.FS.PathJoin(l.dir, name))
			}
		}
		if err == nil {
			err = storage.SyncDir(l.o.FS, l.dir)
		}
		if err != nil && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
			l.synced.err = writeError(err)
		}
	})
	return l.synced.err
}

// syncRead syncs a file that others have written.
func syncRead(disk vfs.FS, path string) error {
	f, err := disk.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
