package desk

import (
	"regexp"
	"testing"
	"time"

	"switchd/switch/payment"
)

// TestWords: states, causes and outcomes are told as people say them.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, s := range payment.States() {
		if stateWords[s] == "" {
			t.Errorf("state %s has no words", s)
		}
	}
	for c := payment.NewRequest; c.String() != "invalid"; c++ {
		if causeWords[c] == "" {
			t.Errorf("cause %s has no words", c)
		}
	}
	jargon := regexp.MustCompile(`\b(err|acct|orig|rev|hsm|crypto|auth|psp|ok|pin|timeout)\b`)
	names := map[string]bool{payment.NoOutcome.String(): true}
	for _, o := range payment.Outcomes() {
		names[o.String()] = true
		if said := outcomeWords(o.String()); jargon.MatchString(said) {
			t.Errorf("%s is told as %q", o, said)
		}
	}
	for name := range outcomeSaid {
		if !names[name] {
			t.Errorf("there is no outcome %s", name)
		}
	}
}

// TestLasted: waits are told in units.
func TestLasted(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{250 * time.Millisecond: "250 ms", 1500 * time.Millisecond: "1.5 s", 10 * time.Second: "10 s", time.Minute: "1 min", 90 * time.Second: "1 min 30 s", time.Hour: "60 min"} {
		if got := lasted(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
