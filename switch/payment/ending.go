package payment

import "time"

// End is how a payment has ended, for counting.
type End uint8

// The ends.
const (
	EndSuccess  End = iota
	EndDeclined     // by a bank, a rule, or a person
	EndFailed       // for a technical reason before money moved, or with a reversal that is stuck
	EndDeemed
	EndReversed // the debit was, or may have been, made, and is taken back
	EndCount
)

var endNames = [EndCount]string{"success", "declined", "failed", "deemed", "reversed"}

// String is the name that metrics use.
func (e End) String() string {
	if e >= EndCount {
		return "invalid"
	}
	return endNames[e]
}

// Fault is who a payment that did not end as it should has failed by, for counting.
type Fault uint8

// The faults.
const (
	FaultNobody      Fault = iota // it succeeded, or was declined for a reason, also when its debit had to be given back for it
	FaultParticipant              // one was not there, did not answer, answered late, or with a fault of its own
	FaultSwitch                   // no room, load, no time, a security module that is away, an end of the process
	FaultCount
)

var faultNames = [FaultCount]string{"nobody", "participant", "switch"}

// String is the name that metrics use.
func (f Fault) String() string {
	if f >= FaultCount {
		return "invalid"
	}
	return faultNames[f]
}

// The numbers of types, of classes and of results of a leg, for tables by them.
const (
	TypeCount      = typeCount
	ClassCount     = classCount
	LegResultCount = legResults
)

// End is how a payment in a final state has ended.
func (p *Payment) End() End {
	switch p.State {
	case Success:
		return EndSuccess
	case Deemed:
		return EndDeemed
	case FailedReversed:
		return EndReversed
	case ReversalStuck:
		return EndFailed
	}
	if p.Outcome.Technical() {
		return EndFailed
	}
	return EndDeclined
}

// Fault is who a payment in a final state has failed by. What was under way to a bank
// when the process ended unasked has timed out, and counts as the bank's: how it was, no
// record says.
func (p *Payment) Fault() Fault {
	end := p.End()
	switch {
	case end == EndSuccess || end == EndDeclined || end == EndReversed && !p.Outcome.Technical():
		return FaultNobody
	case end != EndFailed && end != EndReversed:
		return FaultParticipant
	}
	switch p.Outcome {
	case Closing, HSMDown, ErrSwitch:
		if !p.answered(p.Outcome) {
			return FaultSwitch
		}
	case Busy:
		if !p.answered(Busy) && !p.turned {
			return FaultSwitch
		}
	case TooLate: // whoever was asked has taken the time
		if p.Legs[LegResolve].SentAt == 0 && p.Legs[LegDebit].SentAt == 0 {
			return FaultSwitch
		}
	}
	return FaultParticipant
}

// turn notes that a payment is refused as busy for what its sender does: it has too many
// collects that wait for approval, or it repeats what the rim has turned away, because it was
// over its limit or was not proven. What the rim turned away for the switch's own reasons is
// in the budget of availability already.
func (p *Payment) turn() { p.turned = true }

// answered says that it was a participant who said o.
func (p *Payment) answered(o Outcome) bool {
	for i := range p.Legs {
		if p.Legs[i].Answer == o {
			return true
		}
	}
	return false
}

// Technical says that an outcome is about participants, links, load and time, not
// about what was asked for.
func (o Outcome) Technical() bool {
	switch o {
	case TooLate, TimeoutAuth, TimeoutRejected, Closing, Unreadable, CryptoMAC, Signature, ReversalTimeoutDebit,
		ReversalTimeoutCredit, ReversalFailed, LateResponse, Cutoff:
		return true
	}
	return sick(o)
}

// Faults says that payments with this end can be of that fault.
func (e End) Faults(f Fault) bool {
	switch e {
	case EndSuccess, EndDeclined:
		return f == FaultNobody
	case EndDeemed:
		return f == FaultParticipant
	case EndReversed:
		return true
	}
	return f != FaultNobody
}

// Took is how long a payment that ends now took, in ns: since it was made, or, of a
// collect, since it was approved; 0 if it never was.
func (p *Payment) Took(now int64) int64 {
	from := p.CreatedAt
	if p.Type == Collect {
		leg := &p.Legs[LegResolve]
		if leg.Answer != OK {
			return 0
		}
		from = leg.SentAt + int64(leg.AnsweredIn)*int64(time.Millisecond)
	}
	return max(now-from, 1)
}
