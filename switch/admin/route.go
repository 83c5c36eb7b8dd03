package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"switchd/switch/access"
	"switchd/switch/view"
)

// Route is one answer of the JSON API. The table of routes is at once what is served,
// who may ask for it, and what /api/v1/openapi.json says.
type Route struct {
	Method string // GET (HEAD with it) or POST
	Path   string // as net/http has it: "/api/v1/participants/{id}"
	// May is who may ask: a caller with one of these roles.
	May access.Roles
	// Summary says in one sentence what the answer is.
	Summary string
	// Query are the parameters that the address may have; another one is refused.
	Query []Parameter
	// Request and Answer are zero values of what is sent and answered. A nil Request is
	// no body.
	Request, Answer any
	// BodyMax bounds the bytes of a request. Default 4 KiB.
	BodyMax int64
	// AtOnce bounds the calls of Handle that are under way; one more is answered 503. 0: no
	// bound of its own.
	AtOnce int
	// Handle gives a value for encoding/json, or an error that wraps one of package view.
	Handle func(*Call) (any, error)
	// Stream, in place of Handle, writes an answer of its own kind that has no end yet. An
	// error before the first byte is answered as one of Handle; behind it it is too late.
	Stream func(*Call, http.ResponseWriter) error
	// Kinds are the content types that Stream writes. Default application/x-ndjson.
	Kinds []string

	page    http.Handler // in place of Handle: a page of the server's own
	endless bool         // that page is a stream
	open    bool         // also for who has not shown who he is
	lenient bool         // whatever the query says
	private bool         // not in the OpenAPI document: for browsers
	label   string       // in metrics; empty: Path without its braces
}

// Parameter is a parameter of an address.
type Parameter struct {
	Name, Means string
	Many        bool // it may stand there several times
	// Instead is a page that takes the parameter in the body of a POST: what is kept in
	// logs and histories must not have it, so an address with it is refused.
	Instead string
}

// Call is one request to a route. It belongs to the handler until that returns.
type Call struct {
	Context context.Context // ends with the client, and for a Stream with the server
	Caller  access.Caller
	Path    func(name string) string
	Query   url.Values
	Body    []byte      // of at most Route.BodyMax
	Header  http.Header // without credentials
}

// Decode reads the body, one JSON value, into v. What v has no place for is refused.
func (c *Call) Decode(v any) error {
	in := json.NewDecoder(bytes.NewReader(c.Body))
	in.DisallowUnknownFields()
	if err := in.Decode(v); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the body ends before its JSON does")
		}
		return fmt.Errorf("%w: %.200s", view.ErrQuestion, oneLine(strings.TrimPrefix(err.Error(), "json: ")))
	}
	if _, err := in.Token(); err != io.EOF {
		return fmt.Errorf("%w: there is something behind the JSON of the body", view.ErrQuestion)
	}
	return nil
}

// Criteria reads the body as the query of an address would say it: an object of texts,
// numbers, true, false and lists of texts.
func (c *Call) Criteria() (url.Values, error) {
	v, err := criteriaIn(c.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", view.ErrQuestion, err)
	}
	return v, nil
}

// bounded is Handle within the bound of calls that are under way.
func (r *Route) bounded() func(*Call) (any, error) {
	if r.AtOnce == 0 {
		return r.Handle
	}
	places := make(chan struct{}, r.AtOnce)
	return func(c *Call) (any, error) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			return r.Handle(c)
		default:
			return nil, fmt.Errorf("%w: %d of these questions are under way: try again", view.ErrBusy, r.AtOnce)
		}
	}
}

// validate says what is wrong with the route itself.
func (r *Route) validate() error {
	for _, f := range []struct {
		wrong bool
		text  string
	}{
		{r.Method != http.MethodGet && r.Method != http.MethodPost, "the method is GET or POST"},
		{!strings.HasPrefix(r.Path, "/"), "the path begins with /"},
		{r.May == 0 && !r.open, "nobody may ask"},
		{r.Handle == nil && r.Stream == nil && r.page == nil || r.Handle != nil && r.Stream != nil, "it has Handle or Stream"},
		{r.AtOnce < 0 || r.AtOnce > 0 && r.Handle == nil, "AtOnce is a number of calls of Handle"},
		{r.Method == http.MethodGet && r.Request != nil, "a GET has no body"},
		{r.Summary == "" && !r.private, "no Summary"},
	} {
		if f.wrong {
			return fmt.Errorf("route %s %s: %s", r.Method, r.Path, f.text)
		}
	}
	return nil
}

// name is the route in metrics: one of a fixed set.
func (r *Route) name() string {
	if r.label != "" {
		return r.label
	}
	return strings.NewReplacer("{", "", "}", "", "$", "").Replace(r.Path)
}

// bodyMax is the bound of its body.
func (r *Route) bodyMax() int64 {
	if r.BodyMax > 0 {
		return r.BodyMax
	}
	return commandBytesMax
}

// parameters checks the query of a request.
func (r *Route) parameters(raw string) (url.Values, error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: the query cannot be read", view.ErrQuestion)
	}
	names := []string{}
	for _, p := range r.Query {
		given := q[p.Name]
		switch {
		case p.Instead != "" && len(given) > 0:
			return nil, fmt.Errorf("%w: %s may not stand in an address, which is kept in logs and histories: send it by POST to %s", view.ErrQuestion, p.Name, p.Instead)
		case !p.Many && len(given) > 1:
			return nil, fmt.Errorf("%w: %s stands there %d times", view.ErrQuestion, p.Name, len(given))
		case p.Instead == "":
			names = append(names, p.Name)
		}
	}
	for name := range q {
		if !r.lenient && !r.takes(name) {
			return nil, fmt.Errorf("%w: %s takes no parameter %.40q%s", view.ErrQuestion, r.Path, name, listed(names))
		}
	}
	return q, nil
}

func (r *Route) takes(name string) bool {
	for _, p := range r.Query {
		if p.Name == name {
			return true
		}
	}
	return false
}

// listed names what there is instead.
func listed(names []string) string {
	if len(names) == 0 {
		return ", it takes none"
	}
	return ", it takes " + strings.Join(names, ", ")
}
