package main

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchd/hsm"
	"switchd/session/gnetio"
	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/desk"
	"switchd/switch/ingress"
	"switchd/switch/route"
	"switchd/switch/state"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// newDesk is where operators ask and order.
func (n *node) newDesk() (*desk.Desk, error) {
	v := readVersion()
	o := desk.Options{
		Engine: n.engine, Rows: n.data.state, Records: n.data.journal, Keys: n.data.keys,
		Reading: func(f func() error) error {
			_, err := n.readers.read(func() (any, error) { return nil, f() })
			return err
		},
		Links: nodeLinks{n}, LinkEnds: ingress.RetireMax, Force: n.inForce, Pending: n.pending, Query: n.query, Dialect: n.dialectOf,
		Checks: n.findings, Debug: n.watch, KeyList: n.keyList, Roles: n.rolesNow,
		Secured: n.cfg.AdminAccess.Users != "", TwoPerson: n.cfg.AdminAccess.TwoPerson, Version: v.Version, Commit: v.Commit, Clock: clock, Log: n.log,
	}
	a := n.newAlerting(clock())
	o.Alerts, o.Limits, o.Reached, o.Refused = a.look, a.limits, a.reached, a.refused
	return desk.New(o)
}

// nodeLinks are the links of a switch that may not listen yet.
type nodeLinks struct{ n *node }

// Links are those that are up.
func (l nodeLinks) Links() []gnetio.LinkInfo {
	if !l.n.isOpen() {
		return nil
	}
	return l.n.server.Links()
}

// Dismiss has a link end.
func (l nodeLinks) Dismiss(id uint64) bool { return l.n.isOpen() && l.n.server.Dismiss(id) }

// Usage is how many there are.
func (l nodeLinks) Usage() gnetio.Usage {
	if !l.n.isOpen() {
		return gnetio.Usage{}
	}
	return l.n.server.Usage()
}

// rolesNow are those that a caller of before has by the file of users as it is now.
func (n *node) rolesNow(then access.Caller) access.Roles {
	if !then.Secured || n.people.file == nil {
		return then.Roles
	}
	c, _ := n.people.file.ByName(then.Name)
	return c.Roles
}

// inForce is the configuration in force for people.
func (n *node) inForce() desk.Force {
	a := n.conf.inForce.Load()
	var text strings.Builder
	for _, f := range a.kept.Files {
		text.WriteString("# " + f.File + "\n" + f.Text)
	}
	return desk.Force{
		Config: a.Config, At: a.kept.At, By: a.kept.By, Reason: a.kept.Reason, File: n.conf.file, Hash: a.kept.SHA256, Text: text.String(),
		Fallback: n.conf.fallback.Load(),
	}
}

// pending is what the file on disk would change.
func (n *node) pending() (p desk.Pending) {
	next, err := config.Load(n.conf.file, known())
	if err != nil {
		p.Bad = err.Error()
		return p
	}
	old := n.conf.inForce.Load().Config
	p.Caps = len(capsChanged(old, next)) > 0
	for _, c := range config.Diff(old, next).List {
		if p.Changes = append(p.Changes, c.String()); c.Restart {
			p.Restart = append(p.Restart, c.String())
		}
	}
	return p
}

// query reads the criteria of a search by the names of the running switch.
func (n *node) query(values url.Values) (state.Query, error) {
	r := newEventReader(nil, nil)
	r.learn(n.engine.Config())
	return queryOf(values, &glossary{r.names, r.currency})
}

// dialectOf is how a participant is spoken with now; nil: it is not configured.
func (n *node) dialectOf(number route.Participant) translate.Dialect {
	spoken := *n.rim.speaks.Load()
	if int(number) >= len(spoken) {
		return nil
	}
	return spoken[number]
}

// findings are the checks of readiness for the desk.
func (n *node) findings() []view.Check {
	all := []view.Check{}
	for _, c := range n.checks() {
		v := view.Check{Name: c.Name, OK: true}
		warning, err := c.Run()
		if v.Warning = warning; err != nil {
			v.OK, v.Error = false, err.Error()
		}
		all = append(all, v)
	}
	return all
}

// keyListMax is how long the security module may take to say what keys it has.
const keyListMax = 2 * time.Second

// keyList is what the security module says of its keys; of one that does not list them,
// those that the configuration names.
func (n *node) keyList(ctx context.Context) (view.Keys, error) {
	v := view.Keys{Keys: []view.Key{}}
	if n.security == nil || n.security.module == nil {
		return v, nil
	}
	ctx, cancel := context.WithTimeout(ctx, keyListMax)
	defer cancel()
	whose := keyUsers(n.conf.inForce.Load().Config)
	var all []hsm.KeyInfo
	if lister, ok := n.security.module.(interface {
		List(ctx context.Context) ([]hsm.KeyInfo, error)
	}); ok {
		var err error
		if all, err = lister.List(ctx); err != nil {
			return v, err
		}
	} else {
		for _, name := range slices.Sorted(maps.Keys(whose)) {
			if k, err := n.security.module.Describe(ctx, name); err == nil { // what it does not know is no key
				all = append(all, k)
			}
		}
	}
	for i := range all {
		k := viewKey(&all[i], clock())
		v.Keys = append(v.Keys, view.Key{
			Name: string(k.Name), Purpose: k.Words, Participant: whose[k.Name], Algorithm: k.Algorithm, Check: k.KCV, Expires: k.Expires, State: k.State,
		})
	}
	return v, nil
}

// keyUsers are the participants that use keys, by their names.
func keyUsers(cfg *config.Config) map[hsm.KeyRef]string {
	all := map[hsm.KeyRef]string{}
	for i := range cfg.Participants {
		p := &cfg.Participants[i]
		for _, need := range needsOf(p) {
			all[need.key] = p.ID
		}
	}
	return all
}
