package payment

import "fmt"

// Cause is why a payment moves from one state to the next.
type Cause uint8

// The causes. One cause in one state has one next state: see transitions.
const (
	CauseNone      Cause = iota
	NewRequest           // a request that was not seen before
	PayeeByAddress       // the payee is given by a VPA
	PayeeByAccount       // the payee is given by account and IFSC
	Refused              // a check of the switch failed, or the next participant is unreachable, or it is too late
	Go                   // all checks passed
	Approved             // the participant said yes
	Refusal              // the participant said a clear no
	Ambiguous            // an answer that proves nothing: an ambiguous code, a wrong amount, unreadable
	Timeout              // the deadline passed
	NotSent              // proven: not one byte left the switch
	Restarted            // the switch came back and cannot know what left it
	causeCount
)

var causeNames = [causeCount]string{
	"none", "new request", "payee by address", "payee by account", "refused", "go", "approved", "refusal",
	"ambiguous answer", "timeout", "not sent", "restart",
}

// String is the name that documents and scenario texts use.
func (c Cause) String() string {
	if c >= causeCount {
		return "invalid"
	}
	return causeNames[c]
}

// transitions is the one transition table: transitions[state][cause] is the next
// state, and StateNone means that the cause cannot happen there. The document
// testdata/payment/transitions.md is printed from it by a test.
var transitions = [stateCount][causeCount]State{
	StateNone: {NewRequest: Received},
	Received:  {Refused: Declined, PayeeByAddress: Resolving, PayeeByAccount: Resolved},
	Resolving: {Approved: Resolved, Refusal: Declined, Ambiguous: Declined, Timeout: Declined, NotSent: Declined},
	Resolved:  {Refused: Declined, Go: DebitSent},
	DebitSent: {
		Approved: Debited, Refusal: Declined, NotSent: Declined,
		Ambiguous: DebitRevSent, Timeout: DebitRevSent, Restarted: DebitRevSent,
	},
	Debited: {Go: CreditSent, Refused: DebitRevSent},
	CreditSent: {
		Approved: Success, Refusal: DebitRevSent, NotSent: DebitRevSent,
		Ambiguous: CreditUnknown, Timeout: CreditUnknown, Restarted: CreditUnknown,
	},
	CreditUnknown: {Approved: Success, Refusal: DebitRevSent, Timeout: Deemed},
	DebitRevSent:  {Approved: FailedReversed, Refusal: ReversalStuck, Timeout: ReversalStuck},
}

// Next returns the state that cause leads to from s, and whether it can happen.
func Next(s State, cause Cause) (State, bool) {
	to := transitions[s][cause]
	return to, to != StateNone
}

// move takes p along the table and reports the move. A move that the table does
// not have is a bug: the process must not go on with it.
func (m *Machine) move(p *Payment, cause Cause) {
	to, ok := Next(p.State, cause)
	if !ok {
		panic(fmt.Sprintf("payment: %d cannot leave %v by %q", p.ID, p.State, cause))
	}
	m.notice(Effect{Notice: Moved, From: p.State, State: to, Cause: cause, Payment: p})
	p.State = to
	m.totals[to]++
	if to.Final() {
		p.ClosedAt = m.now
	}
}
