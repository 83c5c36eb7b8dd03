package translate_test

import (
	"fmt"
	"testing"
	"time"

	xml "switchd/codec/iso20022"
	card "switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// nothing is a store in which no payment has ended yet.
type nothing struct{}

// FindRequest finds nothing, as do the others.
func (nothing) FindRequest(_ *payment.RequestKey, row []byte) ([]byte, bool) { return row, false }
func (nothing) FindBusiness(*payment.Business) (payment.ID, bool)            { return 0, false }
func (nothing) FindLimit(*payment.LimitKey) (payment.LimitUse, bool) {
	return payment.LimitUse{}, false
}
func (nothing) FindPayment(_ payment.ID, row []byte) ([]byte, bool) { return row, false }

// payerAndPayee is a configuration with two banks.
func payerAndPayee() *payment.Config {
	c := &payment.Config{Currency: 356, OpenMax: 100}
	for n, letter := range []string{"A", "B"} {
		c.Participants = append(c.Participants, payment.Profile{
			Number: route.Participant(n), ID: "BANK" + letter, Institution: fmt.Sprint(100001 + n), IFSCPrefixes: []string{"BNK" + letter}, NetDebitCap: 1 << 60,
			Match: payment.Match{Reference: true},
			Timers: payment.Timers{
				Total: 30 * time.Second, Resolve: 5 * time.Second, Debit: 8 * time.Second, Credit: 8 * time.Second, CreditUnknown: time.Minute,
				Reversal: 10 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
			},
		})
	}
	return c
}

// finalAnswer plays a payment through the machine, its request under a sequence
// number of the journal, and gives what a dialect writes to its sender in the end.
func finalAnswer(t *testing.T, d translate.Dialect, seq uint64, debit payment.Outcome) (body []byte) {
	t.Helper()
	m := payment.New(nothing{})
	at := uint64(0)
	step := func(e payment.Event) {
		at++
		e.Seq, e.At = seq-4+at, 1_795_361_400_250_000_000+int64(at)*1_000_000
		for _, ef := range m.Step(&e, nil) {
			if !ef.Send || ef.Leg != payment.LegRequest {
				continue
			}
			var err error
			if body, err = d.Open().Compose(nil, &ef); err != nil {
				t.Fatal(err)
			}
		}
	}
	answer := func(from route.Participant, leg payment.Leg, o payment.Outcome) {
		e := payment.Event{Kind: payment.AnswerArrived, From: from}
		e.Answer = payment.Answer{Payment: payment.ID(seq), Leg: leg, Minor: payment.AmountNotStated, Outcome: o}
		m.Look(payment.ID(seq), func(p *payment.Payment) {
			e.Answer.STAN, e.Answer.Transmitted = p.Legs[leg].STAN, p.Legs[leg].Transmitted
		})
		step(e)
	}
	step(payment.Event{Kind: payment.ConfigChanged, Config: payerAndPayee()})
	step(payment.Event{Kind: payment.LinkUp, From: 0})
	step(payment.Event{Kind: payment.LinkUp, From: 1})
	request := payment.Event{Kind: payment.RequestArrived}
	request.Request = payment.Request{
		Key: payment.RequestKey{STAN: 7, Transmitted: 1122153000, Acquirer: 100001}, Hash: 1, Amount: ledger.Amount{Minor: 1050, Currency: 356},
		Echo: payment.Echo{STAN: 7, Transmitted: 1122153000, RRN: [12]byte([]byte("RRN000000001"))},
	}
	for f, v := range map[payment.TextField]string{
		payment.PayerAccount: "1000010001", payment.PayeeAccount: "1000020002", payment.PayeeIFSC: "BNKB0000001", payment.MsgID: "MSG1",
		payment.RequestType: "pacs.008.001.08", payment.TransactionID: "TX1", payment.RequestCreatedAt: "2026-11-22T15:30:00.000Z",
	} {
		request.Text.Set(f, []byte(v))
	}
	step(request)
	if answer(0, payment.LegDebit, debit); debit == payment.OK {
		answer(1, payment.LegCredit, payment.OK)
	}
	if body == nil {
		t.Fatal("the sender was told nothing")
	}
	return body
}

// TestFinalAnswerNamesItsRecord: the final answer carries the sequence number of the
// request's record, in either protocol, approved or not: by it the operator's proof
// of the payment is found (docs/durability.md).
func TestFinalAnswerNamesItsRecord(t *testing.T) {
	_, all := dialects(t)
	for _, seq := range []uint64{4, 4711, 1<<40 + 5} {
		for _, o := range []payment.Outcome{payment.OK, payment.InsufficientFunds} {
			var m card.Message
			if err := m.Parse(spec(), finalAnswer(t, all[0], seq, o)); err != nil {
				t.Fatal(err)
			}
			tag, _ := card.FindTLV(m.Value(120), 2)
			if id, ok := translate.ParseSwitchID(tag); !ok || uint64(id) != seq || (string(m.Value(39)) == "00") != (o == payment.OK) {
				t.Errorf("record %d, %v: tag 002 of the 0210 is %q, DE39 %q", seq, o, tag, m.Value(39))
			}
			var x xml.Message
			if err := x.Parse(profile(), finalAnswer(t, all[1], seq, o)); err != nil {
				t.Fatal(err)
			}
			// SWD, the number, and three characters for the message.
			id := string(x.Text(xml.MsgID))
			number, leg, ok := translate.ParseReference([]byte(id)[3 : 3+translate.ReferenceBytes])
			if !ok || id[:3] != "SWD" || uint64(number) != seq || leg != payment.LegRequest || (string(x.Text(xml.Status)) == "ACSC") != (o == payment.OK) {
				t.Errorf("record %d, %v: the MsgId of the pacs.002 is %q, its status %q", seq, o, id, x.Text(xml.Status))
			}
		}
	}
}
