package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// TestConfigAndReload: the configuration is shown, and read again for who asks by
// POST; a refusal is told.
func TestConfigAndReload(t *testing.T) {
	s := serve(t, Options{
		Config: func() any { return "in force" },
		Reload: func(_ context.Context, body []byte) (any, error) {
			if string(body) == "bad" {
				return nil, errors.New("file:3:4: bad")
			}
			return "reloaded", nil
		},
	})
	post := func(s *Server, body, kind string) *http.Response {
		t.Helper()
		r, err := http.Post(s.URL()+"/api/v1/reload", kind, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Body.Close() })
		return r
	}
	if r := get(t, s, "/api/v1/config"); r.StatusCode != 200 || text(t, r) != "\"in force\"\n" {
		t.Errorf("the configuration: %d", r.StatusCode)
	}
	if r := post(s, "good", "application/json"); r.StatusCode != 200 || text(t, r) != "\"reloaded\"\n" {
		t.Errorf("a reload: %d", r.StatusCode)
	}
	if r := post(s, "bad", "application/json"); r.StatusCode != 422 || text(t, r) != "file:3:4: bad\n" {
		t.Errorf("a bad one: %d", r.StatusCode)
	}
	if r := post(s, "good", "text/plain"); r.StatusCode != 415 {
		t.Errorf("what a web page could send: %d", r.StatusCode)
	}
	if r := get(t, s, "/api/v1/reload"); r.StatusCode != 405 {
		t.Errorf("a GET: %d", r.StatusCode)
	}
	bare := serve(t, Options{})
	if a, b := get(t, bare, "/api/v1/config"), post(bare, "good", "application/json"); a.StatusCode != 404 || b.StatusCode != 404 {
		t.Errorf("without both: %d, %d", a.StatusCode, b.StatusCode)
	}
}
