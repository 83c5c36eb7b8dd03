package gnetio

// Handler takes what happens on the links. All methods are called on the
// link's own loop, never two at a time for one link; with several loops,
// different links call at the same time. None may block.
type Handler interface {
	// LinkUp says that the handshake is complete: l has a participant. The
	// Handler says here how frames stand on the link (Link.Use).
	LinkUp(l *Link)
	// Frame takes one whole frame. body is a view, valid during the call. An
	// error closes the link; its text is logged, so it never holds content.
	Frame(l *Link, body []byte) error
	// KeepAlive says that the peer has sent a frame which is only a sign of life.
	// It is answered already, where the link does that.
	KeepAlive(l *Link)
	// BurstEnd comes after the last frame of what one read brought, and after a
	// Link.Ring, at times with no frame before it.
	BurstEnd(l *Link)
	// Tick comes about every 100 ms while the link is up (Options.TickEvery).
	Tick(l *Link, now int64)
	// LinkDown comes once after LinkUp; from then on Queue fails.
	LinkDown(l *Link, reason string)
}
