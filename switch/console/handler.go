package console

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"switchd/switch/access"
	"switchd/switch/view"
)

// policy is what a page may load and do: its own files, and nothing that stands in the
// text of the page itself. Text that is shown can therefore never become script or style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// console holds what the handlers need; only the hub and the rows change after New.
type console struct {
	Options
	pages     map[string]*template.Template
	fragments *template.Template
	live      *hub
	rows      keptRows // of the matrix that is live
}

// New makes the console. The handler answers "/" and everything below "/console/". It is
// safe for concurrent use. It starts one goroutine with the first page that is shown live,
// which ends with the last.
//
// Whoever stands in front has found out who asks, has refused what another site's page
// makes a browser send, and lets anyone load /console/assets/.
func New(o Options) http.Handler {
	if o.Source == nil {
		panic("console: Options.Source is required")
	}
	c := &console{Options: o.withDefaults()}
	c.pages, c.fragments = templates()
	c.live = newHub(c.frame)
	mux := http.NewServeMux()
	for pattern, fill := range map[string]filler{
		"GET /{$}":                       c.overviewPage,
		"GET /console/participants":      c.participantsPage,
		"GET /console/participants/{id}": c.participantPage,
		"GET /console/payments":          c.paymentsPage,
		"GET /console/payments/{id}":     c.paymentPage,
		"GET /console/exceptions":        c.exceptionsPage,
		"GET /console/changes":           c.changesPage,
		"GET /console/approvals":         c.approvalsPage,
		"GET /console/alerts":            c.alertsPage,
		"GET /console/config":            c.configPage,
		"GET /console/keys":              c.keysPage,
		"GET /console/order":             c.orderPage,
		"POST /console/order":            c.orderSent,
		"POST /console/search":           c.searchSent,
		"/":                              c.noPage,
	} {
		mux.Handle(pattern, c.page(fill))
	}
	mux.HandleFunc("GET /console/assets/{name}", c.serveAsset)
	mux.HandleFunc("GET /console/series", c.serveSeries)
	mux.HandleFunc("GET /console/live", c.serveLive)
	return secured(mux)
}

// secured sets the headers of every answer.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		next.ServeHTTP(w, r)
	})
}

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// Not no-referrer: with that, browsers send forms with "Origin: null".
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// filler makes the body of a page, or an error that wraps one of package view.
type filler func(r *http.Request, p *page) error

// page is what the frame around every page shows.
type page struct {
	Template string // of the body
	Title    string
	Active   string // address of the item of the navigation
	Theme    string // dark, light, or empty: as the browser prefers
	Status   int
	Goto     string // answer with this address instead
	Search   string // what stands in the box
	Caller   who
	Head     head
	Notice   *notice
	Body     any

	caller   access.Caller
	overview view.Overview
	currency currency
	cookies  []*http.Cookie
}

// who is the caller as the frame shows him.
type who struct {
	Name, Roles string
	Secured     bool
	Orders      bool // he may order something
	Keys        bool // he may see which keys there are
}

// notice is what became of what was asked for.
type notice struct {
	Level string // ok, warn, bad
	Title string
	Text  string
}

// page serves a page whose body is made by fill.
func (c *console) page(fill filler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := c.begin(r)
		r.Body = http.MaxBytesReader(w, r.Body, formBytesMax)
		if err := fill(r, p); err != nil {
			c.failed(r, p, err)
		}
		for _, cookie := range p.cookies {
			http.SetCookie(w, cookie)
		}
		w.Header().Set("Vary", "HX-Request")
		if p.Goto != "" {
			leave(w, r, p.Goto)
			return
		}
		c.write(w, r, p)
	})
}

// begin is a page as far as it is the same for all of them. A switch that cannot say how
// it is keeps nobody from the rest.
func (c *console) begin(r *http.Request) *page {
	p := &page{Status: http.StatusOK, caller: c.Caller(r), Theme: theme(r)}
	var err error
	if p.overview, err = c.Source.Overview(r.Context(), p.caller); err != nil {
		p.Notice = &notice{"bad", "The state of the switch is not known", sentence(err)}
	}
	p.currency = currencyOf(p.overview)
	p.Head = headOf(p.overview, c.waiting(r.Context()))
	p.Caller = who{
		Name: p.caller.Name, Roles: p.caller.Roles.String(), Secured: p.caller.Secured,
		Orders: p.caller.Roles.Any(access.Operator | access.SecurityOfficer), Keys: p.caller.Roles.Any(keyReaders),
	}
	return p
}

func currencyOf(o view.Overview) currency { return currency{code: o.Currency, exponent: o.Exponent} }

// theme is what the browser remembers of the switch between dark and light.
func theme(r *http.Request) string {
	if cookie, err := r.Cookie("theme"); err == nil && (cookie.Value == "dark" || cookie.Value == "light") {
		return cookie.Value
	}
	return ""
}

// partial says that htmx asks for the body of a page only.
func partial(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// leave answers with another address.
func leave(w http.ResponseWriter, r *http.Request, to string) {
	if partial(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// write renders a page whole before any of it is sent, so that a page is never half.
func (c *console) write(w http.ResponseWriter, r *http.Request, p *page) {
	name := "frame"
	if partial(r) {
		name = "body"
	}
	var out bytes.Buffer
	if err := c.pages[p.Template].ExecuteTemplate(&out, name, p); err != nil {
		c.Log.Error("console: a page cannot be drawn", "event", "console.draw", "page", p.Template, "error", err)
		http.Error(w, "the page cannot be drawn; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	_, _ = w.Write(out.Bytes())
}

// fault is how one kind of error is told.
type fault struct {
	kind   error
	status int
	title  string
}

var faults = []fault{
	{view.ErrQuestion, http.StatusBadRequest, "That is not understood"},
	{view.ErrForbidden, http.StatusForbidden, "You may not do this"},
	{view.ErrNotFound, http.StatusNotFound, "Not found"},
	{view.ErrConflict, http.StatusConflict, "Not now"},
	{view.ErrRefused, http.StatusUnprocessableEntity, "Refused"},
	{view.ErrBusy, http.StatusServiceUnavailable, "Busy: try again in a moment"},
}

// told is the status and the title of an error; one that no package knows is the
// switch's own fault.
func told(err error) fault {
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return fault{err, http.StatusRequestEntityTooLarge, "Too much was sent"}
	}
	for _, f := range faults {
		if errors.Is(err, f.kind) {
			return f
		}
	}
	return fault{err, http.StatusInternalServerError, "The switch could not answer"}
}

// failed makes the page that tells an error.
func (c *console) failed(r *http.Request, p *page, err error) {
	f := told(err)
	if f.status == http.StatusInternalServerError {
		c.Log.Error("console: a page could not be filled", "event", "console.page", "path", r.URL.Path, "error", err)
	}
	p.Template, p.Title, p.Status, p.Goto = "error", f.title, f.status, ""
	p.Body = sentence(err)
}

// noPage answers for every address that is no page's.
func (c *console) noPage(r *http.Request, _ *page) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return faultOf(view.ErrQuestion, "this address takes no orders")
	}
	return faultOf(view.ErrNotFound, "there is no page at this address")
}

// plain is an error of the console with a kind of package view.
type plain struct {
	text string
	kind error
}

// Error is the sentence.
func (p plain) Error() string { return p.text }

// Unwrap is its kind.
func (p plain) Unwrap() error { return p.kind }

func faultOf(kind error, text string) error { return plain{text, kind} }

// sentence is an error as a sentence, without the kind that stands before or behind it.
func sentence(err error) string {
	text := err.Error()
	for _, f := range faults {
		text = strings.TrimPrefix(text, f.kind.Error()+": ")
		text = strings.TrimSuffix(text, ": "+f.kind.Error())
	}
	if text == "" {
		return ""
	}
	if first, _, _ := strings.Cut(text, " "); !strings.ContainsAny(strings.TrimSuffix(first, ":"), "./:_") { // the name of a file or a key stays as it is
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}
