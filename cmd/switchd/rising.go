package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"switchd/switch/admin"
	"switchd/switch/console"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/screen"
)

// rising is how far the start of a switch is. Safe for concurrent use.
type rising struct {
	acceptClock bool

	done, of atomic.Uint64 // records of the journal that are replayed, and of how many
	up       atomic.Bool   // the node has all its parts
}

// say is how far the replay is, for people.
func (r *rising) say() string {
	done, of := r.done.Load(), r.of.Load()
	if of == 0 {
		return "reading the state store"
	}
	return fmt.Sprintf("replaying the journal: %d %%, %s of %s records", percentOf(done, of), screen.Count(done), screen.Count(of))
}

func percentOf(done, of uint64) int { return int(float64(done) / float64(of) * 100) }

// yet is nil when the node has all its parts.
func (r *rising) yet() error {
	if r.up.Load() {
		return nil
	}
	return errors.New(r.say())
}

// listenAdmin opens the admin port: a start of minutes is seen, and is not taken for a
// switch that hangs. It says how far the start is, and nothing else before offer: no
// answer touches a part of the node that is not there yet.
func (n *node) listenAdmin() (admin.Options, error) {
	var err error
	if n.people, err = n.newAdminAccess(); err != nil {
		return admin.Options{}, err
	}
	o := admin.Options{
		Address: n.cfg.Admin, Clock: clock, Gatherer: n.registry, Registry: n.registry, Log: n.log,
		Live: n.live, Started: n.rising.yet, Checks: []admin.Check{{Name: "recovered", Run: alone(n.rising.yet)}},
	}
	n.people.options(&o)
	if n.admin, err = admin.ListenEarly(o); err == nil {
		n.keepAddress()
		n.log.Info("starting", "event", "switch.starting", "admin", n.admin.URL())
	}
	return o, err
}

// offer has the admin port answer everything.
func (n *node) offer(o admin.Options) error {
	n.rising.up.Store(true)
	n.data.rest.Relax()
	o.Started, o.Checks, o.Summary = n.started, n.checks(), func() (any, error) { return n.summary(context.Background()) }
	o.Backup, o.Routes = n.takeBackup, n.routes()
	o.Console = console.New(console.Options{Source: n.desk, Caller: callerOf, Reload: n.pageReload, Log: n.log})
	o.Diagnosis = func(ctx context.Context, id string) (any, bool) { return n.ingress.Diagnose(ctx, id) }
	return n.admin.Open(o)
}

// rise replays the journal and builds everything that works with the machine, up to the
// listener for participants. The end of ctx ends the replay.
func (n *node) rise(ctx context.Context) (err error) {
	f := n.data
	n.engine, err = engine.Open(engine.Options{
		Ended: n.tracing.ended(),
		Log:   f.journal, State: f.state, Keys: f.keys, Progress: n.progress(ctx), Closing: n.stopReaders,
		Unmatched: func(from route.Participant, a *payment.Answer) { n.ingress.Unmatched(from, a) }, // made by wireRim, before Run
		Useful:    func(from route.Participant) { n.ingress.Useful(from) },
		Stored:    func() { n.feed.Wake() },
		Config:    machineConfig(n.cfg), Clock: clock, AcceptClock: n.rising.acceptClock, QueueMax: n.cfg.Limits.Queue, Load: loadStepsOf(n.cfg), Logger: n.log, Registry: n.registry,
	})
	if err == nil {
		err = f.entry.Begin()
	}
	if err == nil {
		err = n.wireRim()
	}
	if err == nil {
		n.feed, err = n.newFeed()
	}
	if err == nil {
		err = n.newCanary()
	}
	if err == nil {
		err = n.attachDisk()
	}
	if err == nil {
		n.retainer, err = n.newRetention()
	}
	if err == nil {
		n.desk, err = n.newDesk()
	}
	return err
}

// progress takes how far the replay is, tells the service manager of each percent, and
// ends the replay with ctx.
func (n *node) progress(ctx context.Context) func(done, of uint64) error {
	told := -1
	return func(done, of uint64) error {
		n.rising.done.Store(done)
		n.rising.of.Store(of)
		if of > 0 && percentOf(done, of) > told {
			told = percentOf(done, of)
			n.manager.starting(n.rising.say())
		}
		return ctx.Err()
	}
}

// fall gives back what newNode has opened, after a start that has come to nothing. That
// somebody has ended it is no fault: what was replayed by then is kept, so that a start that
// is never given the time it needs is further each time.
func (n *node) fall(why error) error {
	if errors.Is(why, context.Canceled) {
		why = n.data.state.Flush()
	}
	return errors.Join(why, n.data.close(), n.security.close())
}
