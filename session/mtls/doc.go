// Package mtls runs the standard crypto/tls on an event loop, without blocking
// the loop and without a goroutine per link.
//
// crypto/tls wants a net.Conn that it may block on. A Conn gives it one that
// lives in memory. It promises that bytes come out as they went in, however the
// network cut them, and that every alert is there to be sent:
//
//   - The handshake may block, and its errors are sticky in crypto/tls, so it
//     runs on a worker goroutine of the caller's, which waits in the memory
//     connection for what the loop feeds. The caller bounds how many run.
//   - Once established, the memory connection answers "nothing there" with a
//     net.Error whose Temporary method says true. crypto/tls keeps a partial
//     record and goes on with the next Read; so the loop feeds what it has and
//     reads until ErrEmpty. From then on no second goroutine is involved.
//
// It is called by session/gnetio. It never opens a socket, never starts a
// goroutine, never reads a clock and never verifies a peer itself: what is
// accepted is the tls.Config's matter (package certs). The unread input before
// the handshake is done is bounded; a record is bounded by crypto/tls.
//
//	c := mtls.Server(conf, mtls.Options{Notify: wakeTheLoop})
//	c.Feed(ciphertext)                       // loop
//	if ready, err := c.Hello(); ready {
//		go func() { c.Handshake(ctx) }()     // worker, bounded by the caller
//	}
//	send(c.Take())                           // loop, after each Notify
//	if c.Established() {                     // loop
//		n, err := c.Read(plain)              // until ErrEmpty
//		c.Write(answer)
//		send(c.Take())
//	}
package mtls
