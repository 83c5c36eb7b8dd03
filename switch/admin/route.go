package admin

import (
	"context"
	"net/http"
	"net/url"

	"switchd/switch/access"
)

// Route is one answer of the JSON API. The table of routes is at once what is served,
// who may ask for it, and what /api/v1/openapi.json says.
type Route struct {
	Method string // GET or POST
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
	// Handle gives a value for encoding/json, or an error that wraps one of package view.
	Handle func(*Call) (any, error)
	// Stream, in place of Handle, writes an answer that has no end yet.
	Stream func(*Call, http.ResponseWriter) error
}

// Parameter is a parameter of an address.
type Parameter struct {
	Name, Means string
	Many        bool // it may stand there several times
}

// Call is one request to a route. It belongs to the handler until that returns.
type Call struct {
	Context context.Context
	Caller  access.Caller
	Path    func(name string) string
	Query   url.Values
	Body    []byte // of at most 4 KiB
	Header  http.Header
}
