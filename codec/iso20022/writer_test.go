package iso20022

import (
	"testing"
)

// TestRoundTrip writes every message of every profile, with what must be there
// and with all that can be, reads it by the same profile and finds the values.
func TestRoundTrip(t *testing.T) {
	for _, name := range BuiltinNames() {
		p := mustProfile(t, name)
		for _, d := range Definitions() {
			if p.Accepts(d) && d != p.Header() {
				roundTrip(t, p, d, onlyMandatory)
				roundTrip(t, p, d, everything)
			}
		}
	}
}

func roundTrip(t *testing.T, p *Profile, d *Definition, want chosen) {
	t.Helper()
	var w Writer
	b := writeSample(t, &w, p, d, want)
	var m Message
	if err := m.Parse(p, b); err != nil {
		t.Errorf("%s %s: %v\n%s", p.Name(), d.Name, err, b)
		return
	}
	if m.Definition() != d {
		t.Errorf("%s was read as %v", d.Name, m.Definition())
	}
	for f := NoField + 1; f < repeated; f++ {
		if w.given.has(f) && string(m.Text(f)) != string(w.Text(f)) {
			t.Errorf("%s %s %s: wrote %q, read %q", p.Name(), d.Name, f, w.Text(f), m.Text(f))
		}
		if k := p.layout(d).places[f].step; k > 0 && m.Has(f) != w.Has(f) {
			t.Errorf("%s %s %s: wrote it: %v, read it: %v", p.Name(), d.Name, f, w.Has(f), m.Has(f))
		}
	}
}
