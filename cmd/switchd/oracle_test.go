package main

import (
	"log/slog"
	"path/filepath"
	"testing"

	"switchd/ledger"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/simbank"
	"switchd/switch/state"
	"switchd/switch/translate"
)

// fact is one payment as the stopped switch knows it.
type fact struct {
	txn                        string          // the switch's own transaction id
	txID, uetr                 string          // those of the request, if it had them
	request                    string          // how its sender knows the request
	model                      string          // simbank.ModelA or ModelB
	posting                    payment.Posting // of the payee's bank
	state                      payment.State
	from, payerBank, payeeBank string
	amount                     int64
	open, deadLetter           bool
}

// done says that the money has moved for good.
func (f *fact) done() bool {
	return f != nil && (f.state == payment.Success || f.state == payment.Deemed)
}

// history is everything that a stopped switch knows.
type history struct {
	payments  map[string]*fact    // by transaction id, the switch's and the request's
	requests  map[[2]string]*fact // by sender and request
	positions map[string]ledger.Position
	sum       int64
	open      int
	records   uint64 // in the journal
}

// facts are all payments, each once.
func (h *history) facts() map[string]*fact {
	all := map[string]*fact{}
	for id, f := range h.payments {
		if id == f.txn {
			all[id] = f
		}
	}
	return all
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
	keys, err := seal.LoadFile(filepath.Join(data, sealKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(filepath.Join(data, "state"), state.Options{Log: quiet, Keys: keys})
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
		f := factOf(p, names)
		if h.payments[f.txn] != nil || f.txID != "" && h.payments[f.txID] != nil {
			t.Errorf("two payments bear the transaction id %s or %s", f.txn, f.txID)
		}
		if h.requests[[2]string{f.from, f.request}] != nil {
			t.Errorf("two payments for request %s of %s", f.request, f.from)
		}
		h.add(f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// add makes a payment findable by each of its names.
func (h *history) add(f *fact) {
	h.payments[f.txn], h.requests[[2]string{f.from, f.request}] = f, f
	if f.txID != "" {
		h.payments[f.txID] = f
	}
}

// factOf copies what the oracle needs of a payment. A request of ISO 20022 is
// known by its message id, one of ISO 8583 by its RRN.
func factOf(p *payment.Payment, names map[route.Participant]string) *fact {
	id := translate.SwitchID(p.ID)
	f := &fact{
		txn: string(id[:]), txID: string(p.Text.Get(payment.TransactionID)), uetr: string(p.Text.Get(payment.UETR)),
		request: string(p.Text.Get(payment.MsgID)), model: simbank.ModelA, posting: p.Posting, state: p.State,
		from: names[p.Key.From], payerBank: names[p.PayerBank], payeeBank: names[p.PayeeBank],
		amount: p.Amount.Minor, open: p.Open(), deadLetter: p.DeadLetter,
	}
	if p.Model == payment.ModelB {
		// Its sender is the payer's bank, also where the switch has not looked.
		f.model, f.payerBank = simbank.ModelB, f.from
	}
	if f.request == "" {
		f.request = string(p.Echo.RRN[:])
	}
	return f
}

// requestOf is the same of a participant's own payment.
func requestOf(p *simbank.PaymentEntry) string {
	if p.MsgID != "" {
		return p.MsgID
	}
	return p.RRN
}
