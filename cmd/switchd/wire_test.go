package main

import (
	"slices"
	"testing"

	"switchd/switch/config"
	"switchd/switch/payment"
)

// TestCodesThatAreNeverAClearNo: whatever the profile says, a code that may mean
// "done" or "done in part" sends a debit to its reversal and a credit into doubt.
func TestCodesThatAreNeverAClearNo(t *testing.T) {
	cfg, err := config.Parse("switchd.yml", config.Example(), known())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Participants[0].Ambiguous = nil
	all := machineConfig(cfg).Participants // those of the canaries stand before
	p := all[len(all)-len(cfg.Participants)]
	if p.ID != cfg.Participants[0].ID {
		t.Fatalf("%s is not %s", p.ID, cfg.Participants[0].ID)
	}
	for _, code := range []string{"08", "10", "11", "16", "32"} {
		if !slices.Contains(p.AmbiguousDebit, payment.CodeOf(code)) || !slices.Contains(p.AmbiguousCredit, payment.CodeOf(code)) {
			t.Errorf("%s counts as a clear no", code)
		}
	}
	for _, code := range []string{"09", "68"} {
		if !slices.Contains(p.AmbiguousCredit, payment.CodeOf(code)) {
			t.Errorf("%s of a credit counts as a clear no", code)
		}
	}
}

// TestDialectsArePaymentDialects: what check-config accepts, serve can speak.
func TestDialectsArePaymentDialects(t *testing.T) {
	if got := dialects(); !slices.Equal(got, []string{"iso87-ascii", "iso87-binary", "iso87-ebcdic", "iso87-npci"}) {
		t.Errorf("dialects %v", got)
	}
}
