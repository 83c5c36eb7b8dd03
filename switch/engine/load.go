package engine

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// LoadStep is when a step of the brown-out ladder is entered: when the queue is so
// full, or the disk so slow.
type LoadStep struct {
	Fill int // percent of the room for requests; FillNever: only Commit counts
	// Commit is what the disk takes: the mean of what it alone takes for a group (alone), or
	// how long it keeps the writer waiting now, for a group or for the state store, whichever
	// is longer. It is no mean from the append of a group to its durability.
	Commit time.Duration
}

// LoadSteps are those of payment.LoadNoEnquiries, LoadNoCollects, LoadSmallOnly and
// LoadNoPayments, in this order and growing.
type LoadSteps [payment.LoadNoPayments]LoadStep

// FillNever is a LoadStep.Fill that no queue has.
const FillNever = 101

// DefaultLoadSteps are about the disk alone. A disk that stalls for half a second now
// and then, as shared ones do, is no reason to shed anything. A queue that gets full
// looks after itself (crowd.go). Steps that a full queue enters were tried: they last
// for seconds after the queue has room again, the first keeps payers to a few payments a
// minute and the last takes none, so that the switch stood idle at three times its load.
func DefaultLoadSteps() LoadSteps {
	return LoadSteps{
		{Fill: FillNever, Commit: 500 * time.Millisecond}, {Fill: FillNever, Commit: time.Second},
		{Fill: FillNever, Commit: 2 * time.Second}, {Fill: FillNever, Commit: 4 * time.Second},
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
	// loadMean is of how many commits the mean of what the disk alone takes is.
	loadMean = 8
)

// loadMeter turns what the sequencer sees into a step of the ladder. Time comes in.
type loadMeter struct {
	steps LoadSteps
	step  payment.Load
	moved int64 // when the step was last changed
	calm  int64 // since when there is less load than the step stands for; 0: there is not
}

// mean takes the mean of what the disk alone takes for a commit and one more.
func mean(commits, took int64) int64 { return commits + (took-commits)/loadMean }

// alone is how long the disk has taken for a group of which the writer knows when it was
// appended, when it came to wait for it, and when it had waited. For so long as it has
// waited the disk has taken at least. The time before that was the disk's or its own: it
// makes the mean lower if it can, and never higher. (That the wait is short does not say
// that the group lay ready, on a machine that has other things to do.)
func alone(commits, appended, came, now int64) int64 {
	if commits == 0 { // nothing is known yet
		return now - appended
	}
	return max(now-came, min(commits, now-appended))
}

// await waits until a group is durable, says how long that took since it was appended,
// and keeps the mean of what the disk alone takes. Writer only.
func (e *Engine) await(c *commit) (took int64, err error) {
	came := e.now()
	e.waits.Store(came)
	err = c.ticket.Wait()
	e.waits.Store(0)
	now := e.now()
	before := e.commitMean.Load()
	e.commitMean.Store(mean(before, alone(before, c.at, came, now)))
	return now - c.at, err
}

// keep writes what a group has changed to the state store. It waits for nothing but a
// store whose disk takes no more, and that is to be seen while it lasts: no group becomes
// durable behind it, and the journal says nothing bad of the disk. Writer only.
func (e *Engine) keep(applied uint64) error {
	e.waits.Store(e.now())
	defer e.waits.Store(0)
	return e.rows(applied)
}

// look takes how full the queue is, in percent of the room for requests, and how slow
// the disk: the mean of what it alone takes for a commit, or how long the writer has
// waited for a group or for the state store, whichever is longer. It says which step the
// ladder is on now.
func (l *loadMeter) look(now int64, fill int, slow int64) payment.Load {
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
		if s.Fill != FillNever && fill*100 >= s.Fill*percent || slow >= int64(s.Commit)/100*int64(percent) {
			return payment.Load(i + 1)
		}
	}
	return payment.LoadNormal
}

// validate says what makes steps unusable.
func (s *LoadSteps) validate() error {
	for i := range s {
		if s[i].Fill < 1 || s[i].Fill > FillNever || s[i].Commit < time.Millisecond || i > 0 && (s[i].Fill < s[i-1].Fill || s[i].Commit < s[i-1].Commit) {
			return fmt.Errorf("engine: step %d of the load is %d %% and %v; want 1 to 100 %%, or 101 for never, and at least 1 ms, not below the step before", i+1, s[i].Fill, s[i].Commit)
		}
	}
	return nil
}

// loadLook is how often the sequencer looks at least while it waits for the disk.
const loadLook = loadClimb / 2

// turned tells operators that a breaker has turned. Writer only.
func (e *Engine) turned(ef *payment.Effect) {
	id := e.m.Profile(ef.To).ID
	e.metrics.breakers.WithLabelValues(id, ef.Class.String()).Set(float64(ef.Breaker))
	e.o.Logger.Warn("breaker", "event", "breaker.turned", "participant", id, "class", ef.Class.String(), "state", ef.Breaker.String())
}

// loadProbe is after how long without a commit the step in force is told again.
const loadProbe = int64(time.Second)

// look measures the load, publishes the step, and says whether the machine has to be
// told. Sequencer only.
func (e *Engine) look(now int64) (tell int) {
	if e.meter.moved == 0 {
		e.meter.moved = now
	}
	e.crowd(now)
	fill, slow := e.q.fill(), e.commitMean.Load()
	if since := e.waits.Load(); since != 0 {
		slow = max(slow, now-since)
	}
	before := e.meter.step
	if to := e.meter.look(now, fill, slow); to != before {
		e.step.Store(uint32(to))
		level := slog.LevelInfo
		if to > before {
			level = slog.LevelWarn
		}
		e.o.Logger.Log(context.Background(), level, "load has changed", "event", "load.changed", "from", before.String(), "to", to.String(),
			"queue_percent", fill, "commit", time.Duration(slow).Round(time.Millisecond).String())
	}
	// Where nothing is committed nobody finds out that the disk is well again.
	e.probe = e.meter.step != payment.LoadNormal && now-e.pace.closedAt >= loadProbe
	if e.probe || e.meter.step != e.logged {
		return 1
	}
	return 0
}

// crowd looks whether the queue is crowded, and tells operators when that has changed.
func (e *Engine) crowd(now int64) {
	s := e.q.look(now)
	e.sheds.Store(s.sheds)
	switch {
	case !s.turned:
	case s.crowded:
		e.o.Logger.Warn("more requests come than are taken: those that find no room are refused at once", "event", "queue.crowded", "room", s.room)
	default:
		e.o.Logger.Info("the queue is not crowded any more", "event", "queue.cleared", "room", s.room)
	}
}

// loadEvent appends the event that tells the machine of the load, if one is due.
func (e *Engine) loadEvent(events []payment.Event) []payment.Event {
	if !e.probe && e.meter.step == e.logged {
		return events
	}
	e.probe, e.logged = false, e.meter.step
	return append(events, payment.Event{Kind: payment.LoadChanged, From: route.Nobody, Load: e.logged})
}
