// Package payment is the payment machine: events in, effects out, nothing else.
//
// It promises the invariants of a payment whatever the order of requests,
// answers, timeouts, link failures and crashes: no credit without a durable
// debit (I3), no reversal of a debit whose credit may have happened unless the
// payee's bank has said that it did not (I4), final states that never change
// (I6), a timer on every open state (I7), and reservations that live exactly
// from before the debit to the end (I10).
//
// Its caller is switch/engine, which hands it only events that are durable and
// in order, one at a time, from one goroutine:
//
//	for i := range group.Events {
//		out = m.Step(&group.Events[i], out[:0])
//		for j := range out { sink.Encode(&out[j]) } // before the next Step
//	}
//	m.Flush(batch) // rows of what has changed, for the state store
//
// It never reads a clock, a file, a socket or a random number, and it never
// starts a goroutine: equal states and events give equal effects, so a replay of
// the journal rebuilds it exactly. Time is Event.At.
//
// Where to look: transition.go has the one transition table, request.go what a
// new request gets (collect.go, refund.go), answer.go what a bank's answer does
// (trace.go whose it is when it does not say) and late.go one that comes too late,
// tick.go deadlines, recover.go what a restart does. status.go and fence.go find out
// about a credit in doubt, repair.go reverses, confirm.go tells the parties, owed.go
// repeats all that until it is answered. enquiry.go answers questions, command.go
// carries out operators' decisions.
package payment
