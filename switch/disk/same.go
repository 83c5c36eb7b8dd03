package disk

import (
	"os"
	"path/filepath"
)

// Same says whether two folders are on one file system. One that is not there is
// where the first folder above it is. Where it cannot be found out they are.
func Same(a, b string) bool {
	at, ok := device(a)
	other, too := device(b)
	return !ok || !too || at == other
}

// Together is Same, for who can do without an answer: where it cannot be found out they
// are not.
func Together(a, b string) bool {
	at, ok := device(a)
	other, too := device(b)
	return ok && too && at == other
}

func device(path string) (uint64, bool) {
	info, err := os.Stat(there(path))
	if err != nil {
		return 0, false
	}
	return deviceOf(info)
}

// there is the folder, or the first one above it that is there.
func there(path string) string {
	for {
		above := filepath.Dir(path)
		if _, err := os.Stat(path); err == nil || above == path {
			return path
		}
		path = above
	}
}
