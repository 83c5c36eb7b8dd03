package gnetio

import (
	"errors"
	"fmt"
	"net/netip"
)

// Access says who may connect and how much of the rim each participant may take.
// It can be changed while the Server runs (Server.SetAccess).
type Access struct {
	// Allow are the addresses that may connect at all; empty: any. What comes from
	// elsewhere is closed before a byte of it is read. At most 4096.
	Allow []netip.Prefix
	// Peers by participant id; who is not in it has a zero Peer.
	Peers map[string]Peer
}

// Peer is what the rim knows of one participant. All may be zero.
type Peer struct {
	// Allow are the addresses that its certificate is good for; empty: any. Links
	// from there never wait behind strangers. At most 4096.
	Allow          []netip.Prefix
	LinksMax       int // links at a time that it may open; no limit of its own, only Options.LinksMax
	OutboxBytesMax int // for each of its links, also those that are up; Options.OutboxBytesMax
	// Dial are the links that the switch keeps up by dialling, beside those that the
	// participant opens. At most 16.
	Dial []Target
}

// prefixesMax bounds lists of addresses: each connection looks through them.
const prefixesMax = 4096

// validate lists all faults at once.
func (a Access) validate() error {
	var faults []error
	check := func(where string, list []netip.Prefix) {
		if len(list) > prefixesMax {
			faults = append(faults, fmt.Errorf("%s has more than %d addresses", where, prefixesMax))
		}
		for _, p := range list {
			if !p.IsValid() {
				faults = append(faults, fmt.Errorf("%s has an invalid address", where))
			}
		}
	}
	check("Allow", a.Allow)
	for id, p := range a.Peers {
		check("Allow of "+id, p.Allow)
		if p.LinksMax < 0 || p.OutboxBytesMax < 0 {
			faults = append(faults, fmt.Errorf("a limit of %s is negative", id))
		}
		faults = append(faults, p.validateDial(id)...)
	}
	return errors.Join(faults...)
}

// contains says whether an address is in a list; an empty list has none.
func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// allows says whether a link of a participant may come from an address.
func (p *Peer) allows(a netip.Addr) bool { return len(p.Allow) == 0 || contains(p.Allow, a) }

// table is an Access at work. It does not change.
type table struct {
	Access
	ours []netip.Prefix // addresses of participants
}

func newTable(a Access) *table {
	t := &table{Access: a}
	for _, p := range a.Peers {
		t.ours = append(t.ours, p.Allow...)
	}
	return t
}

// CheckAccess says what SetAccess would refuse, and changes nothing. Safe for
// concurrent use.
func (s *Server) CheckAccess(a Access) error {
	err := a.validate()
	if err == nil {
		err = s.opt.checkDial(a)
	}
	if err != nil {
		return fmt.Errorf("gnetio access: %w", err)
	}
	return nil
}

// SetAccess changes who may connect and whom the switch dials, from the next
// connection on. Links that are up and would not be let in any more are closed;
// those that are not dialled any more are Unwanted, which is for the Handler to
// end in good order. Safe for concurrent use.
func (s *Server) SetAccess(a Access) error {
	if err := s.CheckAccess(a); err != nil {
		return err
	}
	t := newTable(a)
	s.access.Store(t)
	now := s.opt.Clock()
	s.dialer.set(a.Peers, now)
	s.sweep(func(l *Link) ending {
		l.bound(t.Peers[l.participant].OutboxBytesMax)
		if l.slot != nil {
			if l.unwanted == 0 && s.dialer.dropped(l.slot) {
				l.unwanted = now
			}
			return ending{}
		}
		peer := t.Peers[l.participant]
		if len(t.Allow) > 0 && !contains(t.Allow, l.address) || !peer.allows(l.address) {
			return ending{endAddress, "its address is not allowed any more"}
		}
		return ending{}
	})
	return nil
}
