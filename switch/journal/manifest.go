package journal

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// checkManifest reads the MANIFEST, the list of changes to the set of files. Pebble
// takes the first change that it cannot read for the end of the list, even when
// others follow; then it would forget files, and delete them. Changes are synced
// one by one, so only the last one may be torn: torn says that it is.
func checkManifest(disk vfs.FS, path string) (torn string, err error) {
	r, err := openChunks(disk, path, 0, true)
	if err != nil {
		return "", err
	}
	defer r.close()
	var prefix []byte
	for at := int64(0); ; {
		_, end, kind, err := r.record(at, prefix)
		switch {
		case err != nil:
			return "", err
		case kind == chunkWhole:
			at = end
			continue
		case kind == chunkEOF:
			return "", nil
		}
		err = r.after(end, func(later int64, _ *chunk) bool {
			torn = fmt.Sprintf("offset %d", later)
			return false
		})
		if err == nil && torn != "" {
			err = fmt.Errorf("%w: %s cannot be read at offset %d, but goes on at %s", ErrDamaged, path, at, torn)
		}
		return fmt.Sprintf("%s: the last change breaks off at offset %d of %d", path, at, r.size), err
	}
}
