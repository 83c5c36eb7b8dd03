package main

import (
	"strings"
	"testing"

	"switchd/switch/simbank"
)

// TestCanaryInAServingSwitch: with the key of the configuration payments between the
// canaries succeed beside those of the participants, and no book knows of them.
func TestCanaryInAServingSwitch(t *testing.T) {
	in := newInside(t, calmTimers, pairs(1), func(*simbank.Options) {}, "canary: {every: 1s}")
	a, b := in.members[in.demo.ids[0]], in.members[in.demo.ids[1]]
	until(t, patience, "a canary payment has ended", func() bool { return in.node.canary.Good() != 0 })
	if r, err := a.Send(t.Context(), b.to(100)); err != nil || r.Outcome != "success" {
		t.Fatalf("%+v %v", r, err)
	}
	if warning, err := in.node.canary.Check(); warning != "" || err != nil {
		t.Errorf("%q %v", warning, err)
	}
	for _, p := range said(t, in.node).Participants {
		if strings.HasPrefix(p.ID, "CANARY") {
			t.Errorf("the summary has %s", p.ID)
		}
	}
	in.balanced()
}
