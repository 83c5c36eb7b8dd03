package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

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

	Model      Model
	Type       Type
	Posting    Posting  // of the payee's bank, as it was when the credit was sent
	Merchant   bool     // the payee is a merchant
	NoReversal bool     // a merchant whose bank is its PSP: the payer was told success when the credit was in doubt, so it stands
	Returned   bool     // a deemed credit that the payee's bank gave back; settlement returns it to the payer
	DeadLetter bool     // a message to a bank was refused or never answered: a person must decide
	Exceptions ReconSet // what reconciliation must look at
	Watched    bool     // the sender has asked what became of it and was told something that was not final
	turned     bool     // refused as busy for what its sender does, see turn; not stored

	Key          RequestKey
	Echo         Echo
	Hash         uint64
	Business     Business
	Original     ID // of a refund: the payment that is given back
	Amount       ledger.Amount
	Refunded     int64 // minor units of its refunds that have not failed
	AccountTypes uint16
	Approval     [6]byte // of the debit

	PayerBank route.Participant
	PayerPSP  route.Participant // of a collect: who has the payer approve; otherwise Nobody
	PayeePSP  route.Participant // Nobody when the payee is given by account
	PayeeBank route.Participant

	CreatedAt  int64
	DeadlineD0 int64  // total deadline: after it no money starts to move
	ClosedAt   int64  // when State became final; 0 before
	ClosedSeq  uint64 // the event that made it final: its number in the journal; 0 before
	ExpireAt   int64  // of a collect: until when the payer may approve
	DoubtAt    int64  // when the credit came into doubt; 0: never
	RetriedAt  int64  // when an operator had a dead letter sent again; 0: never

	Legs [legCount]LegState
	Text Text

	asks    []ask   // the enquiries about it, by asker
	counted *string // the name of the limit under which it counts towards its payer's day; nil: it does not

	due      int64 // when the current state ends by itself; 0: not
	deadline int64 // the earliest of due and what the legs owe; 0: none
	heapAt   int32 // place in the machine's deadline heap; -1: not there
	owes     int8  // owed messages
	live     bool  // counted as open; otherwise in memory until the next Flush only
	recalled bool  // was finished and in the store before it came into memory
	dirty    bool  // changed since the last Flush
}

// RequestedBy is the participant that sent the request and gets the answer.
func (p *Payment) RequestedBy() route.Participant { return p.Key.From }

// Open says that something is still to come: an outcome, or an answer to a
// message that is repeated until there is one.
func (p *Payment) Open() bool { return !p.State.Final() || p.owes > 0 }

// Due is when the state ends by itself if nothing comes; 0: it does not.
func (p *Payment) Due() int64 { return p.due }

// Concerns says that a participant is part of p.
func (p *Payment) Concerns(n route.Participant) bool {
	return n == p.Key.From || n == p.PayerBank || n == p.PayeeBank || n == p.PayerPSP || n == p.PayeePSP
}

// Target is the participant that a leg goes to.
func (p *Payment) Target(leg Leg) route.Participant {
	switch leg {
	case LegResolve:
		if p.Type == Collect {
			return p.PayerPSP
		}
		return p.PayeePSP
	case LegDebit, LegReversal:
		return p.PayerBank
	case LegCredit, LegAdvice, LegStatus, LegFence, LegConfirm:
		return p.PayeeBank
	}
	return p.Key.From
}

// reset makes p a new payment and keeps its text buffer.
func (p *Payment) reset() {
	buf, asks := p.Text.buf[:0], p.asks[:0]
	*p = Payment{} // cleared in place: it is large
	p.Text.buf, p.asks, p.heapAt = buf, asks, -1
	p.PayerBank, p.PayerPSP, p.PayeePSP, p.PayeeBank = route.Nobody, route.Nobody, route.Nobody, route.Nobody
}

// begin fills p from a request.
func (p *Payment) begin(e *Event) {
	p.reset()
	p.ID = ID(e.Seq)
	p.Key, p.Echo, p.Hash = e.Request.Key, e.Request.Echo, e.Request.Hash
	p.Amount, p.AccountTypes = e.Request.Amount, e.Request.AccountTypes
	p.Model, p.Type, p.Merchant, p.Business = e.Request.Model, e.Request.Type, e.Request.Merchant, e.Request.Business
	p.ExpireAt = e.Request.ExpireAt
	p.CreatedAt = e.At
	p.Text.CopyFrom(&e.Text)
}
