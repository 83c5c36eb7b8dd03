package admin_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/access"
	"switchd/switch/admin"
	"switchd/switch/admin/hostile"
	"switchd/switch/view"
)

// canary is an account number that answers must not have.
const canary = "50100099887766"

// crowd are users with tokens.
type crowd map[access.Digest]access.Caller

func (c crowd) ByDigest(d access.Digest) (access.Caller, bool) {
	caller, known := c[d]
	return caller, known
}

func (c crowd) ByCertificate(*x509.Certificate) (access.Caller, bool) { return access.Caller{}, false }

// faked are routes of each kind, whose handlers do what real ones do with what they are
// given: look at all of it, and find fault with it.
func faked() []admin.Route {
	answer := func(c *admin.Call) (any, error) {
		var v view.Order
		if len(c.Body) > 0 {
			if err := c.Decode(&v); err != nil {
				return nil, err
			}
		}
		switch id := c.Path("id"); {
		case strings.Contains(fmt.Sprint(c.Header), "canary"):
			return nil, fmt.Errorf("a handler is shown a token")
		case len(id) > 100:
			return nil, fmt.Errorf("%w: id", view.ErrQuestion)
		case id == "":
			return view.Done{Text: c.Query.Encode()}, nil
		}
		return view.Done{Text: "of " + c.Path("id")}, nil
	}
	get := func(path string, may access.Roles, query ...admin.Parameter) admin.Route {
		return admin.Route{Method: http.MethodGet, Path: path, May: may, Summary: "A fake.", Answer: view.Done{}, Query: query, Handle: answer}
	}
	return []admin.Route{
		get("/api/v1/overview", access.Anyone),
		get("/api/v1/participants/{id}", access.Anyone),
		get("/api/v1/payments/{id}/timeline", access.Operator|access.Auditor),
		get("/api/v1/keys", access.SecurityOfficer),
		get("/api/v1/audit", access.Auditor, admin.Parameter{Name: "before", Means: "number"}, admin.Parameter{Name: "limit", Means: "number"}),
		get("/api/v1/payments", access.Anyone, admin.Parameter{Name: "state", Means: "state", Many: true}, admin.Parameter{Name: "account", Instead: "/api/v1/payments/search"}),
		{Method: http.MethodPost, Path: "/api/v1/payments/search", May: access.Operator, Summary: "A fake.", Request: map[string]any{}, Answer: view.Done{}, Handle: func(c *admin.Call) (any, error) {
			_, err := c.Criteria()
			return view.Done{}, err
		}},
		{Method: http.MethodPost, Path: "/api/v1/commands", May: access.Operator, Summary: "A fake.", Request: view.Order{}, Answer: view.Done{}, Handle: answer},
		{Method: http.MethodGet, Path: "/v1/lines", May: access.Anyone | access.Participant, Summary: "A fake.", Stream: func(_ *admin.Call, w http.ResponseWriter) error {
			_, err := w.Write([]byte("{}\n"))
			return err
		}},
	}
}

// attacked is a server with faked routes, and what is known of it.
func attacked(t testing.TB, log *slog.Logger) (target hostile.Target, stop func()) {
	t.Helper()
	users := crowd{}
	for token, c := range map[string]access.Caller{
		"viewer-canary-1":  {Name: "vera", Roles: access.Viewer, Secured: true},
		"officer-canary-2": {Name: "omar", Roles: access.SecurityOfficer | access.Operator, Secured: true},
		"feed-canary-3":    {Name: "feed", Roles: access.Participant, Participant: "BANKA", Secured: true},
	} {
		users[access.DigestOf(token)] = c
		target.Tokens = append(target.Tokens, token)
		target.Secrets = append(target.Secrets, fmt.Sprintf("%x", access.DigestOf(token)))
	}
	target.Secrets = append(target.Secrets, canary)
	target.Paths = []string{"/", "/login", "/logout", "/livez", "/readyz", "/startupz", "/metrics", "/api/v1/me", "/api/v1/openapi.json", "/console/", "/api/v1/summary"}
	for _, r := range faked() {
		target.Paths = append(target.Paths, r.Path)
	}
	reg := prometheus.NewRegistry()
	s, err := admin.Listen(admin.Options{
		Address: "127.0.0.1:0", Clock: now, Users: users, Routes: faked(), Gatherer: reg, Registry: reg, Log: log,
		Console: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = r.ParseForm() }),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	target.Address = s.Addr()
	return target, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestHostile: ten thousand requests as nobody should send them find no panic, no fault of
// the server, no secret in an answer, and leave nothing behind.
func TestHostile(t *testing.T) {
	var log strings.Builder
	target, stop := attacked(t, slog.New(slog.NewTextHandler(&log, nil)))
	before := runtime.NumGoroutine()
	r := hostile.Attack(target, 1, 10_000)
	stop()
	for _, f := range r.Faults {
		t.Error(f)
	}
	for _, status := range []int{200, 303, 400, 401, 403, 404, 405, 413, 415, 421, 429} {
		if r.Statuses[status] == 0 {
			t.Errorf("no request was answered with %d: %v", status, r.Statuses)
		}
	}
	t.Logf("%d requests, %v, %d without an answer", r.Requests, r.Statuses, r.Silent)
	// Those of the connections end by themselves: the server is down.
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
	for _, bad := range []string{"panic", "canary", canary} {
		if strings.Contains(log.String(), bad) {
			t.Errorf("the log has %q:\n%.2000s", bad, log.String())
		}
	}
}

// FuzzRequest sends bytes as a request.
func FuzzRequest(f *testing.F) {
	target, stop := attacked(f, slog.New(slog.DiscardHandler))
	f.Cleanup(stop)
	m := hostile.NewMaker(2, target.Paths, target.Tokens)
	for range 20 {
		f.Add(m.Next())
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		for _, fault := range hostile.Send(target, request).Faults {
			t.Error(fault)
		}
	})
}
