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

// Suspect has repeats of requests of one participant count as of declined ones until
// then (UTC ns), as Release does for everyone: such as were turned away before this
// start. To be called before links come.
func (in *Ingress) Suspect(participant string, until int64) {
	in.swap.Lock()
	defer in.swap.Unlock()
	in.suspect[participant] = until // it may be configured later
	if st := in.standing[participant]; st != nil {
		st.memory.doubt(until)
	}
}

// Declined calls f for each participant whose requests were turned away without a
// record, over a limit, by load or for want of room, with when that was last (UTC ns).
// It is for a note on the disk that outlives this process; Options.Declining says when
// one is due. Safe for concurrent use.
func (in *Ingress) Declined(f func(participant string, last int64)) {
	in.swap.RLock()
	defer in.swap.RUnlock()
	for id, st := range in.standing {
		if last := st.memory.turnedLast(); last != 0 {
			f(id, last)
		}
	}
}

// mayTurnAway says that a request may be told "busy" without a record, and that is
// remembered. The note on the disk comes after the answer, which does not wait for a
// disk: a kill in the milliseconds between the two forgets the first ones.
func (in *Ingress) mayTurnAway(s *link, now int64, key *payment.RequestKey) bool {
	may, first := s.standing.memory.turnAway(now, key)
	if first && in.o.Declining != nil {
		in.o.Declining()
	}
	return may
}

// Held says why new payments are declined; "": they are taken.
func (in *Ingress) Held() Reason {
	why, _ := in.hold.reason.Load().(Reason)
	return why
}
