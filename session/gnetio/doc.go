// Package gnetio is the rim of the switch: it listens and dials, speaks mutual TLS
// and cuts frames on gnet's event loops. It is the only user of gnet.
//
// It promises a Handler whole frames of a participant whose certificate has
// been verified, every call for one link on one goroutine, and bounds on
// everything a peer can make it hold: links, connections that are none yet,
// handshakes at work and from one address, time for a handshake and for a frame,
// the length of a frame, bytes not yet sent. gnet bounds none of these and cannot
// stop reading, so a link over its limit is closed. Strangers have places of their
// own: however many they are, they keep no participant out. Each link has the framing and the limits of its participant, from the
// first byte behind the handshake on (Link.Use), and buffers that grow with what
// has come. Keep-alives are answered here. A malformed frame is counted by
// reason, logged without its content, and closes the link; if it is the link's
// first, the log says which framing would fit.
//
// Links that are to be dialled (Peer.Dial) are kept up: each tick starts the
// attempts that are due, each on a goroutine of its own that ends with the TCP
// connection; from there on such a link is like any other, but that the peer must
// be who was called.
//
// It is called by cmd/switchd (Listen, Run) and by switch/ingress and
// switch/egress (the Handler; Queue and Wake from any goroutine). It never
// looks into a frame, but for that log line, never keeps one after Handler.Frame returns, and never
// blocks a loop: handshakes and attempts run on a bounded number of workers, which
// Run waits for.
//
// Sending is two steps, so that a burst is one TLS record and one write: Queue
// appends to the link's outbox, Wake has the loop drain it. What the Handler
// queues inside its own callbacks goes out when they return, without a Wake.
//
//	s, err := gnetio.Listen(gnetio.Options{Address: "127.0.0.1:8583", TLS: conf, Clock: clock}, handler)
//	...
//	err = s.Run(ctx) // until ctx ends
package gnetio
