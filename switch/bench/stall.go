package bench

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Stall is a time in which no payment at all was answered.
type Stall struct {
	At    float64 `json:"at_s"` // its begin, from the begin of the window
	Ms    float64 `json:"ms"`
	Own   float64 `json:"own_ms"` // the part of it that nothing but the switch explains
	Blame string  `json:"blame"`  // one of the blames
}

// Whose doing a stall was.
const (
	blameMachine   = "machine"   // neither process ran: a timer of the generator was late, and the switch hardly did
	blameDisk      = "disk"      // a sync of the switch, or the probe's, was as long; never in memory
	blameGC        = "gc"        // the switch's collector had stopped it
	blameGenerator = "generator" // the pacer was late
	blameSwitch    = "switch"    // nothing else explains it
)

// inMemory is the file system that keeps everything in memory.
const inMemory = "tmpfs"

const (
	stallMin  = 50 * time.Millisecond // from when on a pause is reported
	gapMin    = 10 * time.Millisecond // and from when on it is remembered at least, see Options.gapMin
	gapDues   = 3                     // so many payments are due in what is remembered at least
	stallsMax = 100                   // reported; the longest
	// stallRate is the least rate at which a pause is a sign: below it stallMin is hardly
	// more than the time between two payments.
	stallRate = 100
)

// gaps are the times without any answer. Safe for concurrent use.
type gaps struct {
	last atomic.Int64 // answer
	long intervals
}

// gapMin is from when on a pause is remembered: at a low rate it is no pause that nothing
// was due.
func (o *Options) gapMin() int64 { return max(int64(gapMin), int64(gapDues*1e9/o.Rate)) }

// touches says whether a stretch lies in the window, or a part of it does: what is
// remembered of a long warm-up or of a surge would leave no room for what counts.
func (r *run) touches(i interval) bool { return i.to > r.from.Load() && i.from < r.to.Load() }

// answeredAt is told of answers that came at a time. Safe for concurrent use.
func (r *run) answeredAt(now int64) {
	g := &r.gaps
	before := g.last.Load()
	if now <= before || !g.last.CompareAndSwap(before, now) {
		return // another link was as late or later
	}
	if gap := (interval{before, now}); before != 0 && gap.length() >= r.o.gapMin() && r.touches(gap) {
		g.long.add(gap)
	}
}

// causes are what may have stopped the answers.
type causes struct {
	machine, syncs, probes, stops, pacer *intervals
	// crowded is when the generator wanted to run and the switch did: the times that are
	// measured then, those of a sync and of the pacer too, hold a wait for a processor that
	// may be of the switch's own making. They explain nothing.
	crowded *intervals
}

// causes are those of a run. In a file system in memory there is no disk to wait for: what
// a sync takes there is a wait for a processor.
func (r *run) causes(f *facts, dataFS string) causes {
	c := causes{machine: &f.timer.neither, syncs: &f.syncs.slow, probes: &f.probe.slow, stops: &f.syncs.stopped, pacer: &r.lagging, crowded: &f.timer.crowded}
	if dataFS == inMemory {
		c.syncs, c.probes = nil, nil
	}
	return c
}

// explained is how much of a gap some of the causes take up.
func (c *causes) explained(gap interval, by ...*intervals) int64 {
	crowded := c.crowded.within(gap, nil)
	all := slices.Clone(crowded)
	for _, cause := range by {
		all = cause.within(gap, all)
	}
	return union(all) - union(crowded)
}

// blame says whose doing a gap was: the first cause that explains half of it. What stopped
// the generator too comes first, since it makes a disk look slow as well.
func (c *causes) blame(gap interval) string {
	for _, cause := range []struct {
		of   []*intervals
		name string
	}{{[]*intervals{c.machine}, blameMachine}, {[]*intervals{c.syncs, c.probes}, blameDisk}, {[]*intervals{c.stops}, blameGC}, {[]*intervals{c.pacer}, blameGenerator}} {
		if 2*c.explained(gap, cause.of...) >= gap.length() {
			return cause.name
		}
	}
	return blameSwitch
}

// own is the part of a gap that none of the causes outside the switch explains, however
// much of the rest they do: a long sync must not hide a pause beside it.
func (c *causes) own(gap interval) int64 {
	return gap.length() - c.explained(gap, c.machine, c.syncs, c.probes, c.pacer)
}

// unknown says why the pauses, or what they are held against, are not all remembered; empty:
// they are.
func (c *causes) unknown(long *intervals) string {
	for _, list := range []struct {
		of   *intervals
		what string
	}{
		{long, "pauses"}, {c.crowded, "times in which the switch kept the generator from running"}, {c.machine, "times in which neither process ran"},
		{c.syncs, "long syncs of the journal"}, {c.probes, "long syncs of the probe"}, {c.pacer, "times in which the pacer was late"},
	} {
		if list.of.full() {
			return fmt.Sprintf("there were more %s than the %d that are remembered: make the run shorter, or the machine less busy", list.what, intervalsMax)
		}
	}
	return ""
}

// stalls fills in the pauses of the window. The file system of the data is in out already.
func (r *run) stalls(f *facts, out *Report) {
	out.Stalls = []Stall{}
	if r.o.Rate < stallRate {
		out.StallUnknown = fmt.Sprintf("at less than %d payments a second a pause is no sign", stallRate)
		return
	}
	own := 0.0
	if f.syncs == nil || f.probe == nil || f.timer == nil {
		out.StallUnknown = "the run ended before its window"
		return
	}
	c := r.causes(f, out.DataFS)
	if out.StallUnknown = c.unknown(&r.gaps.long); out.StallUnknown == "" {
		defer func() { out.StallMaxOwn = &own }()
	}
	for _, gap := range r.gapsUntil(f.drained) {
		if gap.to <= r.from.Load() || gap.from >= r.to.Load() || r.out.at.from < gap.to && r.out.at.to > gap.from {
			continue
		}
		if r.o.Silence > 0 { // behind the window only what banks were silent about is left
			gap.to = min(gap.to, r.to.Load())
		}
		rest := c.own(gap)
		s := Stall{At: float64(gap.from-r.from.Load()) / 1e9, Ms: float64(gap.length()) / 1e6, Own: float64(rest) / 1e6, Blame: c.blame(gap)}
		if rest >= r.o.gapMin() {
			own = max(own, s.Own)
		}
		if gap.length() >= int64(stallMin) {
			out.StallCount++
			out.Stalls = append(out.Stalls, s)
		}
	}
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
