package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// Sweep plays many seeds on several goroutines, one seed each at a time.
type Sweep struct {
	Options Options
	First   uint64 // seed
	Seeds   uint64 // how many; 0: as many as More allows
	Workers int
	More    func() bool // asked before each seed; nil: always
}

// Summary is the sum of the seeds of a sweep.
type Summary struct {
	Seeds      uint64
	Payments   uint64
	Events     uint64
	Faults     map[string]uint64 // by kind
	Finals     map[string]uint64 // payments by the state in which they have ended
	Outcomes   map[string]uint64 // payments by what was decided of them
	Violations int
	First      *Outcome // the violation with the lowest seed; nil: none
	Simulated  time.Duration
	Trace      string // hash of the traces of all seeds, in order
}

// Run plays the seeds and calls progress after each, with the sum so far. It ends
// early when ctx ends, and after a seed with a violation: those below it are
// played to their end, so that the first violation is always the same.
func (s *Sweep) Run(ctx context.Context, progress func(*Summary)) *Summary {
	var (
		mu     sync.Mutex // guards all below
		next   uint64
		sum    = &Summary{Faults: map[string]uint64{}, Finals: map[string]uint64{}, Outcomes: map[string]uint64{}}
		traces = map[uint64]string{}
		wg     sync.WaitGroup
	)
	take := func() (uint64, bool) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil || sum.First != nil || (s.Seeds > 0 && next >= s.Seeds) || (s.More != nil && !s.More()) {
			return 0, false
		}
		next++
		return s.First + next - 1, true
	}
	for range max(s.Workers, 1) {
		wg.Go(func() {
			for seed, ok := take(); ok; seed, ok = take() {
				out := Run(seed, s.Options)
				mu.Lock()
				traces[seed] = out.Trace
				sum.add(&out)
				progress(sum)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	h := sha256.New()
	for i := range next {
		h.Write([]byte(traces[s.First+i]))
	}
	sum.Trace = hex.EncodeToString(h.Sum(nil))
	return sum
}

func (s *Summary) add(out *Outcome) {
	s.Seeds++
	s.Payments += uint64(out.Payments)
	s.Events += out.Events
	s.Simulated += out.Simulated
	s.Violations += len(out.Violations)
	for f, n := range out.Faults {
		s.Faults[f] += n
	}
	for state, n := range out.Finals {
		s.Finals[state] += uint64(n)
	}
	for outcome, n := range out.Outcomes {
		s.Outcomes[outcome] += uint64(n)
	}
	if len(out.Violations) > 0 && (s.First == nil || out.Seed < s.First.Seed) {
		s.First = out
	}
}
