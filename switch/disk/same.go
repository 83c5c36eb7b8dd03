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
	for {
		if info, err := os.Stat(path); err == nil {
			return deviceOf(info)
		}
		above := filepath.Dir(path)
		if above == path {
			return 0, false
		}
		path = above
	}
}
