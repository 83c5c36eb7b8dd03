package bench

import (
	"slices"
	"sync/atomic"
	"time"
)

// Stall is a time in which no payment at all was answered.
type Stall struct {
	At    float64 `json:"at_s"` // its begin, from the begin of the window
	Ms    float64 `json:"ms"`
	Blame string  `json:"blame"` // one of the blames
}

// Whose doing a stall was.
const (
	blameMachine   = "machine"   // the generator did not run either: its timer was late
	blameDisk      = "disk"      // a sync of the switch, or the probe's, was as long
	blameGC        = "gc"        // the switch's collector had stopped it
	blameGenerator = "generator" // the pacer was late
	blameSwitch    = "switch"    // nothing else explains it
)

const (
	stallMin  = 50 * time.Millisecond // from when on a pause is reported
	gapMin    = 10 * time.Millisecond // and from when on it is remembered
	stallsMax = 100                   // reported; the longest
	// stallRate is the least rate at which a pause is a sign: below it stallMin is hardly
	// more than the time between two payments.
	stallRate = 100
)

// gaps finds the times without any answer. Safe for concurrent use.
type gaps struct {
	last atomic.Int64 // answer
	long intervals
}

// answered is told of answers that came at a time.
func (g *gaps) answered(now int64) {
	before := g.last.Load()
	if now <= before || !g.last.CompareAndSwap(before, now) {
		return // another link was as late or later
	}
	if before != 0 && now-before >= int64(gapMin) {
		g.long.add(interval{before, now})
	}
}

// causes are what may have stopped the answers.
type causes struct {
	timer, syncs, probes, stops, pacer *intervals
}

// blame says whose doing a gap was: the first cause that explains half of it. What stopped
// the generator too comes first, since it makes a disk look slow as well.
func (c *causes) blame(gap interval) string {
	for _, cause := range []struct {
		of   *intervals
		name string
	}{{c.timer, blameMachine}, {c.syncs, blameDisk}, {c.probes, blameDisk}, {c.stops, blameGC}, {c.pacer, blameGenerator}} {
		if cause.of != nil && 2*cause.of.covers(gap) >= gap.length() {
			return cause.name
		}
	}
	return blameSwitch
}

// stalls fills in the pauses of the window.
func (r *run) stalls(f *facts, out *Report) {
	out.Stalls = []Stall{}
	if r.o.Rate < stallRate {
		return // stall_max_ms_own stays unknown
	}
	own := 0.0
	if f.syncs == nil || f.probe == nil {
		return
	}
	c := causes{timer: f.timer, syncs: &f.syncs.slow, probes: &f.probe.slow, stops: &f.syncs.stopped, pacer: &r.lagging}
	for _, gap := range r.gapsUntil(f.drained) {
		if gap.to <= r.from.Load() || gap.from >= r.to.Load() || r.out.at.from < gap.to && r.out.at.to > gap.from {
			continue
		}
		if r.o.Silence > 0 { // behind the window only what banks were silent about is left
			gap.to = min(gap.to, r.to.Load())
		}
		s := Stall{At: float64(gap.from-r.from.Load()) / 1e9, Ms: float64(gap.length()) / 1e6, Blame: c.blame(gap)}
		if s.Blame == blameSwitch || s.Blame == blameGC {
			own = max(own, s.Ms)
		}
		if gap.length() >= int64(stallMin) {
			out.StallCount++
			out.Stalls = append(out.Stalls, s)
		}
	}
	out.StallMaxOwn = &own
	if len(out.Stalls) > stallsMax {
		slices.SortFunc(out.Stalls, func(a, b Stall) int { return int(b.Ms*1e3) - int(a.Ms*1e3) })
		out.Stalls = out.Stalls[:stallsMax]
	}
	slices.SortFunc(out.Stalls, func(a, b Stall) int { return int(a.At*1e3) - int(b.At*1e3) })
}

// gapsUntil are the gaps, and the one that never ended.
func (r *run) gapsUntil(end int64) []interval {
	all := r.gaps.long.list()
	if last := r.gaps.last.Load(); last != 0 && last < r.to.Load()-int64(stallMin) {
		all = append(all, interval{last, end})
	}
	return all
}
