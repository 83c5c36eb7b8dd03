// Package engine is the one-writer loop: order, commit, step, store, release.
//
// It promises that an event takes effect only after the journal says that it is
// durable, that events take effect in the order of the journal, and that nothing
// leaves the switch before the event that caused it is durable. Its callers are
// switch/ingress (Submit) and cmd/switchd (Open, Run); its Sink is switch/egress.
//
// Two goroutines, both inside Run:
//
//	sequencer: takes what is waiting as one group when the pacer says so (pace.go),
//	           stamps Seq and At, appends it to the journal, hands it on while the
//	           fsync is under way
//	writer:    waits for the fsync, steps each event, lets the sink encode each
//	           effect, writes the rows of the group, releases what was encoded
//
// The queue in front is bounded: a request that does not fit is refused at once
// with ErrBusy, and answers of participants have room that requests cannot take. Nobody
// has more than a share of either, and answers that no message waits for come behind
// the others when there are too many.
//
//	e, err := engine.Open(engine.Options{...}) // restores and replays
//	go e.Run(ctx, sink)
//	taken, err := e.Submit(events)
//	changed, err := e.Reconfigure(ctx, config) // while payments go on
package engine
