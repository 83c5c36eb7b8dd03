package journal

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestSignedIsOnDisk: after kill -9 the last groups may be in the memory of the system
// alone. Nothing is signed of them before they are on disk, nothing at all when that
// fails, and a medium that cannot be written needs none of it.
func TestSignedIsOnDisk(t *testing.T) {
	signer, _ := testKey(t)
	w := &world{fs: vfs.NewCrashableMem()}
	l := open(t, w.fs)
	write(t, l, 3, 3)
	killed := w.copy()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, result := range []error{nil, syscall.EIO, syscall.EROFS} {
		synced := map[string]int{}
		disk := errorfs.Wrap(killed, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind != errorfs.OpFileSync {
				return nil
			}
			synced[op.Path]++
			return result
		}))
		l, err := OpenReadOnly("journal", quiet(disk))
		if err != nil {
			t.Fatal(err)
		}
		if len(synced) != 0 {
			t.Errorf("opening has synced %v", synced)
		}
		_, err = l.SignedCheckpoint(signer)
		_, again := l.Prove(signer, 2)
		if want := result; want == syscall.EIO && (!errors.Is(err, want) || !errors.Is(again, want)) || want != syscall.EIO && (err != nil || again != nil) {
			t.Errorf("syncs give %v: signed %v, %v", want, err, again)
		}
		logs := 0
		for path, n := range synced {
			if n != 1 {
				t.Errorf("%s was synced %d times", path, n)
			}
			if strings.HasSuffix(path, ".log") {
				logs++
			}
		}
		if logs != len(filesOf(t, killed, ".log")) || result == nil && synced["journal"] != 1 {
			t.Errorf("syncs give %v: synced were %v", result, synced)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
