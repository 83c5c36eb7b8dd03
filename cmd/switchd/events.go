package main

import (
	"net/http"

	"switchd/switch/admin"
	"switchd/switch/feed"
	"switchd/switch/payment"
)

// eventsPage is the event stream of a participant.
const eventsPage = "/v1/events"

// newFeed serves the readers of events.
func (n *node) newFeed() (*feed.Feed, error) {
	return feed.New(feed.Options{
		Source: n.data.state, Config: func() *payment.Config { return n.engine.Config() }, Registry: n.registry,
		Read: func(f func() error) error {
			_, err := n.readers.read(func() (any, error) { return nil, f() })
			return err
		},
	})
}

// eventRoutes are for participants, and for who looks after them.
func (n *node) eventRoutes() []admin.Route {
	return []admin.Route{{
		Method: http.MethodGet, Path: eventsPage, May: feed.Readers,
		Summary: "The events of one participant, from a place on, in order and without a gap, as lines of JSON or as server-sent events.",
		Query: []admin.Parameter{
			{Name: "participant", Means: "whose events; a participant need not say it"},
			{Name: "from", Means: "the place to go on at: SEQ, SEQ.N as the field next has it, 0 for the first that is kept (default), next for what comes from now on; the header Last-Event-ID takes its place"},
			{Name: "until", Means: "the number of the last event, or now; default: there is no end"},
			{Name: "limit", Means: "how many lines at most"},
		},
		Answer: feed.Line{}, Kinds: []string{"application/x-ndjson", "text/event-stream"},
		Stream: func(c *admin.Call, w http.ResponseWriter) error {
			return n.feed.Stream(c.Context, feed.Ask{Caller: c.Caller, Query: c.Query, Header: c.Header}, w)
		},
	}}
}
