package desk

import (
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// About says which events of the journal are about one payment. The zero value with an
// ID knows those that name it; Know adds those that do not.
type About struct {
	ID payment.ID

	key     payment.RequestKey  // of its request
	closed  uint64              // the event that made it final
	traces  []trace             // of its messages, for answers that carry no reference
	parties []route.Participant // that such answers come from
}

// trace is how an answer without a reference names a message.
type trace struct {
	stan, transmitted uint32
	leg               payment.Leg
}

// Know takes what is known of the payment from its row.
func (a *About) Know(p *payment.Payment) {
	a.key, a.closed = p.Key, p.ClosedSeq
	a.parties = []route.Participant{p.Key.From, p.PayerBank, p.PayerPSP, p.PayeePSP, p.PayeeBank}
	for leg := range p.Legs {
		if l := &p.Legs[leg]; l.SentAt != 0 && l.STAN != 0 {
			a.traces = append(a.traces, trace{l.STAN, l.Transmitted, payment.Leg(leg)})
		}
	}
}

// Known says that the payment's row was looked at.
func (a *About) Known() bool { return len(a.parties) > 0 }

// Concerns says whether an event is about the payment. It is called for each event in
// order: the request of the payment tells its key.
func (a *About) Concerns(e *payment.Event) bool {
	if e.Seq == uint64(a.ID) && e.Kind == payment.RequestArrived {
		a.key = e.Request.Key
	}
	switch {
	case e.Seq == a.closed, PaymentOf(e) == a.ID:
		return true
	case e.Kind == payment.RequestArrived, e.Kind == payment.EnquiryArrived:
		q := &e.Request
		return q.Original.Payment == a.ID || a.key != (payment.RequestKey{}) && (q.Key == a.key || q.Original.Key == a.key)
	case e.Kind == payment.AnswerArrived, e.Kind == payment.SendFailed:
		_, ours := a.leg(e)
		return ours
	}
	return false
}

// leg is the leg that an answer without a reference is to.
func (a *About) leg(e *payment.Event) (payment.Leg, bool) {
	if e.Answer.Payment != 0 || !slices.Contains(a.parties, e.From) {
		return 0, false
	}
	at := slices.IndexFunc(a.traces, func(t trace) bool {
		return t.stan == e.Answer.STAN && t.transmitted == e.Answer.Transmitted
	})
	if at < 0 {
		return 0, false
	}
	return a.traces[at].leg, true
}

// PaymentOf is the payment that an event names; 0: none, or it does not say which.
func PaymentOf(e *payment.Event) payment.ID {
	switch e.Kind {
	case payment.RequestArrived:
		if !e.Request.Repeat {
			return payment.ID(e.Seq)
		}
	case payment.EnquiryArrived:
		return e.Request.Original.Payment
	case payment.AnswerArrived, payment.SendFailed:
		return e.Answer.Payment
	case payment.CommandGiven:
		if e.Command.Kind != payment.Forget { // that is about all before one
			return e.Command.Payment
		}
	}
	return 0
}
