// Package state keeps the rows of the payment machine: what a restart loads, what
// a repeated request is looked up in, what history is read from.
//
// It promises a consistent prefix: after a crash the rows are exactly the effect
// of all events up to Applied, and the journal from there on is replayed. It
// needs no write-ahead log of its own for that: every group is one batch that
// carries the sequence number of its last event, and Pebble flushes batches whole
// and in order.
//
// Its caller is switch/engine, from one goroutine; the readers of history
// (Payments) are safe beside it. Account numbers are in the rows as they are:
// sealing them at rest is the journal's and this package's next step.
//
//	b := store.Begin()
//	machine.Flush(b)
//	err := b.Commit(lastSeq)
package state
