package gnetio

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"switchd/session"
)

// Target is one way to a participant that the switch dials: so many links to any
// of some addresses. Each link begins with an address of its own, as far as there
// are enough, and tries the others in turn while it cannot get up.
type Target struct {
	Group     int      // of its links, 0 to 15: see Link.Group
	Addresses []string // host:port, 1 to 16
	Links     int      // to keep up, 1 to 64; 1
}

const (
	groupMax     = 15
	addressesMax = 16
	targetLinks  = 64
	targetsMax   = 16 // of a participant
)

// validateDial lists all faults of a participant's targets.
func (p *Peer) validateDial(id string) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s", id, fmt.Sprintf(format, args...)))
	}
	if len(p.Dial) > targetsMax {
		fault("more than %d targets", targetsMax)
	}
	seen := map[slotKey]bool{}
	for _, t := range p.Dial {
		if key := t.key(id, 0); seen[key] {
			fault("group %d has the same addresses twice: give the target more links", t.Group)
		} else {
			seen[key] = true
		}
		if t.Group < 0 || t.Group > groupMax {
			fault("group %d is not 0 to %d", t.Group, groupMax)
		}
		if t.Links < 0 || t.Links > targetLinks {
			fault("%d links to a target, not 1 to %d", t.Links, targetLinks)
		}
		if n := len(t.Addresses); n < 1 || n > addressesMax {
			fault("%d addresses of a target, not 1 to %d", n, addressesMax)
		}
		for _, a := range t.Addresses {
			if host, port, err := net.SplitHostPort(a); err != nil || host == "" || port == "" || port == "0" {
				fault("%q is not host:port", a)
			}
		}
	}
	return faults
}

// slotState is where a link that we keep up is.
type slotState uint8

const (
	slotWaiting slotState = iota // until it is time to dial
	slotDialing                  // TCP or TLS is on its way
	slotUp
	slotDropped // not wanted any more
)

// slotNames are the label values of switchd_dialed_links.
var slotNames = map[slotState]string{slotWaiting: "waiting", slotDialing: "dialing", slotUp: "up"}

// slotKey names a link that we keep up: a change of the configuration leaves alone
// what stays the same.
type slotKey struct {
	participant string
	group, n    int
	addresses   string
}

func (t *Target) key(participant string, n int) slotKey {
	return slotKey{participant, t.Group, n, strings.Join(t.Addresses, " ")}
}

// slot is a link that we keep up, whichever connection it is at the moment.
type slot struct {
	slotKey
	addresses []string
	next      int // the address to dial
	redial    session.Redial
	state     slotState
	at        int64 // when to dial
}

// dialer keeps up the links that the switch dials. It runs on the Server's tick
// and starts a goroutine for each attempt, which ends with the connection made.
type dialer struct {
	server   *Server
	chance   func() uint64
	attempts sync.WaitGroup

	mu      sync.Mutex // guards the rest: the tick, attempts and loops meet here
	slots   []*slot
	busy    int  // attempts under way
	stopped bool // dials no more
}

// set takes the targets of all participants. Links that it does not have any more
// are no longer dialled; those that are up are the caller's to close.
func (d *dialer) set(peers map[string]Peer, now int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	have := map[slotKey]*slot{}
	for _, s := range d.slots {
		have[s.slotKey] = s
	}
	d.slots = d.slots[:0:0]
	for id, p := range peers {
		for _, t := range p.Dial {
			for n := range max(t.Links, 1) {
				key := t.key(id, n)
				s := have[key]
				if delete(have, key); s == nil {
					s = &slot{slotKey: key, addresses: t.Addresses, next: n % len(t.Addresses), redial: session.NewRedial(d.server.opt.Redial), at: now}
					d.server.metrics.dialed[slotWaiting].Inc()
				}
				d.slots = append(d.slots, s)
			}
		}
	}
	for _, s := range have {
		d.enter(s, slotDropped)
	}
	slices.SortStableFunc(d.slots, func(a, b *slot) int {
		return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.participant, b.participant), cmp.Compare(a.group, b.group))
	})
}

// enter moves a slot to another state and counts it there. d.mu is held.
func (d *dialer) enter(s *slot, to slotState) {
	m := d.server.metrics.dialed
	if g := m[s.state]; g != nil {
		g.Dec()
	}
	if g := m[to]; g != nil {
		g.Inc()
	}
	s.state = to
}

// tick starts the attempts that are due.
func (d *dialer) tick(now int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.stopped && d.busy < d.server.opt.DialsMax {
		s := d.next(now)
		if s == nil {
			return
		}
		d.busy++
		d.enter(s, slotDialing)
		address := s.addresses[s.next]
		d.attempts.Go(func() {
			d.finish(s, address, d.server.connect(s, address))
		})
	}
}

// next is the slot that has been due for longest, nil: none is. Whoever was at the head
// of a list would be dialled again before those behind it had their first turn.
func (d *dialer) next(now int64) (due *slot) {
	for _, s := range d.slots {
		if s.state == slotWaiting && now >= s.at && (due == nil || s.at < due.at) {
			due = s
		}
	}
	return due
}

// stop ends dialling and waits for what is under way. The Server's context has to
// have ended.
func (d *dialer) stop() {
	d.hang()
	d.attempts.Wait()
}

// hang ends dialling.
func (d *dialer) hang() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
}

// finish takes the end of an attempt: the loops have the connection, or there is none.
func (d *dialer) finish(s *slot, address string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
	if err == nil {
		return
	}
	result := dialUnreachable
	if errors.Is(err, errSettings) {
		result = dialSettings
	}
	d.server.metrics.dials[result].Inc()
	now := d.server.opt.Clock()
	d.again(s, now)
	if times, due := d.server.causes.tell("dial "+s.participant, now); due && !d.stopped {
		d.server.opt.Log.Warn("link not reached", "event", "link.unreached", "participant", s.participant, "group", s.group, "address", address, "reason", err, "times", times)
	}
}

// up notes that a link is there. It returns false when it is not wanted any more.
func (d *dialer) up(s *slot, now int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.state == slotDropped {
		return false
	}
	d.server.metrics.dials[dialUp].Inc()
	s.redial.Up(now)
	d.enter(s, slotUp)
	return true
}

// lost takes the end of a connection that the loops had.
func (d *dialer) lost(s *slot, now int64, wasUp bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !wasUp {
		d.server.metrics.dials[dialHandshake].Inc()
	}
	d.again(s, now)
}

// again has a slot wait for its next attempt: at its own address after a life that
// counts, at the next one after a failure. d.mu is held.
func (d *dialer) again(s *slot, now int64) {
	if s.state == slotDropped {
		return
	}
	if s.redial.Settled(now) {
		s.next = s.n % len(s.addresses)
	} else {
		s.next = (s.next + 1) % len(s.addresses)
	}
	s.at = s.redial.Lost(now, d.chance())
	d.enter(s, slotWaiting)
}

// dropped says that a link is not wanted any more. Safe for concurrent use.
func (d *dialer) dropped(s *slot) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return s.state == slotDropped
}
