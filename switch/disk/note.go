package disk

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// repeatsMax is how long a sender may come back to a request (domain reference
// 1.6). What the gate declines without a record is unknown when it is repeated, and
// must not be paid then: its sender has told its customer no.
const repeatsMax = 24 * time.Hour

// While the gate is held, and for repeatsMax after, a note in the data folder says
// so: a process that is killed meanwhile would forget what it has declined. The
// note is the time (UTC ns) until which repeats are suspect, 0 while the gate is
// held, and a line for who finds the file.
func note(until int64) string {
	return fmt.Sprintf("%d\nuntil then (UTC ns; 0: still so) repeats of unknown requests are declined: for want of disk space requests were declined without a record\n", until)
}

// recall reads the note of the process before.
func (w *Watch) recall() error {
	text, err := w.o.Disk.Noted()
	if err != nil {
		return fmt.Errorf("data folder %s: the note about declined requests cannot be read: %w", w.o.Disk, err)
	}
	if text == "" {
		return nil
	}
	first, _, _ := strings.Cut(text, "\n")
	until, err := strconv.ParseInt(first, 10, 64)
	// It was killed while it declined, or while it wrote this, or its clock was ahead.
	if last := w.o.Clock() + int64(repeatsMax); err != nil || until == 0 || until > last {
		until = last
	}
	w.suspect = until
	w.worked(noteFailed, w.o.Disk.Note(note(until)))
	w.gate.Release(until)
	return nil
}

// hold has new payments declined. The note comes first, or a kill between the two
// could leave a declined request without one.
func (w *Watch) hold() {
	w.suspect, w.held = 0, true
	w.noteHold()
	w.gate.Hold()
}

// noteHold notes that the gate is held. A disk that was full at once has no room for
// that before the ballast is given up: then each look tries again.
func (w *Watch) noteHold() { w.noted = w.worked(noteFailed, w.o.Disk.Note(note(0))) }

// unhold lets new payments in again.
func (w *Watch) unhold() {
	w.suspect, w.held = w.o.Clock()+int64(repeatsMax), false
	w.worked(noteFailed, w.o.Disk.Note(note(w.suspect)))
	w.gate.Release(w.suspect)
}

// outlive removes the note when no repeat can come any more.
func (w *Watch) outlive() {
	if !w.held && w.suspect != 0 && w.o.Clock() > w.suspect && w.worked(noteFailed, w.o.Disk.Note("")) {
		w.suspect = 0
	}
}
