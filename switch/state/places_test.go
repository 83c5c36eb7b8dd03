package state

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"switchd/switch/payment"
)

// TestPlaces holds places to a map: payments of before the layer, of the layer in and
// out of order, written again, far behind its begin; and again after a reset, from
// another event on, below the one before too.
func TestPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 1))
	p := places{older: map[payment.ID]place{}}
	for round := range 60 {
		since := uint64(r.IntN(3 * bornSpan))
		p.begin(since)
		want := map[payment.ID]place{}
		next := since + 1
		for n := range r.IntN(3000) {
			at := place{at: uint32(n), size: uint32(round), room: 1, open: n%2 == 0}
			id := payment.ID(next)
			switch r.IntN(10) {
			case 0:
				id = payment.ID(r.Uint64N(since + 1))
			case 1:
				id = payment.ID(since + 1 + r.Uint64N(next-since))
			case 2:
				id = payment.ID(since + bornSpan - 2 + r.Uint64N(5))
			}
			if r.IntN(200) == 0 {
				next += r.Uint64N(bornSpan / 64)
			}
			next += 1 + r.Uint64N(8)
			p.put(id, at)
			want[id] = at
			if got, ok := p.get(id); !ok || got != at {
				t.Fatalf("since %d: %d is at %+v %v, want %+v", since, id, got, ok, at)
			}
		}
		for id, at := range want {
			if got, ok := p.get(id); !ok || got != at {
				t.Fatalf("since %d: %d is at %+v %v, want %+v", since, id, got, ok, at)
			}
			for _, other := range [...]payment.ID{id - 1, id + 1} {
				if _, ok := p.get(other); ok != holds(want, other) {
					t.Fatalf("since %d: %d is there: %v", since, other, ok)
				}
			}
		}
		if ids := p.ids(nil); !slices.Equal(ids, slices.Sorted(maps.Keys(want))) || p.len() != len(want) {
			t.Fatalf("since %d: %d payments, %d by len, want %d in order", since, len(ids), p.len(), len(want))
		}
		p.reset()
		if p.len() != 0 || len(p.ids(nil)) != 0 {
			t.Fatalf("%d payments after a reset", p.len())
		}
	}
}

func holds(m map[payment.ID]place, id payment.ID) bool {
	_, ok := m[id]
	return ok
}
