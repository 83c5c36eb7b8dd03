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
	PayerAsked           // a collect: the payer's PSP has the payer approve
	Rejected             // a bank that posts on confirmation did not accept in time: it is told that it may not post
	Fenced               // the payee's bank has honoured a fence: the credit cannot be posted any more
	FenceFailed          // the fence was refused without saying whether the credit stands
	Bound                // a clear no to a credit that the payer was told to be done: the payee's bank is bound all the same
	NeverDebited         // the debit was refused late, before its reversal was written
	causeCount
)

var causeNames = [causeCount]string{
	"none", "new request", "payee by address", "payee by account", "refused", "go", "approved", "refusal",
	"ambiguous answer", "timeout", "not sent", "restart", "payer asked", "rejected", "fenced", "fence failed", "bound",
	"never debited",
}

// String is the name that documents and scenario texts use.
func (c Cause) String() string {
	if c >= causeCount {
		return "invalid"
	}
	return causeNames[c]
}

// next are the states that a cause leads to, by the payment's model. StateNone
// means that it cannot happen there.
type next [modelCount]State

func both(s State) next  { return next{ModelA: s, ModelB: s} }
func onlyA(s State) next { return next{ModelA: s} }

// undone is where a credit that will not be posted leads: back to the payer's bank
// by a reversal, or it undoes its debit itself.
var undone = next{ModelA: DebitRevSent, ModelB: Declined}

// transitions is the one transition table: transitions[state][cause][model] is the
// next state. The document testdata/payment/transitions.md is printed from it by a
// test.
var transitions = [stateCount][causeCount]next{
	StateNone: {NewRequest: both(Received)},
	Received: {
		Refused: both(Declined), PayeeByAddress: both(Resolving), PayeeByAccount: both(Resolved), PayerAsked: onlyA(AwaitAuth),
	},
	Resolving: {
		Approved: both(Resolved), Refusal: both(Declined), Ambiguous: both(Declined), Timeout: both(Declined), NotSent: both(Declined),
	},
	AwaitAuth: {
		Approved: onlyA(Resolved), Refusal: onlyA(Declined), Ambiguous: onlyA(Declined), NotSent: onlyA(Declined), Timeout: onlyA(CollectExpired),
	},
	Resolved: {Refused: both(Declined), Go: {ModelA: DebitSent, ModelB: CreditSent}},
	DebitSent: {
		Approved: onlyA(Debited), Refusal: onlyA(Declined), NotSent: onlyA(Declined),
		Ambiguous: onlyA(DebitRevSent), Timeout: onlyA(DebitRevSent), Restarted: onlyA(DebitRevSent),
	},
	Debited: {Go: onlyA(CreditSent), Refused: onlyA(DebitRevSent)},
	CreditSent: {
		Approved: both(Success), Refusal: undone, NotSent: undone, Rejected: undone,
		Ambiguous: both(CreditUnknown), Timeout: both(CreditUnknown), Restarted: both(CreditUnknown),
	},
	CreditUnknown: {
		Approved: both(Success), Refusal: undone, Fenced: undone,
		Timeout: both(Deemed), FenceFailed: both(Deemed), Bound: both(Deemed),
	},
	DebitRevSent: {
		Approved: onlyA(FailedReversed), NeverDebited: onlyA(FailedReversed), Refusal: onlyA(ReversalStuck), Timeout: onlyA(ReversalStuck),
	},
}

// Next returns the state that cause leads to from s, and whether it can happen.
func Next(s State, cause Cause, model Model) (State, bool) {
	to := transitions[s][cause][model]
	return to, to != StateNone
}

// move takes p along the table and reports the move. A move that the table does
// not have is a bug: the process must not go on with it.
func (m *Machine) move(p *Payment, cause Cause) {
	to, ok := Next(p.State, cause, p.Model)
	if !ok {
		panic(fmt.Sprintf("payment: %d cannot leave %v by %q", p.ID, p.State, cause))
	}
	m.notice(Effect{Notice: Moved, From: p.State, State: to, Cause: cause, Payment: p})
	from := p.State
	m.observe(p, from, cause)
	if restless[from] != restless[to] {
		m.stand(p, from, to)
	}
	m.enterFlow(p, to)
	p.State, p.due = to, 0
	if from == AwaitAuth || to == AwaitAuth {
		m.countCollect(p, from, to)
	}
	if from.underWay() != to.underWay() {
		m.countAsking(p, to)
	}
	m.totals[to]++
	m.touch(p)
	if p.owes > 0 {
		m.drop(p, from)
	}
	if !to.Final() {
		return
	}
	p.ClosedAt, p.ClosedSeq = m.now, m.seq
	if p.Original != 0 && !to.settled() {
		m.giveBack(p)
	}
	m.freeLimits(p, from.moving() && !to.settled() && to != ReversalStuck)
}
