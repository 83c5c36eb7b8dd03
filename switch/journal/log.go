package journal

// Log is an ordered, durable sequence of records. The first record ever has
// sequence number 1. Append and Close belong to one goroutine.
type Log interface {
	// First is the sequence number of the first record that is kept; Next, when there
	// is none.
	First() uint64
	// Next is the sequence number that the next record must have.
	Next() uint64
	// Append hands g over and returns at once. Groups become durable in the order
	// of their Append. g belongs to the log until its ticket has been waited for.
	Append(g *Group) (Ticket, error)
	// Replay calls f for every record from sequence number from on, in order. It
	// fails on any gap or damage and on the first error of f. The record is valid
	// during the call.
	Replay(from uint64, f func(seq uint64, record []byte) error) error
	// Close releases the log. All tickets must have been waited for.
	Close() error
}

// Ticket is the promise that a group becomes durable.
type Ticket interface {
	// Wait returns when the group is durable, or why it never will be. Call it
	// once for each ticket, from one goroutine in the order of Append. After an
	// error the process must not go on.
	Wait() error
}
