package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBusySurvivesAKill: of requests that come at once some are over their sender's
// rate and are told "busy" without a record. After a kill the switch knows nothing of
// them, and still the marked repeat of one is declined. Whoever was told nothing of the
// kind has its unknown repeats paid.
func TestBusySurvivesAKill(t *testing.T) {
	t.Parallel()
	all := append([]schemeParticipant{}, schemeParticipants[:3]...)
	all[2].Extra = "rate: {requests: {per_second: 1, burst: 1}}"
	for i := range all {
		all[i].Dialect, all[i].Framing, all[i].Header = all[2].Dialect, all[2].Framing, all[2].Header
	}
	s := newSchemeOf(t, longTimers, all, nil)
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()
	// At once, to one that is not there: each is declined, some without a record.
	var out []byte
	sent := map[string]*message{}
	for range 10 {
		m := c.pay("BANKC", "user1@bankb")
		sent[m.de[11]] = m
		out = append(out, c.framed(c.encode(m))...)
	}
	c.write(out)
	var turned *message
	for range sent {
		if a := c.receive(); a.de[39] == "96" && strings.HasPrefix(a.de[44], "TRY AGAIN") {
			turned = sent[a.de[11]]
		}
	}
	if turned == nil {
		t.Fatal("no payment was over the rate")
	}
	note := filepath.Join(s.data, "declined-requests")
	until(t, patience, "the note", func() bool {
		text, err := os.ReadFile(note)
		return err == nil && strings.Contains(string(text), "\nBANKC 0\n")
	})
	p.kill()
	p = s.serve()
	c, b := s.connect("BANKC"), s.connect("BANKB")
	c.signOn()
	b.signOn()
	turned.mti = "0201"
	if a := c.ask(turned); a.de[39] != "96" || a.de[44] != "BUSY" {
		t.Errorf("the repeat of what was turned away was answered with %s %s", a.de[39], a.de[44])
	}
	other := b.pay("BANKB", "user1@bankb")
	other.mti = "0201"
	b.send(other)
	if resolve := b.receive(); resolve.mti != "0100" {
		t.Errorf("the repeat of another was answered with a %s %s, want a resolution", resolve.mti, resolve.de[39])
	}
	p.kill()
}
