package admin

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// pages holds what the handlers need; it is not changed after newPages.
type pages struct {
	Options
	metrics  *metrics
	searches chan struct{} // one for each that is under way
}

func newPages(o Options, m *metrics) *pages {
	return &pages{Options: o, metrics: m, searches: make(chan struct{}, searchesMax)}
}

// handler is the whole tree of pages behind the common checks.
func (p *pages) handler() http.Handler {
	mux := http.NewServeMux()
	for page, h := range map[string]http.Handler{
		"/{$}":            http.HandlerFunc(p.index),
		"/livez":          http.HandlerFunc(p.livez),
		"/startupz":       http.HandlerFunc(p.startupz),
		"/readyz":         http.HandlerFunc(p.readyz),
		"/api/v1/summary": http.HandlerFunc(p.summary),
		foundPage:         http.HandlerFunc(p.found),
		searchPage:        http.HandlerFunc(p.search),
		paymentsPage:      http.HandlerFunc(p.payment),
		commandsPage:      http.HandlerFunc(p.command),
		backupsPage:       http.HandlerFunc(p.backup),
		journalPage:       http.HandlerFunc(p.journal),
		recordsPage:       http.HandlerFunc(p.records),
		proofsPage:        http.HandlerFunc(p.proof),
		diagnosisPage:     http.HandlerFunc(p.diagnosis),
		configPage:        http.HandlerFunc(p.config),
		reloadPage:        http.HandlerFunc(p.reload),
		"/metrics": promhttp.HandlerFor(p.Gatherer, promhttp.HandlerOpts{
			EnableOpenMetrics:   true,
			MaxRequestsInFlight: scrapesMax,
			ErrorLog:            slog.NewLogLogger(p.Log.With("event", "admin.metrics").Handler(), slog.LevelError),
		}),
		"/": http.HandlerFunc(notFound),
	} {
		mux.Handle(page, p.counted(page, h))
	}
	return guarded(mux)
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no such page; see /", http.StatusNotFound)
}

// guarded sets the headers of every answer and refuses what no page wants.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+styleHash+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		posted := r.URL.Path == commandsPage || r.URL.Path == backupsPage || r.URL.Path == searchPage || r.URL.Path == reloadPage
		switch {
		case posted && r.Method != http.MethodPost:
			h.Set("Allow", "POST")
			http.Error(w, "this page is asked by POST", http.StatusMethodNotAllowed)
		case !posted && r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
		case !posted && r.ContentLength != 0:
			h.Set("Connection", "close") // the body is not read
			http.Error(w, "a request here has no body", http.StatusRequestEntityTooLarge)
		case !localName(r.Host):
			// A page of a foreign site that points its name at 127.0.0.1 would
			// otherwise read this one through the operator's browser.
			http.Error(w, "use the address 127.0.0.1 or localhost", http.StatusMisdirectedRequest)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// localName tells whether a Host header names this machine.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return loopbackHost(host)
}

// counted counts the requests of one page by status.
func (p *pages) counted(page string, next http.Handler) http.Handler {
	switch page {
	case "/{$}":
		page = "index"
	case "/":
		page = "other"
	case paymentsPage:
		page = "/api/v1/payments/id"
	case proofsPage:
		page = "/api/v1/payments/proof"
	case diagnosisPage:
		page = "/api/v1/participants/diagnosis"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r)
		p.metrics.requests.WithLabelValues(page, strconv.Itoa(s.status)).Inc()
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and passes it on.
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is the answer itself, for who sets its deadlines.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// summary answers with the summary as indented JSON.
func (p *pages) summary(w http.ResponseWriter, _ *http.Request) {
	s, err := p.Summary()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	p.answer(w, s)
}

// answer writes a value as indented JSON.
func (p *pages) answer(w http.ResponseWriter, v any) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		p.Log.Error("admin: an answer cannot be encoded", "event", "admin.answer", "error", err)
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(data, '\n'))
}
