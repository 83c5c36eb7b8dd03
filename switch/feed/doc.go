// Package feed is the event stream of a participant: what the switch has decided about
// its payments and about itself, from any point on, in order, gap-free, and again the
// same when it is read again.
//
// It reads the tidings that the engine keeps in the state store (switch/payment,
// switch/state; decision 0019), never the machine. It promises that a participant is
// shown what it has taken part in and nothing else: no account, no name, no outcome
// that was told to somebody else. A reader that is slow or gone costs nobody else
// anything: it is written to a page at a time, and no more is held for it.
//
// Its caller is the route GET /v1/events of the admin API, which knows who asks.
//
//	f, err := feed.New(feed.Options{Source: store, Config: engine.Config, Read: readers.read, Registry: r})
//	engine.Options{Stored: f.Wake}
//	err = f.Stream(ctx, feed.Ask{Caller: caller, Query: query, Header: header}, w)
package feed
