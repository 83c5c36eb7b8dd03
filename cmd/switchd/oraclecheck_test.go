package main

import (
	"strings"
	"testing"

	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/simbank"
)

// peaceful is a history of one success and one reversed payment, and reports that
// agree with it.
func peaceful() (*history, map[string]*simbank.Report) {
	paid := &fact{txn: "SWD1", state: payment.Success, from: "A", payerBank: "A", payeeBank: "B", rrn: "R1", amount: 100}
	failed := &fact{txn: "SWD2", state: payment.FailedReversed, from: "A", payerBank: "A", payeeBank: "B", rrn: "R2", amount: 7}
	h := &history{
		payments:  map[string]*fact{"SWD1": paid, "SWD2": failed},
		requests:  map[[2]string]*fact{{"A", "R1"}: paid, {"A", "R2"}: failed},
		positions: map[string]ledger.Position{"A": {Posted: -100}, "B": {Posted: 100}},
	}
	return h, map[string]*simbank.Report{
		"A": {ID: "A", Net: -100, Payments: []simbank.PaymentEntry{
			{RRN: "R1", TxnID: "SWD1", Amount: 100, Answered: true, Outcome: "success", Code: "00"},
			{RRN: "R2", TxnID: "SWD2", Amount: 7, Answered: true, Outcome: "declined", Code: "21"},
			{RRN: "R3", Answered: true, Outcome: "declined", Code: "91"},
		}, Entries: []simbank.Entry{
			{TxnID: "SWD1", Kind: simbank.Debit, State: simbank.Posted, Amount: 100},
			{TxnID: "SWD2", Kind: simbank.Debit, State: simbank.Reversed, Amount: 7},
		}},
		"B": {ID: "B", Net: 100, Entries: []simbank.Entry{{TxnID: "SWD1", Kind: simbank.Credit, State: simbank.Posted, Amount: 100}}},
	}
}

// TestOracle: an oracle that sees nothing would pass every test, so each thing it
// must see is shown to it.
func TestOracle(t *testing.T) {
	for _, c := range []struct {
		want string // in the fault; empty: all is well
		harm func(h *history, a, b *simbank.Report)
	}{
		{"", func(*history, *simbank.Report, *simbank.Report) {}},
		{"its book says", func(_ *history, a, _ *simbank.Report) { a.Net++ }},
		{"its book says", func(h *history, _, _ *simbank.Report) { h.positions["A"] = ledger.Position{Posted: -100, Reserved: 7} }},
		{"answers that changed", func(_ *history, a, _ *simbank.Report) { a.Mismatches++ }},
		{"have come again with other content", func(_ *history, _, b *simbank.Report) { b.Conflicts++ }},
		{"positions sum to 1", func(h *history, _, _ *simbank.Report) { h.sum = 1 }},
		{"1 payments are open", func(h *history, _, _ *simbank.Report) { h.open = 1 }},
		{"not know", func(_ *history, _, b *simbank.Report) { b.Entries[0].TxnID = "SWD9" }},
		{"both posted", func(_ *history, _, b *simbank.Report) { b.Entries = nil }},
		{"both posted", func(_ *history, a, _ *simbank.Report) { a.Entries[0].State = simbank.Reversed }},
		{"a leg twice", func(_ *history, a, _ *simbank.Report) { a.Entries = append(a.Entries, a.Entries[0]) }},
		{"another amount", func(_ *history, _, b *simbank.Report) { b.Entries[0].Amount = 99 }},
		{"wrong bank", func(_ *history, a, b *simbank.Report) { a.Entries = append(a.Entries, b.Entries[0]) }},
		{"want nothing posted", func(_ *history, a, _ *simbank.Report) { a.Entries[1].State = simbank.Posted }},
		{"and no credit", func(h *history, _, _ *simbank.Report) { h.payments["SWD2"].state = payment.Declined }},
		{"needs a person", func(h *history, _, _ *simbank.Report) { h.payments["SWD2"].state = payment.ReversalStuck }},
		{"not closed", func(h *history, _, _ *simbank.Report) { h.payments["SWD2"].state = payment.DebitRevSent }},
		{"not closed", func(h *history, _, _ *simbank.Report) { h.payments["SWD1"].open = true }},
		{"told success", func(_ *history, a, _ *simbank.Report) { a.Payments[1].Outcome = "success" }},
		{"told declined", func(_ *history, a, _ *simbank.Report) { a.Payments[0].Outcome = "declined" }},
		{"is lost", func(h *history, _, _ *simbank.Report) { delete(h.requests, [2]string{"A", "R1"}) }},
		{"but is SWD1", func(_ *history, a, _ *simbank.Report) { a.Payments[0].TxnID = "SWD7" }},
		{"never got an answer", func(_ *history, a, _ *simbank.Report) { a.Payments[0].Answered = false }},
		{"was refused with 91 and is SUCCESS", func(h *history, _, _ *simbank.Report) { h.requests[[2]string{"A", "R3"}] = h.payments["SWD1"] }},
		{"never sent", func(h *history, a, _ *simbank.Report) { a.Payments = a.Payments[:1] }},
	} {
		h, reports := peaceful()
		c.harm(h, reports["A"], reports["B"])
		faults := strings.Join(consult(h, reports).faults, "\n")
		if !strings.Contains(faults, c.want) || (c.want == "") != (faults == "") {
			t.Errorf("want a fault with %q, got:\n%s", c.want, faults)
		}
	}
}
