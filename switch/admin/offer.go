package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"switchd/switch/access"
	"switchd/switch/view"
)

// diagnosisTime is how long a diagnosis may wait for the machine, which is asked
// which messages answers may have been meant for.
const diagnosisTime = time.Second

const (
	orderers = access.Operator | access.SecurityOfficer
	// object is the shape of what is read by who answers.
	backupPath = "/api/v1/backup"
)

// routes are the answers that were handed in as functions.
func (o *Options) routes() []Route {
	get := func(path, summary string, handle func(*Call) (any, error)) Route {
		return Route{Method: http.MethodGet, Path: path, Summary: summary, May: access.Anyone, Answer: map[string]any{}, Handle: handle}
	}
	post := func(path, summary string, handle func(*Call) (any, error)) Route {
		return Route{Method: http.MethodPost, Path: path, Summary: summary, May: orderers, Request: map[string]any{}, Answer: map[string]any{}, Handle: handle}
	}
	all := []Route{
		get("/api/v1/summary", "The state of the switch in numbers.", func(*Call) (any, error) {
			v, err := o.Summary()
			return v, as(err, view.ErrBusy)
		}),
		get("/api/v1/payments/{id}", "One payment.", func(c *Call) (any, error) { return found(o.Payment(c.Path("id")))("payment") }),
		get("/api/v1/participants/{id}/diagnosis", "What a participant's links have shown that is not as agreed.", func(c *Call) (any, error) {
			ctx, cancel := context.WithTimeout(c.Context, diagnosisTime)
			defer cancel()
			return found(o.Diagnosis(ctx, c.Path("id")))("participant")
		}),
	}
	if o.Command != nil {
		all = append(all, post("/api/v1/commands", "Carries out an operator's command.", func(c *Call) (any, error) {
			v, err := o.Command(c.Body)
			return v, refusedOr(err)
		}))
	}
	if o.Reload != nil {
		all = append(all, post("/api/v1/reload", "Reads the configuration again.", func(c *Call) (any, error) {
			v, err := o.Reload(c.Context, c.Body)
			return v, refusedOr(err)
		}))
	}
	if o.Backup != nil {
		r := post(backupPath, "Makes a backup; the answer is a line of JSON for each step.", nil)
		r.Stream = o.backup
		all = append(all, r)
	}
	if o.Config != nil {
		all = append(all, get("/api/v1/config", "The configuration in force.", func(*Call) (any, error) { return o.Config(), nil }))
	}
	return append(append(all, o.journalRoutes(get)...), o.searchRoutes(get)...)
}

// journalRoutes are about the journal.
func (o *Options) journalRoutes(get func(string, string, func(*Call) (any, error)) Route) (all []Route) {
	if o.Journal != nil {
		all = append(all, get("/api/v1/journal", "What the journal holds.", func(*Call) (any, error) { return o.Journal() }))
	}
	if o.Records != nil {
		r := get("/api/v1/journal/records", "Events of the journal.", func(c *Call) (any, error) { return o.Records(c.Query) })
		r.Query = []Parameter{
			{Name: "from", Means: "number of the first record"}, {Name: "to", Means: "number of the last record"},
			{Name: "payment", Means: "events about this payment only"}, {Name: "kind", Means: "events of this kind only"},
		}
		all = append(all, r)
	}
	if o.Proof != nil {
		all = append(all, get("/api/v1/payments/{id}/proof", "How a payment has ended, proven.", func(c *Call) (any, error) { return o.Proof(c.Path("id")) }))
	}
	return all
}

// searchRoutes are the search of payments, by the address and by a body.
func (o *Options) searchRoutes(get func(string, string, func(*Call) (any, error)) Route) []Route {
	if o.Search == nil {
		return nil
	}
	searches := make(chan struct{}, searchesMax) // one for each that is under way
	search := func(c *Call) (any, error) {
		select {
		case searches <- struct{}{}:
			defer func() { <-searches }()
			return o.Search(c.Query)
		default:
			return nil, fmt.Errorf("%w: %d searches are under way: try again", view.ErrBusy, searchesMax)
		}
	}
	byAddress := get("/api/v1/payments", "A page of the payments that fit, newest first.", search)
	byAddress.Query, byAddress.lenient = []Parameter{{Name: "account", Means: "account of payer or payee", Instead: searchPage}}, true
	byBody := get(searchPage, "The same by an object of criteria, which may name an account.", func(c *Call) (any, error) {
		var err error
		if c.Query, err = c.Criteria(); err != nil {
			return nil, err
		}
		return search(c)
	})
	byBody.Method, byBody.Request = http.MethodPost, map[string]any{}
	return []Route{byAddress, byBody}
}

// found turns a value that may not be there into an answer.
func found(v any, there bool) func(what string) (any, error) {
	return func(what string) (any, error) {
		if !there {
			return nil, reworded{"no such " + what, view.ErrNotFound}
		}
		return v, nil
	}
}

// reworded is an error of package view with a text of its own.
type reworded struct {
	text string
	is   error
}

// Error is the text.
func (e reworded) Error() string { return e.text }

// Unwrap is the error of package view.
func (e reworded) Unwrap() error { return e.is }

// as has an error count as one of package view.
func as(err, is error) error {
	if err == nil {
		return nil
	}
	return reworded{err.Error(), is}
}

// refusedOr has an error that is none of package view count as a refusal: what an order
// fails for is told to who ordered it.
func refusedOr(err error) error {
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return err
		}
	}
	return as(err, view.ErrRefused)
}
