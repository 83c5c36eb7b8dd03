package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

var (
	// ErrRevoked says that a certificate is on its authority's list.
	ErrRevoked = errors.New("certificate is revoked")
	// ErrListExpired says that the list of a certificate's authority is too old to
	// tell whether it is revoked.
	ErrListExpired = errors.New("revocation list has expired")
	// ErrPin says that a certificate has none of the keys that are pinned.
	ErrPin = errors.New("key is not pinned")
	// ErrVersion says that a participant spoke TLS 1.2 and is not configured for it.
	ErrVersion = errors.New("TLS 1.2 is not allowed")
	// ErrAuthority says that nobody who is trusted now has signed a certificate.
	ErrAuthority = errors.New("authority is not trusted any more")
)

// Peer is what is asked of one participant beside a certificate of a trusted
// authority. All may be zero.
type Peer struct {
	Pins  []Pin          // its key must be one of them; none: any key; at most 16
	TLS12 bool           // TLS 1.2 will do, with ECDHE and an AEAD; otherwise 1.3 only
	Allow []netip.Prefix // where it comes from, to offer TLS 1.2 nowhere else; empty: anywhere
}

// peers is a table of participants at work. It does not change.
type peers struct {
	byID  map[string]*Peer
	older []*Peer // those who may speak TLS 1.2
}

// CheckPeers says what SetPeers would refuse.
func CheckPeers(byID map[string]Peer) error {
	_, err := newPeers(byID)
	return err
}

func newPeers(byID map[string]Peer) (*peers, error) {
	t := &peers{byID: map[string]*Peer{}}
	var faults []error
	for id, p := range byID {
		if !idPattern.MatchString(id) {
			faults = append(faults, fmt.Errorf("id %q: want 1 to 32 of A-Z a-z 0-9 and -", id))
		}
		if len(p.Pins) > pinsMax {
			faults = append(faults, fmt.Errorf("%s has more than %d pins", id, pinsMax))
		}
		p.Pins, p.Allow = slices.Clone(p.Pins), slices.Clone(p.Allow)
		t.byID[id] = &p
		if p.TLS12 {
			t.older = append(t.older, &p)
		}
	}
	return t, errors.Join(faults...)
}

// mayBeOlder says whether somebody who may speak TLS 1.2 comes from an address. An
// address that is not known may be anybody's.
func (t *peers) mayBeOlder(a netip.Addr) bool {
	return slices.ContainsFunc(t.older, func(p *Peer) bool {
		return len(p.Allow) == 0 || !a.IsValid() || slices.ContainsFunc(p.Allow, func(n netip.Prefix) bool { return n.Contains(a) })
	})
}

// addressOf is where a client comes from, as prefixes have it.
func addressOf(hello *tls.ClientHelloInfo) netip.Addr {
	if hello.Conn == nil {
		return netip.Addr{}
	}
	if tcp, ok := hello.Conn.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
