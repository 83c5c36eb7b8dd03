package main

import (
	"strings"
	"testing"

	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/simbank"
	"switchd/switch/translate"
)

// peace is a history, and reports that agree with it: A and B speak ISO 8583, X
// ISO 20022 and posts on confirmation.
type peace struct {
	h       *history
	a, b, x *simbank.Report

	paid, failed                  *fact // from A to B: a success, a reversed one
	pushed, undone, ordered, late *fact // from X in model B, one that failed in doubt, from X in model A, to X and too late
}

// txn is the transaction id of a payment's number.
func txn(n payment.ID) string {
	id := translate.SwitchID(n)
	return string(id[:])
}

// answerID is the id of a message of the switch about a payment.
func answerID(n payment.ID, letter string) string {
	number := translate.Reference(n, payment.LegRequest)
	return "SWD" + string(number[:]) + letter + "00"
}

func peaceful() *peace {
	p := &peace{
		h:       &history{payments: map[string]*fact{}, requests: map[[2]string]*fact{}},
		paid:    &fact{txn: txn(1), state: payment.Success, from: "A", payerBank: "A", payeeBank: "B", request: "R1", amount: 100},
		failed:  &fact{txn: txn(2), state: payment.FailedReversed, from: "A", payerBank: "A", payeeBank: "B", request: "R2", amount: 7},
		pushed:  &fact{txn: txn(3), txID: "T3", uetr: "U3", model: simbank.ModelB, state: payment.Success, from: "X", payerBank: "X", payeeBank: "A", request: "M3", amount: 20},
		undone:  &fact{txn: txn(4), txID: "T4", uetr: "U4", model: simbank.ModelB, state: payment.Declined, from: "X", payerBank: "X", payeeBank: "B", request: "M4", amount: 30},
		ordered: &fact{txn: txn(5), uetr: "U5", state: payment.Deemed, from: "X", payerBank: "X", payeeBank: "B", request: "M5", amount: 4},
		late:    &fact{txn: txn(6), state: payment.FailedReversed, posting: payment.PostOnConfirm, from: "A", payerBank: "A", payeeBank: "X", request: "R6", amount: 5},
	}
	for _, f := range []*fact{p.paid, p.failed, p.pushed, p.undone, p.ordered, p.late} {
		if f.model == "" {
			f.model = simbank.ModelA
		}
		p.h.add(f)
	}
	p.h.positions = map[string]ledger.Position{"A": {Posted: -80}, "B": {Posted: 104}, "X": {Posted: -24}}
	p.a = &simbank.Report{ID: "A", Net: -80, Payments: []simbank.PaymentEntry{
		{RRN: "R1", TxnID: txn(1), Amount: 100, Answered: true, Outcome: "success", Code: "00", Model: "A"},
		{RRN: "R2", TxnID: txn(2), Amount: 7, Answered: true, Outcome: "declined", Code: "21", Model: "A"},
		{RRN: "R3", Answered: true, Outcome: "declined", Code: "91", Model: "A"},
		{RRN: "R6", TxnID: txn(6), Amount: 5, Answered: true, Outcome: "declined", Code: "68", Model: "A"},
	}, Entries: []simbank.Entry{
		{Ref: "1D", TxnID: txn(1), Kind: simbank.Debit, State: simbank.Posted, Amount: 100},
		{Ref: "2D", TxnID: txn(2), Kind: simbank.Debit, State: simbank.Reversed, Amount: 7},
		{Ref: "6D", TxnID: txn(6), Kind: simbank.Debit, State: simbank.Reversed, Amount: 5},
		{Ref: "3C", TxnID: txn(3), Kind: simbank.Credit, State: simbank.Posted, Amount: 20},
	}}
	p.b = &simbank.Report{ID: "B", Net: 104, Entries: []simbank.Entry{
		{Ref: "1C", TxnID: txn(1), Kind: simbank.Credit, State: simbank.Posted, Amount: 100},
		{Ref: "4C", TxnID: txn(4), Kind: simbank.Credit, State: simbank.ReversalFirst, Amount: 30},
		{Ref: "5C", TxnID: txn(5), Kind: simbank.Credit, State: simbank.Posted, Amount: 4},
	}}
	p.x = &simbank.Report{ID: "X", Net: -24, Payments: []simbank.PaymentEntry{
		{MsgID: "M3", TxID: "T3", TxnID: "T3", UETR: "U3", Amount: 20, Answered: true, Outcome: "success", Code: "ACSC", Model: "B", AnswerID: answerID(3, "Q")},
		{MsgID: "M4", TxID: "T4", TxnID: "T4", UETR: "U4", Amount: 30, Answered: true, Outcome: "deemed", Code: "AB05", Model: "B", AnswerID: answerID(4, "Q"), Final: "declined", FinalCode: "AB05"},
		{MsgID: "M5", UETR: "U5", Amount: 4, Answered: true, Outcome: "deemed", Code: "AB05", Model: "A", AnswerID: answerID(5, "Q"), Final: "success", FinalCode: "ACSC"},
		{MsgID: "M9", TxID: "T9", TxnID: "T9", UETR: "U9", Amount: 9, Answered: true, Outcome: "declined", Code: "AB08", Model: "B", AnswerID: answerID(1<<50, "X")},
	}, Entries: []simbank.Entry{
		{Ref: "M3", TxnID: "T3", Kind: simbank.Debit, State: simbank.Posted, Amount: 20, Model: "B"},
		{Ref: "M4", TxnID: "T4", Kind: simbank.Debit, State: simbank.Reversed, Amount: 30, Model: "B"},
		{Ref: "5D", TxnID: txn(5), Kind: simbank.Debit, State: simbank.Posted, Amount: 4},
		{Ref: "M9", TxnID: "T9", Kind: simbank.Debit, State: simbank.Reversed, Amount: 9, Model: "B"},
		{Ref: "6C", TxnID: txn(6), Kind: simbank.Credit, State: simbank.Dropped, Amount: 5},
	}}
	return p
}

// TestOracle: an oracle that sees nothing would pass every test, so each thing it
// must see is shown to it.
func TestOracle(t *testing.T) {
	for _, c := range []struct {
		want string // in a fault; empty: all is well
		harm func(p *peace)
	}{
		{"", func(*peace) {}},
		{"its book says", func(p *peace) { p.a.Net++ }},
		{"its book says", func(p *peace) { p.h.positions["A"] = ledger.Position{Posted: -80, Reserved: 7} }},
		{"its legs -79", func(p *peace) { p.a.Entries[3].Amount++ }},
		{"its final payments make -80", func(p *peace) { p.h.positions["A"] = ledger.Position{Posted: -81} }},
		{"answers that changed", func(p *peace) { p.a.Mismatches++ }},
		{"malformed messages", func(p *peace) { p.x.Malformed++ }},
		{"have come again with other content", func(p *peace) { p.b.Conflicts++ }},
		{"positions sum to 1", func(p *peace) { p.h.sum = 1 }},
		{"1 payments are open", func(p *peace) { p.h.open = 1 }},
		{"not know", func(p *peace) { p.b.Entries[0].TxnID = "SWD9" }},
		{"both posted", func(p *peace) { p.b.Entries = nil }},
		{"both posted", func(p *peace) { p.a.Entries[0].State = simbank.Reversed }},
		{"a leg twice", func(p *peace) { p.a.Entries = append(p.a.Entries, p.a.Entries[0]) }},
		{"two legs under the reference 1D", func(p *peace) { p.a.Entries[1].Ref = "1D" }},
		{"another amount", func(p *peace) { p.b.Entries[0].Amount = 99 }},
		{"wrong bank", func(p *peace) { p.a.Entries = append(p.a.Entries, p.b.Entries[0]) }},
		{"want nothing posted", func(p *peace) { p.a.Entries[1].State = simbank.Posted }},
		{"undone or barred", func(p *peace) { p.a.Entries = append(p.a.Entries[:1:1], p.a.Entries[2:]...) }},
		{"want no debit but a declined one", func(p *peace) { p.failed.state = payment.Declined }},
		{"needs a person", func(p *peace) { p.failed.state = payment.ReversalStuck }},
		{"needs a person", func(p *peace) { p.paid.deadLetter = true }},
		{"not closed", func(p *peace) { p.failed.state = payment.DebitRevSent }},
		{"not closed", func(p *peace) { p.paid.open = true }},
		{"told success", func(p *peace) { p.a.Payments[1].Outcome = "success" }},
		{"told declined", func(p *peace) { p.a.Payments[0].Outcome = "declined" }},
		{"is lost", func(p *peace) { delete(p.h.requests, [2]string{"A", "R1"}) }},
		{"but is " + txn(1), func(p *peace) { p.a.Payments[0].TxnID = txn(7) }},
		{"never got an answer", func(p *peace) { p.a.Payments[0].Answered = false }},
		{"was refused with 91 and is SUCCESS", func(p *peace) { p.h.requests[[2]string{"A", "R3"}] = p.paid }},
		{"never sent", func(p *peace) { p.a.Payments = p.a.Payments[:1] }},

		// What ISO 20022 adds: names, models, last words, confirmations.
		{"and is lost", func(p *peace) { p.x.Payments[3].AnswerID = answerID(9, "Q") }},
		{"an answer without an id", func(p *peace) { p.x.Payments[0].AnswerID = "" }},
		{"an answer of another kind", func(p *peace) { p.x.Payments[0].AnswerID = answerID(3, "E") }},
		{"was answered as " + txn(4), func(p *peace) { p.x.Payments[0].AnswerID = answerID(4, "Q") }},
		{"but is " + txn(3), func(p *peace) { p.x.Payments[0].UETR = "U4" }},
		{"but is " + txn(3), func(p *peace) { p.x.Payments[0].TxID = "T4" }},
		{"but is " + txn(5), func(p *peace) { p.x.Payments[2].Model = "B" }},
		{"with the transaction id T4", func(p *peace) { p.x.Payments[0].TxnID = "T4" }},
		{"was refused with ACSC and is SUCCESS", func(p *peace) { p.x.Payments[0].Outcome, p.x.Payments[0].AnswerID = "declined", answerID(3, "X") }},
		{"never told how it ended", func(p *peace) { p.x.Payments[1].Final = "" }},
		{"another end than it was told", func(p *peace) { p.x.Payments[1].Final = "success" }},
		{"another end than it was told", func(p *peace) { p.x.Payments[2].Final = "declined" }},
		{"nothing was in doubt", func(p *peace) {
			p.a.Entries[1].State, p.failed.state = simbank.Declined, payment.Declined
			p.a.Payments[1].Outcome, p.a.Payments[1].Final = "deemed", "declined"
		}},
		{"cannot be in doubt", func(p *peace) { p.a.Payments[3].Outcome = "deemed" }},
		{"cannot be in doubt", func(p *peace) { p.ordered.posting = payment.PostOnConfirm }},
		{"has not got his money back", func(p *peace) { p.x.Entries[3].State = simbank.Posted }},
		{"nobody was told that it was refused", func(p *peace) { p.x.Payments[3].Outcome = "success" }},
		{"has invented it", func(p *peace) { p.x.Entries[3].Model = "" }},
		{"have undone its debit", func(p *peace) { p.x.Entries[1].State = simbank.Posted }},
		{"have undone its debit", func(p *peace) {
			p.x.Entries = append(p.x.Entries[:1:1], p.x.Entries[2:]...)
			p.b.Entries = append(p.b.Entries[:1:1], p.b.Entries[2])
		}},
		{"a debit by the wrong side", func(p *peace) { p.x.Entries[0].Model = "" }},
		{"a debit by the wrong side", func(p *peace) { p.x.Entries[2].Model = "B" }},
		{"a credit without a debit", func(p *peace) { p.a.Entries[2].State = simbank.ReversalFirst }},
		{"a credit without a debit", func(p *peace) { p.x.Entries = p.x.Entries[1:] }},
		{"both posted", func(p *peace) { p.x.Entries[0].State = simbank.Reversed }},
		{"want no credit but a declined one", func(p *peace) { p.b.Entries[1].State = simbank.Posted }},
		{"what it has not debited", func(p *peace) { p.undone.state = payment.FailedReversed }},
		{"still waits for its confirmation", func(p *peace) { p.x.Entries[4].State = simbank.Held }},
		{"want nothing posted", func(p *peace) { p.x.Entries[4].State = simbank.Posted }},
	} {
		p := peaceful()
		c.harm(p)
		faults := strings.Join(consult(p.h, map[string]*simbank.Report{"A": p.a, "B": p.b, "X": p.x}).faults, "\n")
		if !strings.Contains(faults, c.want) || (c.want == "") != (faults == "") {
			t.Errorf("want a fault with %q, got:\n%s", c.want, faults)
		}
	}
}
