package storage

import "github.com/cockroachdb/pebble/v2/vfs"

// FS is a file system: the real one, or one of a test. Who writes files beside the
// databases uses it too, so that a test sees all that happens on one disk.
type FS = vfs.FS
