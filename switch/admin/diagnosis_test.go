package admin

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestDiagnosisPage shows what is noted of one participant, waits for the machine
// only for a while, and is counted without the participant's id.
func TestDiagnosisPage(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := serve(t, Options{Registry: registry, Diagnosis: func(ctx context.Context, id string) (any, bool) {
		if _, limited := ctx.Deadline(); !limited {
			t.Error("a diagnosis may take for ever")
		}
		return map[string]string{"participant": id}, id == "BANK-A"
	}})
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/api/v1/participants/BANK-A/diagnosis":   {200, `"participant": "BANK-A"`},
		"/api/v1/participants/BANK-B/diagnosis":   {404, "no such participant"},
		"/api/v1/participants/BANK-A":             {404, "no such page"},
		"/api/v1/participants/BANK-A/diagnosis/x": {404, "no such page"},
	} {
		r := get(t, s, path, nil)
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != want.status || !strings.Contains(string(body), want.text) {
			t.Errorf("%s: %d %s %v", path, r.StatusCode, body, err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, f := range families {
		if f.GetName() != "switchd_admin_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "page" && strings.Contains(l.GetValue(), "participants") {
					pages = append(pages, l.GetValue())
				}
			}
		}
	}
	if len(pages) != 2 || pages[0] != "/api/v1/participants/id/diagnosis" || pages[1] != pages[0] {
		t.Errorf("counted as %v", pages)
	}
	if r := get(t, serve(t, Options{}), "/api/v1/participants/BANK-A/diagnosis", nil); r.StatusCode != 404 {
		t.Errorf("a server without participants: %d", r.StatusCode)
	}
}
