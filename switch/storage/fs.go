package storage

import "github.com/cockroachdb/pebble/v2/vfs"

// FS is a file system: the real one, or one of a test. Who writes files beside the
// databases uses it too, so that a test sees all that happens on one disk.
type FS = vfs.FS

// File is an open file of an FS.
type File = vfs.File

// OpenOption is what an FS is told about a file that it opens.
type OpenOption = vfs.OpenOption
