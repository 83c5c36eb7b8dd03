//go:build !linux && !darwin && !freebsd

package soft

import (
	"errors"
	"os"
)

// lockFile has no way here to keep a second writer out.
func lockFile(string) (*keyFile, error) {
	return nil, errors.New("hsm/soft: key files are written on Linux, macOS and FreeBSD only")
}

func unlockFile(f *os.File) error { return f.Close() }
