// Package console is the web console: pages for people who watch a switch and must
// answer in seconds. It is part of the binary, loads nothing from elsewhere, and works
// without script but for what is live.
//
// It promises that every page can be read and used with a keyboard, that nothing changes
// by a GET, and that all that may differ by role is decided by the Source that it asks,
// not by what it hides. Whoever calls its handler has checked who asks (switch/admin) and
// put the caller into the request's context.
package console
