package trace

import (
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// record is what a trace is made of: a copy of what the machine has kept about a payment
// that has ended.
type record struct {
	id         payment.ID
	kind       payment.Type
	end        payment.End
	fault      payment.Fault
	state      payment.State
	outcome    payment.Outcome
	code       payment.Code
	began      int64
	ended      int64
	chosen     choice
	sender     route.Participant
	payerBank  route.Participant
	payeeBank  route.Participant
	payerPSP   route.Participant
	payeePSP   route.Participant
	exchanged  int // how many of exchanges there are
	exchanges  [payment.LegCount]payment.Exchange
	exceptions payment.ReconSet
}

// choice is why a payment is told of.
type choice uint8

// The choices.
const (
	chosenNot   choice = iota
	chosenShare        // it is one of the share of all
	chosenError        // it went wrong
	chosenSlow
)

var choiceNames = [...]string{"", "share", "error", "slow"}

// Ended takes a payment that has reached its final state, and copies it if it is to be
// told of. The engine's writer calls it: it never blocks and allocates nothing.
func (t *Tracer) Ended(p *payment.Payment) {
	fault := p.Fault()
	why := t.choose(p, fault)
	if why == chosenNot {
		return
	}
	r := record{
		id: p.ID, kind: p.Type, end: p.End(), fault: fault, state: p.State, outcome: p.Outcome, code: p.BankCode,
		began: p.CreatedAt, ended: p.ClosedAt, chosen: why, sender: p.RequestedBy(),
		payerBank: p.PayerBank, payeeBank: p.PayeeBank, payerPSP: p.PayerPSP, payeePSP: p.PayeePSP,
		exceptions: p.Exceptions,
	}
	r.exchanged = len(p.Exchanges(r.exchanges[:0]))
	select {
	case t.queue <- r:
	default:
		t.metrics.full.Inc()
	}
}

// choose says whether a payment is told of, and why. Errors and slow ones have a bound
// for each second, by the time of their ends; one that is over it may still be one of
// the share. What is nobody's fault is no error, also when a debit was given back for it.
func (t *Tracer) choose(p *payment.Payment, fault payment.Fault) choice {
	why := chosenNot
	switch {
	case fault != payment.FaultNobody:
		why = chosenError
	case t.o.Slow > 0 && p.Took(p.ClosedAt) > int64(t.o.Slow):
		why = chosenSlow
	}
	if why != chosenNot {
		if second := p.ClosedAt / int64(time.Second); second != t.second {
			t.second, t.failures = second, 0
		}
		if t.failures++; t.failures <= t.o.Failures {
			return why
		}
	}
	if int(mix(uint64(p.ID))%sampleAll) < t.o.Sample {
		return chosenShare
	}
	if why != chosenNot {
		t.metrics.over.Inc()
	}
	return chosenNot
}

// mix spreads numbers that follow each other (splitmix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
