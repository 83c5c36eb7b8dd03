package journal

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Checkpoint writes a consistent copy of the journal to dir, which must not
// exist: a journal folder of its own that holds every record that was durable
// when it was called, and perhaps some more. Files that no longer change are
// linked, not copied, where the file system can. Safe beside Append.
func (l *PebbleLog) Checkpoint(dir string) error {
	durable := l.Durable()
	if err := l.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("journal: checkpoint to %s: %w", dir, err)
	}
	m, err := openMark(l.o.FS, dir, durable)
	if err != nil {
		return err
	}
	return m.close()
}
