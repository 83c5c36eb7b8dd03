package main

import (
	"fmt"
	"strings"
	"testing"

	"switchd/switch/payment"
	"switchd/switch/simbank"
	"switchd/switch/translate"
)

// oracle holds the switch's history against what each participant saw. It lists
// everything that a switch must never do.
type oracle struct {
	h       *history
	facts   map[string]*fact
	reports map[string]*simbank.Report
	faults  []string
	refused int // answers that never became a payment
}

func (o *oracle) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// consult asks the oracle.
func consult(h *history, reports map[string]*simbank.Report) *oracle {
	o := &oracle{h: h, facts: h.facts(), reports: reports}
	o.books()
	o.legs()
	for _, r := range reports {
		for i := range r.Payments {
			o.told(r.ID, &r.Payments[i])
		}
	}
	o.invented()
	return o
}

// judge fails the test with what the oracle finds and returns what there was to
// find it in, for the log.
func judge(t testing.TB, h *history, reports map[string]*simbank.Report) string {
	t.Helper()
	o := consult(h, reports)
	const most = 20
	for i, f := range o.faults {
		if i == most {
			t.Errorf("and %d faults more", len(o.faults)-most)
			break
		}
		t.Error(f)
	}
	states := map[string]int{}
	for _, f := range o.facts {
		states[f.model+" "+f.state.String()]++
	}
	text := fmt.Sprintf("%d payments %v, %d refusals, %d journal records", len(o.facts), states, o.refused, h.records)
	for _, r := range reports {
		ends := 0
		for i := range r.Payments {
			if r.Payments[i].Final != "" {
				ends++
			}
		}
		text += fmt.Sprintf("; %s sent %d (%d repeats, %d skipped; %d deemed, %d told how they ended), legs %+v, net %d",
			r.ID, r.Sent, r.Repeats, r.Skipped, r.Deemed, ends, r.Legs, r.Net)
	}
	return text
}

// books: each participant's book, its legs, its position and the final states of
// the payments agree to the unit.
func (o *oracle) books() {
	moved := map[string]int64{}
	for _, f := range o.facts {
		if f.done() {
			moved[f.payerBank] -= f.amount
			moved[f.payeeBank] += f.amount
		}
	}
	for id, r := range o.reports {
		p := o.h.positions[id]
		if posted := postedBy(r); p.Posted != r.Net || p.Reserved != 0 || posted != r.Net {
			o.fault("%s: its book says %d, its legs %d, the ledger %d posted and %d reserved", id, r.Net, posted, p.Posted, p.Reserved)
		}
		if p.Posted != moved[id] {
			o.fault("%s: the ledger has %d posted, its final payments make %d", id, p.Posted, moved[id])
		}
		if r.Mismatches+r.Malformed+r.Conflicts != 0 {
			o.fault("%s: %d answers that changed, %d malformed messages, %d legs have come again with other content", id, r.Mismatches, r.Malformed, r.Conflicts)
		}
	}
	if o.h.sum != 0 || o.h.open != 0 {
		o.fault("positions sum to %d, %d payments are open", o.h.sum, o.h.open)
	}
}

// postedBy is the sum of the legs that stand in a book.
func postedBy(r *simbank.Report) (sum int64) {
	for _, e := range r.Entries {
		switch {
		case e.State != simbank.Posted:
		case e.Kind == simbank.Debit:
			sum -= e.Amount
		default:
			sum += e.Amount
		}
	}
	return sum
}

// told: no answer to a sender contradicts the final state, and every payment
// that was sent has an answer, and its end if the answer was none.
func (o *oracle) told(by string, p *simbank.PaymentEntry) {
	f := o.h.requests[[2]string{by, requestOf(p)}]
	number, isPayment := answered(p)
	switch {
	case !p.Answered:
		o.fault("%s: payment %s never got an answer", by, requestOf(p))
	case !isPayment && p.Outcome == "declined": // refused at the door
		o.refused++
		if f.done() {
			o.fault("%s: payment %s was refused with %s and is %s", by, requestOf(p), p.Code, f.state)
		}
	case f == nil:
		o.fault("%s: payment %s was answered with %s %s and is lost", by, requestOf(p), p.Outcome, number)
	case number != f.txn || p.Amount != f.amount || p.TxID != f.txID || p.UETR != f.uetr || p.Model != f.model:
		o.fault("%s: payment %s (model %s) of %d was answered as %s, but is %s (model %s) of %d", by, requestOf(p), p.Model, p.Amount, number, f.txn, f.model, f.amount)
	default:
		if why := f.toldFault(p); why != "" {
			o.fault("%s: payment %s to %s was told %s %s, %s %s in the end, and is %s: %s", by, requestOf(p), f.payeeBank, p.Outcome, p.Code, p.Final, p.FinalCode, f.state, why)
		}
	}
}

// answered is the payment that an answer was about; false: about none. In ISO
// 8583 it names the payment; in ISO 20022, where a refusal echoes all ids of its
// request, the answer's own id tells: SWD, the payment's number, a letter.
func answered(p *simbank.PaymentEntry) (string, bool) {
	if p.MsgID == "" {
		return p.TxnID, p.TxnID != ""
	}
	const letter = 3 + translate.ReferenceBytes
	if len(p.AnswerID) != letter+3 || !strings.HasPrefix(p.AnswerID, "SWD") {
		return "an answer without an id", true
	}
	number, leg, ok := translate.ParseReference([]byte(p.AnswerID[3:letter]))
	id := translate.SwitchID(number)
	switch p.AnswerID[letter] {
	case 'Q', 'U': // the answer, or the last word that came before it
		if ok && leg == payment.LegRequest {
			return string(id[:]), true
		}
	case 'X':
		return "", false
	}
	return "an answer of another kind", true
}

// toldFault says what is wrong with what the sender was told.
func (f *fact) toldFault(p *simbank.PaymentEntry) string {
	undone := f.state == payment.FailedReversed || f.model == simbank.ModelB && f.state == payment.Declined
	last := p.Outcome
	if p.Final != "" {
		last = p.Final
	}
	switch {
	case last == "success" && !f.done(), last == "declined" && f.done(), last == "deemed" && !f.done() && !undone:
		return "another end than it was told"
	case p.Outcome == "deemed" && !f.done() && !undone:
		return "nothing was in doubt"
	case p.Outcome == "deemed" && f.posting == payment.PostOnConfirm, f.state == payment.Deemed && f.posting == payment.PostOnConfirm:
		return "deemed, where a credit cannot be in doubt"
	case p.Outcome == "deemed" && p.Final == "" && p.MsgID != "": // it takes last words, and acknowledges them
		return "never told how it ended"
	case p.TxnID != "" && p.TxnID != f.txn && p.TxnID != f.txID:
		return "with the transaction id " + p.TxnID
	}
	return ""
}

// invented: the switch has no payment that nobody has sent.
func (o *oracle) invented() {
	sent := map[[2]string]bool{}
	for id, r := range o.reports {
		for i := range r.Payments {
			sent[[2]string{id, requestOf(&r.Payments[i])}] = true
		}
	}
	for key, f := range o.h.requests {
		if o.reports[f.from] != nil && !sent[key] {
			o.fault("the switch has a payment %s that %s never sent", f.txn, f.from)
		}
	}
}
