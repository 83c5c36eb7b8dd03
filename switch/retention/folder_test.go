package retention

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestTwoWriters: two switches with one archive write the same day at the same time.
// Neither writes into the other's file, and none takes the other's name away.
func TestTwoWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	f := At(path)
	if _, err := f.Names(); err != nil {
		t.Fatal(err)
	}
	const day = "2026-11-22" + segmentSuffix
	write := func(text string) (name string) {
		t.Helper()
		out, name, err := f.Create(day + ".*" + partSuffix)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, text); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if m := segmentName.FindStringSubmatch(name); m == nil || m[3] == "" {
			t.Errorf("%s would never be tidied away", name)
		}
		return name
	}
	one, two := write("one"), write("two")
	if err := f.Rename(one, day); err != nil {
		t.Fatal(err)
	}
	if err := f.Rename(two, day); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the name was taken away: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(path, day)); err != nil || string(text) != "one" {
		t.Errorf("%q %v", text, err)
	}
	names, err := f.Names()
	if err != nil || len(names) != 2 {
		t.Errorf("%v %v", names, err)
	}
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// interrupted is an archive in which somebody stops the switch as soon as a file is
// read.
type interrupted struct {
	*memFolder
	stop func()
	read *int
}

// Open stops the switch.
func (f interrupted) Open(name string) (io.ReadCloser, error) {
	r, err := f.memFolder.Open(name)
	f.stop()
	return countedReader{r, f.read}, err
}

type countedReader struct {
	io.ReadCloser
	n *int
}

// Read counts.
func (r countedReader) Read(b []byte) (int, error) {
	*r.n++
	return r.ReadCloser.Read(b)
}

// TestStopWhileReading: a switch that stops does not wait until a day was read back.
func TestStopWhileReading(t *testing.T) {
	w := newWorld(t, 3)
	w.write(40)
	ctx, cancel := context.WithCancel(context.Background())
	o, reads := w.options(), 0
	o.Archive = interrupted{w.folder, cancel, &reads}
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Once(ctx); !errors.Is(err, context.Canceled) || reads > 1 || w.first() != 1 || w.names() != "" {
		t.Errorf("%v, after %d reads; the journal begins at %d, the archive has %q", err, reads, w.first(), w.names())
	}

	w.run()
	again := newWorld(t, 3) // the same, with its files there already
	again.write(40)
	for name, f := range w.folder.names {
		again.folder.names[name] = &memFile{w: again, bytes: bytes.Clone(f.bytes), synced: f.synced}
	}
	ctx, cancel = context.WithCancel(context.Background())
	o, reads = again.options(), 0
	before := again.names()
	o.Archive = interrupted{again.folder, cancel, &reads}
	if j, err = New(o); err != nil {
		t.Fatal(err)
	}
	if err := j.Once(ctx); !errors.Is(err, context.Canceled) || reads > 1 || again.first() != 1 || again.names() != before {
		t.Errorf("%v, after %d reads; the journal begins at %d, the archive has %q", err, reads, again.first(), again.names())
	}
	if again.run(); again.first() == 1 {
		t.Error("the next run did nothing")
	}
}
