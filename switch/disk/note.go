package disk

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// repeatsMax is how long a sender may come back to a request (domain reference
// 1.6). What is declined without a record is unknown when it is repeated, and must
// not be paid then: its sender has told its customer no.
const repeatsMax = 24 * time.Hour

// While requests are declined without a record, and for repeatsMax after, a note in
// the data folder says so: a process that is killed meanwhile would forget what it has
// declined. Its first line is the time (UTC ns) until which repeats of everyone are
// suspect; the second is for who finds the file; then there is a line with a
// participant and its time for each whose requests alone were declined. While it goes
// on the time is still, so that nothing more is written until it is long over: one
// note stands for however many requests, and each participant has it changed twice a
// day at most.
const (
	still = 0
	never = 1 // a time that is over
)

// suspects is until when repeats of requests that nobody knows may be of declined ones.
type suspects struct {
	all int64            // of everyone: UTC ns, still, or never
	by  map[string]int64 // of participants: UTC ns, or still
}

func (s *suspects) none() bool { return s.all == never && len(s.by) == 0 }

// who are the participants that have a time of their own.
func (s *suspects) who() []string { return slices.Sorted(maps.Keys(s.by)) }

// text is the note; "": none is needed.
func (s *suspects) text() string {
	if s.none() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d\nuntil then (UTC ns; 0: still so) repeats of unknown requests are declined: for want of room requests were declined without a record; below, by participant\n", s.all)
	for _, who := range s.who() {
		fmt.Fprintf(&b, "%s %d\n", who, s.by[who])
	}
	return b.String()
}

// parse reads a note, of which last is the latest time that can stand in it. Where it
// goes on, or cannot be read, or was written by a clock that was ahead, it is that.
func parse(note string, last int64) suspects {
	s := suspects{all: never, by: map[string]int64{}}
	if note == "" {
		return s
	}
	until := func(text string) int64 {
		if at, err := strconv.ParseInt(text, 10, 64); err == nil && at != still && at <= last {
			return at
		}
		return last
	}
	lines := strings.Split(note, "\n")
	s.all = until(lines[0])
	for _, line := range lines[min(2, len(lines)):] {
		if who, at, ok := strings.Cut(line, " "); ok {
			s.by[who] = until(at)
		}
	}
	return s
}

// recall reads the note of the process before: it was killed while it declined, or
// while it wrote, or has ended since.
func (w *Watch) recall() error {
	text, err := w.o.Disk.Noted()
	if err != nil {
		return fmt.Errorf("data folder %s: the note about declined requests cannot be read: %w", w.o.Disk, err)
	}
	if text == "" {
		return nil
	}
	w.suspects = parse(text, w.o.Clock()+int64(repeatsMax))
	w.write()
	if w.suspects.all != never {
		w.gate.Release(w.suspects.all)
	}
	for _, who := range w.suspects.who() {
		w.gate.Suspect(who, w.suspects.by[who])
	}
	return nil
}

// hold has new payments declined. The note comes first, or a kill between the two
// could leave a declined request without one. A disk that was full at once has no room
// for it before the ballast is given up: then each look tries again.
func (w *Watch) hold() {
	w.suspects.all, w.held = still, true
	w.write()
	w.gate.Hold()
}

// unhold lets new payments in again.
func (w *Watch) unhold() {
	w.suspects.all, w.held = w.o.Clock()+int64(repeatsMax), false
	w.write()
	w.gate.Release(w.suspects.all)
}

// write writes the note, or removes it; what does not work each look tries again.
func (w *Watch) write() { w.noted = w.worked(noteFailed, w.o.Disk.Note(w.suspects.text())) }

// renote brings the note to what has been declined, and to what has become too old for
// a repeat to come.
func (w *Watch) renote() {
	s, now := &w.suspects, w.o.Clock()
	over := func(until int64) bool { return until != still && now > until }
	if s.all != never && over(s.all) {
		s.all, w.noted = never, false
	}
	if w.gate != nil {
		w.gate.Declined(func(who string, last int64) {
			until, known := s.by[who]
			switch recent := now-last < int64(repeatsMax); {
			case recent && (!known || until != still):
				s.by[who], w.noted = still, false
			case known && until == still && !recent:
				delete(s.by, who)
				w.noted = false
			}
		})
	}
	for who, until := range s.by {
		if over(until) {
			delete(s.by, who)
			w.noted = false
		}
	}
	if !w.noted {
		w.write()
	}
}
