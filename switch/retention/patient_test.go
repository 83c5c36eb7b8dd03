package retention

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hanging is an archive in which one call never returns.
type hanging struct {
	*memFolder
	where string
	hangs chan struct{} // closed when it hangs
	free  chan struct{} // closed when the test is over
}

func (f hanging) at(where string) {
	if where == f.where {
		close(f.hangs)
		<-f.free
	}
}

// Create hangs before, or makes a file that hangs.
func (f hanging) Create(pattern string) (File, string, error) {
	f.at("create")
	file, name, err := f.memFolder.Create(pattern)
	return hangingFile{file, f}, name, err
}

type hangingFile struct {
	File
	archive hanging
}

// Write hangs before it writes.
func (f hangingFile) Write(b []byte) (int, error) {
	f.archive.at("write")
	return f.File.Write(b)
}

// TestStopLeavesAHangingArchive: a switch that stops does not wait for an archive that
// never answers, and nothing is read from its stores then.
func TestStopLeavesAHangingArchive(t *testing.T) {
	for _, where := range []string{"create", "write"} {
		w := newWorld(t, 3)
		w.write(40)
		w.rows.flush()
		archive := hanging{w.folder, where, make(chan struct{}), make(chan struct{})}
		o := w.options()
		o.Archive, o.ArchiveWait = archive, time.Millisecond
		j, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- j.Run(context.Background()) }()
		<-archive.hangs
		j.Stop()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if w.first() != 1 {
			t.Errorf("%s: the journal begins at %d", where, w.first())
		}
		if err := w.log.Close(); err != nil { // nothing has it open for reading
			t.Errorf("%s: %v", where, err)
		}
		close(archive.free)
	}
}

// broken is an archive that can be listed and not written.
type broken struct{ *memFolder }

// Create fails.
func (broken) Create(string) (File, string, error) { return nil, "", os.ErrPermission }

// TestArchiveThatCannotBeWritten: it is found out at once, and not when the first day
// is due.
func TestArchiveThatCannotBeWritten(t *testing.T) {
	w := newWorld(t, 3)
	o := w.options()
	o.Archive = broken{w.folder}
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Once(t.Context()); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "the archive cannot be written") {
		t.Errorf("an archive that is listed only, with no day due: %v", err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, good := range map[string]bool{dir: true, filepath.Join(dir, "a", "b"): true, file: false, filepath.Join(file, "a"): false} {
		if err := Probe(path); (err == nil) != good {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat("/proc/self"); err == nil && Probe("/proc") == nil {
		t.Error("/proc is an archive")
	}
	if names, err := At(dir).Names(); err != nil || len(names) != 1 {
		t.Errorf("%v were left: %v", names, err)
	}
}
