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
	kindCount
)

var kindNames = [kindCount]string{
	"none", "request", "answer", "link-up", "link-down", "send-failed", "tick", "config", "recovered",
}

// String is the name that scenario texts and journal dumps use.
func (k Kind) String() string {
	if k >= kindCount {
		return "invalid"
	}
	return kindNames[k]
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

// Request is a push payment as its sender asked for it.
type Request struct {
	Key          RequestKey
	Echo         Echo
	Hash         uint64 // of the content without what a repeat may change
	Amount       ledger.Amount
	AccountTypes uint16  // DE3 positions 3-6 as a number: from type * 100 + to type
	Repeat       bool    // the sender marked it as a repeat (0201)
	Refuse       Outcome // the rim will have it declined, on the record; NoOutcome: as any other
}

// Leg names one conversation with one participant inside a payment. Values are
// on disk and on the wire (part of DE37): never renumber.
type Leg uint8

// The legs.
const (
	LegRequest  Leg = iota // the sender's request; its answer goes back to the payer's PSP
	LegResolve             // address resolution at the payee's PSP
	LegDebit               // debit at the payer's bank
	LegCredit              // credit at the payee's bank
	LegReversal            // reversal of the debit, repeated until answered
	LegAdvice              // deemed credit advice, repeated until answered
	legCount
)

var legNames = [legCount]string{"request", "resolve", "debit", "credit", "reversal", "advice"}

// String is the name that scenario texts and metrics use.
func (l Leg) String() string {
	if l >= legCount {
		return "invalid"
	}
	return legNames[l]
}

// Answer is what a participant answered to a leg, or (with SendFailed) which leg
// did not leave.
type Answer struct {
	Payment     ID     // 0: to be found by the trace number (profile without Match.Reference)
	Leg         Leg    // with Payment 0: LegRequest stands for a debit or a credit
	STAN        uint32 // as echoed
	Transmitted uint32 // as echoed
	Minor       int64  // amount as echoed, minor units; -1 when the answer has none
	Outcome     Outcome
	Code        Code    // the participant's own code
	Approval    [6]byte // DE38, zero when absent
}
