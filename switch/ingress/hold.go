package ingress

import "sync/atomic"

// Reason says why new payments are held. It is the label of a metric.
type Reason string

// DiskFull holds new payments because a record of each would take the room that the
// open ones need.
const DiskFull Reason = "disk"

// hold is whether new payments are declined without a record, and until when the
// repeat of a request that nobody knows may be of one that was. There may be far too
// many of those to remember each: time stands for them all.
type hold struct {
	reason  atomic.Value // Reason; "": new payments are taken
	suspect atomic.Int64 // UTC ns
}

// Hold has new payments of every kind declined at once, without a record. What is
// open goes on: answers, reversals, confirmations, enquiries. A repeat still gets
// the answer of its original; one that nobody knows is declined on the record.
// Safe for concurrent use.
func (in *Ingress) Hold(why Reason) { in.hold.reason.Store(why) }

// Release lets new payments in again. Until the given time (UTC ns) the repeat of a
// request that nobody knows counts as one that was declined: its sender may have
// told its customer so, and must not find it paid. Safe for concurrent use.
func (in *Ingress) Release(until int64) {
	in.hold.suspect.Store(until) // first: who sees the gate open must see this
	in.hold.reason.Store(Reason(""))
}

// Held says why new payments are declined; "": they are taken.
func (in *Ingress) Held() Reason {
	why, _ := in.hold.reason.Load().(Reason)
	return why
}
