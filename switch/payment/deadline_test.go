package payment

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDeadlines: whatever is set, moved and cleared, the earliest comes first, ties by
// ID, and each payment knows its place.
func TestDeadlines(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := &Machine{}
	var waiting, idle []*Payment
	for id := range ID(500) {
		idle = append(idle, &Payment{ID: id + 1, heapAt: -1})
	}
	take := func(from *[]*Payment) *Payment {
		i := rng.IntN(len(*from))
		p := (*from)[i]
		*from = slices.Delete(*from, i, i+1)
		return p
	}
	check := func() {
		t.Helper()
		for i := range m.due {
			if e := m.due[i]; int(e.p.heapAt) != i || e.at != e.p.deadline || e.id != e.p.ID {
				t.Fatalf("place %d has payment %d, which is at %d", i, e.p.ID, e.p.heapAt)
			}
			if i > 0 && m.due[i].before(&m.due[(i-1)/heapWidth]) {
				t.Fatalf("place %d is before what is above it", i)
			}
		}
		if len(m.due) != len(waiting) {
			t.Fatalf("%d wait, the heap has %d", len(waiting), len(m.due))
		}
	}
	for range 20_000 {
		switch choice := rng.IntN(3); {
		case choice == 0 && len(idle) > 0:
			p := take(&idle)
			waiting = append(waiting, p)
			m.setDeadline(p, 1+rng.Int64N(40))
		case choice == 1 && len(waiting) > 0:
			m.setDeadline(waiting[rng.IntN(len(waiting))], 1+rng.Int64N(40))
		case len(waiting) > 0:
			p := take(&waiting)
			idle = append(idle, p)
			m.clearDeadline(p)
			if p.heapAt >= 0 || p.deadline != 0 {
				t.Fatal("a payment that does not wait is in the heap")
			}
		}
		check()
	}
	want := slices.Clone(waiting)
	slices.SortFunc(want, func(a, b *Payment) int { return cmp.Or(cmp.Compare(a.deadline, b.deadline), cmp.Compare(a.ID, b.ID)) })
	for _, p := range want {
		if m.due[0].p != p {
			t.Fatalf("payment %d comes first, want %d", m.due[0].id, p.ID)
		}
		m.clearDeadline(p)
	}
}
