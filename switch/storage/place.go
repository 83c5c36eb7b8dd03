package storage

import (
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// SameFolder says whether two names lead to one folder: by way of links or of mounts, too,
// where the file system is the real one.
func SameFolder(fs FS, a, b string) bool {
	a, b = resolved(fs, a), resolved(fs, b)
	if a == b || !isReal(fs) {
		return a == b
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// WithinFolder says whether dir leads to other, or to a folder below it. Neither has to be
// there.
func WithinFolder(fs FS, dir, other string) bool {
	for at := resolved(fs, dir); ; {
		if SameFolder(fs, at, other) {
			return true
		}
		above := fs.PathDir(at)
		if above == at {
			return false
		}
		at = above
	}
}

// Absolute is a name that leads to the same folder from everywhere.
func Absolute(fs FS, dir string) string {
	if isReal(fs) {
		if abs, err := filepath.Abs(dir); err == nil {
			return abs
		}
	}
	return fs.PathJoin(dir)
}

// resolved is where a name leads to. What of it is not there is taken by its name.
func resolved(fs FS, dir string) string {
	dir = Absolute(fs, dir)
	if !isReal(fs) {
		return dir
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	above := filepath.Dir(dir)
	if above == dir {
		return dir
	}
	return filepath.Join(resolved(fs, above), filepath.Base(dir))
}

// isReal says whether a file system is that of the machine, whatever is around it.
func isReal(fs FS) bool { return vfs.Root(fs) == vfs.Default }
