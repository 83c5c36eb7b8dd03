package config

import (
	"cmp"
	"slices"
	"strings"
)

// reach reads by what payments find a participant, and what it is there for.
func (b *binder) reach(o object, owner string, p *Participant) {
	b.roles(o, p)
	p.Handles = b.names(o.get("handles"), b.handles, "handle", "banka")
	p.IFSCPrefixes = b.names(o.get("ifsc_prefixes"), b.prefixes, "IFSC prefix", "BNKA")
	p.BIC = b.bic(o.get("bic"))
	p.BINRanges = b.ranges(o.get("bin_ranges"), &b.bins)
	p.AccountRanges = b.ranges(o.get("account_ranges"), &b.accounts)
	for _, k := range addressKeys {
		v, role := o.get(k), "bank"
		if k == "handles" {
			role = "psp"
		}
		if !o.empty(k) && (role == "bank" && !p.Bank || role == "psp" && !p.PSP) {
			v.fault("%s has %s, but not the role %s: nothing would ever be sent there; remove one, or add the other", owner, k, role)
		}
	}
	p.Currency = b.money.Code
	v := o.get("currency")
	if s := v.oneOf(b.known); s != "" && s != b.money.Code {
		v.fault("currency is %s, but that of the switch is %s: a switch has one currency", s, b.money.Code)
	}
}

// roles reads what a participant is there for: both, unless the file says which.
func (b *binder) roles(o object, p *Participant) {
	p.PSP, p.Bank = true, true
	v := o.get("roles")
	if v.absent() {
		return
	}
	if words := b.words(v, "psp, bank"); len(words) > 0 {
		p.PSP, p.Bank = slices.Contains(words, "psp"), slices.Contains(words, "bank")
	} else if o.empty("roles") {
		v.fault("roles is empty: write psp, bank or both, or leave it out for both")
	}
}

// bic reads a BIC, which is nobody else's. One of 8 characters stands for all
// branches, as does that of the main office.
func (b *binder) bic(v value) string {
	if v.absent() {
		return ""
	}
	s, ok := v.match()
	if !ok {
		return ""
	}
	if len(s) == bicWithBranch && strings.Trim(s[bicOfBank:], "X") == "" {
		s = s[:bicOfBank]
	}
	if !b.bics.add(v, s, "BIC "+s) {
		return ""
	}
	return s
}

// Lengths of a BIC (ISO 9362): of a bank, and with a branch behind it, which for the
// main office is the letter X three times.
const (
	bicOfBank     = 8
	bicWithBranch = 11
)

// claim is a range with its place in a file, and its number among all.
type claim struct {
	Range
	at value
	n  int
}

// last is the last number of a range with as many digits as there can be.
func (c *claim) last() string { return c.High + strings.Repeat("9", rangeDigitsMax-len(c.High)) }

// rangeDigitsMax is how many digits the numbers of a range have at most.
const rangeDigitsMax = 19

// ranges reads a list of ranges of first digits, in ascending order.
func (b *binder) ranges(v value, claims *[]claim) []Range {
	var out []Range
	for _, entry := range v.list(`"400000-400099"`) {
		s, ok := entry.match()
		if !ok {
			continue
		}
		low, high, two := strings.Cut(s, "-")
		if !two {
			high = low
		}
		switch {
		case len(low) != len(high):
			entry.fault("%s is %q: both numbers must have as many digits", entry.name, s)
			continue
		case low > high:
			entry.fault("%s is %q: the first number is above the second", entry.name, s)
			continue
		}
		out = append(out, Range{low, high})
		*claims = append(*claims, claim{Range{low, high}, entry, len(*claims)})
	}
	slices.SortFunc(out, func(a, b Range) int { return cmp.Compare(a.Low, b.Low) })
	return out
}

// overlaps reports ranges that have numbers in common with an earlier one. Digits
// are compared from the left, so a short range has all longer numbers that begin
// like it.
func (b *binder) overlaps(name string, claims []claim) {
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(a.Low, b.Low) })
	for i := 1; i < len(claims); i++ {
		first, next := &claims[0], &claims[i] // the one that reaches furthest is moved to the front
		if next.Low <= first.last() {
			late, early := next, first
			if late.n < early.n {
				late, early = early, late
			}
			late.at.fault("%s: %s and %s (%s) have numbers in common: each may lead to one participant only", name, late.Range, early.Range, late.at.line(early.at))
		}
		if next.last() > first.last() {
			claims[0] = *next
		}
	}
}

// String is the range as it is written.
func (r Range) String() string {
	if r.Low == r.High {
		return r.Low
	}
	return r.Low + "-" + r.High
}
