package backup

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"switchd/switch/journal"
	"switchd/switch/storage"
)

// TestClosedSecondFolder: what is made of a journal that nobody has open, and whose latest
// records are in its second folder alone, is whole and in one folder.
func TestClosedSecondFolder(t *testing.T) {
	mem, hang, hangs := vfs.NewCrashableMem(), make(chan struct{}), make(chan struct{})
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		select {
		case <-hangs:
			if k := op.Kind; strings.HasPrefix(op.Path, "data/") && (k == errorfs.OpFileWrite || k == errorfs.OpFileWriteAt || k == errorfs.OpFileSync || k == errorfs.OpFileSyncData || k == errorfs.OpCreate) {
				<-hang
			}
		default:
		}
		return nil
	}))
	o := journal.Options{FS: fs, Log: slog.New(slog.DiscardHandler), Failover: storage.Failover{Dir: "second", After: 4 * time.Millisecond}}
	j, err := journal.OpenPebble("data/"+journalDir, o)
	if err != nil {
		t.Fatal(err)
	}
	var g journal.Group
	add := func() {
		g.Reset(j.Next())
		g.Add([]byte("a record"))
		ticket, err := j.Append(&g)
		if err == nil {
			err = ticket.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add()
	close(hangs)
	add()
	add()
	killed := mem.CrashClone(vfs.CrashCloneCfg{})
	close(hang)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	// Its disk is mounted elsewhere now.
	if err := killed.Rename("second", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	bo := options(t, killed)
	if _, _, err := Closed("data", bo); !errors.Is(err, journal.ErrSecondFolder) {
		t.Errorf("where the second folder is, nobody has said: %v", err)
	}
	bo.Second = "elsewhere"
	s, release, err := Closed("data", bo)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := s.Journal.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	if err := killed.RemoveAll("elsewhere"); err != nil {
		t.Fatal(err)
	}
	gone(t, killed, "copy/"+journal.FailoverNote)
	for _, open := range []func(string, journal.Options) (*journal.PebbleLog, error){journal.OpenReadOnly, journal.OpenPebble} {
		copied, err := open("copy", journal.Options{FS: killed, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := copied.Verify(t.Context(), nil); err != nil || r.Last != 3 {
			t.Errorf("the copy: %+v %v", r, err)
		}
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
	}
}
