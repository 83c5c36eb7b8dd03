package ledger

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"switchd/switch/route"
)

const rupee, dollar Currency = 356, 840

func inr(minor int64) Amount { return Amount{Minor: minor, Currency: rupee} }

func TestReserveHoldsTheCap(t *testing.T) {
	b := NewBook()
	b.SetCap(0, rupee, 100)
	steps := []struct {
		name string
		do   func() Reason
		want Reason
	}{
		{"zero", func() Reason { return b.Reserve(0, inr(0)) }, NotPositive},
		{"negative", func() Reason { return b.Reserve(0, inr(-1)) }, NotPositive},
		{"huge", func() Reason { return b.Reserve(0, inr(math.MaxInt64)) }, OverflowRisk},
		{"up to the cap", func() Reason { return b.Reserve(0, inr(100)) }, OK},
		{"one more", func() Reason { return b.Reserve(0, inr(1)) }, OverCap},
		{"after void", func() Reason { b.Void(0, inr(40)); return b.Reserve(0, inr(40)) }, OK},
		{"posted still counts", func() Reason { b.Post(0, 1, inr(100)); return b.Reserve(0, inr(1)) }, OverCap},
		{"incoming credit gives headroom", func() Reason {
			b.SetCap(1, rupee, 0)
			if why := b.Reserve(1, inr(30)); why != OK { // it was just credited 100
				return why
			}
			b.Post(1, 0, inr(30))
			return b.Reserve(0, inr(30))
		}, OK},
		{"unknown participant has no cap", func() Reason { return b.Reserve(9, inr(1)) }, OverCap},
		{"another currency has its own cap", func() Reason { return b.Reserve(0, Amount{1, dollar}) }, OverCap},
		{"the largest cap there is", func() Reason {
			b.SetCap(0, rupee, math.MaxInt64)
			b.Restore(2, rupee, Position{Posted: 50, Cap: math.MaxInt64})
			return b.Reserve(2, inr(1))
		}, OK},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want {
			t.Fatalf("%s: %v, want %v", s.name, got, s.want)
		}
	}
}

func TestReleaseOfUnreservedPanics(t *testing.T) {
	for name, f := range map[string]func(b *Book){
		"void":             func(b *Book) { b.Void(0, inr(1)) },
		"post":             func(b *Book) { b.Post(0, 1, inr(1)) },
		"negative void":    func(b *Book) { b.Void(0, inr(-1)) },
		"another currency": func(b *Book) { b.Reserve(0, inr(5)); b.Void(0, Amount{5, dollar}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			b := NewBook()
			b.SetCap(0, rupee, 10)
			f(b)
		}()
	}
}

// TestWarnPassesEachMarkOnce: up is told at 50, 75 and 90 percent, once; down is
// not told, and a use that sways around a mark is not told again and again.
func TestWarnPassesEachMarkOnce(t *testing.T) {
	b := NewBook()
	b.SetCap(0, rupee, 1000)
	use := int64(0)
	for _, step := range []struct {
		use    int64
		passed bool
		mark   uint8
	}{
		{499, false, 0}, {500, true, 50}, {501, false, 50}, {760, true, 75}, {749, false, 50}, {751, false, 75},
		{699, false, 50}, {750, true, 75}, {1000, true, 90}, {0, false, 0}, {900, true, 90},
	} {
		if d := step.use - use; d > 0 {
			if why := b.Reserve(0, inr(d)); why != OK {
				t.Fatal(why)
			}
		} else if d < 0 {
			b.Void(0, inr(-d))
		}
		use = step.use
		if mark, passed := b.Warn(0, rupee); mark != step.mark || passed != step.passed {
			t.Errorf("use %d: %d %v, want %d %v", step.use, mark, passed, step.mark, step.passed)
		}
	}
	b.SetCap(1, rupee, math.MaxInt64)
	if mark, passed := b.Warn(1, rupee); mark != 0 || passed {
		t.Errorf("a cap that nobody uses warns at %d", mark)
	}
}

// TestAgainstModel drives random operations in two currencies and compares every
// position with one that is recomputed from the list of operations. The positions
// of each currency sum to zero after every step.
func TestAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const parties, limit = 4, 5_000
	currencies := []Currency{dollar, rupee}
	b := NewBook()
	for p := range route.Participant(parties) {
		b.SetCap(p, rupee, limit)
		b.SetCap(p, dollar, limit)
	}
	if !slices.Equal(b.Currencies(), []Currency{rupee, dollar}) {
		t.Fatalf("currencies %v", b.Currencies())
	}
	type hold struct {
		payer  route.Participant
		amount Amount
	}
	var holds []hold
	type books map[Currency]*[parties]int64
	posted, reserved := books{rupee: {}, dollar: {}}, books{rupee: {}, dollar: {}}
	for range 20_000 {
		p, q := route.Participant(rng.IntN(parties)), route.Participant(rng.IntN(parties))
		c := currencies[rng.IntN(2)]
		switch rng.IntN(3) {
		case 0:
			minor := int64(rng.IntN(400) + 1)
			fits := reserved[c][p]-posted[c][p]+minor <= limit
			if why := b.Reserve(p, Amount{minor, c}); (why == OK) != fits {
				t.Fatalf("reserve %d: %v, model says fits=%v", minor, why, fits)
			}
			if fits {
				holds = append(holds, hold{p, Amount{minor, c}})
				reserved[c][p] += minor
			}
		default:
			if len(holds) == 0 {
				continue
			}
			i := rng.IntN(len(holds))
			h := holds[i]
			holds = append(holds[:i], holds[i+1:]...)
			c = h.amount.Currency
			reserved[c][h.payer] -= h.amount.Minor
			if rng.IntN(2) == 0 {
				b.Void(h.payer, h.amount)
				continue
			}
			b.Post(h.payer, q, h.amount)
			posted[c][h.payer] -= h.amount.Minor
			posted[c][q] += h.amount.Minor
		}
		for i := range parties {
			at := b.Position(route.Participant(i), c)
			if at.Posted != posted[c][i] || at.Reserved != reserved[c][i] || b.Sum(c) != 0 {
				t.Fatalf("participant %d: %+v, model posted %d reserved %d, sum %d", i, at, posted[c][i], reserved[c][i], b.Sum(c))
			}
		}
	}
}
