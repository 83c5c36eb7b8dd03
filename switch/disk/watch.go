package disk

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Watch looks at the disk again and again. Open, Attach and Run follow each other;
// State and Check are safe for concurrent use beside them.
type Watch struct {
	o       Options
	metrics *metrics
	gate    Gate       // nil before Attach
	open    func() int // payments

	state    State
	held     bool // the gate has been told so
	suspects suspects
	noted    bool             // the note says all that
	failing  map[failure]bool // what did not work at the last look
	rest     int              // looks until the ballast is tried again
	seen     atomic.Pointer[view]
	kick     chan struct{} // has a token when Run is to look at once
}

// ballastRest is how many looks pass between two tries to make the ballast: where
// it has to be written it is not to be written four times a second.
const ballastRest = 240

// view is what one look found.
type view struct {
	state         State
	free, ballast int64
	levels        levels
}

// Open takes a first look, before the stores are opened, and refuses a disk on which
// they could not be. The folder may still be another process's: nothing is changed in
// it, but the ballast given up if that is the room that the stores need.
func Open(o Options) (*Watch, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	w := &Watch{o: o, metrics: newMetrics(o.Registry), open: func() int { return 0 }, failing: map[failure]bool{}, kick: make(chan struct{}, 1)}
	w.suspects, w.noted = parse("", 0), true
	w.seen.Store(&view{})
	if err := w.enough(openBytes, "opening the stores"); err != nil {
		return nil, err
	}
	return w, nil
}

// Attach tells who takes new payments and how many are open, and holds the gate at
// once if it must. It refuses a disk on which the open payments could not be
// finished: to begin with them would only end in the middle.
func (w *Watch) Attach(gate Gate, open func() int) error {
	w.gate, w.open = gate, open
	n := open()
	if err := w.enough(least(n), fmt.Sprintf("finishing the %d open payments", n)); err != nil {
		return err
	}
	if err := w.recall(); err != nil {
		return err
	}
	w.look()
	return nil
}

// enough refuses a disk without so much room. What the ballast takes counts as
// room, and becomes it.
func (w *Watch) enough(bytes int64, what string) error {
	free, err := w.o.Disk.Free()
	if err != nil {
		return fmt.Errorf("data folder %s: how much is free on its disk cannot be found out: %w", w.o.Disk, err)
	}
	if ballast, err := w.o.Disk.Ballast(); free < bytes && err == nil && ballast > 0 {
		w.release(free)
		if free, err = w.o.Disk.Free(); err != nil {
			return fmt.Errorf("data folder %s: how much is free on its disk cannot be found out: %w", w.o.Disk, err)
		}
	}
	if free < bytes {
		return fmt.Errorf("data folder %s: its disk has %s free, and %s takes %s: make room and start again", w.o.Disk, shown(free), what, shown(bytes))
	}
	return nil
}

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(w.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			w.renote() // what was declined since the last look
			return nil
		case <-tick.C:
			w.look()
		case <-w.kick:
			w.look()
		}
	}
}

// Hurry has Run look at once: requests of a participant are declined without a record
// for the first time. It does not block; safe for concurrent use, also before Attach.
func (w *Watch) Hurry() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// State is the state that the last look found.
func (w *Watch) State() State { return w.seen.Load().state }

// Spare is how many bytes the last look found above the reserve; below it, 0.
func (w *Watch) Spare() int64 {
	v := w.seen.Load()
	return max(0, v.free-v.levels.reserve)
}

// Check is the readiness of the disk: nil, or why new payments are declined.
func (w *Watch) Check() error {
	if v := w.seen.Load(); v.state == Reserve {
		return errors.New("new payments are declined: " + v.String())
	}
	return nil
}

// Warning is what is to be known of a disk that is getting full; empty: nothing.
func (w *Watch) Warning() string {
	if v := w.seen.Load(); v.state == Low {
		return v.String() + ": below that new payments are declined"
	}
	return ""
}

// String is the reason of the state.
func (v *view) String() string {
	return fmt.Sprintf("the disk of the data folder has %s free, the reserve is %s", shown(v.free), shown(v.levels.reserve))
}

// look sees how much room there is and does what follows from it. A disk that does
// not tell stays in the state that it was in.
func (w *Watch) look() {
	free, err := w.o.Disk.Free()
	ballast := int64(0)
	if err == nil {
		ballast, err = w.o.Disk.Ballast()
	}
	if w.worked(statFailed, err) {
		w.judge(free, ballast)
	}
	w.renote()
}

// judge is look for what it found. What a ballast that is not there will take again
// is no room: so its release does not look like the end of the need.
func (w *Watch) judge(free, ballast int64) {
	needed := least(w.open())
	l := levels{reserve: max(w.o.Reserve, needed+needed/4)}
	l.warning = max(w.o.Warning, l.reserve+l.reserve/4)
	state := w.state.next(free-max(0, w.o.Ballast-ballast), l)
	if state == Reserve { // before anything that takes time
		w.enter(&view{state, free, ballast, l})
	}
	switch {
	case ballast > 0 && free < max(needed, l.reserve/ballastShare):
		free, ballast = w.release(free)
	case w.rest > 0:
		w.rest--
	case state != Reserve && ballast != w.o.Ballast:
		free, ballast = w.make(free, ballast)
	}
	w.enter(&view{state, free, ballast, l})
}

// enter publishes what was found, tells of a new state, once, and holds or releases
// the gate.
func (w *Watch) enter(v *view) {
	w.seen.Store(v)
	w.metrics.show(v)
	log := w.o.Log.With("free", shown(v.free), "reserve", shown(v.levels.reserve))
	switch before := w.state; {
	case v.state == before:
	case v.state == Reserve:
		log.Error("disk below its reserve: new payments are declined, open ones go on; make room", "event", "disk.reserve")
	case v.state == Low && before == Reserve:
		log.Warn("disk above its reserve again: new payments are taken", "event", "disk.reserve.over")
	case v.state == Low:
		log.Warn("disk is getting full: make room before the reserve is reached", "event", "disk.low")
	case before == Reserve:
		log.Info("disk has room again: new payments are taken", "event", "disk.reserve.left")
	default:
		log.Info("disk has room again", "event", "disk.room")
	}
	w.state = v.state
	switch {
	case w.gate == nil || w.held == (v.state == Reserve):
	case v.state == Reserve:
		w.hold()
	default:
		w.unhold()
	}
}

// release gives up the ballast and says what is free then.
func (w *Watch) release(free int64) (int64, int64) {
	if !w.worked(ballastFailed, w.o.Disk.SetBallast(0)) {
		ballast, _ := w.o.Disk.Ballast() // what cannot be removed is still there
		return free, ballast
	}
	after, err := w.o.Disk.Free()
	if err != nil {
		after = free // the next look tells of it
	}
	w.o.Log.Error("ballast given up for what is open", "event", "disk.ballast.released", "free_before", shown(free), "free", shown(after))
	return after, 0
}

// make makes the ballast what it should be.
func (w *Watch) make(free, ballast int64) (int64, int64) {
	if !w.worked(ballastFailed, w.o.Disk.SetBallast(w.o.Ballast)) {
		w.rest = ballastRest
		return free + ballast, 0
	}
	w.o.Log.Info("ballast made", "event", "disk.ballast.made", "size", shown(w.o.Ballast), "before", shown(ballast))
	return free + ballast - w.o.Ballast, w.o.Ballast
}

// shown prints bytes as people read them.
func shown(bytes int64) string {
	if bytes >= 10<<30 {
		return fmt.Sprintf("%d GiB", bytes>>30)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}
