package payment

import (
	"strings"
	"testing"

	"switchd/ledger"
)

// TestValidateAbilities: what a profile promises must make sense together.
func TestValidateAbilities(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *Profile)
		want   string
	}{
		"as it is":                           {func(*Profile) {}, ""},
		"confirmation without receipts":      {func(p *Profile) { p.Posting = PostOnConfirm }, ""},
		"confirmation with receipts":         {func(p *Profile) { p.Posting, p.Receipts = PostOnConfirm, true }, ""},
		"posting of a later version":         {func(p *Profile) { p.Posting = postingCount }, "unknown posting"},
		"a second cap in the switch's own":   {func(p *Profile) { p.Caps = []ledger.Amount{{Minor: 1, Currency: 356}} }, "own currency"},
		"a negative cap in another currency": {func(p *Profile) { p.Caps = []ledger.Amount{{Minor: -1, Currency: 840}} }, "negative"},
		"a cap in another currency":          {func(p *Profile) { p.Caps = []ledger.Amount{{Minor: 1, Currency: 840}} }, ""},
		"a timer of nothing":                 {func(p *Profile) { p.Timers.Credit = 0 }, "timer"},
		"a negative cap in the switch's own": {func(p *Profile) { p.NetDebitCap = -1 }, "negative"},
	} {
		p := testProfile(0, "BANKA")
		c.change(&p)
		err := (&Config{Currency: 356, OpenMax: 1, Participants: []Profile{p}}).Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
