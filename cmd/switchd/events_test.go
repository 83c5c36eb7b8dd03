package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"switchd/switch/feed"
	"switchd/switch/simbank"
)

// TestEventsPage: both banks of a payment read what became of it, on the admin port.
func TestEventsPage(t *testing.T) {
	in := newInside(t, calmTimers, pairs(2), func(*simbank.Options) {})
	a, b := in.demo.ids[0], in.demo.ids[1]
	if r, err := in.members[a].Send(t.Context(), in.members[b].to(100)); err != nil || r.Outcome != "success" {
		t.Fatalf("%+v %v", r, err)
	}
	for id, want := range map[string][]string{
		a: {"signed_on", "requested", "debited", "credited"},
		b: {"signed_on", "crediting", "credited"},
	} {
		r, err := http.Get(in.node.admin.URL() + eventsPage + "?until=now&participant=" + id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%d %s %v", r.StatusCode, text, err)
		}
		var seen []string
		for line := range strings.Lines(string(text)) {
			var l feed.Line
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if len(want) > 0 && l.Event == want[0] {
				want = want[1:]
			}
			seen = append(seen, l.Event)
		}
		if len(want) > 0 {
			t.Errorf("%s has read %q: no %s in this order", id, seen, want[0])
		}
	}
}
