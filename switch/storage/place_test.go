package storage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestNamesOfFolders: two names of one folder are one, by whatever links they go, also where
// the end of the way is not there yet.
func TestNamesOfFolders(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"data/journal", "second"} {
		if err := os.MkdirAll(at(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"link": "data", "data/out": "../second"} {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		a, b         string
		same, within bool // a is b; a leads into b
	}{
		{"data", "link", true, true},
		{"data/journal/", "link/./journal", true, true},
		{"data/none", "link/none", true, true},
		{"link/none/more", "data", false, true},
		{"data/out", "second", true, true},
		{"data/out/deep", "second", false, true},
		{"data/out", "data", false, false},
		{"second", "data", false, false},
		{"data", "data/journal", false, false},
		{"data2", "data", false, false},
	} {
		fs := vfs.FS(vfs.Default)
		if got := SameFolder(fs, at(c.a), at(c.b)); got != c.same {
			t.Errorf("%s and %s are one: %v", c.a, c.b, got)
		}
		if got := WithinFolder(folders{fs}, at(c.a), at(c.b)); got != c.within {
			t.Errorf("%s leads into %s: %v", c.a, c.b, got)
		}
	}
	if mem := vfs.NewMem(); !SameFolder(mem, "data/", "data") || SameFolder(mem, "data", "link") || !WithinFolder(mem, "data/journal", "data") || WithinFolder(mem, "data", "data/journal") {
		t.Error("of a file system in memory the names count")
	}
	t.Chdir(dir)
	if got := Absolute(vfs.Default, "link"); got != at("link") {
		t.Errorf("from here link is %s", got)
	}
}
