package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// checkManifest reads the MANIFEST, the list of changes to the set of files. Pebble
// takes the first change that it cannot read for the end of the list, even when
// others follow; then it would forget files, and delete them. Changes are synced
// one by one, so only the last one may be torn: torn says that it is.
// oldest is the number of the oldest write-ahead log that is needed.
func checkManifest(disk vfs.FS, path string) (torn string, oldest uint64, err error) {
	r, err := openChunks(disk, path, 0, true)
	if err != nil {
		return "", 0, err
	}
	defer r.close()
	prefix := make([]byte, 0, recordPrefix)
	for at := int64(0); ; {
		change, end, kind, err := r.record(at, prefix)
		switch {
		case err != nil:
			return "", 0, err
		case kind == chunkWhole:
			at, oldest = end, max(oldest, oldestLog(change))
			continue
		case kind == chunkEOF:
			return "", oldest, nil
		}
		err = r.after(end, func(later int64, _ *chunk) bool {
			torn = fmt.Sprintf("offset %d", later)
			return false
		})
		if err == nil && torn != "" {
			err = fmt.Errorf("%w: %s cannot be read at offset %d, but goes on at %s", ErrDamaged, path, at, torn)
		}
		return fmt.Sprintf("%s: the last change breaks off at offset %d of %d", path, at, r.size), oldest, err
	}
}

// Tags in a change, by Pebble; those that matter come first in it.
const (
	changeComparer = 1 // a text
	changeLog      = 2 // the number of the oldest log that is needed
)

// oldestLog is the number of the oldest log that is needed after a change; 0 when the
// change does not say.
func oldestLog(change []byte) uint64 {
	tag, n := binary.Uvarint(change)
	if n > 0 && tag == changeComparer {
		_, change, _ = lengthPrefixed(change[n:])
		tag, n = binary.Uvarint(change)
	}
	if n <= 0 || tag != changeLog {
		return 0
	}
	number, _ := binary.Uvarint(change[n:])
	return number
}
