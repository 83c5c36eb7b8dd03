package config

import (
	"strings"
	"testing"
)

// TestBICOfTheMainOffice: with the branch that names none it is the BIC of eight, for who
// looks for its bank and for another participant that claims it.
func TestBICOfTheMainOffice(t *testing.T) {
	const bic, other = "BNKBINBB", "BNKAINBB"
	text := strings.Replace(string(mustRead(t, "gateway.good.yml")), "bic: "+bic, "bic: "+bic+strings.Repeat("X", 3), 1)
	cfg, err := Parse("switchd.yml", []byte(text), known)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text, bic+"X"); n != 1 || cfg.Participants[1].BIC != bic {
		t.Errorf("%d such BICs in the file, read as %q", n, cfg.Participants[1].BIC)
	}
	if _, err := Parse("switchd.yml", []byte(strings.Replace(text, "bic: "+other, "bic: "+bic, 1)), known); err == nil || !strings.Contains(err.Error(), "BIC "+bic) {
		t.Errorf("two claim it: %v", err)
	}
}
