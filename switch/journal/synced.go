package journal

import (
	"errors"
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
		files, err := walFiles(l.o.FS, l.dir, l.second.read)
		for _, f := range files {
			if err == nil {
				err = syncRead(l.o.FS, f.path)
			}
		}
		for _, dir := range []string{l.dir, l.second.read} {
			if err == nil && dir != "" {
				err = storage.SyncDir(l.o.FS, dir)
			}
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
