package admin

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchd/switch/access"
	"switchd/switch/view"
)

// pages holds what the handlers need; it is not changed after newPages.
type pages struct {
	Options
	metrics  *metrics
	sessions *sessions
	failures *throttle
	streams  *streams
	foreign  http.CrossOriginProtection
	openAPI  []byte
}

func newPages(o Options, m *metrics) *pages {
	return &pages{
		Options: o, metrics: m, failures: newThrottle(),
		sessions: newSessions(o.Users, o.Clock, o.TLS != nil, func(n int) { m.sessions.Set(float64(n)) }),
		streams:  newStreams(func(n int) { m.streams.Set(float64(n)) }),
	}
}

// handler is the whole tree of pages behind the common checks.
func (p *pages) handler() (h http.Handler, err error) {
	defer func() {
		if fault := recover(); fault != nil { // of the mux: two paths that fit the same address
			h, err = nil, errors.New("routes: "+oneLine(strings.TrimSpace(faultText(fault))))
		}
	}()
	routes, err := p.table()
	if err != nil {
		return nil, err
	}
	if p.openAPI, err = Document(routes); err != nil {
		return nil, err
	}
	byPath := map[string][]*Route{}
	for i := range routes {
		byPath[routes[i].Path] = append(byPath[routes[i].Path], &routes[i])
	}
	mux := http.NewServeMux()
	for path, each := range byPath {
		mux.Handle(path, p.serve(each))
	}
	if byPath["/"] == nil {
		mux.Handle("/", p.counted("other", http.HandlerFunc(notFound)))
	}
	return p.guarded(mux), nil
}

func faultText(fault any) string {
	if s, ok := fault.(string); ok {
		return s
	}
	return "they contradict each other"
}

func notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusNotFound, "no such page; see /")
}

// policy is the content security policy of a page of this server. The only decoration is
// allowed by its hash, so that text shown in a page can never become style or script.
func policy(forms string) string {
	return "default-src 'none'; style-src '" + styleHash + "'; base-uri 'none'; form-action " + forms + "; frame-ancestors 'none'"
}

// guarded sets the headers of every answer and refuses what no page wants.
func (p *pages) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy("'none'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !p.ourName(r.Host) {
			// A page of a foreign site that points its name at this machine would
			// otherwise read this one through the operator's browser.
			fail(w, r, http.StatusMisdirectedRequest, "use the address 127.0.0.1 or localhost, or a name of the certificate")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ourName tells whether a Host header names this machine.
func (p *pages) ourName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return loopbackHost(host) || p.Hosts(host)
}

// serve answers the requests to one path.
func (p *pages) serve(routes []*Route) http.Handler {
	all := map[string]http.Handler{}
	var methods []string
	for _, r := range routes {
		all[r.Method] = p.route(r)
		methods = append(methods, r.Method)
		if r.Method == http.MethodGet {
			all[http.MethodHead] = all[http.MethodGet]
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return p.counted(routes[0].name(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := all[r.Method]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(methods, ", "))
		if len(methods) == 1 {
			fail(w, r, http.StatusMethodNotAllowed, "this page is asked by POST")
			return
		}
		fail(w, r, http.StatusMethodNotAllowed, "only "+strings.Join(methods, " and ")+" are answered here")
	}))
}

// route answers the requests to one route, after all that can be checked before: the web
// page that sent it, who asks, what the address says, and the body.
func (p *pages) route(route *Route) http.Handler {
	handle := route.bounded()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := p.foreign.Check(r); err != nil {
			fail(w, r, http.StatusForbidden, "sent by a web page of another site")
			return
		}
		var l login
		if !route.open {
			var ok bool
			if l, ok = p.admit(w, r, route); !ok {
				return
			}
		}
		if r.Method != http.MethodPost && r.ContentLength != 0 {
			w.Header().Set("Connection", "close") // the body is not read
			fail(w, r, http.StatusRequestEntityTooLarge, "a request here has no body")
			return
		}
		query, err := route.parameters(r.URL.RawQuery)
		if err != nil && !(route.lenient && route.page != nil) {
			p.failed(w, r, err)
			return
		}
		if route.page != nil {
			if route.Method == http.MethodPost {
				r.Body = http.MaxBytesReader(w, r.Body, formBytesMax)
			}
			p.page(w, r, route, l)
			return
		}
		p.call(w, r, route, handle, l, &Call{Context: access.With(r.Context(), l.caller), Caller: l.caller, Path: r.PathValue, Query: query, Header: shownHeader(r)})
	})
}

// page has a page of the server's own answer.
func (p *pages) page(w http.ResponseWriter, r *http.Request, route *Route, l login) {
	if !route.endless {
		route.page.ServeHTTP(w, r.WithContext(access.With(r.Context(), l.caller)))
		return
	}
	p.endless(w, r, l, func(ctx context.Context, s *steady) {
		route.page.ServeHTTP(s, r.WithContext(access.With(ctx, l.caller)))
	})
}

// admit lets a caller with one of the roles of a route in, and answers others.
func (p *pages) admit(w http.ResponseWriter, r *http.Request, route *Route) (login, bool) {
	l, why := p.who(r)
	switch {
	case why != "":
		p.stranger(w, r, why)
		return l, false
	case !l.caller.Roles.Any(route.May):
		p.metrics.refusedLogins.WithLabelValues(whyRole).Inc()
		fail(w, r, http.StatusForbidden, "not allowed: this is for "+strings.Join(route.May.Names(), ", ")+", and "+l.caller.Name+" is "+l.caller.Roles.String())
		return l, false
	}
	return l, true
}

// call has a route answer.
func (p *pages) call(w http.ResponseWriter, r *http.Request, route *Route, handle func(*Call) (any, error), l login, c *Call) {
	if route.Method == http.MethodPost {
		var ok bool
		if c.Body, ok = p.body(w, r, route); !ok {
			return
		}
	}
	if route.Stream != nil {
		p.stream(w, r, route, c, l)
		return
	}
	v, err := handle(c)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.answer(w, r, v)
}

// body reads the JSON of a request. Browsers send it to a foreign site only after they
// have asked, and nothing here answers such a question.
func (p *pages) body(w http.ResponseWriter, r *http.Request, route *Route) ([]byte, bool) {
	if route.Request == nil {
		if n, _ := io.ReadFull(r.Body, make([]byte, 1)); n > 0 {
			w.Header().Set("Connection", "close")
			fail(w, r, http.StatusRequestEntityTooLarge, "a request here has no body")
			return nil, false
		}
		return nil, true
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		fail(w, r, http.StatusUnsupportedMediaType, "a request by POST is application/json")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, route.bodyMax()))
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooLarge):
		fail(w, r, http.StatusRequestEntityTooLarge, "a request has at most "+strconv.FormatInt(route.bodyMax(), 10)+" bytes")
		return nil, false
	case err != nil: // it is cut short, or no body that can be read
		p.failed(w, r, reworded{"the body cannot be read", view.ErrQuestion})
		return nil, false
	}
	return body, true
}

// shownHeader is what a handler may see of a header.
func shownHeader(r *http.Request) http.Header {
	h := r.Header.Clone()
	h.Del("Authorization")
	h.Del("Cookie")
	return h
}

// counted counts the requests of one page by status.
func (p *pages) counted(page string, next http.Handler) http.Handler {
	took := p.metrics.took.WithLabelValues(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		began := p.Clock()
		next.ServeHTTP(s, r)
		if !s.streamed { // that says how long its reader stayed
			took.Observe(time.Duration(p.Clock() - began).Seconds())
		}
		p.metrics.requests.WithLabelValues(page, strconv.Itoa(s.status)).Inc()
	})
}

// statusWriter remembers the status of an answer, and whether it was a stream.
type statusWriter struct {
	http.ResponseWriter
	status   int
	streamed bool
}

// WriteHeader notes the status and passes it on.
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is the answer itself, for who sets its deadlines.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// document answers with the OpenAPI document.
func (p *pages) document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(p.openAPI) // the client may be gone
}
