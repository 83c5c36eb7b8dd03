package ingress

import (
	"hash/maphash"
	"testing"
	"time"

	"switchd/switch/payment"
)

func newMemory() *memory { return &memory{seed: maphash.MakeSeed()} }

func keyOf(stan uint32) *payment.RequestKey { return &payment.RequestKey{STAN: stan} }

// TestMemoryIsBounded: it keeps the latest; what it has forgotten counts as turned
// away for as long as a sender may come back to it, and no longer.
func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	for i := range uint32(latestMax) {
		m.turnAway(int64(i), keyOf(i))
		m.turnAway(int64(i), keyOf(i)) // twice is once
	}
	const never = latestMax + 100
	if m.repeat(latestMax, keyOf(never)) {
		t.Error("while nothing was forgotten, a repeat of another request counts as turned away")
	}
	for i := range uint32(10) {
		m.turnAway(latestMax, keyOf(latestMax+i))
	}
	if n := len(m.turned.keys); n != latestMax {
		t.Errorf("%d keys are kept, want %d", n, latestMax)
	}
	// The tenth that was forgotten was turned away at 9.
	for _, c := range []struct {
		at   int64
		stan uint32
		want bool
	}{
		{latestMax, 0, true}, {latestMax, never, true}, {9 + repeatsMax - 1, never, true}, {9 + repeatsMax, never, false},
		{9 + repeatsMax, 0, false}, {9 + repeatsMax, 10, true}, {9 + repeatsMax, latestMax + 9, true},
	} {
		if got := m.repeat(c.at, keyOf(c.stan)); got != c.want {
			t.Errorf("repeat of %d at %v: turned away %v, want %v", c.stan, time.Duration(c.at), got, c.want)
		}
	}
	for i := range uint32(2 * latestMax) {
		m.repeat(0, keyOf(i))
	}
	if n := len(m.repeats.keys); n != latestMax {
		t.Errorf("%d repeats are kept, want %d", n, latestMax)
	}
}

// TestDoubtIsNotShortened: neither by a shorter one nor by what is forgotten.
func TestDoubtIsNotShortened(t *testing.T) {
	m := newMemory()
	m.doubt(2 * repeatsMax)
	m.doubt(repeatsMax)
	for i := range uint32(latestMax + 1) {
		m.turnAway(0, keyOf(i))
	}
	const never = latestMax + 100
	if !m.repeat(2*repeatsMax-1, keyOf(never)) || m.repeat(2*repeatsMax, keyOf(never)) {
		t.Error("repeats are not suspect for as long as was said")
	}
}

// TestRequestAndRepeatOnTwoLoops: whatever the order, it is never so that the
// original is told "busy" and its repeat goes in as one that was not.
func TestRequestAndRepeatOnTwoLoops(t *testing.T) {
	m := newMemory()
	for i := range uint32(2000) {
		away := make(chan bool)
		go func() { may, _ := m.turnAway(0, keyOf(i)); away <- may }()
		knows := m.repeat(0, keyOf(i))
		if <-away != knows {
			t.Fatalf("request %d: turned away %v, and its repeat knows %v", i, !knows, knows)
		}
	}
}
