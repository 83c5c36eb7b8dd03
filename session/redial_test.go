package session

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Waits double up to the limit; chance takes away half at the most; a link that
// lived ends the row, one that only came up does not.
func TestRedial(t *testing.T) {
	o := RedialOptions{Min: time.Second, Max: 10 * time.Second, Settled: time.Minute}
	r := NewRedial(o)
	now := int64(0)
	row := func(chance uint64, want ...time.Duration) {
		t.Helper()
		for i, w := range want {
			if got := time.Duration(r.Lost(now, chance) - now); got != w {
				t.Errorf("loss %d: wait %v, want %v", i, got, w)
			}
		}
	}
	row(0, time.Second, 2*time.Second, 4*time.Second, 8*time.Second, 10*time.Second, 10*time.Second)
	r.Up(now)
	now += int64(o.Settled) - 1
	row(0, 10*time.Second)
	r.Up(now)
	now += int64(o.Settled)
	row(0, time.Second, 2*time.Second)
	now += int64(time.Hour) // not up meanwhile
	row(uint64(2*time.Second), 2*time.Second)
	row(uint64(4*time.Second), 4*time.Second)
}

// Whatever chance says, a wait is between half of the first one and the longest.
func TestRedialIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		o := RedialOptions{Min: time.Duration(r.Int64N(1e10)), Max: time.Duration(r.Int64N(1e11)), Settled: time.Duration(r.Int64N(1e11))}
		d, least := NewRedial(o), o.withDefaults()
		seen := map[time.Duration]bool{}
		for range 100 {
			now := r.Int64N(1e18)
			if r.IntN(3) == 0 {
				d.Up(now - r.Int64N(1e12))
			}
			wait := time.Duration(d.Lost(now, r.Uint64()) - now)
			if wait < least.Min/2 || wait > least.Max {
				t.Fatalf("%+v: a wait of %v", o, wait)
			}
			seen[wait] = true
		}
		if least.Min > time.Millisecond && len(seen) < 50 {
			t.Errorf("%+v: %d different waits of 100: no chance in them", o, len(seen))
		}
	}
}
