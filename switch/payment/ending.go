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
