// Package console is the web console: pages for people who watch a switch and must
// answer in seconds. It is part of the binary, loads nothing from elsewhere, and works
// without script but for what is live.
//
// It promises that every page can be read and used with a keyboard, that nothing changes
// by a GET, that text of others never becomes markup, and that all that may differ by role
// is decided by the Source that it asks, not by what it hides. What is live is drawn once
// a second for all windows together. Whoever calls its handler has checked who asks
// (switch/admin) and tells by Options.Caller.
//
// Where to look: source.go is what it asks for, handler.go the way of a page, live.go the
// stream, order.go what changes something; templates and assets are what a browser gets.
// The tests in browser drive a real one.
//
// Example:
//
//	h := console.New(console.Options{Source: desk, Caller: func(r *http.Request) access.Caller {
//		return access.From(r.Context())
//	}})
package console
