package simbank

import "sync/atomic"

// counters are what the goroutines count; all atomic.
type counters struct {
	requests     [duties]atomic.Int64 // by duty
	enquiries    atomic.Int64
	answers      atomic.Int64
	unanswerable atomic.Int64
	silences     atomic.Int64
	malformed    atomic.Int64
	unproven     atomic.Int64
	forged       atomic.Int64
	pinsRight    atomic.Int64
	pinsWrong    atomic.Int64
	pinsMissing  atomic.Int64
	pinsBroken   atomic.Int64
	unmatched    atomic.Int64
	signOns      atomic.Int64
	skipped      atomic.Int64
}

// judged counts the PIN of a debit, if it was looked at.
func (c *counters) judged(pin Code) {
	switch pin {
	case Approved:
		c.pinsRight.Add(1)
	case wrongPIN:
		c.pinsWrong.Add(1)
	case noPIN:
		c.pinsMissing.Add(1)
	case notReadable:
		c.pinsBroken.Add(1)
	}
}

// Stats are counters for a live table; cheap to take.
type Stats struct {
	Ready bool `json:"ready"` // signed on now

	Sent       int64 `json:"sent"` // own payments
	Open       int64 `json:"open"` // of them waiting for an answer
	Success    int64 `json:"success"`
	Declined   int64 `json:"declined"`
	Deemed     int64 `json:"deemed"`
	Unanswered int64 `json:"unanswered"` // given up; what is open is not in it
	Repeats    int64 `json:"repeats"`    // 0201 sent
	Skipped    int64 `json:"skipped"`    // not sent: no link, too many open, or report full
	Mismatches int64 `json:"answer_mismatches"`

	Resolves  int64 `json:"resolves"` // requests that came, repeats included
	Debits    int64 `json:"debits"`
	Credits   int64 `json:"credits"`
	Reversals int64 `json:"reversals"`
	Advices   int64 `json:"advices"`
	Statuses  int64 `json:"statuses"` // status checks
	Fences    int64 `json:"fences"`
	Confirms  int64 `json:"confirms"` // last words about credits
	Updates   int64 `json:"updates"`  // last words about own payments; with receipts all words

	Enquiries    int64 `json:"enquiries"`    // sent: what became of a payment
	Answers      int64 `json:"answers"`      // sent, duplicates included
	Unanswerable int64 `json:"unanswerable"` // no link when the answer was due
	Silences     int64 `json:"silences"`     // answers withheld on purpose
	Delayed      int64 `json:"delayed"`      // answers and late acts that wait
	Malformed    int64 `json:"malformed"`    // messages of the switch that are not right
	Unproven     int64 `json:"unproven"`     // of them: with a wrong code or signature, or none
	Forged       int64 `json:"forged"`       // own messages sent with a wrong code or none, on purpose
	Unmatched    int64 `json:"unmatched"`    // answers to nothing that was asked
	Conflicts    int64 `json:"conflicts"`    // legs that came again with other content
	SignOns      int64 `json:"sign_ons"`     // 1 + reconnects

	PINsRight      int64 `json:"pins_right"`      // of debits that came, repeats included
	PINsWrong      int64 `json:"pins_wrong"`      // declined with 55
	PINsMissing    int64 `json:"pins_missing"`    // declined with 86
	PINsUnreadable int64 `json:"pins_unreadable"` // declined with 88

	Net int64 `json:"net"` // Book.Net, minor units
}

// Stats takes the counters. Each is exact, together they are a moment's blur.
func (b *Bank) Stats() Stats {
	s := b.payments.stats()
	s.Ready = b.signedOn()
	s.Resolves = b.stats.requests[dutyResolve].Load()
	s.Debits = b.stats.requests[dutyDebit].Load()
	s.Credits = b.stats.requests[dutyCredit].Load()
	s.Reversals = b.stats.requests[dutyReversal].Load()
	s.Advices = b.stats.requests[dutyAdvice].Load()
	s.Statuses = b.stats.requests[dutyStatus].Load()
	s.Fences = b.stats.requests[dutyFence].Load()
	s.Confirms = b.stats.requests[dutyConfirm].Load()
	s.Updates = b.stats.requests[dutyUpdate].Load()
	s.Enquiries = b.stats.enquiries.Load()
	s.Answers = b.stats.answers.Load()
	s.Unanswerable = b.stats.unanswerable.Load()
	s.Silences = b.stats.silences.Load()
	s.Delayed = int64(b.timers.waiting())
	s.Malformed = b.stats.malformed.Load()
	s.Unproven = b.stats.unproven.Load()
	s.Forged = b.stats.forged.Load()
	s.PINsRight = b.stats.pinsRight.Load()
	s.PINsWrong = b.stats.pinsWrong.Load()
	s.PINsMissing = b.stats.pinsMissing.Load()
	s.PINsUnreadable = b.stats.pinsBroken.Load()
	s.Unmatched = b.stats.unmatched.Load()
	s.SignOns = b.stats.signOns.Load()
	s.Skipped = b.stats.skipped.Load()
	s.Conflicts = int64(b.book.Conflicts())
	s.Net = b.book.Net()
	return s
}
