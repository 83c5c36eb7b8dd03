package simbank

import (
	"encoding/json"
	"io"
)

// Report is what a participant saw: sums for people, lists for an oracle that
// holds it against the switch's history.
type Report struct {
	ID         string `json:"id"`
	Sent       int64  `json:"sent"`
	Answered   int64  `json:"answered"`
	Success    int64  `json:"success"`
	Declined   int64  `json:"declined"`
	Deemed     int64  `json:"deemed"`
	Unanswered int64  `json:"unanswered"` // none until now, given up or not
	Skipped    int64  `json:"skipped"`
	Repeats    int64  `json:"repeats"`
	Mismatches int64  `json:"answer_mismatches"`
	Malformed  int64  `json:"malformed"`
	Unproven   int64  `json:"unproven"` // messages of the switch with a wrong code or signature, or none
	Forged     int64  `json:"forged"`   // own messages with a wrong code or none, on purpose
	Conflicts  int64  `json:"conflicts"`

	Latency Latency `json:"latency"`
	Legs    Tally   `json:"legs"`
	Net     int64   `json:"net"` // minor units

	Payments []PaymentEntry `json:"payments"`
	Entries  []Entry        `json:"entries"`
}

// Latency is the time from the intended sending of a payment to its first
// answer. Percentiles are at most 3 % above the truth, the maximum is exact.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// PaymentEntry is one own payment.
type PaymentEntry struct {
	STAN     string `json:"stan"`
	RRN      string `json:"rrn"`
	TxnID    string `json:"txn_id,omitempty"` // as the answer has it; empty without
	Amount   int64  `json:"amount"`           // minor units
	SentAt   int64  `json:"sent_at"`          // UTC nanoseconds
	Answered bool   `json:"answered"`
	Outcome  string `json:"outcome"` // success, declined, deemed, unanswered
	Code     string `json:"code,omitempty"`
	UPI      string `json:"upi,omitempty"`
	Repeats  int    `json:"repeats"` // by timeout, not those on purpose

	Model     string `json:"model"`                // ModelA or ModelB
	Final     string `json:"final,omitempty"`      // told after a deemed outcome: success, declined
	FinalCode string `json:"final_code,omitempty"` // with it
	MsgID     string `json:"msg_id,omitempty"`     // of the request; this and the next three in ISO 20022
	TxID      string `json:"tx_id,omitempty"`      // of the request, if it named one
	UETR      string `json:"uetr,omitempty"`       // of the request
	AnswerID  string `json:"answer_id,omitempty"`  // of the message that told the outcome
}

// Report takes the whole picture. During Run it is a moment's blur; after Run it
// is exact, and a payment that has no answer then stays unanswered.
func (b *Bank) Report() Report {
	s := b.Stats()
	r := Report{
		ID: b.opts.ID, Skipped: s.Skipped, Repeats: s.Repeats, Mismatches: s.Mismatches,
		Malformed: s.Malformed, Unproven: s.Unproven, Forged: s.Forged, Conflicts: s.Conflicts,
		Legs: b.book.Tally(), Net: b.book.Net(),
		Entries: []Entry{},
	}
	r.Payments, r.Latency = b.payments.list()
	for _, p := range r.Payments {
		switch p.Outcome {
		case "success":
			r.Success++
		case "deemed":
			r.Deemed++
		case "declined":
			r.Declined++
		default:
			r.Unanswered++
		}
	}
	r.Sent = int64(len(r.Payments))
	r.Answered = r.Sent - r.Unanswered
	for e := range b.book.Entries() {
		r.Entries = append(r.Entries, e)
	}
	return r
}

// WriteReport writes the report as one JSON object and a newline.
func (b *Bank) WriteReport(w io.Writer) error {
	return json.NewEncoder(w).Encode(b.Report())
}

// list copies the payments and the percentiles.
func (p *payments) list() ([]PaymentEntry, Latency) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]PaymentEntry, 0, len(p.all))
	for _, own := range p.all {
		e := PaymentEntry{
			STAN: own.stan, RRN: own.rrn, TxnID: own.txnID, Amount: own.amount, SentAt: own.sentAt,
			Answered: own.answered, Outcome: own.outcome(), Code: own.code, UPI: own.upi, Repeats: own.repeats,
			Model: own.model, Final: own.final, FinalCode: own.finalCode, AnswerID: own.answerID,
		}
		if s := own.subject; s != nil {
			e.MsgID, e.TxID, e.UETR = s.msgID, s.txnID, s.uetr
		}
		out = append(out, e)
	}
	return out, p.lags.report()
}

// result copies what became of a payment.
func (p *payments) result(own *payment) Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Result{STAN: own.stan, RRN: own.rrn, TxnID: own.txnID, Code: own.code, UPI: own.upi, Outcome: own.outcome(), Model: own.model}
	if own.subject != nil {
		r.MsgID = own.subject.msgID
	}
	return r
}
