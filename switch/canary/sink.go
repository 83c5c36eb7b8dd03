package canary

import (
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// Sink takes the messages to the canaries, and hands all others on to next. Its
// methods are the writer's. The engine has its configuration: what an earlier start has
// left goes to the canaries from the first event on.
func (c *Canary) Sink(next engine.Sink) engine.Sink {
	if pair, both := find(c.o.Engine.Config()); both {
		c.pair.Store(&pair)
	}
	return &sink{Sink: next, c: c}
}

// sink is the canaries' banks: they say yes to whatever they are asked.
type sink struct {
	engine.Sink
	c     *Canary
	say   []payment.Event // not handed over yet
	ended []ended
}

// ended is the answer to the sender of a payment.
type ended struct {
	key     uint64
	outcome payment.Outcome
}

// sayMax bounds what waits because the queue is full. What is left out is asked for
// again.
const sayMax = 64

// Encode takes an effect.
func (s *sink) Encode(ef *payment.Effect) {
	if !s.c.is(ef.To) {
		s.Sink.Encode(ef)
		return
	}
	switch ef.Leg {
	case payment.LegRequest:
		s.ended = append(s.ended, ended{ef.Payment.Key.Other, ef.Outcome})
	case payment.LegDebit, payment.LegCredit, payment.LegReversal, payment.LegAdvice, payment.LegStatus, payment.LegFence:
		p := ef.Payment
		l := &p.Legs[ef.Leg]
		if len(s.say) < sayMax {
			s.say = append(s.say, payment.Event{Kind: payment.AnswerArrived, From: ef.To, Answer: payment.Answer{
				Payment: p.ID, Leg: ef.Leg, STAN: l.STAN, Transmitted: l.Transmitted, Minor: p.Amount.Minor,
				Outcome: payment.OK, Code: payment.CodeOf("00"),
			}})
		}
	}
}

// Release lets the answers go, and what has ended be known.
func (s *sink) Release() {
	s.Sink.Release()
	if len(s.say) > 0 {
		taken, _ := s.c.o.Engine.Submit(s.say) // what finds no room goes with the next group
		s.say = append(s.say[:0], s.say[taken:]...)
	}
	for _, e := range s.ended {
		select {
		case s.c.ended <- e:
		default: // nobody waits for it any more
		}
	}
	s.ended = s.ended[:0]
}

// is says whether a participant is a canary.
func (c *Canary) is(n route.Participant) bool {
	pair := c.pair.Load()
	return pair != nil && (n == pair[0] || n == pair[1])
}
