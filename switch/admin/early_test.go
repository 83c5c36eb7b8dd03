package admin

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/access"
)

// oneUser is asha, by a token.
type oneUser struct{}

// ByDigest knows the token of asha.
func (oneUser) ByDigest(d access.Digest) (access.Caller, bool) {
	return access.Caller{Name: "asha", Roles: access.Viewer, Secured: true}, d == access.DigestOf("asha's token")
}

// ByCertificate knows nobody.
func (oneUser) ByCertificate(*x509.Certificate) (c access.Caller, known bool) { return c, false }

// startingServer is a server of a switch that replays, and what it offers when it is there.
func startingServer(t *testing.T) (s *Server, o Options) {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "switchd_test", Help: "A test."}, func() float64 { return 1 }))
	recovered := func() error { return errors.New("replaying the journal: 43 %,\n12 of 28 records") }
	o = Options{
		Address: "127.0.0.1:0", Clock: still, Gatherer: reg, Registry: reg, Users: oneUser{}, Started: recovered,
		Checks: []Check{{"recovered", func() (string, error) { return "", recovered() }}},
	}
	s, err := ListenEarly(o)
	if err != nil {
		t.Fatal(err)
	}
	running(t, s)
	o.Started, o.Checks = nil, nil
	o.Routes = []Route{{Method: http.MethodGet, Path: "/api/v1/question", May: access.Viewer, Summary: "A test.", Handle: func(*Call) (any, error) { return "answer", nil }}}
	return s, o
}

// asha shows who she is.
func asha(r *http.Request) { r.Header.Set("Authorization", "Bearer asha's token") }

// TestEarly: before the switch is there, its health and its metrics are answered under the
// rules of always, and everything else is refused in one sentence; then the same port, and
// the same connection, have all answers.
func TestEarly(t *testing.T) {
	s, o := startingServer(t)
	at := s.Addr()
	f := func(path string, status int, body string, changes ...func(*http.Request)) {
		t.Helper()
		r := get(t, s, path, changes...)
		if got := text(t, r); r.StatusCode != status || got != body {
			t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, got, status, body)
		}
	}
	json := func(r *http.Request) { r.Header.Set("Accept", "application/json") }
	const far = "replaying the journal: 43 %, 12 of 28 records"
	f("/livez", 200, "ok\n")
	f("/startupz", 503, "[-] started: "+far+"\nfailed\n")
	f("/startupz", 503, `{"ok":false,"checks":[{"name":"started","ok":false,"error":"`+far+`"}]}`+"\n", json)
	f("/readyz", 503, "[-] recovered: "+far+"\nfailed\n")
	f("/metrics", 401, "say who you are: by Authorization: Bearer TOKEN, a client certificate, or at /login\n")
	for _, path := range []string{"/", "/login", "/console/", "/api/v1/question", "/api/v1/me", "/nowhere"} {
		f(path, 503, "the switch is starting: "+far+"\n", asha)
	}
	f("/api/v1/question", 503, `{"error":"the switch is starting: `+far+`"}`+"\n", asha, json)
	f("/livez", 421, "use the address 127.0.0.1 or localhost, or a name of the certificate\n", func(r *http.Request) { r.Host = "evil.example" })
	if r := get(t, s, "/metrics", asha); r.StatusCode != 200 || !strings.Contains(text(t, r), "\nswitchd_test 1\n") {
		t.Errorf("metrics: %d", r.StatusCode)
	}

	kept := keptAlive(t, s)
	if first := kept(); first != "503 Service Unavailable" {
		t.Errorf("the kept connection has %s", first)
	}
	if err := s.Open(o); err != nil {
		t.Fatal(err)
	}
	if again := kept(); again != "200 OK" || s.Addr() != at {
		t.Errorf("the kept connection has %s, and the address is %s after %s", again, s.Addr(), at)
	}
	f("/startupz", 200, "ok\n")
	f("/readyz", 200, "ok\n")
	f("/api/v1/question", 200, "\"answer\"\n", asha)
	f("/api/v1/question", 401, "say who you are: by Authorization: Bearer TOKEN, a client certificate, or at /login\n")
	if got := text(t, get(t, s, "/metrics", asha)); !strings.Contains(got, `switchd_admin_requests_total{page="other",status="503"} 8`) {
		t.Errorf("the requests of before are not counted:\n%s", got)
	}
}

// keptAlive asks a question of asha on one connection, each time that it is called.
func keptAlive(t *testing.T, s *Server) (ask func() (status string)) {
	t.Helper()
	var conns []net.Conn
	transport := &http.Transport{MaxConnsPerHost: 1, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		conns = append(conns, c)
		return c, err
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if len(conns) != 1 {
			t.Errorf("it took %d connections", len(conns))
		}
	})
	return func() string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/api/v1/question", nil)
		if err != nil {
			t.Fatal(err)
		}
		asha(r)
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		return answer.Status
	}
}

// TestEarlyIsAsStrict: an address that is refused later is refused at once; a table of
// routes that is no good leaves what was answered before.
func TestEarlyIsAsStrict(t *testing.T) {
	if s, err := ListenEarly(Options{Address: "0.0.0.0:0", Clock: still}); err == nil || !strings.Contains(err.Error(), "is not a loopback address: it needs a certificate and users") {
		t.Errorf("%v, %v", s, err)
	}
	s, o := startingServer(t)
	o.Routes = append(o.Routes, o.Routes[0])
	if err := s.Open(o); err == nil || err.Error() != "admin: route GET /api/v1/question stands there twice" {
		t.Errorf("%v", err)
	}
	if r := get(t, s, "/api/v1/question", asha); r.StatusCode != 503 {
		t.Errorf("it answers with %s", r.Status)
	}
}
