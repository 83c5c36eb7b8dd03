//go:build darwin || freebsd

package disk

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// freeBytes asks the file system of a folder.
func freeBytes(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}

// takenBytes is what a file takes on its disk; blocks count 512 bytes.
func takenBytes(info os.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Blocks * 512
	}
	return info.Size()
}

// deviceOf is the file system that a file is on.
func deviceOf(info os.FileInfo) (uint64, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(stat.Dev), true
}

// allocate is left to writing the file.
func allocate(*os.File, int64) error { return errors.ErrUnsupported }
