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
// time that it happens, Fatal is told first, in one line that names the file.
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

// logSuffix ends the names of write-ahead logs.
const logSuffix = ".log"

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
		if err != nil {
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

// TestStrict: every way to write in the folder ends with the name of the file when
// it fails; elsewhere, and for reading and removing, an error is an error.
func TestStrict(t *testing.T) {
	broken := errorfs.Toggle{Injector: errorfs.ErrInjected}
	var fatal []string
	o := Options{FS: errorfs.Wrap(vfs.NewMem(), &broken), Fatal: func(err error) { fatal = append(fatal, err.Error()) }}
	fs := o.Pebble("journal").FS
	create := func(path string) vfs.File {
		t.Helper()
		f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, dir := range []string{"data/journal", "copy"} {
		if err := fs.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if dir != "copy" { // as Pebble does with its own
			lock, err := fs.Lock(dir + "/LOCK")
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Close()
		}
		f, old := create(dir+"/f"), create(dir+"/old")
		d, err := fs.OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		rw, err := fs.OpenReadWrite(dir+"/rw", vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		broken.On()
		var errs []error
		try := func(err error) { errs = append(errs, err) }
		_, err = f.Write([]byte("x"))
		try(err)
		try(f.Sync())
		try(f.SyncData())
		_, err = f.SyncTo(1)
		try(err)
		_, err = rw.WriteAt([]byte("x"), 0)
		try(err)
		try(d.Sync())
		_, err = fs.Create(dir+"/g", vfs.WriteCategoryUnspecified)
		try(err)
		_, err = fs.ReuseForWrite(dir+"/old", dir+"/g", vfs.WriteCategoryUnspecified)
		try(err)
		_, err = fs.OpenReadWrite(dir+"/g", vfs.WriteCategoryUnspecified)
		try(err)
		try(fs.Rename(dir+"/old", dir+"/g"))
		try(fs.Link(dir+"/old", dir+"/g"))
		writes := len(errs)
		_, err = fs.Open(dir + "/f")
		try(err)
		try(fs.Remove(dir + "/f"))
		broken.Off()
		for i, err := range errs {
			if !errors.Is(err, errorfs.ErrInjected) {
				t.Errorf("%s, operation %d: %v", dir, i, err)
			}
		}
		if dir == "copy" {
			writes = 0
		}
		if len(fatal) != writes {
			t.Errorf("%s: %d of %d errors have stopped the process: %q", dir, len(fatal), writes, fatal)
		}
		for _, s := range fatal {
			if !strings.HasPrefix(s, "journal: ") || !strings.Contains(s, dir) {
				t.Errorf("%s", s)
			}
		}
		fatal = nil
		for _, f := range []vfs.File{f, old, d, rw} {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
