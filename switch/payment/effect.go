package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

// Effect is what must happen next: a message to a participant, or a notice for
// history and metrics. Payment is a view of machine memory: read it before the
// next Step, keep nothing of it.
type Effect struct {
	Send     bool              // a message; otherwise a notice
	To       route.Participant // whom a message goes to
	Leg      Leg               // which message: LegRequest is the answer to the sender
	Repeat   bool              // a repeat of an advice (0421, 0221)
	NotAfter int64             // a message that could not leave by then must not leave at all
	At       int64             // the event's time

	// What an answer, a confirmation or an update says (LegRequest, LegConfirm,
	// LegUpdate, LegEnquiry): OK, why not, or Pending.
	Outcome Outcome
	Code    Code // the bank's own code behind it
	// The enquiry that a LegEnquiry answers: Key, Echo and texts of the asker's
	// message. Payment has ID 0 when nothing is known of what was asked about.
	Request *Request
	Text    *Text

	Notice   Notice
	From     State
	State    State
	Cause    Cause
	Recon    Recon           // of an Exception
	Percent  uint8           // of a CapNear
	Currency ledger.Currency // of a CapNear
	Class    Class           // of a BreakerTurned
	Breaker  BreakerState    // of a BreakerTurned: what it is now
	Load     Load            // of a LoadTurned
	Payment  *Payment
}

// ReconSet is a set of exceptions, one bit each. Bits; on disk.
type ReconSet uint16

const _ = uint(16 - reconCount) // as many as there are bits, at most

// Has says whether an exception is in the set.
func (s ReconSet) Has(r Recon) bool { return s&(1<<r) != 0 }

// Recon says what a reconciliation exception is about. It changes no state: a
// person, or the day's reconciliation, compares the books.
type Recon uint8

// The reconciliation exceptions. Values are on disk: never renumber.
const (
	NoRecon         Recon = iota
	CreditAfterFail       // the payee's bank says posted, the payment has failed
	CreditRefused         // the payee's bank says not posted, the payment is settled
	AnswerChanged         // a participant gave two different clear answers to one message
	ReversalStuckAt       // dead letter: a reversal was refused or never answered
	AdviceRefused         // dead letter: the advice of a deemed credit was refused or never answered
	NoReceipt             // dead letter: a confirmation was never acknowledged
	FenceTooLate          // a fence was honoured after the credit was deemed: the payee's bank must post
	AmountDiffers         // an approval names another amount
	DebitAfterFail        // the payer's bank says debited, the payment has failed without a reversal
	reconCount
)

var reconNames = [reconCount]string{
	"none", "credit after fail", "credit refused", "answer changed", "reversal stuck", "advice refused", "no receipt",
	"fence too late", "amount differs", "debit after fail",
}

// String is the name that scenario texts and metrics use.
func (r Recon) String() string {
	if r >= reconCount {
		return "invalid"
	}
	return reconNames[r]
}

// Recons lists all kinds of exceptions, NoRecon included, for metrics.
func Recons() []Recon {
	all := make([]Recon, reconCount)
	for i := range all {
		all[i] = Recon(i)
	}
	return all
}

// Notice says what a notice reports.
type Notice uint8

// The notices.
const (
	NoNotice       Notice = iota
	Moved                 // a payment went From one state to State by Cause
	Repeated              // a known request came again and got the same answer, or none while in flight
	Conflict              // a known request came again with other content and was refused
	Late                  // an answer after the payment had gone on without it
	Unmatched             // an answer that belongs to nothing
	Exception             // for reconciliation: Effect.Recon says what
	CapNear               // the participant To has used Percent of its net debit cap
	Throttled             // an enquiry over its limit, answered from the last answer
	Commanded             // an operator's command took effect
	CommandRefused        // an operator's command does not fit what it names, or has no reason
	LoadTurned            // the switch sheds more or less new work
	BreakerTurned         // a breaker of the participant To has opened, closed, or lets a few try
	noticeCount
)

var noticeNames = [noticeCount]string{
	"none", "moved", "repeated", "conflict", "late", "unmatched", "exception",
	"cap near", "throttled", "commanded", "command refused", "load", "breaker",
}

// String is the name that scenario texts and metrics use.
func (n Notice) String() string {
	if n >= noticeCount {
		return "invalid"
	}
	return noticeNames[n]
}

// Notices lists all notices, for metrics.
func Notices() []Notice {
	all := make([]Notice, 0, noticeCount-1)
	for n := Moved; n < noticeCount; n++ {
		all = append(all, n)
	}
	return all
}

// notice appends a notice to the effects of the current Step.
func (m *Machine) notice(ef Effect) {
	ef.At = m.now
	m.out = append(m.out, ef)
}
