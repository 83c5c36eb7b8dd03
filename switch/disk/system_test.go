package disk

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBallastTakesItsRoom: allocated or written, the file takes what it says, and a
// copy with holes is seen for what it is.
func TestBallastTakesItsRoom(t *testing.T) {
	const size = 5<<20 + 4096
	dir := t.TempDir()
	d := On(dir)
	file := filepath.Join(dir, ballastName)
	takes := func(want int64) {
		t.Helper()
		// A new one has written nothing itself and must believe the file system.
		for _, d := range []Disk{d, On(dir)} {
			if got, err := d.Ballast(); err != nil || got != want {
				t.Errorf("the ballast takes %d, %v; want %d", got, err, want)
			}
		}
	}
	set := func(bytes int64) {
		t.Helper()
		if err := d.SetBallast(bytes); err != nil {
			t.Fatal(err)
		}
		takes(bytes)
	}
	takes(0)
	set(size)
	set(2 * size)
	set(size)
	set(0)
	set(0) // none to remove

	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	takes(0)
	if err := write(f, size); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	takes(size)
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), strings.Repeat("\x00", 16)) {
		t.Errorf("the written ballast has a run of zeros, which a file system may leave out (%v)", err)
	}
}

// TestSystemErrors: what cannot be done is said, and leaves no half ballast.
func TestSystemErrors(t *testing.T) {
	dir := t.TempDir()
	d := On(dir)
	if err := d.SetBallast(1 << 62); err == nil {
		t.Error("a ballast larger than any disk was made")
	}
	if n, err := d.Ballast(); n != 0 || err != nil {
		t.Errorf("half a ballast of %d bytes was left, %v", n, err)
	}
	gone := On(filepath.Join(dir, "gone"))
	if _, err := gone.Free(); err == nil || !strings.Contains(err.Error(), gone.String()) {
		t.Errorf("free bytes of a folder that is not there: %v", err)
	}
	for what, err := range map[string]error{
		"ballast": gone.SetBallast(1), "no ballast": gone.SetBallast(0), "note": gone.Note("x"), "no note": gone.Note(""),
	} {
		if err == nil {
			t.Errorf("%s in a folder that is not there", what)
		}
	}
}

// TestNoteIsKept: the last one, until it is removed.
func TestNoteIsKept(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "one", "two\nlines\n", "", ""} {
		if err := On(dir).Note(text); err != nil {
			t.Fatal(err)
		}
		if got, err := On(dir).Noted(); got != text || err != nil {
			t.Errorf("noted %q, %v; want %q", got, err, text)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if free, err := On(dir).Free(); err != nil || free <= 0 {
		t.Errorf("%d bytes free, %v", free, err)
	}
}

// TestOddNotes: a note that cannot be read, or was cut, or comes from a clock that was
// ahead, counts as written now.
func TestOddNotes(t *testing.T) {
	note := func(all int64) string { return (&suspects{all: all}).text() }
	for _, text := range []string{"0", "x", "\n", note(0), note(77)[:1], note(5 + int64(repeatsMax) + 1), note(math.MaxInt64)} {
		d := &fake{free: 1 << 40, note: text}
		w, err := Open(Options{Disk: d, Reserve: 1 << 30, Clock: func() int64 { return 5 }})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Attach(&film{t: t, w: w}, func() int { return 0 }); err != nil {
			t.Fatal(err)
		}
		if want := int64(5) + int64(repeatsMax); text != "7" && w.suspects.all != want || text == "7" && w.suspects.all != 7 {
			t.Errorf("note %q: suspect until %d, want %d", text, w.suspects.all, want)
		}
	}
}
