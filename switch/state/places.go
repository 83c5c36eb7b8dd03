package state

import (
	"maps"
	"slices"

	"switchd/switch/payment"
)

// place is where a payment's row is. room is what may be written there; 0: there is
// none.
type place struct {
	at, size, room uint32
	open           bool
	reopened       bool // it has been taken out of the history
}

// bornSpan bounds how many events after the begin of a layer a payment may begin and be
// found by its number alone: a layer has so many when it is full of payments of 16
// events. Beyond, it is found in a map as those of before are.
const bornSpan = 16 * layerKeys

// places are where the rows of a layer's payments are. The payments that begin in the
// layer, nearly all, stand in the order in which they began, and the number of one, that
// of the event that made it, says where: what is written now lies beside what was
// written just before, where a map has each on a page of its own.
type places struct {
	since uint64
	spots []uint32 // by the number of the event after since: 1 + the place in born; 0: none
	born  []birth  // by number
	older map[payment.ID]place
}

type birth struct {
	id payment.ID
	place
}

// begin has an empty p take payments of a layer that lies on top of the events up to since.
func (p *places) begin(since uint64) { p.since = since }

// reset empties p.
func (p *places) reset() {
	clear(p.spots)
	p.spots, p.born = p.spots[:0], p.born[:0]
	clear(p.older)
}

func (p *places) len() int { return len(p.born) + len(p.older) }

// get says where a payment's row is, if it is there.
func (p *places) get(id payment.ID) (at place, ok bool) {
	if spot := p.spot(id); spot != 0 {
		return p.born[spot-1].place, true
	}
	if len(p.older) == 0 {
		return place{}, false
	}
	at, ok = p.older[id]
	return at, ok
}

// spot is 1 + the place of a payment in born; 0: it is not there.
func (p *places) spot(id payment.ID) uint32 {
	// An older one wraps around, far beyond all spots.
	if n := uint64(id) - p.since - 1; n < uint64(len(p.spots)) {
		return p.spots[n]
	}
	return 0
}

// put says where a payment's row is from now on.
func (p *places) put(id payment.ID, at place) {
	if spot := p.spot(id); spot != 0 {
		p.born[spot-1].place = at
		return
	}
	n := uint64(id) - p.since - 1
	// One that is written behind a younger one has no spot: born is by number.
	if n >= bornSpan || n < uint64(len(p.spots)) {
		p.older[id] = at
		return
	}
	for uint64(len(p.spots)) < n {
		p.spots = append(p.spots, 0)
	}
	p.born = append(p.born, birth{id, at})
	p.spots = append(p.spots, uint32(len(p.born)))
}

// ids appends the numbers of all payments to b, in order.
func (p *places) ids(b []payment.ID) []payment.ID {
	b = slices.AppendSeq(b, maps.Keys(p.older))
	for i := range p.born {
		b = append(b, p.born[i].id)
	}
	// Nearly always it is one run or two; the sort sees that.
	slices.Sort(b)
	return b
}
