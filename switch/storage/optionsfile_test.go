package storage

import (
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestDamagedOptionsAreNamed: Pebble says "invalid key=value syntax" and no more.
func TestDamagedOptionsAreNamed(t *testing.T) {
	fs := vfs.NewMem()
	if err := CheckOptions(fs, "db"); err != nil {
		t.Errorf("no folder: %v", err)
	}
	db, err := pebble.Open("db", Options{FS: fs}.Pebble("state store"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := CheckOptions(fs, "db"); err != nil {
		t.Errorf("whole: %v", err)
	}
	names, err := fs.List("db")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "OPTIONS-") {
			spoil(t, fs, "db/"+name)
			if err := CheckOptions(fs, "db"); !Corrupt(err) || !strings.HasPrefix(err.Error(), "db/"+name+": ") {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
	}
	t.Error("there is no file of options")
}

// spoil makes the first "=" of a file something else.
func spoil(t *testing.T, fs vfs.FS, path string) {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	w, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Replace(string(text), "=", "?", 1)); err != nil {
		t.Fatal(err)
	}
}
