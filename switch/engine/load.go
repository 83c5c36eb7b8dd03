package engine

import (
	"time"

	"switchd/switch/payment"
)

// LoadStep is when a step of the brown-out ladder is entered: when the queue is so
// full, or a commit takes so long.
type LoadStep struct {
	Fill   int           // percent of the room for requests
	Commit time.Duration // mean from the append of a group to its durability
}

// LoadSteps are those of payment.LoadNoEnquiries, LoadNoCollects, LoadSmallOnly and
// LoadNoPayments, in this order and growing.
type LoadSteps [payment.LoadNoPayments]LoadStep

// DefaultLoadSteps leave a full queue to answer "busy" by itself only when all the
// rest was not enough. A disk that stalls for half a second now and then, as shared
// ones do, is no reason to shed anything.
func DefaultLoadSteps() LoadSteps {
	return LoadSteps{
		{Fill: 50, Commit: 500 * time.Millisecond}, {Fill: 65, Commit: time.Second},
		{Fill: 80, Commit: 2 * time.Second}, {Fill: 90, Commit: 4 * time.Second},
	}
}

const (
	// loadLeave is the part of what enters a step, in percent, below which it is left.
	loadLeave = 60
	// loadDwell is how long it must stay below: one step down at a time.
	loadDwell = int64(5 * time.Second)
	// loadClimb is the least time between two steps up, so that a moment's burst does
	// not turn everything away.
	loadClimb = int64(250 * time.Millisecond)
	// loadMean is of how many commits the mean commit time is.
	loadMean = 8
)

// loadMeter turns what the sequencer sees into a step of the ladder. Time comes in.
type loadMeter struct {
	steps  LoadSteps
	step   payment.Load
	commit int64 // mean commit time, ns
	moved  int64 // when the step was last changed
	calm   int64 // since when there is less load than the step stands for; 0: there is not
}

// committed takes how long a commit took.
func (l *loadMeter) committed(took int64) { l.commit += (took - l.commit) / loadMean }

// look takes how full the queue is, in percent of the room for requests, and how long
// the oldest group that is not durable has been on its way, and says which step the
// ladder is on now.
func (l *loadMeter) look(now int64, fill int, waiting int64) payment.Load {
	slow := max(l.commit, waiting)
	switch wants := l.wants(fill, slow, 100); {
	case wants > l.step:
		l.calm = 0
		if now-l.moved >= loadClimb {
			l.step, l.moved = l.step+1, now
		}
	case l.step == payment.LoadNormal || l.wants(fill, slow, loadLeave) >= l.step:
		l.calm = 0
	case l.calm == 0:
		l.calm = now
	case now-l.calm >= loadDwell:
		l.step, l.moved, l.calm = l.step-1, now, now
	}
	return l.step
}

// wants is the highest step whose threshold, scaled, is reached.
func (l *loadMeter) wants(fill int, slow int64, percent int) payment.Load {
	for i := len(l.steps) - 1; i >= 0; i-- {
		s := &l.steps[i]
		if fill*100 >= s.Fill*percent || slow >= int64(s.Commit)/100*int64(percent) {
			return payment.Load(i + 1)
		}
	}
	return payment.LoadNormal
}
