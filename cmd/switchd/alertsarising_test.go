package main

import (
	"testing"

	"switchd/switch/payment"
)

// mayBe are the values that a label of a metric may have: those that there are, or, where
// a series comes only when something happens, those that can be. On a loaded machine a
// breaker turns now and then, and that one has must not mean that no other can.
func mayBe(name, label string, m *seenMetric) (values []string) {
	if name != "switchd_breaker_state" || label != "class" {
		return m.values[label]
	}
	for _, c := range payment.Classes() {
		values = append(values, c.String())
	}
	return values
}

// TestArising: what is said of breakers holds whichever of them has turned.
func TestArising(t *testing.T) {
	for _, turned := range [][]string{nil, {"credit"}, {"debit"}} {
		seen := map[string]*seenMetric{"switchd_breaker_state": {labels: []string{"class", "participant"}, values: map[string][]string{"class": turned}}}
		if why := unfit(seen, "switchd_breaker_state", `participant="BANKA",class="debit"`); why != "" {
			t.Errorf("with the breakers %q: %s", turned, why)
		}
		if why := unfit(seen, "switchd_breaker_state", `class="debits"`); why != "class is never debits" {
			t.Errorf("with the breakers %q a class that is none: %q", turned, why)
		}
		if why := unfit(seen, "switchd_breaker_state", `klass="debit"`); why != "it has no label klass" {
			t.Error(why)
		}
	}
}
