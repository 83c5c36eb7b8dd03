package engine

import (
	"strings"
	"testing"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// TestAnswersAreToldTogether: whoever is told of answers in vain and not of those that
// were of use would hold the useful ones against an honest bank.
func TestAnswersAreToldTogether(t *testing.T) {
	for name, o := range map[string]Options{
		"Unmatched alone": {Unmatched: func(route.Participant, *payment.Answer) {}},
		"Useful alone":    {Useful: func(route.Participant) {}},
	} {
		if _, err := Open(o); err == nil || !strings.Contains(err.Error(), "Unmatched and Useful go together") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
