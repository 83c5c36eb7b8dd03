package journal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestWhatIsNoSegment: a disk that cannot be read is no damage, and of another file
// nobody says that a journal is damaged.
func TestWhatIsNoSegment(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 3, 3, 3)
	var file bytes.Buffer
	if _, err := l.Export(t.Context(), &file, 1, 9, SegmentHeader{Day: "2026-11-22"}); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	failed := errors.New("is a directory")
	for n := 0; n <= len(whole); n++ { // whoever reads wants to know what follows the end, too
		_, _, err := VerifySegment(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(failed)))
		if !errors.Is(err, failed) || errors.Is(err, ErrDamaged) {
			t.Fatalf("the disk fails at byte %d of %d: %v", n, len(whole), err)
		}
	}
	for text, want := range map[string]string{
		"":                    "segment: it is no file that export has written: it is empty",
		"Dear all,\nI am ...": "segment: it is no file that export has written: it begins with \"Dear",
		string(whole[:5]):     "segment: it is damaged: it is cut off",
		string(whole[:200]):   "segment: it is damaged: it is cut off",
	} {
		_, _, err := VerifySegment(strings.NewReader(text))
		if !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
