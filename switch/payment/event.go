package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

// ID is the number of a payment: the journal sequence number of the request that
// made it. Unique for ever, and known to the payer's bank and the payee's bank as
// part of the references on their legs.
type ID uint64

// Kind says what an event is about. Values are on disk: never renumber.
type Kind uint8

// The kinds of events.
const (
	KindNone       Kind = iota
	RequestArrived      // Event.Request
	AnswerArrived       // Event.Answer
	LinkUp              // a link of Event.From is signed on
	LinkDown            // a link of Event.From is gone or signed off
	SendFailed          // Event.Answer names a leg of which not one byte left
	Tick                // a deadline has passed
	ConfigChanged       // Event.Config
	Recovered           // first event after a restart
	EnquiryArrived      // a participant asks what became of Event.Request.Original
	CommandGiven        // Event.Command, by an operator
	LoadChanged         // Event.Load
	kindCount
)

var kindNames = [kindCount]string{
	"none", "request", "answer", "link-up", "link-down", "send-failed", "tick", "config", "recovered",
	"enquiry", "command", "load",
}

// String is the name that scenario texts and journal dumps use.
func (k Kind) String() string {
	if k >= kindCount {
		return "invalid"
	}
	return kindNames[k]
}

// Kinds lists all kinds, for metrics.
func Kinds() []Kind {
	all := make([]Kind, 0, kindCount-1)
	for k := RequestArrived; k < kindCount; k++ {
		all = append(all, k)
	}
	return all
}

// Event is one thing that happened, as plain values. The sequencer stamps Seq
// and At before the event becomes durable; nothing else changes it afterwards.
type Event struct {
	Seq  uint64            // position in the journal, from 1, without gaps
	At   int64             // UTC nanoseconds, never going back
	Kind Kind              //
	From route.Participant // who sent it; route.Nobody for the switch itself

	Request Request
	Answer  Answer
	Text    Text
	Config  *Config
	Command *Command
	Load    Load
}

// RequestKey is a request's identity at its sender: the values of the fields that
// the sender's profile names, by default ISO 8583 DE32 + DE11 + DE7 + DE37. A
// field that it does not name is zero. 0200 and 0201 share a key.
type RequestKey struct {
	From        route.Participant
	STAN        uint32   // DE11
	Transmitted uint32   // DE7 as a number, MMDDhhmmss
	Acquirer    uint64   // DE32 as a number
	RRN         [12]byte // DE37
	Other       uint64   // hash of further fields (DE12, 13, 41, 42); 0: none
}

// Echo is what the answer to a request gives back of it, whatever its key is.
type Echo struct {
	Transmitted uint32 // DE7 as a number, MMDDhhmmss
	STAN        uint32 // DE11
	RRN         [12]byte
}

// Business is the hash of what makes a payment one at the parties, whatever
// message carries it: first agent and TxId, or UETR. Zero: not stated.
type Business [16]byte

// Reference names a payment that is known already: by the switch's number, by the
// key of its request, or by its business identity. The number alone counts if it is
// set; otherwise the key, and the business identity when nothing has that key.
type Reference struct {
	Payment  ID
	Key      RequestKey
	Business Business
}

// Model says who moves the payer's money. Values are on disk: never renumber.
type Model uint8

// The models.
const (
	ModelA Model = iota // the switch has the payer's bank debit, then the payee's bank credit
	ModelB              // the payer's bank has debited or reserved already and undoes it itself when the answer is no
	modelCount
)

// Type says what a payment is for. Values are on disk: never renumber.
type Type uint8

// The types.
const (
	Push    Type = iota // the payer pays
	Collect             // the payee asks, the payer's PSP has the payer approve
	Refund              // the payee of Request.Original gives back at most what it got
	typeCount
)

var typeNames = [typeCount]string{"push", "collect", "refund"}

// String is the name that scenario texts and metrics use.
func (t Type) String() string {
	if t >= typeCount {
		return "invalid"
	}
	return typeNames[t]
}

// Request is a payment as its sender asked for it, or an enquiry about one: that
// has only Key, Echo and Original.
type Request struct {
	Key          RequestKey
	Echo         Echo
	Hash         uint64 // of the content without what a repeat may change
	Amount       ledger.Amount
	AccountTypes uint16  // DE3 positions 3-6 as a number: from type * 100 + to type
	Repeat       bool    // the sender marked it as a repeat (0201)
	Refuse       Outcome // the rim will have it declined, on the record; NoOutcome: as any other

	Model      Model
	Type       Type
	Merchant   bool      // the payee is a merchant: see Payment.NoReversal
	Business   Business  // a new request with a known one is declined as a duplicate
	Original   Reference // of a refund: the payment that is given back; of an enquiry: the one asked about
	AcceptedAt int64     // when the payer's bank took it from the payer, UTC ns; 0: not stated
	ExpireAt   int64     // of a collect: until when the payer may approve, UTC ns; 0: 30 minutes
}

// Amounts of an answer that are none. An answer without an amount proves nothing,
// unless its format never has one.
const (
	AmountMissing   = -1 // the format has an amount, this answer does not
	AmountNotStated = -2 // the format does not carry one (pacs.002, acmt.024)
)

// Answer is what a participant answered to a leg, or (with SendFailed) which leg
// did not leave. With LegRequest, LegConfirm or LegUpdate and Outcome OK it is the
// receipt of that message.
type Answer struct {
	Payment     ID     // 0: to be found by the trace number (profile without Match.Reference)
	Leg         Leg    // with Payment 0: LegRequest stands for a debit or a credit
	STAN        uint32 // as echoed
	Transmitted uint32 // as echoed
	Minor       int64  // amount as echoed, minor units; AmountMissing, AmountNotStated
	Outcome     Outcome
	Code        Code    // the participant's own code
	Approval    [6]byte // DE38, zero when absent
}
