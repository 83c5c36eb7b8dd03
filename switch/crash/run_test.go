package crash

import (
	"runtime"
	"slices"
	"sync/atomic"

	"switchd/switch/payment"
)

// run plays a script on a switch.
type run struct {
	script   *script
	at       place
	p        *process
	o        *outside
	sent     atomic.Int64 // plans whose request has been handed over at least once
	heard    int          // messages that the outside has acted on
	later    map[int][]payment.Event
	perStep  int   // new payments in a step
	flushes  int   // the state store is flushed every so many steps; 0: never
	restarts []int // sent payments at which the process is stopped and started
}

// moment is what the outside knew at a moment.
type moment struct {
	heard []message
	sent  int
	step  int
	now   int64
}

func newRun(s *script, at place) *run {
	if at.clock == nil {
		at.clock = new(atomic.Int64)
		at.clock.Store(epoch)
	}
	if at.post == nil {
		at.post = &post{}
	}
	return &run{script: s, at: at, o: newOutside(s), later: map[int][]payment.Event{}, perStep: 20}
}

// resume is the outside as it was at a moment, to go on with a switch that has what
// was on disk then. What was on its way back to the switch may still arrive; what was
// still to be repeated is not.
func resume(s *script, on place, at moment) *run {
	r := newRun(s, on)
	r.at.clock.Store(at.now)
	r.at.post.heard, r.at.post.step = slices.Clone(at.heard), at.step
	for i := range at.heard {
		r.o.hear(&at.heard[i])
	}
	r.heard = len(at.heard)
	r.sent.Store(int64(at.sent))
	r.o.step = max(r.o.step, at.step)
	r.o.due = slices.DeleteFunc(r.o.due, func(d dueEvent) bool { return d.step <= at.step })
	return r
}

// start boots a process and has everybody sign on.
func (r *run) start() (err error) {
	if r.p, err = boot(r.at); err != nil {
		return err
	}
	return r.signOn()
}

// signOn has everybody sign on to a process that has just started.
func (r *run) signOn() error {
	if err := r.settle(); err != nil {
		return err
	}
	r.at.clock.Add(tickGap)
	if err := r.p.submit(links()); err != nil {
		return err
	}
	return r.settle()
}

// submit has events take effect, and then the time pass and deadlines with it. Time
// stands still while events are on their way, so that a script and a seed make one
// journal, however the goroutines run.
func (r *run) submit(events []payment.Event) error {
	if err := r.p.submit(events); err != nil {
		return err
	}
	r.at.clock.Add(stepTime)
	if err := r.p.submit(nil); err != nil {
		return err
	}
	return r.settle()
}

// settle waits for the Ticks that are due. The sequencer logs one as soon as it has
// looked at the clock; when a Tick has left something over, it logs the next one only
// when some time has passed. How long to wait before that is assumed matters only to
// who wants the same journal again.
func (r *run) settle() error {
	soon := 1 << 20
	if r.o.calm {
		soon = 100
	}
	for looked := 1; ; looked++ {
		var due bool
		err := r.p.inspect(func(m *payment.Machine) {
			at, some := m.NextDeadline()
			due = some && at <= r.at.clock.Load()
		})
		if err != nil || !due {
			return err
		}
		if runtime.Gosched(); looked%soon == 0 {
			r.at.clock.Add(tickGap)
			if err := r.p.submit(nil); err != nil {
				return err
			}
		}
	}
}

// play runs the whole script until nothing is open, and stops the process.
func (r *run) play() error {
	if err := r.start(); err != nil {
		return err
	}
	for int(r.sent.Load()) < len(r.script.plans) || r.busy() {
		if err := r.turn(); err != nil {
			return err
		}
		if len(r.restarts) > 0 && int(r.sent.Load()) >= r.restarts[0] {
			r.restarts = r.restarts[1:]
			if err := r.p.stop(); err != nil {
				return err
			}
			if err := r.start(); err != nil {
				return err
			}
		}
	}
	return r.p.stop()
}

// turn is one step: what is due comes to the switch together with new requests,
// and the outside hears what the switch says.
func (r *run) turn() error {
	events := append(r.o.take(), r.later[r.o.step]...)
	delete(r.later, r.o.step)
	for n := 0; n < r.perStep && int(r.sent.Load()) < len(r.script.plans); n++ {
		i := int(r.sent.Add(1)) - 1
		plan := &r.script.plans[i]
		for k, after := range plan.repeats {
			at := r.o.step + after
			r.later[at] = append(r.later[at], r.script.again(i, k == 1 && plan.conflicts))
		}
		events = append(events, plan.request)
	}
	r.at.post.at(r.o.step)
	if err := r.submit(events); err != nil {
		return err
	}
	r.listen()
	if r.flushes > 0 && r.o.step%r.flushes == 0 {
		var err error
		if asked := r.p.inspect(func(*payment.Machine) { err = r.p.store.Flush() }); asked != nil {
			return asked
		}
		return err
	}
	return nil
}

// listen lets the outside act on what is new.
func (r *run) listen() {
	all := r.at.post.soFar()
	for i := range all[r.heard:] {
		r.o.hear(&all[r.heard+i])
	}
	r.heard = len(all)
}

// busy says that something is still to come.
func (r *run) busy() bool {
	open := 1 // and when it has stopped, the next turn says why
	_ = r.p.inspect(func(m *payment.Machine) { open = m.OpenCount() })
	return open > 0 || len(r.o.due) > 0 || len(r.later) > 0
}

// moment is what the outside knows now. A hook below the process may call it, with
// take to copy the file system: nothing is heard meanwhile, so that what is in the
// copy and what the outside knows belong to one moment.
func (r *run) moment(take func()) moment {
	p := r.at.post
	p.mu.Lock()
	defer p.mu.Unlock()
	take()
	return r.momentLocked()
}

// die ends the process at this moment, as kill -9 does.
func (r *run) die(take func()) moment {
	p := r.at.post
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	take()
	return r.momentLocked()
}

func (r *run) momentLocked() moment {
	p := r.at.post
	return moment{heard: p.heard[:len(p.heard):len(p.heard)], sent: int(r.sent.Load()), step: p.step, now: r.at.clock.Load()}
}
