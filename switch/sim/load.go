package sim

import (
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// How loaded the switch is comes from a script instead of a measurement. What it
// makes of it are the rules of switch/engine: up the ladder a step at a time and at
// once, down when it has been quieter for a while, and the machine is told by the
// next group.
const (
	loadLook  = 125 * time.Millisecond
	loadClimb = 250 * time.Millisecond
	loadDwell = 5 * time.Second
	loadProbe = time.Second // without a commit, after which the step is told again
)

// ladder is where a node stands on it, as the engine's meter.
type ladder struct {
	step     payment.Load // that the rim goes by
	logged   payment.Load // that the machine was told
	moved    int64        // when step has changed
	quiet    int64        // since when there is less load than step stands for; 0: there is not
	probe    bool         // the machine is to be told again
	closedAt int64        // when the last group was closed
}

// overload begins a time of load, which ends or changes after a while.
func (w *world) overload() {
	if w.calm {
		return
	}
	w.count(faultOverload)
	w.wants = payment.Load(w.rng.IntN(int(payment.LoadNoPayments) + 1))
	w.agenda.addBackground(w.now+w.upTo(30*time.Second), func() { w.wants = payment.LoadNormal })
	if !w.paced {
		w.paced = true
		w.pace()
	}
}

// pace has the node look at the load, as long as there is any.
func (w *world) pace() {
	if n := w.node; n != nil {
		n.measure(w.wants)
		if n.ladder.step == payment.LoadNormal && w.wants == payment.LoadNormal {
			w.paced = false
			return
		}
	}
	w.agenda.addBackground(w.now+int64(loadLook), w.pace)
}

// measure takes the step that the load stands for.
func (n *node) measure(wants payment.Load) {
	l, now := &n.ladder, n.w.now
	switch {
	case wants > l.step:
		l.quiet = 0
		if now-l.moved >= int64(loadClimb) {
			l.step, l.moved = l.step+1, now
		}
	case l.step == payment.LoadNormal || wants == l.step:
		l.quiet = 0
	case l.quiet == 0:
		l.quiet = now
	case now-l.quiet >= int64(loadDwell):
		l.step, l.moved, l.quiet = l.step-1, now, now
	}
	l.probe = l.step != payment.LoadNormal && now-l.closedAt >= int64(loadProbe)
	if l.tells() {
		n.wake(now)
	}
}

// tells says that the machine must be told of the load.
func (l *ladder) tells() bool { return l.probe || l.step != l.logged }

// tell is the event by which it is.
func (l *ladder) tell() payment.Event {
	l.probe, l.logged = false, l.step
	return payment.Event{Kind: payment.LoadChanged, From: route.Nobody, Load: l.step}
}
