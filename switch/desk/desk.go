package desk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"switchd/switch/access"
	"switchd/switch/route"
	"switchd/switch/view"
)

// Desk answers operators' questions and takes their orders. Make it with New. All methods
// but Run are safe for concurrent use.
type Desk struct {
	o         Options
	started   int64
	before    uint64                  // the last record of before this start
	latest    atomic.Pointer[picture] // nil until the first look
	showing   sync.Mutex              // guards the making of latest: one that is older than another never follows it
	looked    chan struct{}           // closed by the first look
	approvals approvals
	debugged  debugged
	reads     chan struct{} // one for each reading of the journal that is under way
	searches  chan struct{} // and one for each search
	files     chan struct{} // and one for each reading of the configuration's file
}

// readsMax is how many timelines may be read at once: each reads some of the journal.
const readsMax = 4

// New returns a Desk that has not looked yet.
func New(o Options) (*Desk, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &Desk{o: o, started: o.Clock(), before: o.Records.Durable(), looked: make(chan struct{}), reads: make(chan struct{}, readsMax), searches: make(chan struct{}, searchesMax), files: make(chan struct{}, filesMax)}, nil
}

// lookEvery is how often the switch is looked at.
const lookEvery = time.Second

// Run looks at the switch once a second until ctx ends, and has approvals expire: at the
// beginning those that a crash has left, at the end all. Call it once.
func (d *Desk) Run(ctx context.Context) error {
	defer d.dropAll()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	w := newWatcher(d)
	for left := true; ; {
		w.look(ctx)
		left = left && d.endLeft() != nil
		d.expire()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// picture is what a look has found. It is not changed after it is made: all who ask
// share it.
type picture struct {
	overview     view.Overview
	series       []view.Sample // the oldest first
	participants view.Participants
	positions    view.Positions
	breakers     view.Breakers
	limits       view.Limits
	alerts       view.Alerts
}

// firstLookWait is how long who asks at once after the start waits for the first look.
const firstLookWait = 3 * time.Second

// picture is the latest. The first look follows the start at once, so it is waited for.
func (d *Desk) picture(ctx context.Context) (*picture, error) {
	if p := d.latest.Load(); p != nil {
		return p, nil
	}
	late := time.NewTimer(firstLookWait)
	defer late.Stop()
	select {
	case <-d.looked:
		return d.latest.Load(), nil
	case <-ctx.Done():
	case <-late.C:
	}
	return nil, fault(view.ErrBusy, "the switch has only just started")
}

// show makes a picture the latest. The caller holds showing.
func (d *Desk) show(p *picture) {
	if d.latest.Swap(p) == nil {
		close(d.looked)
	}
}

// Overview is the whole switch, as of the latest look.
func (d *Desk) Overview(ctx context.Context, _ access.Caller) (view.Overview, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Overview{}, err
	}
	return p.overview, nil
}

// Series is the samples of the latest seconds.
func (d *Desk) Series(ctx context.Context, seconds int) (view.Series, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Series{}, err
	}
	all := p.series
	if seconds > 0 && seconds < len(all) {
		all = all[len(all)-seconds:]
	}
	return view.Series{EverySeconds: int(lookEvery / time.Second), Samples: all}, nil
}

// Participants is the health of all participants.
func (d *Desk) Participants(ctx context.Context) (view.Participants, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Participants{}, err
	}
	return p.participants, nil
}

// Participant is the health of one.
func (d *Desk) Participant(ctx context.Context, id string) (view.Participant, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Participant{}, err
	}
	for i := range p.participants.Participants {
		if v := &p.participants.Participants[i]; v.ID == id {
			return *v, nil
		}
	}
	return view.Participant{}, fault(view.ErrNotFound, "no such participant")
}

// Positions is those of all participants.
func (d *Desk) Positions(ctx context.Context) (view.Positions, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Positions{}, err
	}
	return p.positions, nil
}

// Breakers is those of all participants and classes.
func (d *Desk) Breakers(ctx context.Context) (view.Breakers, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Breakers{}, err
	}
	return p.breakers, nil
}

// Limits is what is bounded.
func (d *Desk) Limits(ctx context.Context) (view.Limits, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Limits{}, err
	}
	return p.limits, nil
}

// Alerts is what fires, and what has fired lately.
func (d *Desk) Alerts(ctx context.Context) (view.Alerts, error) {
	p, err := d.picture(ctx)
	if err != nil {
		return view.Alerts{}, err
	}
	return p.alerts, nil
}

// Me is who asks.
func (d *Desk) Me(c access.Caller) view.Caller {
	return view.Caller{Name: c.Name, Roles: c.Roles.Names(), Secured: c.Secured, TwoPerson: d.twoPersons(c)}
}

// names gives the ids of the participants by number.
func (d *Desk) names() func(route.Participant) string {
	all := d.o.Engine.Config().Participants
	return func(n route.Participant) string {
		if n == route.Nobody {
			return ""
		}
		for i := range all {
			if all[i].Number == n {
				return all[i].ID
			}
		}
		return fmt.Sprintf("#%d", n)
	}
}

// number is that of a participant by its id; those of the canary are nobody's to order about.
func (d *Desk) number(id string) (route.Participant, error) {
	for _, p := range d.o.Engine.Config().Participants {
		if p.ID == id && !p.Canary {
			return p.Number, nil
		}
	}
	return route.Nobody, fault(view.ErrNotFound, "participant %.40q is not configured", id)
}

// stamp is a time for people and programs; empty for none.
func stamp(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000Z")
}
