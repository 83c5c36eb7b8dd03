package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// Sink takes the effects of committed events. Its methods are called by the
// writer goroutine only and must not block.
type Sink interface {
	// Encode takes one effect; the payment in it is valid during the call. NotAfter is
	// by Options.Clock, which may be behind the time of the payment.
	Encode(ef *payment.Effect)
	// Release lets everything leave that was encoded since the last Release.
	Release()
}

// Options of an Engine.
type Options struct {
	Log    journal.Log    // required; the engine closes it
	State  *state.Store   // required; the engine closes it
	Config payment.Config // what this start is configured with; participants without numbers get them
	Clock  func() int64   // required: UTC nanoseconds

	// AcceptClock goes on in the journal's time although the clock is more than a day
	// behind it.
	AcceptClock bool

	Keys *seal.Keys // seal the secret parts of journal records; nil: they are in the clear

	// Progress is called before the rows are read, and now and then while the journal is
	// replayed, with how many of so many records are; its error ends Open. Default: nobody
	// is told.
	Progress func(done, of uint64) error

	// Closing is called once before the stores are closed: who reads them beside the
	// engine must have ended when it returns. Default: nobody does.
	Closing func()

	// Unmatched is told of answers that have no leg, or do not echo what their leg
	// carried. The writer calls it: it must be quick and keeps nothing of the answer.
	Unmatched func(from route.Participant, a *payment.Answer) // default: nobody is told

	// Useful is told, as Unmatched is, who has sent an answer that ended or moved
	// something: neither one that has no leg, nor one that comes twice or too late.
	// It goes with Unmatched: whoever bounds what is sent in vain must know of both.
	Useful func(from route.Participant) // default: nobody is told

	// Ended is told of each payment, but canaries, that has reached a final state. The
	// writer calls it: it must be quick and keeps nothing of the payment.
	Ended func(p *payment.Payment) // default: nobody is told

	// Stored is told each time that the rows of a group are in the state store, by the
	// writer: it must be quick. Default: nobody is told.
	Stored func()

	QueueMax int // waiting events; default 32,768, 16 to 65,536. Requests are refused at 3/4 of it, and earlier when the queue is crowded (crowd.go), answers far above it
	// Limits of the pacer (pace.go). They bound it; there is nothing to tune for a
	// disk or a load.
	GroupEventsMax int           // events of a group that waits for nothing more; default 512, 16 to 8190
	GroupsMax      int           // groups between append and durable, all but one of them full; default 16, 1 to 64
	GapMax         time.Duration // longest wait for company, counted from the commit before; default 2 ms, up to 100 ms, negative: none
	BusyEvents     int           // so many events within GapMax make a group wait for all of it, fewer for a part; default 32, 1 to 8190

	Load LoadSteps // when new work is shed; default DefaultLoadSteps

	Logger   *slog.Logger          // default: slog.Default()
	Registry prometheus.Registerer // default: none
}

// queueMax is the largest Options.QueueMax.
const queueMax = 1 << 16

func (o Options) withDefaults() Options {
	if o.QueueMax == 0 {
		o.QueueMax = 32_768
	}
	if o.GroupEventsMax == 0 {
		o.GroupEventsMax = 512
	}
	if o.GroupsMax == 0 {
		o.GroupsMax = 16
	}
	if o.GapMax == 0 {
		o.GapMax = 2 * time.Millisecond
	}
	if o.BusyEvents == 0 {
		o.BusyEvents = 32
	}
	if o.Load == (LoadSteps{}) {
		o.Load = DefaultLoadSteps()
	}
	if o.Progress == nil {
		o.Progress = func(uint64, uint64) error { return nil }
	}
	if o.Closing == nil {
		o.Closing = func() {}
	}
	if o.Ended == nil {
		o.Ended = func(*payment.Payment) {}
	}
	if o.Stored == nil {
		o.Stored = func() {}
	}
	if o.Unmatched == nil && o.Useful == nil {
		o.Unmatched, o.Useful = func(route.Participant, *payment.Answer) {}, func(route.Participant) {}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

func (o *Options) validate() error {
	var faults []error
	if o.Log == nil || o.State == nil || o.Clock == nil {
		faults = append(faults, errors.New("engine: Log, State and Clock are required"))
	}
	if (o.Unmatched == nil) != (o.Useful == nil) {
		faults = append(faults, errors.New("engine: Unmatched and Useful go together"))
	}
	if o.QueueMax < 16 || o.QueueMax > queueMax {
		faults = append(faults, fmt.Errorf("engine: QueueMax %d, want 16 to %d", o.QueueMax, queueMax))
	}
	const eventsMax = journal.GroupRecordsMax - 2 // a Tick and a LoadChanged may join a full group
	if o.GroupEventsMax < 16 || o.GroupEventsMax > eventsMax {
		faults = append(faults, fmt.Errorf("engine: GroupEventsMax %d, want 16 to %d", o.GroupEventsMax, eventsMax))
	}
	if o.GroupsMax < 1 || o.GroupsMax > 64 {
		faults = append(faults, fmt.Errorf("engine: GroupsMax %d, want 1 to 64", o.GroupsMax))
	}
	if o.GapMax > 100*time.Millisecond {
		faults = append(faults, fmt.Errorf("engine: GapMax %v, want at most 100ms", o.GapMax))
	}
	if o.BusyEvents < 1 || o.BusyEvents > eventsMax {
		faults = append(faults, fmt.Errorf("engine: BusyEvents %d, want 1 to %d", o.BusyEvents, eventsMax))
	}
	if err := o.Load.validate(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
