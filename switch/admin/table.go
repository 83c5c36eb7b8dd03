package admin

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"switchd/switch/access"
	"switchd/switch/view"
)

// documentPage is where the OpenAPI document is.
const documentPage = "/api/v1/openapi.json"

// table is all routes: those that were handed in, and those of this server that they do
// not replace.
func (p *pages) table() ([]Route, error) {
	all := append([]Route{}, p.Routes...)
	for _, own := range [][]Route{p.healthRoutes(), p.browserRoutes(), p.ownRoutes(), p.Options.routes()} {
		for _, r := range own {
			if !has(p.Routes, r.Method, r.Path) {
				all = append(all, r)
			}
		}
	}
	var faults []error
	for i := range all {
		faults = append(faults, all[i].validate())
		if has(all[:i], all[i].Method, all[i].Path) {
			faults = append(faults, fmt.Errorf("route %s %s stands there twice", all[i].Method, all[i].Path))
		}
	}
	return all, errors.Join(faults...)
}

func has(routes []Route, method, path string) bool {
	for i := range routes {
		if routes[i].Method == method && routes[i].Path == path {
			return true
		}
	}
	return false
}

// healthRoutes are for machines that look after this one. Without users everyone may
// scrape; what is alive and ready is said to anyone always.
func (p *pages) healthRoutes() []Route {
	health := func(path, summary string, checks []Check) Route {
		return Route{Method: http.MethodGet, Path: path, Summary: summary, open: true, lenient: true, Answer: health{}, page: healthPage(checks)}
	}
	return []Route{
		health("/livez", "Whether the process turns: 200, else 503.", one("live", p.Live)),
		health("/readyz", "Whether traffic should be sent here: 200, else 503; ?verbose lists all checks.", p.Checks),
		health("/startupz", "Whether the start is over: 200, else 503 and how far it is.", one("started", p.Started)),
		{Method: http.MethodGet, Path: "/metrics", Summary: "The metrics, as Prometheus text or OpenMetrics.", May: access.Anyone, lenient: true,
			Kinds: []string{"text/plain"},
			page: promhttp.HandlerFor(p.Gatherer, promhttp.HandlerOpts{
				EnableOpenMetrics:   true,
				MaxRequestsInFlight: scrapesMax,
				ErrorLog:            slog.NewLogLogger(p.Log.With("event", "admin.metrics").Handler(), slog.LevelError),
			})},
	}
}

// browserRoutes are pages for people.
func (p *pages) browserRoutes() []Route {
	page := func(method, path, label string, open bool, h http.Handler) Route {
		return Route{Method: method, Path: path, May: access.Anyone, open: open, lenient: true, private: true, label: label, page: h}
	}
	all := []Route{
		page(http.MethodGet, loginPage, "", true, http.HandlerFunc(p.login)),
		page(http.MethodPost, loginPage, "", true, http.HandlerFunc(p.login)),
		page(http.MethodPost, logoutPage, "", true, http.HandlerFunc(p.logout)),
	}
	if p.Console == nil {
		return append(all, page(http.MethodGet, "/{$}", "index", false, http.HandlerFunc(p.index)))
	}
	live := page(http.MethodGet, livePage, "console", false, p.Console)
	live.endless = true
	return append(all, live,
		page(http.MethodGet, "/{$}", "console", false, p.Console),
		page(http.MethodGet, consolePage, "console", false, p.Console),
		page(http.MethodPost, consolePage, "console", false, p.Console))
}

// consolePage is the folder of the console, livePage what its pages show live.
const (
	consolePage = "/console/"
	livePage    = consolePage + "live"
)

// ownRoutes are what this server knows itself.
func (p *pages) ownRoutes() []Route {
	return []Route{
		{Method: http.MethodGet, Path: documentPage, Summary: "This document: OpenAPI 3.1.", May: access.Anyone | access.Participant,
			Answer: map[string]any{}, page: http.HandlerFunc(p.document)},
		{Method: http.MethodGet, Path: "/api/v1/me", Summary: "Who asks, and what he may do.", May: access.Anyone | access.Participant,
			Answer: view.Caller{}, Handle: func(c *Call) (any, error) {
				return view.Caller{Name: c.Caller.Name, Roles: c.Caller.Roles.Names(), Secured: c.Caller.Secured, TwoPerson: p.TwoPerson && c.Caller.Secured}, nil
			}},
	}
}
