package main

import (
	"fmt"
	"syscall"
)

// freeBytes is what the file system of a folder has free for its user.
func freeBytes(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("how much room %s has: %w", dir, err)
	}
	return int64(fs.Bavail) * fs.Frsize, nil
}
