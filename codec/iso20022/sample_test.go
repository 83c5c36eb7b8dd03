package iso20022

import (
	"strings"
	"testing"
)

func mustProfile(tb testing.TB, name string) *Profile {
	tb.Helper()
	p, err := Builtin(name)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// samples are values by the pattern of a type, for those that have one.
var samples = map[string]string{
	`[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}`: "DE89370400440532013000",
	`[A-Z]{3,3}`:                            "INR",
	`[0-9]{1,15}`:                           "7",
	`[a-zA-Z0-9]{1,4}`:                      "A1",
	`[a-zA-Z0-9]{4}`:                        "A1B2",
	`[A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}`:            "DEUTDEFF",
	`[A-Z]{6,6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3,3}){0,1}`:                   "DEUTDEFF500",
	`[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}`: "8a562c67-ca16-48ba-b074-65581be6f011",
}

// sampleText is a value that a type allows.
func sampleText(tb testing.TB, t *simpleType) string {
	tb.Helper()
	switch {
	case t.codes != 0:
		return codeSets[t.codes][0]
	case t.pattern != 0:
		text, ok := samples[patterns[t.pattern].text]
		if !ok {
			tb.Fatalf("no sample of the pattern %s", patterns[t.pattern].text)
		}
		return text
	}
	switch t.base {
	case baseDecimal:
		return "12.34"
	case baseBoolean:
		return "true"
	case baseDate:
		return "2026-01-02"
	case baseDateTime:
		return "2026-01-02T03:04:05.678Z"
	case baseString:
	default:
		tb.Fatalf("no sample of base %d", t.base)
	}
	switch {
	case t.maxLength != 0 && t.maxLength < 4:
		return "<"
	case t.maxLength != 0 && t.maxLength < 20:
		return "a&b<"
	}
	return "Ärger & <Co> \"x\" 'y'"
}

// sampleOf is a value that a rule allows as well.
func sampleOf(tb testing.TB, r *rule, t *simpleType) string {
	tb.Helper()
	switch {
	case r.values != nil:
		return r.values[len(r.values)-1]
	case r.id:
		return "SWD/" + strings.TrimPrefix(r.field.String(), "Original") + "-1"
	}
	return sampleText(tb, t)
}

// chosen tells which fields a sample has: all, or those only that must be there.
// Of the fields that exclude each other, those with a need come first.
type chosen func(r *rule) bool

// OriginalLocalInstrument makes up an OriginalTransaction, which is XML.
func onlyMandatory(r *rule) bool {
	return r.need != optional || r.field == OriginalLocalInstrument
}

func everything(*rule) bool { return true }

// writeSample writes a message of a definition with sample values.
func writeSample(tb testing.TB, w *Writer, p *Profile, d *Definition, want chosen) []byte {
	tb.Helper()
	fillSample(tb, w, p, d, want)
	b, err := w.Finish()
	if err != nil {
		tb.Fatalf("%s %s: %v", p.Name(), d.Name, err)
	}
	return b
}

func fillSample(tb testing.TB, w *Writer, p *Profile, d *Definition, want chosen) {
	tb.Helper()
	w.Begin(p, d, nil)
	for _, l := range []*layout{p.header, p.layout(d)} {
		taken := map[int]bool{} // choices, by their step
		for _, need := range []need{mandatory, conditional, optional} {
			for i := range l.rules {
				r := &l.rules[i]
				k := int(l.places[r.field].step) - 1
				if r.need != need || k < 0 || !want(r) || r.field == BizDefinition || !choose(l, k, taken) {
					continue
				}
				w.SetString(r.field, sampleOf(tb, r, l.plan[k].typeOf(r.field)))
			}
		}
	}
}

// choose takes the alternative of a step in all choices above it, unless another
// one has been taken.
func choose(l *layout, k int, taken map[int]bool) bool {
	var path []int // from the root to k
	for i := 0; i != k; {
		path = append(path, i)
		for i++; int(l.plan[i].next) <= k; i = int(l.plan[i].next) {
		}
	}
	path = append(path, k)
	for i, at := range path[:len(path)-1] {
		if !l.plan[at].choice {
			continue
		}
		for other := at + 1; other < int(l.plan[at].next); other = int(l.plan[other].next) {
			if taken[other] && other != path[i+1] {
				return false
			}
		}
	}
	for _, at := range path {
		taken[at] = true
	}
	return true
}
