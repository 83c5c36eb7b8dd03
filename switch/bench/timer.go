package bench

import (
	"context"
	"time"
)

const (
	// timerStep is how often the timer probe wants to run.
	timerStep = 5 * time.Millisecond
	// stolenStep is how old the time that was stolen may be when a timer is late: to ask
	// for it costs more than to ask for one process.
	stolenStep = 20 * timerStep
)

// timerProbe notes when this process did not run though it should have, and tells by the
// switch's CPU time whether that did: a switch with more threads than the machine has
// processors stops the generator by itself, and must not have that for an excuse. It
// belongs to one goroutine until that ends.
type timerProbe struct {
	clock    func() int64
	wait     func(context.Context, time.Duration)
	ofSwitch func() (used time.Duration, known bool) // CPU time of the switch so far
	stolen   func() time.Duration                    // of this machine so far
	touches  func(interval) bool                     // the window

	neither intervals // this process did not run, and the switch hardly
	crowded intervals // this process did not run, and the switch did
}

// newTimerProbe is that of a run.
func (r *run) newTimerProbe() *timerProbe {
	return &timerProbe{clock: r.o.Clock, wait: pause, ofSwitch: func() (time.Duration, bool) { return cpuClock(r.admin().PID) }, stolen: stolenTime, touches: r.touches}
}

// watch looks until ctx ends.
func (p *timerProbe) watch(ctx context.Context) {
	used, known := p.ofSwitch()
	stolen, stolenAt := p.stolen(), p.clock()
	for ctx.Err() == nil {
		begun := p.clock()
		p.wait(ctx, timerStep)
		now := p.clock()
		due, before, knew := begun+int64(timerStep), used, known
		used, known = p.ofSwitch()
		late := now - due
		if late < int64(slowMin) && now-stolenAt < int64(stolenStep) {
			continue
		}
		taken := -stolen
		stolen, stolenAt = p.stolen(), now
		taken += stolen
		if !p.touches(interval{due, now}) {
			continue
		}
		if knew && known && busy(used-before, now-begun) && !busy(taken, late) {
			p.crowded.note(now, late)
		} else {
			p.neither.note(now, late)
		}
	}
}

// busy says that a time of CPU is half a processor's at least. What was stolen from a
// process while it ran counts as its own time on some kernels.
func busy(cpu time.Duration, span int64) bool { return 2*int64(cpu) >= span }
