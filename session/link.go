package session

// Link is where bytes to a participant go: one connection. Both methods are safe
// for concurrent use.
type Link interface {
	// Queue copies whole frames to the link's outbox; an error means that not one
	// byte of them will leave.
	Queue(frames []byte) error
	// Wake lets the outbox leave.
	Wake()
}
