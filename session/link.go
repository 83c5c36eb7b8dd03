package session

// Link is where bytes to a participant go: one connection. All methods are safe
// for concurrent use.
type Link interface {
	// Queue copies whole frames to the link's outbox; an error means that not one
	// byte of them will leave.
	Queue(frames []byte) error
	// AppendHeader appends the TPDU or BASE I header that messages on this link
	// carry, in the form that the wire has it; nothing where its framing has none.
	AppendHeader(dst []byte) []byte
	// Wake lets the outbox leave.
	Wake()
	// Group ranks the link among those of its participant, 0 first. It does not change.
	Group() int
}
