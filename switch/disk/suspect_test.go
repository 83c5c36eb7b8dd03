package disk

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestSuspect: a folder whose last requests are lost has repeats of unknown ones
// declined for a day from its first start on, however long it has lain.
func TestSuspect(t *testing.T) {
	d := &fake{free: 10 << 30}
	if err := Suspect(d); err != nil {
		t.Fatal(err)
	}
	f := &film{t: t, disk: d, now: int64(1000 * time.Hour)}
	w, err := Open(Options{Disk: d, Reserve: 1 << 30, Clock: func() int64 { return f.now }})
	if err != nil {
		t.Fatal(err)
	}
	f.w = w
	if err := w.Attach(f, func() int { return 0 }); err != nil {
		t.Fatal(err)
	}
	if got := f.out.String(); !strings.Contains(got, "release, repeats suspect for 24h0m0s") {
		t.Errorf("the gate was told %q", got)
	}
	d.fails = "note"
	if err := Suspect(d); !errors.Is(err, errBroken) {
		t.Errorf("a note that cannot be written: %v", err)
	}
}

// TestNoteAfterAll: a disk that is full at once has no room for the note about the
// hold before the ballast is given up. It is written then, or a kill would forget
// what was declined.
func TestNoteAfterAll(t *testing.T) {
	d := &fake{free: 10 << 30, ballast: 256 << 20}
	w, err := Open(Options{Disk: d, Reserve: 1 << 30, Ballast: 256 << 20, Clock: func() int64 { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Attach(&film{t: t, disk: d, w: w}, func() int { return 0 }); err != nil {
		t.Fatal(err)
	}
	d.free, d.fails = 0, "note"
	if w.look(); !w.held || d.note != "" || d.ballast != 0 {
		t.Fatalf("held %v, note %q, ballast %d", w.held, d.note, d.ballast)
	}
	d.fails = ""
	if w.look(); d.note != (&suspects{all: still}).text() {
		t.Errorf("the note is %q", d.note)
	}
	d.note = "" // it is not written four times a second
	if w.look(); d.note != "" {
		t.Error("it was written again")
	}
}
