package admin

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/access"
)

// people are users that can be changed.
type people struct {
	by atomic.Pointer[map[access.Digest]access.Caller]
}

func newPeople(tokens map[string]access.Caller) *people {
	p := &people{}
	p.set(tokens)
	return p
}

func (p *people) set(tokens map[string]access.Caller) {
	by := map[access.Digest]access.Caller{}
	for token, c := range tokens {
		c.Secured = true
		by[access.DigestOf(token)] = c
	}
	p.by.Store(&by)
}

func (p *people) ByDigest(d access.Digest) (access.Caller, bool) {
	c, known := (*p.by.Load())[d]
	return c, known
}

func (p *people) ByCertificate(c *x509.Certificate) (access.Caller, bool) {
	if c.Subject.CommonName == "asha" {
		return access.Caller{Name: "asha", Roles: access.Operator, Secured: true}, true
	}
	return access.Caller{}, false
}

// Tokens of tests.
const (
	viewerToken  = "viewer-token-canary-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	officerToken = "officer-token-canary-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	feedToken    = "feed-token-canary-ccccccccccccccccccccccccccccccccccccccccccccccccc"
)

func someone() *people {
	return newPeople(map[string]access.Caller{
		viewerToken:  {Name: "vera", Roles: access.Viewer},
		officerToken: {Name: "omar", Roles: access.SecurityOfficer | access.Operator},
		feedToken:    {Name: "feed", Roles: access.Participant, Participant: "BANKA"},
	})
}

// echo is a route that says who asked and what.
func echo(method, path string, may access.Roles) Route {
	r := Route{Method: method, Path: path, May: may, Summary: "An echo.", Answer: map[string]string{}}
	r.Handle = func(c *Call) (any, error) {
		return map[string]string{"name": c.Caller.Name, "query": c.Query.Encode(), "body": string(c.Body), "id": c.Path("id"), "header": fmt.Sprint(c.Header)}, nil
	}
	if method == http.MethodPost {
		r.Request = map[string]any{}
	}
	return r
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// TestRoles: nobody is let in without credentials, and who is known only where he may.
func TestRoles(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := serve(t, Options{Users: someone(), Gatherer: reg, Registry: reg, Routes: []Route{
		echo("GET", "/api/v1/seen/{id}", access.Anyone), echo("POST", "/api/v1/done", access.SecurityOfficer),
	}})
	f := func(status int, path, want string, changes ...func(*http.Request)) {
		t.Helper()
		r := get(t, s, path, changes...)
		got := text(t, r)
		if r.StatusCode != status || !strings.Contains(got, want) {
			t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, got, status, want)
		}
		if status == 401 && r.Header.Get("WWW-Authenticate") != `Bearer realm="switchd"` {
			t.Errorf("%s: no challenge", path)
		}
		if strings.Contains(got, "canary") {
			t.Errorf("%s: an answer has a token: %s", path, got)
		}
	}
	const missing = "say who you are"
	for _, path := range []string{"/", "/metrics", "/api/v1/seen/1", "/api/v1/me", "/api/v1/openapi.json"} {
		f(401, path, missing)
		f(200, path, "", bearer(viewerToken))
	}
	for _, path := range []string{"/livez", "/readyz?verbose", "/startupz", "/login"} {
		f(200, path, "")
	}
	f(401, "/api/v1/seen/1", "this token is not known", bearer("canary"))
	f(401, "/api/v1/seen/1", "this token is not known", bearer(strings.Repeat("canary", 100)))
	f(401, "/api/v1/seen/1", "only Authorization: Bearer", func(r *http.Request) { r.SetBasicAuth("vera", viewerToken) })
	f(401, "/api/v1/seen/1", "only Authorization: Bearer", func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + viewerToken, "Bearer x"} })
	f(403, "/api/v1/seen/1", "not allowed: this is for viewer, operator, security-officer, auditor, and feed is participant", bearer(feedToken))
	f(403, "/api/v1/done", "not allowed: this is for security-officer, and vera is viewer", posted(`{}`), bearer(viewerToken))
	f(200, "/api/v1/done", `"name": "omar"`, posted(`{}`), bearer(officerToken))
	f(200, "/api/v1/me", `"participant"`, bearer(feedToken))
	f(200, "/api/v1/seen/7", `"id": "7"`, bearer(viewerToken))
	got := text(t, get(t, s, "/metrics", bearer(viewerToken)))
	for _, want := range []string{
		`switchd_admin_logins_refused_total{why="missing"} 5`, `switchd_admin_logins_refused_total{why="role"} 2`,
		`switchd_admin_logins_refused_total{why="scheme"} 2`, `switchd_admin_logins_refused_total{why="token"} 2`,
		`switchd_admin_requests_total{page="/api/v1/seen/id",status="403"} 1`, `switchd_admin_request_duration_seconds_count{page="/api/v1/done"} 2`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}

// browser does as one does, and follows no redirect.
type browser struct {
	t *testing.T
	s *Server
}

func (b browser) do(method, path, form string, cookie *http.Cookie, changes ...func(*http.Request)) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.s.URL()+path, strings.NewReader(form))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	} else {
		r.Body, r.ContentLength = nil, 0
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	for _, change := range changes {
		change(r)
	}
	c := &http.Client{Timeout: client.Timeout, Transport: client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// login logs in and gives the cookie.
func (b browser) login(token string) *http.Cookie {
	b.t.Helper()
	r := b.do("POST", "/login", url.Values{"token": {token}, "next": {"/console/audit?page=2"}}.Encode(), nil)
	if r.StatusCode != 303 || r.Header.Get("Location") != "/console/audit?page=2" || len(r.Cookies()) != 1 {
		b.t.Fatalf("login: %d %v", r.StatusCode, r.Header)
	}
	c := r.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 64 {
		b.t.Errorf("cookie %v", c)
	}
	return c
}

// is says what a cookie is worth.
func (b browser) is(status int, c *http.Cookie) {
	b.t.Helper()
	if r := b.do("GET", "/api/v1/me", "", c, func(r *http.Request) { r.Header.Del("Accept") }); r.StatusCode != status {
		b.t.Errorf("with the cookie: %d, want %d", r.StatusCode, status)
	}
}

// TestLoginForm: a browser is led to the form and back, never to another site.
func TestLoginForm(t *testing.T) {
	b := browser{t, serve(t, Options{Users: someone()})}
	if r := b.do("GET", "/?a=b", "", nil); r.StatusCode != 303 || r.Header.Get("Location") != "/login?next=%2F%3Fa%3Db" {
		t.Errorf("a stranger's browser: %d %v", r.StatusCode, r.Header)
	}
	r := b.do("GET", "/login?next="+url.QueryEscape("//evil.example/"), "", nil)
	policy := r.Header.Get("Content-Security-Policy")
	if page := text(t, r); r.StatusCode != 200 || !strings.Contains(page, `name="next" value="/"`) || strings.Contains(page, "evil") ||
		!strings.Contains(policy, "default-src 'none'; style-src 'sha256-") || !strings.Contains(policy, "form-action 'self'") {
		t.Errorf("the form: %d %v %s", r.StatusCode, r.Header, page)
	}
	r = b.do("POST", "/login", "token=canary", nil)
	if page := text(t, r); r.StatusCode != 401 || !strings.Contains(page, `role="alert" id="fault">This token is not known.`) || !strings.Contains(page, `aria-describedby="fault"`) || strings.Contains(page, "canary") {
		t.Errorf("a wrong token: %d %s", r.StatusCode, page)
	}
	for theme, want := range map[string]string{"dark": `<html lang="en" data-theme="dark">`, "light": `<html lang="en" data-theme="light">`, `x"`: `<html lang="en">`} {
		if page := text(t, b.do("GET", "/login", "", &http.Cookie{Name: "theme", Value: theme})); !strings.Contains(page, want) {
			t.Errorf("theme %s: %s", theme, page)
		}
	}
}

// TestForeignPages: what a page of another site sends is refused, whatever cookie the
// browser adds.
func TestForeignPages(t *testing.T) {
	b := browser{t, serve(t, Options{Users: someone(), Routes: []Route{echo("POST", "/api/v1/done", access.SecurityOfficer)}})}
	omar := b.login(officerToken)
	inJSON := func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }
	if r := b.do("POST", "/api/v1/done", "{}", omar, inJSON); r.StatusCode != 200 {
		t.Errorf("an order of the same site: %d", r.StatusCode)
	}
	for name, change := range map[string]func(*http.Request){
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a sister site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"an old browser": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") },
		"a sandbox":      func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") },
	} {
		for _, path := range []string{"/api/v1/done", "/login", "/logout"} {
			if r := b.do("POST", path, "{}", omar, inJSON, change); r.StatusCode != 403 {
				t.Errorf("%s, %s: %d", path, name, r.StatusCode)
			}
		}
	}
}

// TestSessions: a browser logs in once, is known by its cookie, and the session ends by
// itself, by a logout, and when its user is gone.
func TestSessions(t *testing.T) {
	var now atomic.Int64
	now.Store(still())
	users := someone()
	b := browser{t, serve(t, Options{Users: users, Clock: now.Load})}
	vera, omar := b.login(viewerToken), b.login(officerToken)
	b.is(200, vera)
	b.is(401, &http.Cookie{Name: "switchd", Value: strings.Repeat("0", 64)})
	b.is(401, &http.Cookie{Name: "switchd", Value: "x"})
	now.Add(int64(sessionIdle) - 1)
	b.is(200, vera)
	now.Add(int64(sessionIdle) - 1)
	b.is(200, vera)
	b.is(401, omar) // not used for longer
	if r := b.do("GET", "/", "", omar); r.StatusCode != 303 {
		t.Errorf("a browser whose session is over: %d", r.StatusCode)
	}
	for now.Load()-still()+int64(sessionIdle) <= int64(sessionLife) {
		now.Add(int64(sessionIdle) - 1)
		b.is(200, vera)
	}
	now.Store(still() + int64(sessionLife))
	b.is(401, vera)
	vera = b.login(viewerToken)
	out := b.do("POST", "/logout", "", vera)
	if out.StatusCode != 303 || out.Cookies()[0].MaxAge >= 0 {
		t.Errorf("logout: %d %v", out.StatusCode, out.Cookies())
	}
	b.is(401, vera)
	vera = b.login(viewerToken)
	users.set(map[string]access.Caller{officerToken: {Name: "omar", Roles: access.Viewer}})
	b.is(401, vera)
	users.set(map[string]access.Caller{viewerToken: {Name: "vera", Roles: access.Viewer}})
	b.is(401, vera) // it has ended
}

// TestPollsAreNoUse: what a page asks for by itself is answered while the session lasts, and
// does not make it last.
func TestPollsAreNoUse(t *testing.T) {
	var now atomic.Int64
	now.Store(still())
	b := browser{t, serve(t, Options{Users: someone(), Clock: now.Load})}
	for header, value := range map[string]string{"Switchd-Poll": "true", "Accept": "text/event-stream"} {
		vera, left := b.login(viewerToken), sessionIdle
		for step := sessionIdle / 4; left > step; left -= step {
			now.Add(int64(step))
			r := b.do("GET", "/api/v1/me", "", vera, func(r *http.Request) { r.Header.Set(header, value) })
			if r.StatusCode != http.StatusOK {
				t.Fatalf("%s: a poll within the session: %d", header, r.StatusCode)
			}
		}
		now.Add(int64(left))
		b.is(401, vera)
	}
}

// TestSessionsAreBounded: the one that is idle longest makes room, and one of a token that
// has many one of its own.
func TestSessionsAreBounded(t *testing.T) {
	now := still()
	count, opened := 0, 0
	tokens := map[string]access.Caller{}
	for i := range sessionsMax {
		tokens[fmt.Sprint("token", i)] = access.Caller{Name: fmt.Sprint("user", i), Roles: access.Viewer}
	}
	s := newSessions(newPeople(tokens), func() int64 { return now }, true, func(n int) { count = n })
	by := func(token string) *http.Request {
		now++
		c := s.open(access.DigestOf(token))
		r := &http.Request{Header: http.Header{}}
		r.AddCookie(c)
		if c.Name != "__Host-switchd" || !c.Secure {
			t.Fatalf("over TLS: %v", c)
		}
		return r
	}
	open := func() *http.Request {
		opened++
		return by(fmt.Sprint("token", opened%sessionsMax))
	}
	first, second := open(), open()
	own := by("token0")
	for range sessionsByOne - 1 {
		by("token0")
	}
	by("token0")
	if _, _, _, good := s.shown(own); good || count != 2+sessionsByOne {
		t.Errorf("%d sessions, of them the first of a token with many: %v", count, good)
	}
	for count < sessionsMax {
		open()
	}
	now++
	if _, _, _, good := s.shown(first); !good {
		t.Error("the first has ended")
	}
	open()
	if _, _, _, good := s.shown(first); !good || count != sessionsMax {
		t.Errorf("%d sessions; the first: %v", count, good)
	}
	if _, _, shown, good := s.shown(second); good || !shown {
		t.Error("the one that was idle longest is there")
	}
	now += int64(sessionIdle) / 2
	kept := open()
	now += int64(sessionIdle) / 2
	open()
	if _, _, _, good := s.shown(kept); !good || count != 2 {
		t.Errorf("%d sessions after all others are over", count)
	}
}

// TestAnEndedSessionIsNoFailure: pages that are open ask by it again and again, and whoever
// sits there comes to the form all the same.
func TestAnEndedSessionIsNoFailure(t *testing.T) {
	b := browser{t, serve(t, Options{Users: someone()})}
	over := b.login(viewerToken)
	b.do("POST", "/logout", "", over)
	for range failuresAtOnce + 1 {
		if r := b.do("GET", "/api/v1/me", "", over); r.StatusCode != 303 || !strings.HasPrefix(r.Header.Get("Location"), "/login?next=") {
			t.Fatalf("%d to %q", r.StatusCode, r.Header.Get("Location"))
		}
	}
}

// TestFailedLoginsAreSlowed: an address with many is told to wait; others, and who is
// right, are let in at once.
func TestFailedLoginsAreSlowed(t *testing.T) {
	var now atomic.Int64
	now.Store(still())
	var log strings.Builder
	s := serve(t, Options{Users: someone(), Clock: now.Load, Log: slog.New(slog.NewTextHandler(&log, nil))})
	f := func(status int, token string) {
		t.Helper()
		if r := get(t, s, "/api/v1/me", bearer(token)); r.StatusCode != status || status == 429 && r.Header.Get("Retry-After") == "" {
			t.Errorf("%d, want %d", r.StatusCode, status)
		}
	}
	for range failuresAtOnce {
		f(401, "canary")
	}
	f(429, "canary")
	f(200, viewerToken)
	if r := get(t, s, "/login", func(r *http.Request) {
		posted("token=canary")(r)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}); r.StatusCode != 429 || !strings.Contains(text(t, r), "Too many failed logins") {
		t.Errorf("by the form: %d", r.StatusCode)
	}
	now.Add(int64(failuresEvery))
	f(401, "canary")
	f(429, "canary")
	if log.Len() > 0 {
		t.Errorf("log: %s", log.String())
	}
}

// TestThrottle: room comes back with time, and addresses are bounded.
func TestThrottle(t *testing.T) {
	th := newThrottle()
	at := func(i int) netip.Prefix {
		return addressOf(&http.Request{RemoteAddr: fmt.Sprintf("10.%d.%d.1:99", i>>8, i&255)})
	}
	for i := range failuresAtOnce {
		if !th.take(at(0), still()) {
			t.Fatalf("no room for failure %d", i)
		}
	}
	if th.take(at(0), still()) || !th.take(at(1), still()) {
		t.Error("one address takes the room of another, or none")
	}
	later := still() + 1000*int64(failuresEvery)
	for range failuresAtOnce {
		if !th.take(at(0), later) {
			t.Error("room does not come back")
		}
	}
	if th.take(at(0), later) {
		t.Error("more room comes back than there was")
	}
	for i := range 3 * failuresFrom {
		th.take(at(i), later)
	}
	if len(th.by) != failuresFrom {
		t.Errorf("%d addresses", len(th.by))
	}
	v6 := func(s string) netip.Prefix { return addressOf(&http.Request{RemoteAddr: s}) }
	if v6("[2001:db8::1]:1") != v6("[2001:db8::ffff:2]:2") || v6("[2001:db8:0:1::1]:1") == v6("[2001:db8::1]:1") || v6("[::ffff:10.0.0.1]:1") != at(0) || v6("nonsense").IsValid() {
		t.Error("addresses of IPv6")
	}
}

// TestLocalPath: a browser goes on at this server.
func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"": "/", "/": "/", "/console/x?y=z&a=%2F": "/console/x?y=z&a=%2F", "//evil.example": "/", "//evil.example/console/": "/", `/\evil.example`: "/", "https://evil.example/": "/",
		"javascript:alert(1)": "/", "/login": "/", "/logout": "/", "/a\r\nSet-Cookie: x": "/", "/../x": "/", "x": "/", "/a//b": "/", "/%2f/evil.example": "/", "/%zz": "/", "/console/": "/console/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q: %q, want %q", next, got, want)
		}
	}
}

// TestNothingToLogInTo: without users the form leads on.
func TestNothingToLogInTo(t *testing.T) {
	s := serve(t, Options{})
	if r := get(t, s, "/login"); r.StatusCode != 200 || r.Request.URL.Path != "/" {
		t.Errorf("%d %s", r.StatusCode, r.Request.URL)
	}
	if got := text(t, get(t, s, "/api/v1/me")); !strings.Contains(got, `"secured": false`) || !strings.Contains(got, `"security-officer"`) || strings.Contains(got, `"participant"`) {
		t.Errorf("%s", got)
	}
}
