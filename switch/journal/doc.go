// Package journal is the durable, ordered log of everything that happened.
//
// It promises that a record whose ticket was waited for without an error is on
// disk and will be replayed, in order, without a gap, or that opening the
// journal fails and says why: never skipped, never repaired silently. Its caller
// is switch/engine; records are opaque bytes here (switch/payment knows what is
// in them). A record is written before the event in it takes effect.
//
// Groups: the records that wait at one moment become durable by one write and
// one fsync. On disk a group is one Pebble key whose value holds the hash of the
// group before, the root of a Merkle tree over its records, and their time, so
// that a missing, swapped or changed group is found, a day is found by its time,
// and one record can be proven without the others (format.go).
//
// Any error on write, sync or read means that the process must stop: an fsync is
// never retried.
//
//	var g journal.Group
//	g.Reset(log.Next())
//	g.At(now)
//	g.Add(record)
//	t, err := log.Append(&g)
//	if err == nil { err = t.Wait() } // now the record is durable
package journal
