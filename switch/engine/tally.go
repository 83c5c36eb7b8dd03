package engine

import (
	"sync/atomic"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// Tally counts the messages of one class to one participant, since the start of the
// process. Every message that is asked ends as one of the four results, unless the
// switch has restarted or the link was lost before its answer. A message that is sent
// again is asked again.
type Tally struct {
	Asked      uint64
	Approved   uint64
	Declined   uint64 // a no about the payment: funds, account, limit
	Failed     uint64 // it did not leave, or the answer was about the participant, or proved nothing
	Unanswered uint64 // its time was over
	// Latency counts the answers, approved, declined or failed, that took at most
	// LatencyBound of their index, and more than the bound before. Answers to messages
	// that had been sent several times are not in it: which send they are for is not known.
	Latency [LatencyBuckets]uint64
}

// PaymentTally counts payments since the start of the process, without those of
// canaries. Those that have come and not ended are still open.
type PaymentTally struct {
	Received  uint64
	Succeeded uint64
	Declined  uint64 // by a bank, a rule, a person or his patience
	Failed    uint64 // for a technical reason before money moved (payment.Outcome.Technical), or with a reversal that is stuck
	Deemed    uint64 // the payee's bank never said; they settle as success
	Reversed  uint64 // the debit was, or may have been, made, and is taken back
	// Faults are Failed, Deemed and Reversed together, by whose fault it was: nobody's is
	// a debit that is taken back because the payee's bank has declined for a reason.
	Faults [payment.FaultCount]uint64
	// Latency counts the payments that ended by how long they took, as in Tally; of a
	// collect since it was approved, and one that was not is not in it.
	Latency [LatencyBuckets]uint64
}

// CommitTally counts commits since the start of the process.
type CommitTally struct {
	Groups  uint64
	Events  uint64
	Latency [LatencyBuckets]uint64 // from the append of a group to its durability
	LastAt  int64                  // when the latest was durable, UTC ns by Options.Clock; 0: none was
}

// tallies are the counters behind all that. The writer alone adds, everyone reads: a
// reader may see a count of one event and not yet another of the same event.
type tallies struct {
	participants [route.ParticipantsMax]atomic.Pointer[participantTally]

	received atomic.Uint64
	ended    [paymentTypes][payment.EndCount][payment.FaultCount]atomic.Uint64
	payments [paymentTypes]spread
	legs     [legClasses]spread

	exemplars exemplars

	groups, events atomic.Uint64
	commits        spread
	committedAt    atomic.Int64
}

// The sizes of the tables.
const (
	paymentTypes = int(payment.TypeCount)
	legClasses   = int(payment.ClassCount)
)

// participantTally has the counters of one participant, by class.
type participantTally [legClasses]struct {
	results [payment.LegResultCount]atomic.Uint64
	latency [LatencyBuckets]atomic.Uint64
}

// open makes room for the participants of a configuration. Only here anything is
// allocated.
func (t *tallies) open(c *payment.Config) {
	for i := range c.Participants {
		if slot := &t.participants[c.Participants[i].Number]; slot.Load() == nil {
			slot.Store(new(participantTally))
		}
	}
}

// leg counts what became of a message.
func (t *tallies) leg(n *payment.LegNote) {
	p := t.participants[n.To].Load()
	if p == nil { // a payment of before the first configuration: there is none
		return
	}
	c := &p[n.Class]
	c.results[n.Result].Add(1)
	if n.Took <= 0 {
		return
	}
	step := stepOf(n.Took)
	c.latency[bucketOf(step)].Add(1)
	if !n.Canary {
		t.legs[n.Class].add(step, n.Took)
	}
}

// moved counts a payment that has gone from one state to another.
func (t *tallies) moved(ef *payment.Effect) {
	switch p := ef.Payment; {
	case ef.State == payment.Received:
		t.received.Add(1)
	case ef.State.Final():
		t.ended[p.Type][p.End()][p.Fault()].Add(1)
		if took := p.Took(ef.At); took > 0 {
			step := stepOf(took)
			t.payments[p.Type].add(step, took)
			t.exemplars.offer(p.Type, step, exemplar{p.ID, took, ef.At})
		}
	}
}

// commit counts a group that is durable.
func (t *tallies) commit(events int, now, took int64) {
	t.groups.Add(1)
	t.events.Add(uint64(events))
	t.commits.add(stepOf(took), took)
	t.committedAt.Store(now)
}

// Tally is that of the messages of a class to a participant. Safe for concurrent use.
func (e *Engine) Tally(n route.Participant, c payment.Class) Tally {
	if int(n) >= len(e.tallies.participants) || int(c) >= legClasses {
		return Tally{}
	}
	p := e.tallies.participants[n].Load()
	if p == nil {
		return Tally{}
	}
	from := &p[c]
	t := Tally{
		Asked: from.results[payment.LegAsked].Load(), Approved: from.results[payment.LegApproved].Load(),
		Declined: from.results[payment.LegDeclined].Load(), Failed: from.results[payment.LegFailed].Load(),
		Unanswered: from.results[payment.LegUnanswered].Load(),
	}
	for i := range from.latency {
		t.Latency[i] = from.latency[i].Load()
	}
	return t
}

// PaymentTally is that of all payments. Safe for concurrent use.
func (e *Engine) PaymentTally() PaymentTally {
	from := &e.tallies
	t := PaymentTally{Received: from.received.Load()}
	for kind := range from.ended {
		for end, n := range [...]*uint64{
			payment.EndSuccess: &t.Succeeded, payment.EndDeclined: &t.Declined, payment.EndFailed: &t.Failed,
			payment.EndDeemed: &t.Deemed, payment.EndReversed: &t.Reversed,
		} {
			for fault := range from.ended[kind][end] {
				came := from.ended[kind][end][fault].Load()
				*n += came
				if end != int(payment.EndSuccess) && end != int(payment.EndDeclined) {
					t.Faults[fault] += came
				}
			}
		}
		from.payments[kind].addTo(&t.Latency)
	}
	return t
}

// CommitTally is that of all commits. Safe for concurrent use.
func (e *Engine) CommitTally() CommitTally {
	from := &e.tallies
	t := CommitTally{Groups: from.groups.Load(), Events: from.events.Load(), LastAt: from.committedAt.Load()}
	from.commits.addTo(&t.Latency)
	return t
}

// standing is a payment.Standing that the writer publishes.
type standing struct{ doubtful, doubtfulMinor, oldest, movingMinor, deadLetters atomic.Int64 }

func (s *standing) set(v payment.Standing) {
	s.doubtful.Store(int64(v.Doubtful))
	s.doubtfulMinor.Store(v.DoubtfulMinor)
	s.oldest.Store(v.Oldest)
	s.movingMinor.Store(v.MovingMinor)
	s.deadLetters.Store(int64(v.DeadLetters))
}

// Standing is what of the whole has not come to rest, as of the latest group. Safe
// for concurrent use.
func (e *Engine) Standing() payment.Standing {
	s := &e.standing
	return payment.Standing{
		Doubtful: int(s.doubtful.Load()), DoubtfulMinor: s.doubtfulMinor.Load(), Oldest: s.oldest.Load(),
		MovingMinor: s.movingMinor.Load(), DeadLetters: int(s.deadLetters.Load()),
	}
}
