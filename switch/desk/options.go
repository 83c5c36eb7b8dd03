package desk

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"switchd/session/gnetio"
	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// Engine is the engine, as seen from here.
type Engine interface {
	Inspect(ctx context.Context, f func(*payment.Machine)) error
	Config() *payment.Config
	Load() payment.Load
	Tally(n route.Participant, c payment.Class) engine.Tally
	PaymentTally() engine.PaymentTally
	CommitTally() engine.CommitTally
	Command(o engine.Order) (seq uint64, done bool, err error)
}

// Rows is the state store, as seen from here.
type Rows interface {
	Search(q state.Query) (state.Page, error)
	Changes(before uint64, limit int) ([]payment.Change, error)
}

// Records is the journal, as seen from here.
type Records interface {
	Tail(from uint64) *journal.Reader
	FirstSince(at int64) (uint64, error)
	Durable() uint64
}

// Links are the links of the rim, as seen from here.
type Links interface {
	Links() []gnetio.LinkInfo
	Dismiss(id uint64) bool
	Usage() gnetio.Usage
}

// Force is the configuration in force, with how it came to be.
type Force struct {
	*config.Config
	At               time.Time
	By, Reason       string
	File, Hash, Text string // Text is that of the files, one after the other
	Fallback         bool   // it is what was in force last, because the file was not good
}

// Pending is what the file on disk would change.
type Pending struct {
	Changes, Restart []string
	Bad              string // why it would be refused
	Caps             bool   // some of the changes are of caps
}

// Reached is how often limits of the rim turned something away since the start.
type Reached struct {
	Links    uint64 // a participant that had, or all of whom had, too many links
	HalfOpen uint64 // a connection beyond those that may be without a handshake
}

// Options of a Desk. Functions are safe for concurrent use and return in bounded time.
type Options struct {
	Engine  Engine
	Rows    Rows
	Records Records
	Keys    *seal.Keys // that records are sealed with
	// Look copies a payment, if it is known. Default: the engine is asked.
	Look func(ctx context.Context, id payment.ID) (p *payment.Payment, found bool, err error)
	// Reading runs f while the stores are open, or gives an error: they are closed before
	// the pages end. Default: f is run.
	Reading func(f func() error) error
	// Links of the rim. Default: there are none.
	Links Links
	// LinkEnds is how long a link that is closed waits for what is under way on it. 0: nobody
	// is told.
	LinkEnds time.Duration
	// Force gives the configuration in force, Pending what the file would change.
	Force   func() Force
	Pending func() Pending
	// Query reads the criteria of a search. Its error says which is wrong, and never an
	// account.
	Query func(url.Values) (state.Query, error)
	// Dialect is how a participant speaks; nil: it is not configured. Default: nobody's is
	// known, and messages are not shown.
	Dialect func(n route.Participant) translate.Dialect
	// Checks are the conditions of readiness now. Default: none.
	Checks func() []view.Check
	// Refused is how many payments and connections the switch itself has turned away, since
	// its start: for the objective of availability. Default: none.
	Refused func() uint64
	// Reached is how often limits of the rim turned something away. Default: it is not known.
	Reached func() Reached
	// Limits adds to the limits that the desk knows. Default: none.
	Limits func() []view.Limit
	// Alerts says what fires. It is called once a second by Run alone. Default: nothing.
	Alerts func(now int64, o *view.Overview, p []view.Participant, l []view.Limit) view.Alerts
	// Debug has all messages of a participant logged until a time (UTC ns; 0: not any
	// more). Default: that cannot be had.
	Debug func(participant string, until int64) error
	// KeyList are the keys of the security module. Default: there is none.
	KeyList func(ctx context.Context) (view.Keys, error)
	// Roles are those that a caller has now, who had others when he ordered something; 0: he
	// is no user any more. Default: those that he had.
	Roles func(then access.Caller) access.Roles
	// Secured says that callers have shown who they are, TwoPerson that caps and decisions
	// need a second one.
	Secured, TwoPerson bool
	// Version and Commit say what was built.
	Version, Commit string
	Clock           func() int64
	Log             *slog.Logger // default: slog.Default
}

func (o Options) withDefaults() Options {
	if o.Reading == nil {
		o.Reading = func(f func() error) error { return f() }
	}
	if o.Look == nil {
		engine := o.Engine
		o.Look = func(ctx context.Context, id payment.ID) (*payment.Payment, bool, error) {
			return askEngine(ctx, engine, id)
		}
	}
	if o.Links == nil {
		o.Links = noLinks{}
	}
	if o.Pending == nil {
		o.Pending = func() Pending { return Pending{} }
	}
	if o.Dialect == nil {
		o.Dialect = func(route.Participant) translate.Dialect { return nil }
	}
	if o.Checks == nil {
		o.Checks = func() []view.Check { return nil }
	}
	if o.Refused == nil {
		o.Refused = func() uint64 { return 0 }
	}
	if o.Reached == nil {
		o.Reached = func() Reached { return Reached{} }
	}
	if o.Limits == nil {
		o.Limits = func() []view.Limit { return nil }
	}
	if o.Alerts == nil {
		o.Alerts = func(int64, *view.Overview, []view.Participant, []view.Limit) view.Alerts { return view.Alerts{} }
	}
	if o.Roles == nil {
		o.Roles = rolesNow
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// validate lists all faults at once.
func (o *Options) validate() error {
	var faults []error
	for _, need := range []struct {
		name    string
		missing bool
	}{
		{"Engine", o.Engine == nil}, {"Rows", o.Rows == nil}, {"Records", o.Records == nil},
		{"Force", o.Force == nil}, {"Query", o.Query == nil}, {"Clock", o.Clock == nil},
	} {
		if need.missing {
			faults = append(faults, errors.New("desk: "+need.name+" is missing"))
		}
	}
	return errors.Join(faults...)
}

// noLinks are those of a switch without a rim.
type noLinks struct{}

// Links is none.
func (noLinks) Links() []gnetio.LinkInfo { return nil }

// Dismiss finds none.
func (noLinks) Dismiss(uint64) bool { return false }

// Usage is nothing.
func (noLinks) Usage() gnetio.Usage { return gnetio.Usage{} }
