package admin

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"switchd/switch/access"
	"switchd/switch/view"
)

// TestCall: what a handler is given, and the answers to its errors.
func TestCall(t *testing.T) {
	type order struct {
		Command string `json:"command"`
	}
	faulty := Route{Method: "POST", Path: "/api/v1/do", May: access.Anyone, Summary: "A test.", Request: order{}, Answer: order{}, BodyMax: 64, Handle: func(c *Call) (any, error) {
		var o order
		if err := c.Decode(&o); err != nil {
			return nil, err
		}
		for name, err := range map[string]error{
			"forbidden": view.ErrForbidden, "nothing": view.ErrNotFound, "conflict": view.ErrConflict, "refused": view.ErrRefused, "busy": view.ErrBusy, "late": c.Context.Err(), "bad": io.ErrNoProgress,
		} {
			if o.Command == name && err != nil {
				return nil, fmt.Errorf("%w: it is %s", err, name)
			}
		}
		return o, nil
	}}
	seen := echo("GET", "/api/v1/seen/{id}", access.Anyone)
	seen.Query = []Parameter{{Name: "from", Means: "from"}, {Name: "state", Means: "states", Many: true}}
	bare := echo("POST", "/api/v1/bare", access.Anyone)
	bare.Request = nil
	s := serve(t, Options{Routes: []Route{faulty, seen, bare}, Log: slog.New(slog.DiscardHandler)})
	f := func(status int, path, want string, changes ...func(*http.Request)) {
		t.Helper()
		r := get(t, s, path, changes...)
		if got := text(t, r); r.StatusCode != status || !strings.Contains(got, want) {
			t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, got, status, want)
		}
	}
	const do = "/api/v1/do"
	f(200, do, "{\n  \"command\": \"go\"\n}\n", posted(`{"command":"go"}`))
	for name, status := range map[string]int{"forbidden": 403, "nothing": 404, "conflict": 409, "refused": 422, "busy": 503, "bad": 500} {
		f(status, do, "it is "+name, posted(`{"command":"`+name+`"}`))
	}
	f(409, do, `{"error":"not now: it is conflict"}`, posted(`{"command":"conflict"}`), func(r *http.Request) { r.Header.Set("Accept", "text/html, Application/JSON;q=0.5") })
	f(400, do, `not understood: unknown field "x"`, posted(`{"x":1}`))
	f(400, do, "the body ends before its JSON does", posted(``))
	f(400, do, "the body ends before its JSON does", posted(`{"command"`))
	f(400, do, "behind the JSON", posted(`{} {}`))
	f(400, do, "not understood: cannot unmarshal number", posted(`{"command":1}`))
	f(413, do, "at most 64 bytes", posted(strings.Repeat(" ", 65)))
	f(415, do, "application/json", posted(`{}`), func(r *http.Request) { r.Header.Set("Content-Type", "text/json") })
	f(405, do, "asked by POST")
	f(413, "/api/v1/bare", "no body", posted(`{}`))
	f(200, "/api/v1/bare", `"body": ""`, posted(``))
	f(200, "/api/v1/seen/x%2Fy?from=1&state=a&state=b", `"id": "x/y"`)
	f(400, "/api/v1/seen/x?to=1", `takes no parameter "to", it takes from, state`)
	f(400, "/api/v1/seen/x?from=1&from=2", "from stands there 2 times")
	f(400, "/api/v1/seen/x?from=1;state=2", "the query cannot be read")
	f(400, "/api/v1/me?x", `takes no parameter "x", it takes none`)
	if got := text(t, get(t, s, "/api/v1/seen/x", bearer("canary"), func(r *http.Request) { r.Header.Set("Cookie", "switchd=canary") })); strings.Contains(got, "canary") {
		t.Errorf("a handler is shown credentials: %s", got)
	}
}

// TestRoutesAreChecked: a table that contradicts itself is refused.
func TestRoutesAreChecked(t *testing.T) {
	good := echo("GET", "/api/v1/x/{id}", access.Viewer)
	f := func(want string, change func(*Route)) {
		t.Helper()
		r := good
		change(&r)
		s, err := Listen(Options{Address: "127.0.0.1:0", Clock: still, Routes: []Route{good, r}})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f("route PUT /api/v1/x/{id}: the method is GET or POST", func(r *Route) { r.Method = "PUT" })
	f("stands there twice", func(*Route) {})
	f("routes: ", func(r *Route) { r.Path = "/api/v1/x/{other}" })
	f("begins with /", func(r *Route) { r.Path = "x" })
	f("nobody may ask", func(r *Route) { r.Path, r.May = "/y", 0 })
	f("it has Handle or Stream", func(r *Route) { r.Path, r.Handle = "/y", nil })
	f("a GET has no body", func(r *Route) { r.Path, r.Request = "/y", 1 })
	f("no Summary", func(r *Route) { r.Path, r.Summary = "/y", "" })
	f("func() is no JSON", func(r *Route) { r.Path, r.Answer = "/y", func() {} })
}
