package certs

import (
	"crypto/x509"
	"sync"
	"time"
)

// Names in switchd_cert_expiry_timestamp_seconds, beside the participants'.
const (
	expirySwitch = "switch"
	expiryCA     = "ca"
	expiryCRL    = "crl"
)

const day = 24 * time.Hour

// notices are the times before an end at which it is told. The last is the end.
var notices = [...]time.Duration{30 * day, 7 * day, day, 0}

// span is how long something is good.
type span struct{ from, until time.Time }

// stage is how many of the notices are due. One that would come in the first half
// of a life is not: a list that is made each day would be told every day.
func (s span) stage(now time.Time) (n int) {
	life, left := s.until.Sub(s.from), s.until.Sub(now)
	for i, before := range notices {
		if left <= before && before <= life/2 {
			n = i + 1
		}
	}
	return n
}

// thing is something that expires.
type thing struct {
	span
	label string // in the metric
	name  string // in the log
	told  int    // stage that the log has
}

// shownPeer is a participant whose certificate was seen on a link.
type shownPeer struct {
	thing        // of the link whose certificate expires first
	up    bool   // a link was there in the last whole round
	next  span   // the first of the round that runs
	round uint64 // in which next was seen
}

// set takes what the participant shows now. What is new has not been told.
func (p *shownPeer) set(s span) {
	if !s.until.Equal(p.until) {
		p.told = 0
	}
	p.span = s
}

// expiry knows what expires when, and what of it has been told.
type expiry struct {
	mu     sync.Mutex // guards the rest: loops, handshake workers, Run and scrapes
	held   []*thing   // our own certificate, authorities, lists
	others []*thing   // what Watch was told
	peers  map[string]*shownPeer
	round  uint64
}

// hold takes what is in force now. What stays has been told.
func (e *expiry) hold(m *material) {
	e.mu.Lock()
	defer e.mu.Unlock()
	held := []*thing{newThing(expirySwitch, m.own.Leaf)}
	for _, ca := range m.authorities {
		held = append(held, newThing(expiryCA, ca))
	}
	for _, l := range m.lists {
		held = append(held, &thing{span: span{l.this, l.next}, label: expiryCRL, name: l.file})
	}
	e.held = toldAs(e.held, held)
}

// watch takes the certificates of others. What stays has been told.
func (e *expiry) watch(all []*thing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.others = toldAs(e.others, all)
}

func newThing(label string, c *x509.Certificate) *thing {
	return &thing{span: span{c.NotBefore, c.NotAfter}, label: label, name: c.Subject.String()}
}

// toldAs has things take over what was told of them before.
func toldAs(before, now []*thing) []*thing {
	was := map[thing]int{}
	for _, h := range before {
		told := h.told
		h.told = 0
		was[*h] = told
	}
	for _, h := range now {
		h.told = was[*h]
	}
	return now
}

// keep forgets participants that are not configured any more.
func (e *expiry) keep(p *peers) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id := range e.peers {
		if p.byID[id] == nil {
			delete(e.peers, id)
		}
	}
}

// begin begins a sweep, in which every link is noted, and draws what the one before
// has found.
func (e *expiry) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.peers {
		if p.up = p.round == e.round; p.up {
			p.set(p.next)
		}
	}
	e.round++
}

// note takes the certificate of a participant's link.
func (e *expiry) note(id string, c *x509.Certificate) {
	s := span{c.NotBefore, c.NotAfter}
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.peers[id]
	if p == nil {
		p = &shownPeer{thing: thing{label: id, name: id}}
		if e.peers == nil {
			e.peers = map[string]*shownPeer{}
		}
		e.peers[id] = p
	}
	if p.round != e.round || p.next.until.IsZero() || s.until.Before(p.next.until) {
		p.next, p.round = s, e.round
	}
	if !p.up || s.until.Before(p.until) {
		p.set(s)
		p.up = true
	}
}

// current are all things that can expire now. e.mu is held.
func (e *expiry) current() (all []*thing) {
	all = append(append(all, e.held...), e.others...)
	for _, p := range e.peers {
		if p.up {
			all = append(all, &p.thing)
		}
	}
	return all
}

// earliest is when the first thing of each label expires.
func (e *expiry) earliest() map[string]time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	first := map[string]time.Time{}
	for _, h := range e.current() {
		if at, there := first[h.label]; !there || h.until.Before(at) {
			first[h.label] = h.until
		}
	}
	return first
}

// due returns what has to be told at now, and takes it as told.
func (e *expiry) due(now time.Time) (all []thing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.current() {
		if n := h.stage(now); n > h.told {
			h.told = n
			all = append(all, *h)
		}
	}
	return all
}

// First is what expires first, by its label, and when; no label: nothing does. Safe for
// concurrent use.
func (t *Trust) First() (label string, until time.Time) {
	for l, at := range t.expiry.earliest() {
		if label == "" || at.Before(until) || at.Equal(until) && l < label {
			label, until = l, at
		}
	}
	return label, until
}

// warn tells what expires soon, each at most once for each notice.
func (t *Trust) warn() {
	now := t.time()
	for _, h := range t.expiry.due(now) {
		left, log := h.until.Sub(now), t.o.Log.With("certificate", h.label, "name", h.name, "until", shown(h.until))
		if left > 0 {
			log.Warn("certificate expires soon", "event", "certificate.expiring", "days", int(left/day))
			continue
		}
		log.Error("certificate has expired", "event", "certificate.expired")
	}
}
