package gnetio

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// pool counts connections that are not links yet, and the handshakes at work
// among them. Strangers have one of their own: however many they are, those whom
// we know find a place.
type pool struct {
	open, openMax       atomic.Int64
	working, workingMax atomic.Int64

	turns chan struct{} // of those at work: who computes
}

func (p *pool) limit(open, working, computing int) {
	p.openMax.Store(int64(open))
	p.workingMax.Store(int64(working))
	p.turns = make(chan struct{}, computing)
}

// take takes one of max places.
func take(n, max *atomic.Int64) bool {
	for {
		have := n.Load()
		if have >= max.Load() {
			return false
		}
		if n.CompareAndSwap(have, have+1) {
			return true
		}
	}
}

// admit says whether a connection may begin a handshake, and in which pool. What
// is refused here has cost no more than its accept.
func (s *Server) admit(from netip.Addr, now int64) (*pool, ending) {
	if s.leaving.Load() {
		return nil, ending{endShutdown, "the switch is leaving"}
	}
	t := s.access.Load()
	if len(t.Allow) > 0 && !contains(t.Allow, from) {
		return nil, ending{endAddress, "address is not allowed"}
	}
	ok, known := s.gate.begin(sourceOf(from), now)
	if !ok {
		return nil, ending{endRate, "too many handshakes from its address"}
	}
	p := &s.strangers
	if known || contains(t.ours, from) {
		p = &s.familiar
	}
	if !take(&p.open, &p.openMax) {
		return nil, ending{endHalfOpen, "too many connections without a handshake"}
	}
	return p, ending{}
}

// settle moves a link that has shaken hands from its pool to those that are up. It
// returns the result that refuses it, if one does.
func (l *Link) settle() (refused string) {
	s := l.server
	peer := s.access.Load().Peers[l.participant]
	l.bound(peer.OutboxBytesMax)
	if s.leaving.Load() {
		return shakeClosed
	}
	if l.slot != nil {
		l.pool.open.Add(-1)
		l.pool = nil
		if !s.dialer.up(l.slot, s.opt.Clock()) {
			return shakeClosed
		}
		return ""
	}
	if !peer.allows(l.address) {
		return shakeAddress
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up >= s.opt.LinksMax || peer.LinksMax > 0 && s.upOf[l.participant] >= peer.LinksMax {
		return shakeLinks
	}
	s.up++
	s.upOf[l.participant]++
	l.pool.open.Add(-1)
	l.pool = nil
	s.gate.met(sourceOf(l.address))
	return ""
}

// depart gives the place of a connection free. Links that were dialled have none
// that anybody else could want.
func (l *Link) depart() {
	switch {
	case l.pool != nil:
		l.pool.open.Add(-1)
		l.pool = nil
		return
	case l.slot != nil:
		return
	}
	s := l.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up--
	if s.upOf[l.participant]--; s.upOf[l.participant] == 0 {
		delete(s.upOf, l.participant)
	}
}

// addressOf is the address of a peer, as prefixes have it.
func addressOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return plain(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}
