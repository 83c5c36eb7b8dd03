package ingress

import (
	"testing"

	"switchd/switch/payment"
)

// TestTurnedAwayForgetsTheOldest: the memory is bounded, and keeps the latest.
func TestTurnedAwayForgetsTheOldest(t *testing.T) {
	var turned turnedAway
	for i := range uint32(turnedAwayMax + 10) {
		turned.add(&payment.RequestKey{STAN: i})
		turned.add(&payment.RequestKey{STAN: i}) // twice is once
	}
	for _, c := range []struct {
		stan uint32
		want bool
	}{{0, false}, {9, false}, {10, true}, {turnedAwayMax + 9, true}} {
		if got := turned.has(&payment.RequestKey{STAN: c.stan}); got != c.want {
			t.Errorf("key %d: %v, want %v", c.stan, got, c.want)
		}
	}
	if len(turned.keys) != turnedAwayMax {
		t.Errorf("%d keys are kept, want %d", len(turned.keys), turnedAwayMax)
	}
}
