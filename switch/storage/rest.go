package storage

import (
	"strings"
	"sync/atomic"
	"time"
)

// Rest spreads the work in the background over time: whoever works there rests twice
// as long as it has worked. A switch writes rows of payments in bursts, some 200 ms of work once
// a second at 20,000 payments a second. Without rests such a burst has a processor for
// itself, and what payments need besides no longer fits into the other one of a small
// machine: 1 % of them waited 60 ms for that (docs/performance.md).
//
// The zero value and nil know no rest, as tools and tests want it.
type Rest struct {
	Clock func() int64        // UTC nanoseconds
	Sleep func(time.Duration) // waits

	urgent atomic.Int32 // so many have a reason not to rest
}

// Urge ends all rests until Relax: payments wait for the work in the background, or
// there are none yet. Safe for concurrent use.
func (r *Rest) Urge() {
	if r != nil {
		r.urgent.Add(1)
	}
}

// Relax takes one Urge back.
func (r *Rest) Relax() {
	if r != nil {
		r.urgent.Add(-1)
	}
}

const (
	spellMin  = int64(time.Millisecond)      // so much work is done at once
	restTimes = 2                            // so many times the work
	restMax   = int64(10 * time.Millisecond) // for a spell that was long because it waited itself
)

// Spell is what one goroutine works between two rests. It belongs to it.
type Spell struct {
	rest  *Rest
	since int64
}

// Begin begins a spell.
func (r *Rest) Begin() Spell {
	s := Spell{rest: r}
	s.again()
	return s
}

func (s *Spell) again() {
	if s.rest != nil && s.rest.Clock != nil {
		s.since = s.rest.Clock()
	}
}

// Worked is called often. When the spell was long enough it rests, and begins another.
func (s *Spell) Worked() {
	if s.rest == nil || s.rest.Clock == nil || s.rest.urgent.Load() > 0 {
		return
	}
	worked := s.rest.Clock() - s.since
	if worked < spellMin {
		return
	}
	s.rest.Sleep(time.Duration(min(restTimes*worked, restMax)))
	s.again()
}

// restful is a file that is written in the background: whoever writes into it rests.
type restful struct {
	strictFile
	spell *Spell
}

// Write appends to the file.
func (f restful) Write(b []byte) (int, error) {
	n, err := f.strictFile.Write(b)
	f.spell.Worked()
	return n, err
}

// background says whether a file is one that nobody waits for: a sorted table.
func background(path string) bool { return strings.HasSuffix(path, ".sst") }
