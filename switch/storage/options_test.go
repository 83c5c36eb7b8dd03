package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestErrorsEnd: what Pebble cannot hand to a caller ends in one sentence that
// names the database.
func TestErrorsEnd(t *testing.T) {
	var got []string
	po := Options{Fatal: func(err error) { got = append(got, err.Error()) }}.Pebble("journal")
	po.Logger.Fatalf("fsync of %s failed", "000004.log")
	po.EventListener.BackgroundError(errors.New("no space"))
	want := "journal: storage cannot go on: fsync of 000004.log failed\njournal: background write: no space"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	defer func() {
		if r := recover(); r == nil {
			t.Error("without a Fatal an error that cannot be returned goes on")
		}
	}()
	Options{}.Pebble("journal").Logger.Fatalf("broken")
}

// TestChatterIsDropped: an operator's log holds Pebble's errors only.
func TestChatterIsDropped(t *testing.T) {
	var log strings.Builder
	po := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}.Pebble("state store")
	po.Logger.Infof("compacted 7 files")
	if log.Len() != 0 {
		t.Errorf("chatter: %s", log.String())
	}
	po.Logger.(interface{ Errorf(string, ...any) }).Errorf("a file is %s", "gone")
	if s := log.String(); !strings.Contains(s, "state store storage") || !strings.Contains(s, "a file is gone") {
		t.Errorf("log: %s", s)
	}
}

// TestFlushErrorStops: a flush that cannot write its file is not tried again in
// silence.
func TestFlushErrorStops(t *testing.T) {
	broken := errorfs.Toggle{Injector: errorfs.ErrInjected.If(errorfs.And(errorfs.Writes, errorfs.PathMatch("db/*.sst")))}
	fatal := make(chan error, 16)
	po := Options{FS: errorfs.Wrap(vfs.NewMem(), &broken), Fatal: func(err error) {
		select {
		case fatal <- err:
		default:
		}
	}}.Pebble("journal")
	db, err := pebble.Open("db", po)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Set([]byte("k"), []byte("v"), pebble.Sync); err != nil {
		t.Fatal(err)
	}
	broken.On()
	flushed, err := db.AsyncFlush()
	if err != nil {
		t.Fatal(err)
	}
	if err := <-fatal; err.Error() != "journal: make db/000005.sst: injected error" {
		t.Error(err)
	}
	broken.Off() // a real Fatal does not return; here Pebble may end
	<-flushed
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestFormatIsPinned: the files have the format that the constant says, so that
// a newer Pebble changes it only by a change of the constant.
func TestFormatIsPinned(t *testing.T) {
	db, err := pebble.Open("db", Options{FS: vfs.NewMem()}.Pebble("journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if v := db.FormatMajorVersion(); v != Format {
		t.Errorf("format %d, pinned %d", v, Format)
	}
	if Format != 24 {
		t.Errorf("format %d: a new format is a decision, and a line in the changelog", Format)
	}
}

// TestSentence: an error of several lines becomes one, and stays what it is.
func TestSentence(t *testing.T) {
	cause := errors.New("checksum mismatch")
	err := Sentence(fmt.Errorf("file 000014: %w\n  (1) attached stack\n<corruption detail carrier>", cause))
	if s := err.Error(); s != "file 000014: checksum mismatch; (1) attached stack" || !errors.Is(err, cause) {
		t.Errorf("%q", s)
	}
	if err := Sentence(errors.New("pebble: file 000005: block 0/40104: mismatch")); err.Error() != "pebble: file 000005.sst: block 0/40104: mismatch" {
		t.Errorf("%q", err)
	}
	if err := Sentence(cause); err != cause {
		t.Errorf("an error of one line became %v", err)
	}
	if Sentence(nil) != nil {
		t.Error("no error became one")
	}
}
