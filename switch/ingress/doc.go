// Package ingress turns frames into submitted events, and answers at once what
// needs no event.
//
// It promises that nothing financial passes a link before its sign-on, that a
// malformed message is answered with the field's name and the link kept, and that
// a request for which there is no room is answered at once, as is every new payment
// while a Hold is on. Its caller is
// session/gnetio, on the link's event loop: it is a gnetio.Handler, keeps one
// state per link and locks nothing of its own.
//
//	in := ingress.New(ingress.Options{...})
//	server, err := gnetio.Listen(options, in)
package ingress
