package ingress

import (
	"testing"

	"switchd/switch/payment"
)

// TestLatestForgetsTheOldest: the memory is bounded, and keeps the latest.
func TestLatestForgetsTheOldest(t *testing.T) {
	var turned latest
	for i := range uint32(latestMax + 10) {
		turned.add(&payment.RequestKey{STAN: i})
		turned.add(&payment.RequestKey{STAN: i}) // twice is once
	}
	for _, c := range []struct {
		stan uint32
		want bool
	}{{0, false}, {9, false}, {10, true}, {latestMax + 9, true}} {
		if got := turned.has(&payment.RequestKey{STAN: c.stan}); got != c.want {
			t.Errorf("key %d: %v, want %v", c.stan, got, c.want)
		}
	}
	if len(turned.keys) != latestMax {
		t.Errorf("%d keys are kept, want %d", len(turned.keys), latestMax)
	}
}
