package main

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"switchd/switch/access"
	"switchd/switch/admin"
	"switchd/switch/desk"
	"switchd/switch/view"
)

// Who may ask for what.
const (
	people  = access.Operator | access.SecurityOfficer | access.Auditor // see personal data, masked
	orderer = access.Operator | access.SecurityOfficer
)

// routes are what the admin port answers about the running switch.
func (n *node) routes() []admin.Route {
	all := append(append(n.glanceRoutes(), n.paymentRoutes()...), n.eventRoutes()...)
	return append(append(all, n.journalRoutes()...), n.orderRoutes()...)
}

// question asks for something, without a body.
func question[T any](path string, may access.Roles, summary string, handle func(c *admin.Call) (T, error), query ...admin.Parameter) admin.Route {
	var zero T
	return admin.Route{
		Method: http.MethodGet, Path: path, May: may, Summary: summary, Query: query, Answer: zero,
		Handle: func(c *admin.Call) (any, error) { return handle(c) },
	}
}

// readsMax bounds the questions of one kind that are under way and that read thousands of
// records, walk a folder or stop all goroutines.
const readsMax = 2

// store asks the stores for something, whose shape answer has.
func (n *node) store(path string, may access.Roles, summary string, answer any, handle func(c *admin.Call) (any, error), query ...admin.Parameter) admin.Route {
	return admin.Route{
		Method: http.MethodGet, Path: path, May: may, Summary: summary, Query: query, Answer: answer, AtOnce: readsMax,
		Handle: func(c *admin.Call) (any, error) {
			return n.readers.read(func() (any, error) { return handle(c) })
		},
	}
}

// numberIn reads a number of the query; 0: it does not stand there.
func numberIn(c *admin.Call, name string) (uint64, error) {
	s := c.Query.Get(name)
	if s == "" {
		return 0, nil
	}
	v, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is no number", view.ErrQuestion, name)
	}
	return v, nil
}

// glanceRoutes are about the switch as a whole and its participants.
func (n *node) glanceRoutes() []admin.Route {
	d := n.desk
	return []admin.Route{
		question("/api/v1/summary", access.Anyone, "The state of the switch in numbers.", func(c *admin.Call) (summary, error) {
			v, err := n.summary(c.Context)
			if err != nil {
				err = fmt.Errorf("%w: %w", view.ErrBusy, err)
			}
			return v, err
		}),
		question("/api/v1/overview", access.Anyone, "The switch at one moment.", func(c *admin.Call) (view.Overview, error) { return d.Overview(c.Context, c.Caller) }),
		question("/api/v1/overview/series", access.Anyone, "What happened in each of the latest seconds, at most 900.", func(c *admin.Call) (view.Series, error) {
			seconds, err := numberIn(c, "seconds")
			if err != nil {
				return view.Series{}, err
			}
			return d.Series(c.Context, int(min(seconds, 900)))
		}, admin.Parameter{Name: "seconds", Means: "how many of them; default all"}),
		question("/api/v1/participants", access.Anyone, "The health of all participants.", func(c *admin.Call) (view.Participants, error) { return d.Participants(c.Context) }),
		question("/api/v1/participants/{id}", access.Anyone, "The health of one participant.", func(c *admin.Call) (view.Participant, error) { return d.Participant(c.Context, c.Path("id")) }),
		question("/api/v1/links", access.Anyone, "The links that are up.", func(c *admin.Call) (view.Links, error) { return d.Links(c.Context, c.Query.Get("participant")) },
			admin.Parameter{Name: "participant", Means: "those of this participant only"}),
		question("/api/v1/breakers", access.Anyone, "What messages are kept from whom.", func(c *admin.Call) (view.Breakers, error) { return d.Breakers(c.Context) }),
		question("/api/v1/limits", access.Anyone, "What is bounded, and how much of it is used.", func(c *admin.Call) (view.Limits, error) { return d.Limits(c.Context) }),
		question("/api/v1/positions", access.Anyone, "The positions of all participants; their sum is 0.", func(c *admin.Call) (view.Positions, error) { return d.Positions(c.Context) }),
		question("/api/v1/alerts", access.Anyone, "What somebody should look at.", func(c *admin.Call) (view.Alerts, error) { return d.Alerts(c.Context) }),
		question("/api/v1/me", access.Anyone|access.Participant, "Who asks, and what he may do.", func(c *admin.Call) (view.Caller, error) { return d.Me(c.Caller), nil }),
		question("/api/v1/config", access.Anyone, "The configuration in force: its files.", func(c *admin.Call) (kept, error) {
			k := n.conf.inForce.Load().kept
			k.Reason = desk.ReasonFor(k.Reason, c.Caller.Roles)
			return k, nil
		}),
		question("/api/v1/config/pending", access.Operator|access.SecurityOfficer|access.Auditor, "The configuration in force, and what the file on disk would change.", func(c *admin.Call) (view.Config, error) { return d.Config(c.Context, c.Caller) }),
		question("/api/v1/keys", access.SecurityOfficer|access.Auditor, "The keys of the security module, without any secret.", func(c *admin.Call) (view.Keys, error) { return d.KeyList(c.Context, c.Caller) }),
	}
}

// paymentRoutes are about payments.
func (n *node) paymentRoutes() []admin.Route {
	d := n.desk
	const searchPage = "/api/v1/payments/search"
	var query []admin.Parameter
	for _, c := range criteria {
		p := admin.Parameter{Name: c.name, Means: c.usage, Many: c.many}
		if c.name == "account" { // browsers, proxies and shells keep addresses
			p.Instead = searchPage
		}
		query = append(query, p)
	}
	listed := func(path, summary, criterion string) admin.Route {
		return question(path, access.Anyone, summary, func(c *admin.Call) (view.Found, error) {
			c.Query.Set(criterion, "true")
			return d.Search(c.Context, c.Caller, c.Query)
		}, admin.Parameter{Name: "limit", Means: "payments of a page, 1 to 500"}, admin.Parameter{Name: "page", Means: "go on where a page has ended"})
	}
	all := []admin.Route{
		question("/api/v1/payments", access.Anyone, "A page of the payments that fit, newest first.", func(c *admin.Call) (foundView, error) { return n.search(c.Caller, c.Query) }, query...),
		{
			Method: http.MethodPost, Path: searchPage, May: access.Anyone, Summary: "The same by an object of criteria, which may name an account.",
			Request: map[string]any{}, Answer: foundView{},
			Handle: func(c *admin.Call) (any, error) {
				values, err := c.Criteria()
				if err != nil {
					return nil, err
				}
				return n.search(c.Caller, values)
			},
		},
		question("/api/v1/payments/{id}", access.Anyone, "One payment.", func(c *admin.Call) (paymentView, error) { return n.payment(c.Caller, c.Path("id")) }),
		question("/api/v1/payments/{id}/timeline", access.Anyone, "All that happened to a payment, with its messages field by field.", func(c *admin.Call) (view.Timeline, error) {
			return d.Timeline(c.Context, c.Caller, c.Path("id"))
		}),
		n.store("/api/v1/payments/{id}/proof", people, "How a payment has ended, proven.", paymentProof{}, func(c *admin.Call) (any, error) { return n.proof(c.Path("id")) }),
		listed("/api/v1/exceptions", "A page of the payments that reconciliation must look at, newest first.", "exceptions"),
		listed("/api/v1/deadletters", "A page of the payments about which a person must decide, newest first.", "dead_letters"),
	}
	for i := range all {
		all[i].AtOnce = searchesMax
	}
	return all
}

// searchesMax bounds the questions of one kind about payments that are under way: each may
// take some tens of milliseconds.
const searchesMax = 4

// journalRoutes are about the journal and what operators have done.
func (n *node) journalRoutes() []admin.Route {
	d := n.desk
	return []admin.Route{
		goroutineRoute(),
		n.pauseRoute(),
		n.profileRoute(),
		n.store("/api/v1/journal", access.Anyone, "What the journal holds.", map[string]any{}, func(c *admin.Call) (any, error) { return n.journalStat(c.Context) }),
		n.store("/api/v1/journal/records", people, "Events of the journal, masked.", recordsView{}, func(c *admin.Call) (any, error) {
			return n.journalRecords(c.Context, c.Query)
		}, admin.Parameter{Name: "from", Means: "number of the first record"}, admin.Parameter{Name: "to", Means: "number of the last record"},
			admin.Parameter{Name: "payment", Means: "events about this payment only"}, admin.Parameter{Name: "kind", Means: "events of this kind only"}),
		question("/api/v1/audit", access.Anyone, "A page of what operators have done, newest first.", func(c *admin.Call) (view.Changes, error) {
			before, err := numberIn(c, "before")
			limit, wrong := numberIn(c, "limit")
			if err = cmp.Or(err, wrong); err != nil {
				return view.Changes{}, err
			}
			return d.Changes(c.Context, c.Caller, before, int(min(limit, 1000)))
		}, admin.Parameter{Name: "before", Means: "before the record of this number; default: the latest"}, admin.Parameter{Name: "limit", Means: "deeds of a page, 1 to 200"}),
		question("/api/v1/approvals", access.Anyone, "The orders that wait for a second person.", func(c *admin.Call) (view.Approvals, error) { return d.Approvals(c.Context, c.Caller) }),
	}
}

// orderRoutes change something.
func (n *node) orderRoutes() []admin.Route {
	return []admin.Route{
		{
			Method: http.MethodPost, Path: "/api/v1/commands", May: orderer, Summary: "Carries out an order, or has it wait for a second person.",
			Request: view.Order{}, Answer: view.Done{},
			Handle: func(c *admin.Call) (any, error) {
				var o view.Order
				if err := c.Decode(&o); err != nil {
					return nil, err
				}
				return n.desk.Do(c.Context, c.Caller, o)
			},
		},
		{
			Method: http.MethodPost, Path: "/api/v1/reload", May: orderer, Summary: "Reads the configuration again.",
			Request: reloadOrder{}, Answer: reloaded{}, Handle: n.serveReload,
		},
	}
}

// callerOf is who asks for a page of the console: the admin server knows.
func callerOf(r *http.Request) access.Caller { return access.From(r.Context()) }
