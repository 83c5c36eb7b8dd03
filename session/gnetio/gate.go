package gnetio

import (
	"net/netip"
	"sync"
	"time"
)

// gate bounds how many handshakes an address may begin: each costs a signature,
// which is some hundred times what it costs to ask for one. It keeps a token
// bucket for each address in a table of fixed size. Addresses that find no place,
// because all others are busy, share one bucket: then somebody has more addresses
// than we have places, and what stands in the table keeps its own.
type gate struct {
	gap   int64 // nanoseconds for one more handshake
	depth int64 // how far ahead of now a full burst reaches

	mu       sync.Mutex // guards the rest: loops accept at the same time
	places   int
	index    map[netip.Addr]int32
	visitors []visitor
	hand     int   // where to look for a place that may be given away
	known    int   // visitors who are no strangers
	rest     int64 // the bucket of those without a place
}

// visitor is what the gate knows of one address.
type visitor struct {
	address netip.Addr
	full    int64 // when its bucket is full again; a burst is used up when that is depth away
	known   bool  // a link of a participant came up from here
}

// handScan bounds the search for a place.
const handScan = 16

// newGate makes a gate of so many handshakes a second and in a burst, that
// remembers so many addresses.
func newGate(rate, burst, places int) *gate {
	gap := int64(time.Second) / int64(rate)
	return &gate{gap: gap, depth: int64(burst-1) * gap, places: places, index: map[netip.Addr]int32{}}
}

// sourceOf is whom an address stands for: itself, or for IPv6 its /64, since whoever
// has one address of that has all of them.
func sourceOf(a netip.Addr) netip.Addr {
	if a = plain(a); a.Is6() {
		p, _ := a.Prefix(64) // fails for lengths over 128 only
		return p.Addr()
	}
	return a
}

// plain is an address as prefixes have it: an IPv4 address inside IPv6 is one of
// IPv4, and it has no zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// begin asks for one more handshake of a source at now. known says that it is no
// stranger. Safe for concurrent use.
func (g *gate) begin(source netip.Addr, now int64) (ok, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	bucket := &g.rest
	if v := g.visitor(source, now); v != nil {
		bucket, known = &v.full, v.known
	}
	if *bucket-now > g.depth {
		return false, known
	}
	*bucket = max(*bucket, now) + g.gap
	return true, known
}

// met notes that a participant's link came up from a source. Safe for concurrent use.
func (g *gate) met(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i, there := g.index[source]; there && !g.visitors[i].known {
		g.visitors[i].known = true
		g.known++
	}
}

// visitor finds or makes the entry of a source; nil when there is no place.
func (g *gate) visitor(source netip.Addr, now int64) *visitor {
	if i, there := g.index[source]; there {
		return &g.visitors[i]
	}
	i := g.place(now)
	if i < 0 {
		return nil
	}
	g.visitors[i] = visitor{address: source}
	g.index[source] = int32(i)
	return &g.visitors[i]
}

// place makes room for one more. Strangers whose bucket is full are forgotten
// first: there is nothing to remember of them. Participants are, too, once they
// have half of the table.
func (g *gate) place(now int64) int {
	if len(g.visitors) < g.places {
		g.visitors = append(g.visitors, visitor{})
		return len(g.visitors) - 1
	}
	second := -1
	for range min(handScan, len(g.visitors)) {
		i := g.hand
		g.hand = (g.hand + 1) % len(g.visitors)
		switch v := &g.visitors[i]; {
		case v.full > now:
		case !v.known:
			delete(g.index, v.address)
			return i
		case second < 0 && g.known > g.places/2:
			second = i
		}
	}
	if second >= 0 {
		delete(g.index, g.visitors[second].address)
		g.known--
	}
	return second
}
