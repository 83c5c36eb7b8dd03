package admin

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/access"
	"switchd/switch/view"
)

// posted makes a request one with a JSON body.
func posted(body string) func(*http.Request) {
	return func(r *http.Request) {
		r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/json")
	}
}

const searchPage = "/api/v1/payments/search"

// TestSearch: criteria come by the address or by a body, and mean the same; an account
// comes by a body only.
func TestSearch(t *testing.T) {
	var log strings.Builder
	search := func(q url.Values, err error) (any, error) {
		switch {
		case err != nil:
			return nil, err
		case q.Get("id") == "x":
			return nil, fmt.Errorf("%w: id", view.ErrQuestion)
		case q.Get("id") == "666":
			return nil, errors.New("the disk is gone")
		}
		return q.Encode(), nil
	}
	s := serve(t, Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Routes: []Route{
		{
			Method: http.MethodGet, Path: "/api/v1/payments", May: access.Anyone, Summary: "A search.",
			Query:  []Parameter{{Name: "rrn"}, {Name: "id"}, {Name: "state", Many: true}, {Name: "account", Instead: searchPage}},
			Handle: func(c *Call) (any, error) { return search(c.Query, nil) },
		},
		{
			Method: http.MethodPost, Path: searchPage, May: access.Anyone, Summary: "A search.", Request: map[string]any{},
			Handle: func(c *Call) (any, error) { return search(c.Criteria()) },
		},
	}})
	f := func(path string, change func(*http.Request), status int, want string) {
		t.Helper()
		r := get(t, s, path, change)
		if got := strings.TrimSuffix(text(t, r), "\n"); r.StatusCode != status || strings.ReplaceAll(got, `\u0026`, "&") != want {
			t.Errorf("%s: %d %s, want %d %s", path, r.StatusCode, got, status, want)
		}
	}
	f("/api/v1/payments", nil, 200, `""`)
	f("/api/v1/payments?state=SUCCESS&rrn=1&state=DEEMED", nil, 200, `"rrn=1&state=SUCCESS&state=DEEMED"`)
	f("/api/v1/payments?rrn=%zz", nil, 400, "not understood: the query cannot be read")
	f("/api/v1/payments?id=x", nil, 400, "not understood: id")
	f("/api/v1/payments?id=666", nil, 500, "the disk is gone")
	f("/api/v1/payments?account=50100012345678", nil, 400,
		"not understood: account may not stand in an address, which is kept in logs and histories: send it by POST to /api/v1/payments/search")
	f("/api/v1/payments", posted(`{}`), 405, "only GET and HEAD are answered here")
	f("/api/v1/payments/search", nil, 405, "this page is asked by POST")
	f("/api/v1/payments/search", posted(`{"account": "501", "state": ["SUCCESS", "DEEMED"], "limit": 20, "exceptions": true}`+"\n"), 200,
		`"account=501&exceptions=true&limit=20&state=SUCCESS&state=DEEMED"`)
	f("/api/v1/payments/search", posted(`{}`), 200, `""`)
	f("/api/v1/payments/search", posted(`{"id": "x"}`), 400, "not understood: id")
	for body, want := range map[string]string{
		"":                            "a search is one JSON object of criteria",
		"[]":                          "a search is one JSON object of criteria",
		"account=501":                 "a search is one JSON object of criteria",
		`{"account": "501"`:           "a search is one JSON object of criteria",
		`{"account": 501x}`:           "a search is one JSON object of criteria",
		`{"account" "501"}`:           "a search is one JSON object of criteria",
		`{account: "501"}`:            "a search is one JSON object of criteria",
		`{"a": "1", "a": "2"}`:        `"a" stands twice`,
		`{"account": null}`:           `"account" is no text, number, true, false or list of texts`,
		`{"account": {"id": "5"}}`:    `"account" is no text, number, true, false or list of texts`,
		`{"state": ["SUCCESS", 5]}`:   `"state" is a list of something else than texts`,
		`{"account": "501"} {"x": 1}`: "a search is one JSON object of criteria",
	} {
		f("/api/v1/payments/search", posted(body), 400, "not understood: "+want)
	}
	f("/api/v1/payments/search", posted(strings.Repeat(" ", commandBytesMax+1)), 413, "a request has at most 4096 bytes")
	f("/api/v1/payments/search", func(r *http.Request) {
		posted(`{}`)(r)
		r.Header.Set("Origin", "http://127.0.0.1:1")
	}, 403, "sent by a web page of another site")
	if strings.Contains(log.String(), "501") {
		t.Errorf("the log has an account:\n%s", log.String())
	}
}

// TestCallsAreBounded: one call too many is refused at once, and the end of one
// makes room.
func TestCallsAreBounded(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	reg := prometheus.NewRegistry()
	const atOnce = 4
	s := serve(t, Options{Gatherer: reg, Registry: reg, Routes: []Route{{
		Method: http.MethodGet, Path: "/api/v1/payments", May: access.Anyone, Summary: "A search.", AtOnce: atOnce, Query: []Parameter{{Name: "wait"}},
		Handle: func(c *Call) (any, error) {
			if c.Query.Has("wait") {
				begun <- struct{}{}
				<-end
			}
			return "found", nil
		},
	}}})
	over := make(chan int, atOnce)
	for range atOnce {
		go func() {
			r, err := client.Get(s.URL() + "/api/v1/payments?wait=1")
			if err != nil {
				over <- 0
				return
			}
			r.Body.Close()
			over <- r.StatusCode
		}()
		<-begun
	}
	if r := get(t, s, "/api/v1/payments"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || !strings.Contains(text(t, r), "try again") {
		t.Errorf("one too many: %d", r.StatusCode)
	}
	if page := text(t, get(t, s, "/metrics")); !strings.Contains(page, `switchd_admin_requests_total{page="/api/v1/payments",status="503"} 1`) {
		t.Errorf("%s", page)
	}
	close(end)
	for range atOnce {
		if status := <-over; status != 200 {
			t.Errorf("a search that waited: %d", status)
		}
	}
	if r := get(t, s, "/api/v1/payments"); r.StatusCode != 200 {
		t.Errorf("after them: %d", r.StatusCode)
	}
}
