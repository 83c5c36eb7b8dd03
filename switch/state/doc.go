// Package state keeps the rows of the payment machine: what a restart loads, what
// a repeated request is looked up in, what history is read from.
//
// It promises a consistent prefix: after a crash the rows are exactly the effect
// of all events up to some number, and the journal from there on is replayed. It
// needs no write-ahead log of its own for that. The rows of the latest groups are
// in memory only (a layer), where most payments begin and end; a full layer is
// written to Pebble as one sorted batch that carries the number of its last event,
// and Pebble flushes batches whole and in order. Whoever reads beside the writer
// has the layer written first.
//
// Its writer is switch/engine, from one goroutine; whoever reads history is safe
// beside it, and never sees what the journal may lose: the engine writes rows of
// events that are durable. The secret parts of payment rows are sealed on the way
// in and opened on the way out (switch/seal). Hash says whether two stores have the
// same content.
//
// Search finds payments by what their rows say, page by page. Sweep deletes those
// that the machine has forgotten.
//
//	store, err := state.Open(dir, state.Options{Keys: keys})
//	b := store.Begin()
//	machine.Flush(b)
//	err := b.Commit(lastSeq)
package state
