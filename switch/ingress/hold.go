package ingress

import (
	"sync/atomic"

	"switchd/switch/payment"
)

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

// fresh says that a request is seen for the first time. When its repeat came first,
// on another link, it is not: what the machine made of that one is the answer to
// both.
func (in *Ingress) fresh(r *payment.Request) bool {
	return !r.Repeat && !in.repeats.has(&r.Key)
}

// turnedAway says that the original of a repeat may have been told "busy" without a
// record.
func (in *Ingress) turnedAway(now int64, key *payment.RequestKey) bool {
	return now < in.hold.suspect.Load() || in.turned.has(key)
}
