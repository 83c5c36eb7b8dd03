package payment

import (
	"time"

	"switchd/switch/route"
)

// Exchange is a message of a payment and what came back, as it is told to people: bars of
// a timeline, spans of a trace.
type Exchange struct {
	Leg     Leg
	With    route.Participant
	SentAt  int64 // first send; of LegRequest, which the participant has begun, when it came
	EndedAt int64 // the answer that counts, or the end of the payment; 0: it waits
	Tries   uint16
	Answer  Outcome // of LegRequest: what the sender was told
	// Answered says that EndedAt is when the answer came, or, of LegRequest, left.
	Answered bool
	Owed     bool // it goes out again until it is answered
}

// LegCount is how many exchanges a payment has at most.
const LegCount = int(legCount)

// Exchanges appends what was exchanged for the payment, in the order of the legs. It
// allocates nothing where there is room for LegCount.
func (p *Payment) Exchanges(all []Exchange) []Exchange {
	for leg := range p.Legs {
		l := &p.Legs[leg]
		if l.SentAt == 0 {
			continue
		}
		x := Exchange{Leg: Leg(leg), With: p.Target(Leg(leg)), SentAt: l.SentAt, Tries: l.Tries, Answer: l.Answer, Owed: l.Owed()}
		switch {
		case x.Leg == LegRequest:
			x.SentAt, x.EndedAt, x.Answer, x.Answered = p.CreatedAt, l.SentAt, p.Reply, true
		case l.AnsweredIn != 0:
			x.EndedAt, x.Answered = l.SentAt+int64(l.AnsweredIn)*int64(time.Millisecond), true
		case !x.Owed && p.State.Final():
			x.EndedAt = max(p.ClosedAt, l.SentAt) // what tells the end leaves after it
		}
		all = append(all, x)
	}
	return all
}
