package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"switchd/ledger"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/simbank"
	"switchd/switch/state"
	"switchd/switch/translate"
)

// fact is one payment as the stopped switch knows it.
type fact struct {
	txn                        string // DE120 tag 002
	state                      payment.State
	from, payerBank, payeeBank string
	rrn                        string
	amount                     int64
	open                       bool
}

// history is everything that a stopped switch knows.
type history struct {
	payments  map[string]*fact    // by transaction id
	requests  map[[2]string]*fact // by sender and RRN
	positions map[string]ledger.Position
	sum       int64
	open      int
	records   uint64 // in the journal
}

// readHistory reads a data folder whose switch has stopped cleanly. It checks on
// the way that the journal is whole and that the rows have all of it.
func readHistory(t testing.TB, data string) *history {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	log, err := journal.OpenPebble(filepath.Join(data, "journal"), journal.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Replay(1, func(uint64, []byte) error { return nil }); err != nil {
		t.Errorf("the journal is not whole: %v", err)
	}
	store, err := state.Open(filepath.Join(data, "state"), state.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if store.Applied() != log.Next()-1 {
		t.Errorf("a clean stop has left rows up to record %d of %d", store.Applied(), log.Next()-1)
	}
	snapshot, err := store.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	m := payment.New(store)
	if err := m.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	h := &history{
		payments: map[string]*fact{}, requests: map[[2]string]*fact{}, positions: map[string]ledger.Position{},
		sum: m.PositionSum(), open: m.OpenCount(), records: log.Next() - 1,
	}
	names := map[route.Participant]string{}
	for _, p := range m.Config().Participants {
		names[p.Number] = p.ID
		h.positions[p.ID] = m.Position(p.Number)
	}
	err = store.Payments(func(p *payment.Payment) error {
		id := translate.SwitchID(p.ID)
		f := &fact{
			txn: string(id[:]), state: p.State, from: names[p.Key.From], payerBank: names[p.PayerBank], payeeBank: names[p.PayeeBank],
			rrn: string(p.Echo.RRN[:]), amount: p.Amount.Minor, open: p.Open(),
		}
		if h.requests[[2]string{f.from, f.rrn}] != nil {
			t.Errorf("two payments for request %s of %s", f.rrn, f.from)
		}
		h.payments[f.txn], h.requests[[2]string{f.from, f.rrn}] = f, f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// oracle holds the switch's history against what each participant saw. It lists
// everything that a switch must never do.
type oracle struct {
	h       *history
	reports map[string]*simbank.Report
	faults  []string
	refused int // answers that never became a payment
}

func (o *oracle) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// consult asks the oracle.
func consult(h *history, reports map[string]*simbank.Report) *oracle {
	o := &oracle{h: h, reports: reports}
	o.books()
	o.legs()
	for _, r := range reports {
		o.told(r)
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
	for _, f := range h.payments {
		states[f.state.String()]++
	}
	text := fmt.Sprintf("%d payments %v, %d refusals, %d journal records", len(h.payments), states, o.refused, h.records)
	for _, r := range reports {
		text += fmt.Sprintf("; %s sent %d (%d repeats, %d skipped), %d legs, net %d", r.ID, r.Sent, r.Repeats, r.Skipped, len(r.Entries), r.Net)
	}
	return text
}

// books: each participant's book and its position agree to the unit.
func (o *oracle) books() {
	for id, r := range o.reports {
		if p := o.h.positions[id]; p.Posted != r.Net || p.Reserved != 0 {
			o.fault("%s: its book says %d, the ledger %d posted and %d reserved", id, r.Net, p.Posted, p.Reserved)
		}
		if r.Mismatches+r.Malformed+r.Conflicts != 0 {
			o.fault("%s: %d answers that changed, %d malformed messages, %d legs have come again with other content", id, r.Mismatches, r.Malformed, r.Conflicts)
		}
	}
	if o.h.sum != 0 || o.h.open != 0 {
		o.fault("positions sum to %d, %d payments are open", o.h.sum, o.h.open)
	}
}

// leg is an entry of a participant's book.
type leg struct {
	simbank.Entry
	at string
}

// legs: every leg is of a known payment, and each payment has exactly the legs
// that its state claims.
func (o *oracle) legs() {
	legs := map[string][]leg{}
	for id, r := range o.reports {
		for _, e := range r.Entries {
			if o.h.payments[e.TxnID] == nil {
				o.fault("%s has a leg %s of a payment that the switch does not know: %s", id, e.Ref, e.TxnID)
			}
			legs[e.TxnID] = append(legs[e.TxnID], leg{e, id})
		}
	}
	for txn, f := range o.h.payments {
		if why := f.legsFault(legs[txn]); why != "" {
			o.fault("payment %s is %s from %s to %s of %d: %s: %+v", txn, f.state, f.payerBank, f.payeeBank, f.amount, why, legs[txn])
		}
	}
}

// legsFault says what is wrong with the legs of a payment.
func (f *fact) legsFault(legs []leg) string {
	count := map[simbank.Kind]map[simbank.State]int{simbank.Debit: {}, simbank.Credit: {}}
	debits := 0
	for _, l := range legs {
		place := f.payerBank
		if l.Kind == simbank.Credit {
			place = f.payeeBank
		} else {
			debits++
		}
		if l.at != place || l.Amount != f.amount {
			return "a leg at the wrong bank or of another amount"
		}
		count[l.Kind][l.State]++
	}
	credits := len(legs) - debits
	debit, credit := count[simbank.Debit], count[simbank.Credit]
	switch {
	case debits > 1 || credits > 1:
		return "a leg twice"
	case f.open || !f.state.Final():
		return "it is not closed"
	}
	switch f.state {
	case payment.Success, payment.Deemed:
		if debit[simbank.Posted] != 1 || credit[simbank.Posted] != 1 {
			return "want one debit and one credit, both posted"
		}
	case payment.Declined:
		if debits != debit[simbank.Declined] || credits != 0 {
			return "want no debit but a declined one, and no credit"
		}
	case payment.FailedReversed:
		if debit[simbank.Posted] != 0 || credit[simbank.Posted] != 0 {
			return "want nothing posted"
		}
	default:
		return "a state that needs a person"
	}
	return ""
}

// told: no answer to a sender contradicts the final state, and every payment
// that was sent has an answer.
func (o *oracle) told(r *simbank.Report) {
	for i := range r.Payments {
		p := &r.Payments[i]
		f := o.h.requests[[2]string{r.ID, p.RRN}]
		done := f != nil && (f.state == payment.Success || f.state == payment.Deemed)
		switch {
		case !p.Answered:
			o.fault("%s: payment %s never got an answer", r.ID, p.RRN)
		case p.TxnID == "" && p.Outcome == "declined": // refused at the door
			o.refused++
			if done {
				o.fault("%s: payment %s was refused with %s and is %s", r.ID, p.RRN, p.Code, f.state)
			}
		case f == nil:
			o.fault("%s: payment %s was answered with %s %s and is lost", r.ID, p.RRN, p.Outcome, p.TxnID)
		case f.txn != p.TxnID || f.amount != p.Amount:
			o.fault("%s: payment %s of %d was answered as %s, but is %s of %d", r.ID, p.RRN, p.Amount, p.TxnID, f.txn, f.amount)
		case p.Outcome == "success" && !done,
			p.Outcome == "declined" && done,
			p.Outcome == "deemed" && !done && f.state != payment.FailedReversed:
			o.fault("%s: payment %s was told %s %s and is %s", r.ID, p.RRN, p.Outcome, p.Code, f.state)
		}
	}
}

// invented: the switch has no payment that nobody has sent.
func (o *oracle) invented() {
	sent := map[[2]string]bool{}
	for id, r := range o.reports {
		for i := range r.Payments {
			sent[[2]string{id, r.Payments[i].RRN}] = true
		}
	}
	for key, f := range o.h.requests {
		if o.reports[f.from] != nil && !sent[key] {
			o.fault("the switch has a payment %s that %s never sent", f.txn, f.from)
		}
	}
}
