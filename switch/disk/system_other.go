//go:build !linux && !darwin && !freebsd

package disk

import (
	"errors"
	"fmt"
	"os"
)

// freeBytes is not known here, and a switch that does not know it does not start.
func freeBytes(dir string) (int64, error) {
	return 0, fmt.Errorf("statfs %s: %w", dir, errors.ErrUnsupported)
}

func takenBytes(info os.FileInfo) int64 { return info.Size() }

func deviceOf(os.FileInfo) (uint64, bool) { return 0, false }

func allocate(*os.File, int64) error { return errors.ErrUnsupported }
