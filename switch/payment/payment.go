package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

// LegState is what the machine knows of one leg it sent.
type LegState struct {
	SentAt      int64  // UTC nanoseconds of the first send; 0: never sent
	STAN        uint32 // DE11 of the message
	Transmitted uint32 // DE7 of the message, MMDDhhmmss as a number
	Tries       uint16 // sends after the first
}

// Payment is one push payment. The exported fields are for the rim to read while
// it encodes an effect; only the machine writes them.
type Payment struct {
	ID        ID
	State     State
	Reply     Outcome // what the sender was told; NoOutcome: nothing yet
	ReplyCode Code    // the code of the bank behind Reply, for the reason text
	Outcome   Outcome // why the payment went the way it went
	BankCode  Code
	Confirmed bool // a deemed credit that the payee's bank has since confirmed
	Repairing bool // a reversal or an advice is still owed to a bank

	Key          RequestKey
	Echo         Echo
	Hash         uint64
	Amount       ledger.Amount
	AccountTypes uint16
	Approval     [6]byte // of the debit

	PayerBank route.Participant
	PayeePSP  route.Participant // Nobody when the payee is given by account
	PayeeBank route.Participant

	CreatedAt  int64
	DeadlineD0 int64 // total deadline: after it no money starts to move
	ClosedAt   int64 // when State became final; 0 before

	Legs [legCount]LegState
	Text Text

	deadline int64 // of the current state or repair; 0: none
	heapAt   int   // place in the machine's deadline heap; -1: not there
	dirty    bool  // changed since the last Flush
}

// RequestedBy is the participant that sent the request and gets the answer.
func (p *Payment) RequestedBy() route.Participant { return p.Key.From }

// Open says that something is still to come: an outcome, or a repair that a
// bank has not answered.
func (p *Payment) Open() bool { return !p.State.Final() || p.Repairing }

// target is the participant that a leg goes to.
func (p *Payment) target(leg Leg) route.Participant {
	switch leg {
	case LegResolve:
		return p.PayeePSP
	case LegDebit, LegReversal:
		return p.PayerBank
	case LegCredit, LegAdvice:
		return p.PayeeBank
	}
	return p.Key.From
}

// reset makes p a new payment and keeps its text buffer.
func (p *Payment) reset() {
	text := p.Text
	text.Reset()
	*p = Payment{Text: text, heapAt: -1, PayerBank: route.Nobody, PayeePSP: route.Nobody, PayeeBank: route.Nobody}
}

// begin fills p from a request.
func (p *Payment) begin(e *Event) {
	p.reset()
	p.ID = ID(e.Seq)
	p.Key, p.Echo, p.Hash = e.Request.Key, e.Request.Echo, e.Request.Hash
	p.Amount, p.AccountTypes = e.Request.Amount, e.Request.AccountTypes
	p.CreatedAt = e.At
	p.Text.CopyFrom(&e.Text)
}
