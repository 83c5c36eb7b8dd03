package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// Sink takes the effects of committed events. Its methods are called by the
// writer goroutine only and must not block.
type Sink interface {
	// Encode takes one effect; the payment in it is valid during the call.
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

	Keys *seal.Keys // seal the secret parts of journal records; nil: they are in the clear

	// Closing is called once before the stores are closed: who reads them beside the
	// engine must have ended when it returns. Default: nobody does.
	Closing func()

	QueueMax   int           // waiting events; default 8192. Requests are refused at 3/4 of it, answers far above it
	CommitGap  time.Duration // least time between two commits when busy; default 500 us, which Go's timers make 1 ms. Zero load commits at once
	BusyEvents int           // a group of at least so many events makes the next one wait for CommitGap; default 4

	Logger   *slog.Logger          // default: slog.Default()
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.QueueMax == 0 {
		o.QueueMax = journal.GroupRecordsMax
	}
	if o.CommitGap == 0 {
		o.CommitGap = 500 * time.Microsecond
	}
	if o.BusyEvents == 0 {
		o.BusyEvents = 4
	}
	if o.Closing == nil {
		o.Closing = func() {}
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
	if o.QueueMax < 16 || o.QueueMax > journal.GroupRecordsMax {
		faults = append(faults, fmt.Errorf("engine: QueueMax %d, want 16 to %d", o.QueueMax, journal.GroupRecordsMax))
	}
	if o.CommitGap < 0 || o.CommitGap > 100*time.Millisecond {
		faults = append(faults, fmt.Errorf("engine: CommitGap %v, want 0 to 100ms", o.CommitGap))
	}
	return errors.Join(faults...)
}
