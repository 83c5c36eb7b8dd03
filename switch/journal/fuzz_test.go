package journal

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FuzzGroup: any bytes are a group that reads back as it was written, or an error
// about damage; never a panic.
func FuzzGroup(f *testing.F) {
	for _, sizes := range [][]int{{1}, {0, 300, 2}, {5, 5, 5, 5, 5}} {
		var g Group
		g.Reset(7)
		g.At(99)
		for _, n := range sizes {
			g.Add(bytes.Repeat([]byte{'r'}, n))
		}
		end := end{next: 7, number: 3}
		f.Add(bytes.Clone(g.seal(&end)))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		h, err := readHead(value, 7)
		var c checker
		if err == nil {
			err = c.records(value, &h)
		}
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("not about damage: %v", err)
			}
			return
		}
		var g Group
		g.Reset(h.first)
		g.At(h.at)
		if err := eachRecord(value, &h, func(_ uint64, _ int, record []byte) error { g.Add(record); return nil }); err != nil {
			t.Fatal(err)
		}
		end := h.begin()
		if again := g.seal(&end); !bytes.Equal(again, value) {
			t.Errorf("read\n%x\nwritten\n%x", value, again)
		}
	})
}

// FuzzSegment: any bytes are a segment or an error; never a panic, and no more
// memory than the bytes are worth.
func FuzzSegment(f *testing.F) {
	l, err := OpenPebble("journal", Options{FS: vfs.NewMem()})
	if err != nil {
		f.Fatal(err)
	}
	write(f, l, 3, 1, 4)
	for _, first := range []uint64{1, 5} {
		file, _ := segmentOf(f, l, first, 8)
		f.Add(file)
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, _, err := VerifySegment(bytes.NewReader(file)); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("not about damage: %v", err)
		}
	})
}

// FuzzLog: a write-ahead log of any bytes is read to some end; never a panic.
func FuzzLog(f *testing.F) {
	fs := vfs.NewMem()
	l, err := OpenPebble("journal", Options{FS: fs})
	if err != nil {
		f.Fatal(err)
	}
	write(f, l, 3, 1, 4)
	names, err := fs.List("journal")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		if kind := kindOf(name); kind == "log" || kind == "MANIFEST" {
			b, _ := fs.UnsafeGetFileDataBuffer("journal/" + name)
			f.Add(bytes.Clone(b), kind == "MANIFEST")
		}
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte, manifest bool) {
		fs := vfs.NewMem()
		file, err := fs.Create("file", vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(content); err != nil {
			t.Fatal(err)
		}
		file.Close()
		if manifest {
			if _, _, err := checkManifest(fs, "file"); err != nil && !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return
		}
		w, err := readWAL(fs, "file", 2, 0, false)
		if err != nil || w.end > int64(len(content)) {
			t.Errorf("%+v, %v", w, err)
		}
	})
}
