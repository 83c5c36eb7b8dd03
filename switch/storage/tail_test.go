package storage

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestLogThatCannotBeWrittenEnds: whatever fails with a write-ahead log, at the n-th
// time that it happens, Fatal is told first, in one line that names the file. Only
// the first log file is Open's to complain about.
func TestLogThatCannotBeWrittenEnds(t *testing.T) {
	kinds := map[errorfs.OpKind]string{
		errorfs.OpFileWrite: "write", errorfs.OpFileSyncData: "sync", errorfs.OpCreate: "make", errorfs.OpReuseForWrite: "make",
	}
	for kind, word := range kinds {
		ends := 0
		for nth := 1; nth <= 20; nth++ {
			if logFails(t, kind, word, nth) {
				ends++
			}
		}
		t.Logf("%s: %d of 20 runs ended", word, ends)
		if ends == 0 {
			t.Errorf("%s never failed: this test proves nothing of it", word)
		}
	}
}

// logFails writes until the log changes its file several times, with the n-th
// operation of a kind on a log failing, and says whether the process ended.
func logFails(t *testing.T, kind errorfs.OpKind, word string, nth int) (ended bool) {
	t.Helper()
	seen := 0
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == kind && strings.HasSuffix(op.Path, logSuffix) {
			if seen++; seen == nth {
				return errorfs.ErrInjected
			}
		}
		return nil
	}))
	over := make(chan error, 1)
	po := Options{FS: fs, Fatal: func(err error) {
		over <- err
		select {} // the process would be gone
	}}.Pebble("journal")
	po.MemTableSize = 64 << 10
	done := make(chan error, 1)
	go func() { done <- fillLog(po) }()
	select {
	case err := <-over:
		text := err.Error()
		if !errors.Is(err, errorfs.ErrInjected) || !strings.HasPrefix(text, "journal: "+word+" db/0") || strings.Contains(text, "\n") {
			t.Errorf("%v %d: ended with %q", word, nth, text)
		}
		return true
	case err := <-done:
		if err != nil && !(nth == 1 && word == "make") {
			t.Errorf("%v %d: went on to %v", word, nth, err)
		}
		return false
	}
}

// fillLog writes synced values through several log files.
func fillLog(po *pebble.Options) error {
	db, err := pebble.Open("db", po)
	if err != nil {
		return err
	}
	for i := range 40 {
		if err := db.Set([]byte{byte(i)}, bytes.Repeat([]byte{byte(i)}, 8<<10), pebble.Sync); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	return db.Close()
}
