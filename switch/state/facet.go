package state

import (
	"cmp"
	"encoding/binary"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// A facet is a participant of finished payments, or their state, in a block of the
// history: so few numbers that they are read as a whole. What is searched by a
// participant or a state is looked for in the blocks that have it. One key for each
// of them costs next to nothing.
type facet struct {
	of    uint16 // a participant, or stateFacet + the state
	block uint64 // number of a payment >> blockBits
}

const (
	blockBits  = 10
	stateFacet = 1 << 15
)

const _ = uint(stateFacet - route.ParticipantsMax) // no participant has the number of a state

func (f facet) compare(g facet) int {
	return cmp.Or(cmp.Compare(f.of, g.of), cmp.Compare(f.block, g.block))
}

func appendFacet(b []byte, f facet) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(append(b, tagFacet), f.of), f.block)
}

// readFacet is what appendFacet has made a key of.
func readFacet(key []byte) facet {
	return facet{binary.BigEndian.Uint16(key[1:]), binary.BigEndian.Uint64(key[3:])}
}

func blockOf(id payment.ID) uint64 { return uint64(id) >> blockBits }

// facets collects the facets of payments that come in the order of their numbers.
type facets struct {
	all   []facet
	first int // of the latest block
}

func (s *facets) reset() { s.all, s.first = s.all[:0], 0 }

// add adds the facets of a finished payment.
func (s *facets) add(p *payment.Payment) {
	block := blockOf(p.ID)
	if n := len(s.all); n > 0 && s.all[n-1].block != block {
		s.first = n
	}
	s.one(facet{stateFacet + uint16(p.State), block})
	for _, n := range participants(p) {
		if n != route.Nobody {
			s.one(facet{uint16(n), block})
		}
	}
}

func (s *facets) one(f facet) {
	if !slices.Contains(s.all[s.first:], f) {
		s.all = append(s.all, f)
	}
}

// sorted returns all of them in the order of their keys.
func (s *facets) sorted() []facet {
	slices.SortFunc(s.all, facet.compare)
	return s.all
}

// participants are those who take part in a payment; some may be Nobody, or twice.
func participants(p *payment.Payment) [5]route.Participant {
	return [...]route.Participant{p.Key.From, p.PayerBank, p.PayerPSP, p.PayeePSP, p.PayeeBank}
}
