//go:build linux || darwin || freebsd

package soft

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile makes this process the one writer of a key file. The lock is on a file
// beside it, since the file itself is replaced, and ends with the process. The file
// stays: who removed it could remove the lock of another.
func lockFile(path string) (*keyFile, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hsm/soft: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		why := fmt.Errorf("hsm/soft: %s: it cannot be locked: %w", path, err)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			why = fmt.Errorf("hsm/soft: %s: %w", path, ErrInUse)
		}
		return nil, errors.Join(why, f.Close())
	}
	return &keyFile{path: path, lock: f, disk: realDisk()}, nil
}

// unlockFile gives the lock back by itself: a process that this one is just starting has
// the file open too, for a moment, and would hold it so long.
func unlockFile(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
