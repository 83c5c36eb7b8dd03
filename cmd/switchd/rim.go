package main

import (
	"reflect"
	"sync/atomic"

	"switchd/certs"
	"switchd/session"
	"switchd/switch/config"
	"switchd/switch/egress"
	"switchd/switch/ingress"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// rim makes what ingress and egress need of a configuration. A participant whose
// messages are written as before keeps its dialect, by which its links are known.
type rim struct {
	directory *translate.Directory
	found     atomic.Pointer[translate.Found]
	spoken    map[string]speech                   // of the configuration that was built last
	speaks    atomic.Pointer[[]translate.Dialect] // by number, for who looks; nil where nobody is configured
	security  *security
}

// speech is how a participant is spoken with.
type speech struct {
	said    config.Participant // what of its configuration decides that
	certs   [32]byte           // and the content of the files with certificates of signatures
	dialect translate.Dialect
}

// speechOf leaves of a participant what decides how its messages are read and
// written.
func speechOf(p *config.Participant) config.Participant {
	return config.Participant{
		ID: p.ID, Institution: p.Institution, Currency: p.Currency, Dialect: p.Dialect, Framing: p.Framing, KeepAlive: p.KeepAlive, Header: p.Header,
		Profile: p.Profile, Versions: p.Versions, AmountInMajorUnits: p.AmountInMajorUnits, AccountPadding: p.AccountPadding,
		DuplicateKey: p.DuplicateKey, MatchKey: p.MatchKey, MAC: p.MAC, PIN: p.PIN, Signature: p.Signature,
	}
}

// newRim begins with the participants that there ever were.
func newRim(cfg *config.Config, numbered *payment.Config, s *security) *rim {
	r := &rim{spoken: map[string]speech{}, security: s}
	r.directory = &translate.Directory{
		Institution: cfg.Institution, Currency: numbered.Currency, CurrencyCode: cfg.Currency,
		Institutions: make([]string, route.ParticipantsMax), // its length never changes: others read while one more comes
		Found:        func() translate.Found { return *r.found.Load() },
	}
	r.found.Store(&translate.Found{})
	for i := range numbered.Participants {
		p := &numbered.Participants[i]
		r.directory.Institutions[p.Number] = p.Institution
	}
	return r
}

// tables is what the rim is told of a configuration.
type tables struct {
	lanes   []egress.Lane
	ingress ingress.Table
	found   translate.Found
	spoken  map[string]speech
	watched []certs.Watched
}

// build makes the tables of a configuration whose participants have the numbers of
// the engine's, of which so many are in use. It changes nothing that is in use.
func (r *rim) build(cfg *config.Config, numbered *payment.Config, used int) (*tables, error) {
	t := &tables{
		lanes: make([]egress.Lane, len(numbered.Participants)), found: foundBy(cfg), spoken: map[string]speech{},
		ingress: ingress.Table{Participants: map[string]ingress.Participant{}, SmallAmount: cfg.BrownOut.SmallAmount},
	}
	numbers := map[string]*payment.Profile{}
	for i := range numbered.Participants {
		numbers[numbered.Participants[i].ID] = &numbered.Participants[i]
	}
	for i := range cfg.Participants {
		p := &cfg.Participants[i]
		profile := numbers[p.ID]
		if int(profile.Number) >= used { // nobody asks for it yet
			r.directory.Institutions[profile.Number] = profile.Institution
		}
		wire, err := wireOf(p)
		if err != nil {
			return nil, err
		}
		before := r.spoken[p.ID]
		said := speech{said: speechOf(p), certs: signatureFiles(p), dialect: before.dialect}
		if said.dialect == nil || said.certs != before.certs || !reflect.DeepEqual(said.said, before.said) {
			if said.dialect, err = newDialect(p, r.directory, profile.Number); err != nil {
				return nil, err
			}
		}
		guarded, err := r.security.protect(cfg, p)
		if err != nil {
			return nil, err
		}
		t.watched = append(t.watched, guarded.watched...)
		t.spoken[p.ID] = said
		t.lanes[profile.Number] = egress.Lane{ID: p.ID, Dialect: said.dialect, Framing: wire.Framing, Limits: wire.Limits, Match: profile.Match, Window: p.Links.Window}
		t.ingress.Participants[p.ID] = ingress.Participant{
			Dialect: said.dialect, Wire: wire,
			Session: session.Options{Idle: p.Timers.Idle, EchoTimeout: p.Timers.Echo},
			Limits:  limitsOf(p),
			Guard:   guarded.scheme, GuardFault: guarded.fault, Zone: guarded.zone, KeyExchange: p.KeyExchange != "",
		}
	}
	return t, nil
}

// take has the dialects that are in use know what the tables know.
func (r *rim) take(t *tables) {
	r.found.Store(&t.found)
	r.spoken = t.spoken
	dialects := make([]translate.Dialect, len(t.lanes))
	for i := range t.lanes {
		dialects[i] = t.lanes[i].Dialect
	}
	r.speaks.Store(&dialects)
}

// wireRim builds egress and ingress for the participants under the numbers that
// the engine has given them.
func (n *node) wireRim() error {
	numbered := n.engine.Config()
	n.rim = newRim(n.cfg, numbered, n.security)
	t, err := n.rim.build(n.cfg, numbered, len(numbered.Participants))
	if err != nil {
		return err
	}
	n.rim.take(t)
	n.trust.Watch(t.watched)
	n.egress = egress.New(egress.Options{Lanes: t.lanes, Watched: n.lines.Watched, Submit: n.engine.Submit, Drop: n.security.dropPIN(), Clock: clock, Log: n.log, Registry: n.registry})
	n.ingress = ingress.New(ingress.Options{
		Participants: t.ingress.Participants, Engine: n.engine, Links: n.egress, Clock: clock, Log: n.log, Registry: n.registry,
		Load: n.engine.Load, SmallAmount: t.ingress.SmallAmount, Inspect: n.engine.Inspect, Declining: n.disk.Hurry, Security: n.security.ofIngress(), Hook: n.keyExchange(), Watched: n.lines.Watched,
	})
	return nil
}
