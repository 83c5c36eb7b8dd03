package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestListenRefuses: every fault of the options is named, and an address that
// other machines could reach is never bound.
func TestListenRefuses(t *testing.T) {
	f := func(o Options, want string) {
		t.Helper()
		o.Clock = still
		s, err := Listen(o)
		if err == nil {
			s.Close()
			t.Errorf("accepted %+v", o)
			return
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	f(Options{}, `address "" is not host:port`)
	f(Options{Address: "127.0.0.1"}, "is not host:port")
	for _, open := range []string{":0", "0.0.0.0:0", "[::]:0", "192.168.1.1:0", "example.com:0", "127.0.0.1.example.com:0"} {
		f(Options{Address: open}, `address "`+open+`" is not a loopback address: it needs a certificate and users`)
	}
	f(Options{Address: "127.0.0.1:x"}, "unknown port")
	f(Options{Address: "127.0.0.1:0", ConnectionsMax: -1}, "ConnectionsMax is -1")
	ok := func() (string, error) { return "", nil }
	f(Options{Address: "x", Checks: []Check{{"a", ok}, {"a", ok}, {"", ok}, {"b", nil}}},
		"is not host:port\ncheck 1 (\"a\") needs a name of its own and a function\ncheck 2 (\"\")")

	first := serve(t, Options{})
	f(Options{Address: first.Addr()}, "address already in use")
	reg := prometheus.NewRegistry()
	serve(t, Options{Registry: reg})
	f(Options{Address: "127.0.0.1:0", Registry: reg}, "register metrics")
}

func TestHealth(t *testing.T) {
	var broken bool
	var warning string
	live := func() error {
		if broken {
			return errors.New("fsync took\n9 s")
		}
		return nil
	}
	check := func() (string, error) { return "", live() }
	s := serve(t, Options{Live: live, Started: live, Checks: []Check{
		{"links", func() (string, error) { return warning, nil }}, {"journal", check}, {"disk", check},
	}})
	f := func(path, accept string, status int, body string) {
		t.Helper()
		r := get(t, s, path, func(r *http.Request) { r.Header.Set("Accept", accept) })
		if got := text(t, r); r.StatusCode != status || got != body {
			t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, got, status, body)
		}
	}
	f("/livez", "", 200, "ok\n")
	f("/readyz", "*/*", 200, "ok\n")
	f("/readyz?verbose", "text/plain", 200, "[+] links: ok\n[+] journal: ok\n[+] disk: ok\nok\n")
	f("/readyz", "text/html, application/json;q=0.9", 200,
		`{"ok":true,"checks":[{"name":"links","ok":true},{"name":"journal","ok":true},{"name":"disk","ok":true}]}`+"\n")
	warning = "one\nlink"
	f("/readyz", "", 200, "ok\n")
	f("/readyz?verbose", "", 200, "[!] links: one link\n[+] journal: ok\n[+] disk: ok\nok\n")
	f("/readyz", "application/json", 200,
		`{"ok":true,"checks":[{"name":"links","ok":true,"warning":"one link"},{"name":"journal","ok":true},{"name":"disk","ok":true}]}`+"\n")
	warning, broken = "", true
	f("/livez?verbose", "", 503, "[-] live: fsync took 9 s\nfailed\n")
	f("/startupz", "", 503, "[-] started: fsync took 9 s\nfailed\n")
	f("/readyz", "", 503, "[-] journal: fsync took 9 s\n[-] disk: fsync took 9 s\nfailed\n")
	f("/readyz?verbose=1", "", 503, "[+] links: ok\n[-] journal: fsync took 9 s\n[-] disk: fsync took 9 s\nfailed\n")
	f("/livez", "application/json", 503, `{"ok":false,"checks":[{"name":"live","ok":false,"error":"fsync took 9 s"}]}`+"\n")
}

func TestDefaultsAreHealthyAndEmpty(t *testing.T) {
	s := serve(t, Options{})
	for path, want := range map[string]string{"/livez": "ok\n", "/startupz": "ok\n", "/readyz?verbose": "ok\n"} {
		if got := text(t, get(t, s, path)); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "switchd_test_total", Help: "A test."})
	reg.MustRegister(c)
	c.Add(3)
	s := serve(t, Options{Gatherer: reg, Registry: reg})
	plain := text(t, get(t, s, "/metrics"))
	if !strings.Contains(plain, "\nswitchd_test_total 3\n") {
		t.Errorf("%s", plain)
	}
	get(t, s, "/nowhere")
	get(t, s, "/")
	r := get(t, s, "/metrics", func(r *http.Request) {
		r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	})
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/openmetrics-text") {
		t.Errorf("content type %s", kind)
	}
	open := text(t, r)
	for _, want := range []string{
		"# EOF\n", "switchd_test_total 3.0\n", "switchd_admin_connections_refused_total 0.0\n",
		`switchd_admin_requests_total{page="/metrics",status="200"} 1.0`,
		`switchd_admin_requests_total{page="index",status="200"} 1.0`,
		`switchd_admin_requests_total{page="other",status="404"} 1.0`,
	} {
		if !strings.Contains(open, want) {
			t.Errorf("no %q in\n%s", want, open)
		}
	}
}

func TestSummaryAndIndex(t *testing.T) {
	type row struct {
		ID       string `json:"id"`
		Position int64  `json:"position"`
	}
	var value any = struct {
		Zeta  int    `json:"zeta"`
		Alpha string `json:"alpha"`
		Rows  []row  `json:"rows"`
		Empty []row  `json:"empty"`
		None  []int  `json:"none"`
		Big   int64  `json:"big"`
	}{1, "<script>alert(1)</script>", []row{{"BANKA", -5}}, []row{}, nil, 1<<53 + 1}
	var unknown error
	var log strings.Builder
	s := serve(t, Options{
		Summary: func() (any, error) { return value, unknown },
		Log:     slog.New(slog.NewTextHandler(&log, nil)),
	})
	page := text(t, get(t, s, "/"))
	want := `<table><tr><th scope="row">zeta</th><td>1</td></tr>` +
		`<tr><th scope="row">alpha</th><td>&lt;script&gt;alert(1)&lt;/script&gt;</td></tr>` +
		`<tr><th scope="row">rows</th><td><table><tr><td><table><tr><th scope="row">id</th><td>BANKA</td></tr>` +
		`<tr><th scope="row">position</th><td>-5</td></tr></table></td></tr></table></td></tr>` +
		`<tr><th scope="row">empty</th><td>none</td></tr><tr><th scope="row">none</th><td>-</td></tr>` +
		`<tr><th scope="row">big</th><td>9007199254740993</td></tr></table>`
	if !strings.Contains(page, want) || strings.Contains(page, "<script") {
		t.Errorf("%s", page)
	}
	for _, link := range []string{"/readyz", "/livez", "/metrics", "/api/v1/summary"} {
		if !strings.Contains(page, `<a href="`+link) {
			t.Errorf("no link to %s", link)
		}
	}
	if strings.Contains(page, "://") {
		t.Error("the page refers to something outside")
	}

	value = func() {} // not a value for JSON
	if page := text(t, get(t, s, "/")); !strings.Contains(page, "the log says why") {
		t.Errorf("%s", page)
	}
	if strings.Count(log.String(), "cannot be encoded") != 1 {
		t.Errorf("log %s", log.String())
	}

	value, unknown = struct{}{}, errors.New("the <engine> is busy")
	if page := text(t, get(t, s, "/")); !strings.Contains(page, "no summary now: the &lt;engine&gt; is busy") {
		t.Errorf("%s", page)
	}
}

// TestRefusals: methods, bodies, foreign host names, unknown pages; every answer
// has the security headers.
func TestRefusals(t *testing.T) {
	s := serve(t, Options{})
	f := func(status int, path string, change func(*http.Request)) {
		t.Helper()
		r := get(t, s, path, change)
		if r.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, status)
		}
		h := r.Header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	f(200, "/", nil)
	f(200, "/livez", func(r *http.Request) { r.Method = http.MethodHead })
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"} {
		f(405, "/livez", func(r *http.Request) { r.Method = method })
	}
	f(413, "/livez", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1 })
	f(413, "/livez", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1 })
	f(404, "/index.html", nil)
	f(404, "/api/v1/", nil)
	for _, host := range []string{"evil.example", "evil.example:9583", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil"} {
		f(421, "/livez", func(r *http.Request) { r.Host = host })
	}
	for _, host := range []string{"localhost", "localhost:1", "127.0.0.1", "127.9.9.9:2", "[::1]", "[::1]:3"} {
		f(200, "/livez", func(r *http.Request) { r.Host = host })
	}
}

func TestLargeHeaderIsRefused(t *testing.T) {
	s := serve(t, Options{})
	c := dial(t, s)
	go io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 2*headerBytesMax)+"\r\n\r\n")
	if line := firstLine(t, c); !strings.Contains(line, "431") {
		t.Errorf("%q", line)
	}
}

// TestConnectionsAreBounded: one too many is answered at once, and a closed one
// gives its place back.
func TestConnectionsAreBounded(t *testing.T) {
	s := serve(t, Options{ConnectionsMax: 2})
	const request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
	var held []net.Conn
	for range 2 {
		c := dial(t, s)
		io.WriteString(c, request)
		if line := firstLine(t, c); !strings.Contains(line, "200") {
			t.Fatalf("%q", line)
		}
		held = append(held, c)
	}
	over := dial(t, s)
	answer, _ := io.ReadAll(over) // the connection is closed after the answer
	if string(answer) != full {
		t.Fatalf("%q", answer)
	}
	held[0].Close()
	// The server notices the end on its own goroutine, so ask until it has.
	for deadline := time.Now().Add(5 * time.Second); ; {
		c := dial(t, s)
		io.WriteString(c, request)
		if line := firstLine(t, c); strings.Contains(line, "200") {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("the place was not given back: %q", line)
		}
	}
}

func TestRunEndsAndFreesThePort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Listen(Options{Address: "127.0.0.1:0", Clock: still})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	get(t, s, "/livez")
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("a second Run is accepted")
	}
	again, err := Listen(Options{Address: s.Addr(), Clock: still})
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if err := again.Run(t.Context()); err == nil {
		t.Error("Run after Close is accepted")
	}
}

// TestRunReportsALostListener: an end that nobody asked for is an error.
func TestRunReportsALostListener(t *testing.T) {
	s, err := Listen(Options{Address: "127.0.0.1:0", Clock: still})
	if err != nil {
		t.Fatal(err)
	}
	s.listener.Close()
	if err := s.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "admin: serve: ") {
		t.Errorf("%v", err)
	}
}

// still is a clock that stands.
func still() int64 { return 1_800_000_000e9 }

// serve runs a server until the test ends.
func serve(t *testing.T, o Options) *Server {
	t.Helper()
	o.Address = "127.0.0.1:0"
	if o.Clock == nil {
		o.Clock = still
	}
	if o.Gatherer == nil {
		o.Gatherer = prometheus.NewRegistry()
	}
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	running(t, s)
	return s
}

// running runs a server until the test ends.
func running(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

func get(t *testing.T, s *Server, path string, changes ...func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		if change != nil {
			change(r)
		}
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func firstLine(t *testing.T, c net.Conn) string {
	t.Helper()
	line, _ := bufio.NewReader(c).ReadString('\n')
	return line
}
