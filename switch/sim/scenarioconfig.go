package sim

import (
	"fmt"
	"slices"
	"strings"

	"switchd/switch/payment"
)

// configText is a configuration as a scenario text says it.
func configText(c *payment.Config) string {
	var b strings.Builder
	list := func(key string, has func(p *payment.Profile) bool) {
		var names []string
		for i := range c.Participants {
			if has(&c.Participants[i]) {
				names = append(names, c.Participants[i].ID)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, " %s=(%s)", key, strings.Join(names, ","))
		}
	}
	b.WriteString("config")
	list("participants", func(*payment.Profile) bool { return true })
	fmt.Fprintf(&b, " cap=%s open-max=%d", caps(c), c.OpenMax)
	for _, ability := range abilities {
		list(ability.key, ability.has)
	}
	for i := range c.Participants {
		if p := &c.Participants[i]; p.Timers != profile(i).Timers {
			t := &p.Timers
			fmt.Fprintf(&b, " timers=(%s,%v,%v,%v,%v,%v,%v,%v,%v,%v)", p.ID, t.Total, t.Resolve, t.Debit, t.Credit, t.CreditUnknown, t.Reversal, t.BackoffMin, t.BackoffMax, t.GiveUp)
		}
	}
	for i := range c.Participants {
		if p := &c.Participants[i]; p.AmountUnit != 0 || p.AmountMax != 0 {
			fmt.Fprintf(&b, " amounts=(%s,%d,%d)", p.ID, p.AmountUnit, p.AmountMax)
		}
	}
	b.WriteString(boundsOf(c).String())
	return b.String()
}

// caps is one cap for all, or one for each.
func caps(c *payment.Config) string {
	var all []string
	for i := range c.Participants {
		all = append(all, fmt.Sprint(c.Participants[i].NetDebitCap))
	}
	if one := slices.Compact(slices.Clone(all)); len(one) == 1 {
		return one[0]
	}
	return "(" + strings.Join(all, ",") + ")"
}

// abilities are the keys that name those for whom something is so.
var abilities = [...]struct {
	key string
	has func(p *payment.Profile) bool
}{
	{"by-trace", func(p *payment.Profile) bool { return p.Match.STAN && !p.Match.Reference }},
	{"checks", func(p *payment.Profile) bool { return p.Checks }},
	{"binding", func(p *payment.Profile) bool { return p.Binding }},
	{"on-confirm", func(p *payment.Profile) bool { return p.Posting == payment.PostOnConfirm }},
	{"receipts", func(p *payment.Profile) bool { return p.Receipts && p.Posting != payment.PostOnConfirm }},
	{"updates", func(p *payment.Profile) bool { return p.Updates }},
	{"repeat-safe", func(p *payment.Profile) bool { return p.RepeatSafe }},
	{"refused-is-unclear", func(p *payment.Profile) bool { return slices.Contains(p.AmbiguousCredit, payment.CodeOf("05")) }},
	{"psp-only", func(p *payment.Profile) bool { return p.NotBank && !p.NotPSP }},
	{"bank-only", func(p *payment.Profile) bool { return p.NotPSP && !p.NotBank }},
	{"unlisted", func(p *payment.Profile) bool { return !p.Listed() }},
}
