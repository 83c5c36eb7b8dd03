package ledger

import (
	"math"
	"math/rand/v2"
	"testing"

	"switchd/switch/route"
)

func TestReserveHoldsTheCap(t *testing.T) {
	b := NewBook()
	b.SetCap(0, 100)
	steps := []struct {
		name string
		do   func() Reason
		want Reason
	}{
		{"zero", func() Reason { return b.Reserve(0, 0) }, NotPositive},
		{"negative", func() Reason { return b.Reserve(0, -1) }, NotPositive},
		{"huge", func() Reason { return b.Reserve(0, math.MaxInt64) }, OverflowRisk},
		{"up to the cap", func() Reason { return b.Reserve(0, 100) }, OK},
		{"one more", func() Reason { return b.Reserve(0, 1) }, OverCap},
		{"after void", func() Reason { b.Void(0, 40); return b.Reserve(0, 40) }, OK},
		{"posted still counts", func() Reason { b.Post(0, 1, 100); return b.Reserve(0, 1) }, OverCap},
		{"incoming credit gives headroom", func() Reason {
			b.SetCap(1, 0)
			if why := b.Reserve(1, 30); why != OK { // it was just credited 100
				return why
			}
			b.Post(1, 0, 30)
			return b.Reserve(0, 30)
		}, OK},
		{"unknown participant has no cap", func() Reason { return b.Reserve(9, 1) }, OverCap},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want {
			t.Fatalf("%s: %v, want %v", s.name, got, s.want)
		}
		if b.Sum() != 0 {
			t.Fatalf("%s: sum %d", s.name, b.Sum())
		}
	}
}

func TestReleaseOfUnreservedPanics(t *testing.T) {
	for name, f := range map[string]func(b *Book){
		"void":          func(b *Book) { b.Void(0, 1) },
		"post":          func(b *Book) { b.Post(0, 1, 1) },
		"negative void": func(b *Book) { b.Void(0, -1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			b := NewBook()
			b.SetCap(0, 10)
			f(b)
		}()
	}
}

// TestAgainstModel drives random operations and compares every position with
// one that is recomputed from the list of operations.
func TestAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const parties, limit = 4, 5_000
	b := NewBook()
	for p := range route.Participant(parties) {
		b.SetCap(p, limit)
	}
	type hold struct {
		payer route.Participant
		minor int64
	}
	var holds []hold
	var posted, reserved [parties]int64
	for range 20_000 {
		p, q := route.Participant(rng.IntN(parties)), route.Participant(rng.IntN(parties))
		switch rng.IntN(3) {
		case 0:
			minor := int64(rng.IntN(400) + 1)
			fits := reserved[p]-posted[p]+minor <= limit
			if why := b.Reserve(p, minor); (why == OK) != fits {
				t.Fatalf("reserve %d: %v, model says fits=%v", minor, why, fits)
			}
			if fits {
				holds, reserved[p] = append(holds, hold{p, minor}), reserved[p]+minor
			}
		default:
			if len(holds) == 0 {
				continue
			}
			i := rng.IntN(len(holds))
			h := holds[i]
			holds = append(holds[:i], holds[i+1:]...)
			reserved[h.payer] -= h.minor
			if rng.IntN(2) == 0 {
				b.Void(h.payer, h.minor)
				continue
			}
			b.Post(h.payer, q, h.minor)
			posted[h.payer] -= h.minor
			posted[q] += h.minor
		}
		for i := range parties {
			at := b.Position(route.Participant(i))
			if at.Posted != posted[i] || at.Reserved != reserved[i] || b.Sum() != 0 {
				t.Fatalf("participant %d: %+v, model posted %d reserved %d, sum %d", i, at, posted[i], reserved[i], b.Sum())
			}
		}
	}
}
