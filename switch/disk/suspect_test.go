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
