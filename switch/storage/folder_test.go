package storage

import (
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestMarkerComesLast: when the power goes before the folder is synced, of all that
// was created in it only the marker may have stayed. What it names must be there.
func TestMarkerComesLast(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var crashed []*vfs.MemFS
	before := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync && strings.HasSuffix(op.Path, "db") {
			crashed = append(crashed, keepMarkers(t, mem))
		}
		return nil
	})
	db, err := pebble.Open("db", Options{FS: errorfs.Wrap(mem, before)}.Pebble("journal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if len(crashed) < 4 {
		t.Fatalf("%d syncs of the folder: what is tested here is gone", len(crashed))
	}
	for i, fs := range crashed {
		db, err := pebble.Open("db", Options{FS: fs}.Pebble("journal"))
		if err != nil {
			t.Errorf("crash %d: %v", i, err)
			continue
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// keepMarkers is the disk after a power cut that has kept what was synced, and of
// the rest the names of markers.
func keepMarkers(t *testing.T, mem *vfs.MemFS) *vfs.MemFS {
	t.Helper()
	crashed := mem.CrashClone(vfs.CrashCloneCfg{})
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := crashed.Stat("db"); err == nil && strings.HasPrefix(name, markerPrefix) {
			f, err := crashed.Create("db/"+name, vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return crashed
}

// TestFolderSyncErrorIsASentence: Pebble would panic.
func TestFolderSyncErrorIsASentence(t *testing.T) {
	failing := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync && strings.HasSuffix(op.Path, "db") {
			return errorfs.ErrInjected
		}
		return nil
	})}
	type stopped struct{ error }
	fs := Options{FS: errorfs.Wrap(vfs.NewMem(), &failing), Fatal: func(err error) { panic(stopped{err}) }}.Pebble("journal").FS
	if err := fs.MkdirAll("db", 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := fs.Lock("db/LOCK")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	failing.On()
	defer func() {
		if s, ok := recover().(stopped); !ok || s.Error() != "journal: sync db: injected error" {
			t.Errorf("ended with %v", s)
		}
	}()
	_, err = fs.Create("db/marker.manifest.000001.MANIFEST-000001", vfs.WriteCategoryUnspecified)
	t.Errorf("it went on: %v", err)
}

// TestNobodyElseLooks: the folders of a database are their owner's, whatever the
// folder above them is.
func TestNobodyElseLooks(t *testing.T) {
	dir := t.TempDir() + "/db"
	db, err := pebble.Open(dir, Options{}.Pebble("journal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Checkpoint(dir + ".copy"); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{dir, dir + ".copy"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
}

// TestMadeFolderStays: a power cut right after takes nothing of it.
func TestMadeFolderStays(t *testing.T) {
	mem := vfs.NewCrashableMem()
	for range 2 { // one that is there is left alone
		if err := MakeDir(mem, "a/b/c"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := mem.CrashClone(vfs.CrashCloneCfg{}).Stat("a/b/c"); err != nil {
		t.Error(err)
	}
	mem = vfs.NewCrashableMem()
	if err := mem.MkdirAll("a/b/c", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := mem.CrashClone(vfs.CrashCloneCfg{}).Stat("a"); err == nil {
		t.Error("this proves nothing")
	}
}
