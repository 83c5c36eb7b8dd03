package journal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// keeper is a file system that keeps, until a journal is found whole, every file
// that Pebble no longer needs: what seems obsolete may be all that is left of
// records whose place in the list of files was damaged.
type keeper struct {
	vfs.FS
	mu   sync.Mutex // guards the rest: Pebble cleans up on a goroutine of its own
	free bool
	kept []string
}

// Remove deletes a file, or keeps it for release.
func (k *keeper) Remove(path string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.free && precious(filepath.Base(path)) {
		k.kept = append(k.kept, path)
		return nil
	}
	return k.FS.Remove(path)
}

func precious(name string) bool {
	return strings.HasSuffix(name, ".log") || strings.HasSuffix(name, ".sst") || strings.HasPrefix(name, "MANIFEST-")
}

// Unwrap is the file system below.
func (k *keeper) Unwrap() vfs.FS { return k.FS }

// release deletes what was kept, and from now on everything at once.
func (k *keeper) release() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free = true
	for _, path := range k.kept {
		if err := k.FS.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return writeError(err)
		}
	}
	k.kept = nil
	return nil
}
