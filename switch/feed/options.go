package feed

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/payment"
	"switchd/switch/state"
)

// Source has the tidings.
type Source interface {
	Tidings(from uint64) *state.TidingsCursor
	TidingsFrom() uint64
	Applied() uint64
}

// Options of a Feed.
type Options struct {
	Source Source                 // required
	Config func() *payment.Config // required: in force, with the participants' numbers

	// Read runs f while the source is open, and gives its error or why it is not open
	// any more. Default: it is always open.
	Read func(f func() error) error

	Heartbeat time.Duration // how often a reader to whom there is nothing to tell hears where it is; default 5 s
	// Gather is how long a reader lets new events come together; default 5 ms.
	Gather time.Duration
	// Shared bounds the readers beside one of each participant, which has its place whoever
	// else reads: default 16. OfOne bounds those of one participant, and those of others who
	// read its events: default 4. One more is answered 503.
	Shared, OfOne int

	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.Read == nil {
		o.Read = func(f func() error) error { return f() }
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.Gather == 0 {
		o.Gather = 5 * time.Millisecond
	}
	if o.Shared == 0 {
		o.Shared = 16
	}
	if o.OfOne == 0 {
		o.OfOne = 4
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

func (o *Options) validate() error {
	if o.Source == nil || o.Config == nil {
		return errors.New("feed: Source and Config are required")
	}
	if o.Heartbeat < 0 || o.Gather < 0 || o.Shared < 1 || o.OfOne < 1 {
		return errors.New("feed: Heartbeat or Gather is negative, or no reader is allowed")
	}
	return nil
}
