package admin

import (
	"errors"
	"fmt"
	"net/url"
	"testing"

	"switchd/switch/view"
)

// TestJournalPages: what the journal says comes as JSON, what is wrong with a
// question with a status that says whose fault it is.
func TestJournalPages(t *testing.T) {
	s := serve(t, Options{
		Journal: func() (any, error) { return map[string]int{"last": 7}, nil },
		Records: func(q url.Values) (any, error) {
			switch q.Get("from") {
			case "x":
				return nil, fmt.Errorf("%w: from", view.ErrQuestion)
			case "666":
				return nil, errors.New("the disk is gone")
			}
			return q.Get("from"), nil
		},
		Proof: func(id string) (any, error) {
			switch id {
			case "7":
				return "proven", nil
			case "8":
				return nil, fmt.Errorf("%w: it is open", view.ErrConflict)
			}
			return nil, fmt.Errorf("%w: no such payment", view.ErrNotFound)
		},
	})
	f := func(path string, status int, body string) {
		t.Helper()
		r := get(t, s, path)
		if got := text(t, r); r.StatusCode != status || got != body+"\n" {
			t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, got, status, body)
		}
	}
	f("/api/v1/journal", 200, "{\n  \"last\": 7\n}")
	f("/api/v1/journal/records?from=5", 200, `"5"`)
	f("/api/v1/journal/records?from=x", 400, "not understood: from")
	f("/api/v1/journal/records?from=%zz", 400, "not understood: the query cannot be read")
	f("/api/v1/journal/records?from=666", 500, "the disk is gone")
	f("/api/v1/payments/7/proof", 200, `"proven"`)
	f("/api/v1/payments/8/proof", 409, "not now: it is open")
	f("/api/v1/payments/9/proof", 404, "not found: no such payment")
	none := serve(t, Options{})
	for _, path := range []string{"/api/v1/journal", "/api/v1/journal/records", "/api/v1/payments/7/proof"} {
		if r := get(t, none, path); r.StatusCode != 404 {
			t.Errorf("%s of a server without a journal: %d", path, r.StatusCode)
		}
	}
}
