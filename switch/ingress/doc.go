// Package ingress turns frames into submitted events, and answers at once what
// needs no event.
//
// It promises that nothing financial passes a link before its sign-on, that a
// malformed message is answered with the field's name and the link kept, and that
// a request for which there is no room is answered at once, as is every new payment
// while a Hold is on, and whatever is over its participant's Limits or too much for
// the load. Its caller is
// session/gnetio, on the link's event loop: it is a gnetio.Handler, keeps one
// state per link, and what the links of a participant share behind small locks.
// Participants come, change and go while links are up (SetTable): what a link reads
// and writes by does not change under it; it is ended in good order, and the next
// has the new.
//
//	in := ingress.New(ingress.Options{...})
//	server, err := gnetio.Listen(options, in)
package ingress
