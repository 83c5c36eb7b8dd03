package state

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// TestFirstSince: for any time the same number as by looking at every payment, at
// the time of each payment, between and beyond them, also of open ones.
func TestFirstSince(t *testing.T) {
	opens := 0
	for seed := range uint64(3) {
		records := writeHistory(t, seed, 1500, false)
		a := &actor{t: t, rng: rand.New(rand.NewPCG(seed, 9)), fs: vfs.NewCrashableMem(), groupMax: 20, spills: 100, keys: testKeys(t, 1)}
		a.play(records, len(records))
		made := map[payment.ID]int64{}
		times := []int64{0, authorStart, 1<<63 - 1}
		err := a.s.Payments(func(p *payment.Payment) error {
			made[p.ID] = p.CreatedAt
			times = append(times, p.CreatedAt-1, p.CreatedAt, p.CreatedAt+1, p.CreatedAt+int64(time.Second))
			if p.Open() {
				opens++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range times {
			want := payment.ID(a.s.Applied() + 1)
			for id, created := range made {
				if created >= at {
					want = min(want, id)
				}
			}
			if got, err := a.s.FirstSince(at); err != nil || got != want {
				t.Fatalf("seed %d: first since %d is %d, %v; want %d", seed, at, got, err, want)
			}
		}
		if err := a.s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if opens == 0 {
		t.Error("no payment was open: this proves less than it says")
	}
	s := open(t, vfs.NewMem())
	defer s.Close()
	if got, err := s.FirstSince(0); err != nil || got != 1 {
		t.Errorf("in an empty store it is %d, %v", got, err)
	}
}
