package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// Engine runs one payment machine on one journal.
type Engine struct {
	o        Options
	m        *payment.Machine
	tidings  payment.Tidings            // of the group under way; the writer's
	rows     func(applied uint64) error // writes what a group has changed to the state store; the writer's
	q        *queue
	metrics  *metrics
	tallies  tallies
	standing standing                       // as of the latest group
	config   atomic.Pointer[payment.Config] // in force after the first group of this start
	change   atomic.Pointer[change]         // on its way to the machine; nil: none is

	pipe  chan commit
	asks  chan func(*payment.Machine)
	ready chan struct{}
	done  chan struct{} // closed when the writer has ended
	free  chan *commit

	// deadline is the machine's next deadline (UTC ns), 0: none. The writer
	// publishes it; ticking is true from the logging of a Tick until its step, so
	// that one deadline makes one Tick.
	deadline atomic.Int64
	ticking  atomic.Bool
	deadKick chan struct{}
	lastAt   int64

	// The pacing of groups. appended is the sequencer's, landed the writer's: the
	// difference is how many are on their way. landing has a token when a group
	// has landed while the sequencer awaited that.
	pace     pacer
	appended uint64
	landed   atomic.Uint64
	onWay    atomic.Int64 // events of the groups on their way
	awaited  atomic.Bool
	landing  chan struct{}

	// The load. meter is the sequencer's, logged the step that its last LoadChanged
	// has told, probe that it is to be told again; commitMean is the writer's, in ns; step is for everyone.
	meter      loadMeter
	logged     payment.Load
	probe      bool
	commitMean atomic.Int64
	waits      atomic.Int64 // since when the writer waits for the disk, or is in rows; 0: neither
	step       atomic.Uint32
	sheds      atomic.Bool // the queue is crowded, and not only by those that have their share; the sequencer's, for everyone

	sealer *seal.Sealer // the sequencer's
	record []byte       // the sequencer's scratch: a record before it is sealed
	ahead  int64        // how far the journal's time was before the clock at the start

	// Log lines about exceptions of the latest second that had some. The writer's.
	exceptions struct{ second, lines int64 }

	commands sync.Mutex   // held by the one who waits for a verdict
	verdict  chan verdict // of the writer on a command
}

// commit is one group on its way from the sequencer to the writer.
type commit struct {
	events []payment.Event
	batch  *batch // to be given back after this group
	group  *journal.Group
	ticket journal.Ticket
	at     int64 // when it was appended
}

// now is the time of events: the clock, or, when it was set back between two
// starts, the journal's time going on. Deadlines are in it.
func (e *Engine) now() int64 { return e.o.Clock() + e.ahead }

// Submit hands events over, in order; it copies them. Safe for concurrent use; it
// never blocks. It returns how many were taken; fewer than all come with ErrBusy
// (ErrShare) or ErrStopped for the first that was not.
func (e *Engine) Submit(events []payment.Event) (taken int, err error) {
	return e.submit(events, false)
}

// SubmitStray is Submit for answers that no message waits for, as far as the rim
// knows. There is less room for them, and they may come behind what is handed over
// later.
func (e *Engine) SubmitStray(answers []payment.Event) (taken int, err error) {
	return e.submit(answers, true)
}

func (e *Engine) submit(events []payment.Event, stray bool) (taken int, err error) {
	taken, err = e.q.put(e.now(), events, stray)
	if err != nil {
		e.metrics.refused.Add(float64(len(events) - taken))
	}
	return taken, err
}

// Ready is closed when the first group of this start is committed: the machine
// has recovered and has its configuration. Listen only then.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Config is the configuration in force, with the participants' numbers. Safe for
// concurrent use; it is read only.
func (e *Engine) Config() *payment.Config { return e.config.Load() }

// Load is how far new work is to be shed. The rim asks it for each request: it is
// ahead of the LoadChanged event that tells the machine, which a disk that hangs
// keeps waiting. While the queue is crowded, unless only those that have their share
// already are refused, it is payment.LoadNoCollects at least, and the machine is not told
// of that: room in the queue is for payments first, and what has
// found some is not to be judged by it. Safe for concurrent use.
func (e *Engine) Load() payment.Load {
	step := payment.Load(e.step.Load())
	if e.sheds.Load() {
		step = max(step, payment.LoadNoCollects)
	}
	return step
}

// Queued is how many events wait for the sequencer. Safe for concurrent use.
func (e *Engine) Queued() int { return e.q.len() }

// Uncommitted is how many events wait for the sequencer, or for the disk. Safe for
// concurrent use.
func (e *Engine) Uncommitted() int { return e.q.len() + int(e.onWay.Load()) }

// Requests is how many requests and enquiries wait for the sequencer, and for how many
// there is room now. Safe for concurrent use.
func (e *Engine) Requests() (wait, most int) { return e.q.requests() }

// Ahead is how far the journal's time was before the clock at the start. Safe for
// concurrent use.
func (e *Engine) Ahead() time.Duration { return time.Duration(e.ahead) }

// OpenPayments is how many payments wait for an outcome or a repair. Safe for
// concurrent use.
func (e *Engine) OpenPayments() int { return int(e.metrics.open.Load()) }

// Inspect runs f on the machine between two groups and returns when it has run.
// f must be quick and must not keep anything of the machine.
func (e *Engine) Inspect(ctx context.Context, f func(*payment.Machine)) error {
	ran := make(chan struct{})
	select {
	case e.asks <- func(m *payment.Machine) { f(m); close(ran) }:
	case <-e.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	// The writer has it and runs it now; to leave before it has run would let f
	// write to what the caller reads.
	<-ran
	return nil
}

// Run works until ctx ends or something fails; sink takes the effects. When ctx ends, everything that
// was submitted is committed and stepped, the state store is flushed and both
// stores are closed. Call it once.
func (e *Engine) Run(ctx context.Context, sink Sink) error {
	failed := make(chan error, 1)
	go func() {
		defer close(e.done)
		failed <- e.write(sink)
	}()
	err := e.sequence(ctx)
	close(e.pipe)
	if failure := <-failed; failure != nil {
		err = failure
	}
	if err == nil {
		err = e.o.State.Flush()
	}
	e.o.Closing()
	closing := errors.Join(e.o.Log.Close(), e.o.State.Close())
	if err != nil {
		return err // what closing says after a failure is only its echo
	}
	return closing
}

// aheadTold is how far the journal may be ahead of the clock before somebody is told:
// what is recorded from now on bears times that are wrong by as much.
const aheadTold = time.Minute

// aheadMax is how far the journal may be ahead of the clock at a start that nobody
// has asked for. By more, the days of the archive would be wrong for good, and what is
// old enough to be forgotten. A clock that is as far ahead of the journal is no reason
// to refuse: the switch may have rested. (Retention waits then.)
const aheadMax = 24 * time.Hour

// ErrClockBehind is wrapped by the refusal of a clock that is far behind the journal.
var ErrClockBehind = errors.New("the clock is behind the journal")

// Open restores the machine from the state store, replays the journal from there
// on and prepares the events that begin this start: Recovered, if there was
// anything before, and ConfigChanged, if the configuration is another one. On an
// error, also one of Progress, the stores stay open and are the caller's to close.
func Open(o Options) (*Engine, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	e := &Engine{
		o: o, m: payment.New(o.State), q: newQueue(o.QueueMax, o.GroupEventsMax, o.GroupsMax+2),
		pace: newPacer(&o), landing: make(chan struct{}, 1),
		pipe: make(chan commit, o.GroupsMax), asks: make(chan func(*payment.Machine)),
		ready: make(chan struct{}), done: make(chan struct{}), free: make(chan *commit, o.GroupsMax+2),
		deadKick: make(chan struct{}, 1), verdict: make(chan verdict, 1),
		sealer: o.Keys.Sealer(), meter: loadMeter{steps: o.Load},
	}
	e.rows = func(applied uint64) error { return store(e.m, &e.tidings, o.State, applied) }
	e.metrics = newMetrics(o.Registry)
	if err := e.restore(); err != nil {
		return nil, err
	}
	e.tallies.open(e.m.Config())
	e.stand()
	e.lastAt = e.m.LastAt()
	e.ahead = max(0, e.lastAt-o.Clock())
	if e.ahead > int64(aheadMax) && !o.AcceptClock {
		return nil, fmt.Errorf("%w by %v, whose last event is of %s: one of the two was set wrongly, and what is recorded now would be dated as much too late", ErrClockBehind,
			time.Duration(e.ahead).Round(time.Second), time.Unix(0, e.lastAt).UTC().Format(time.RFC3339))
	}
	if e.ahead > int64(aheadTold) {
		o.Logger.Warn("the clock is behind the journal, whose time goes on: one of the two was set wrongly", "event", "clock.behind", "by", time.Duration(e.ahead))
	}
	first := make([]payment.Event, 0, 2)
	if o.Log.Next() > 1 {
		first = append(first, payment.Event{Kind: payment.Recovered, From: route.Nobody})
	}
	config, changed, err := Merge(e.m.Config(), &o.Config)
	if err != nil {
		return nil, err
	}
	if e.config.Store(config); changed {
		first = append(first, configEvent(config, Author{Reason: "start", Operator: "switchd"}))
	}
	if _, err := e.q.put(e.now(), first, false); err != nil {
		return nil, fmt.Errorf("engine: first events: %w", err)
	}
	if len(first) == 0 {
		close(e.ready)
	}
	e.metrics.show(o.Registry, e)
	return e, nil
}
