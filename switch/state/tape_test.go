package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// tape is what the machine writes of one whole payment, from the request to the
// end, one Flush after each event. Play gives it other numbers, so that a store
// can be filled with payments of a true size at the cost of the store alone.
type tape struct {
	puts     []taped
	key      []byte
	business payment.Business
	machine  []byte
}

// taped is one PutPayment.
type taped struct {
	p   payment.Payment
	row []byte
}

// PutPayment notes a payment's row.
func (t *tape) PutPayment(p *payment.Payment, row []byte) {
	c := *p
	c.Text = payment.Text{}
	c.Text.CopyFrom(&p.Text)
	t.puts = append(t.puts, taped{c, bytes.Clone(row)})
}

// The rest of payment.Rows and payment.Store: nothing is ever found.
func (t *tape) PutKey(key []byte, _ payment.ID)                      { t.key = bytes.Clone(key) }
func (t *tape) PutBusiness(b *payment.Business, _ payment.ID)        { t.business = *b }
func (t *tape) PutMachine(row []byte)                                { t.machine = bytes.Clone(row) }
func (t *tape) Reopen(payment.ID)                                    {}
func (t *tape) PutParticipant(route.Participant, []byte)             {}
func (t *tape) PutConfig([]byte)                                     {}
func (*tape) FindRequest(*payment.RequestKey, []byte) ([]byte, bool) { return nil, false }
func (*tape) FindBusiness(*payment.Business) (payment.ID, bool)      { return 0, false }
func (*tape) FindPayment(_ payment.ID, row []byte) ([]byte, bool)    { return row, false }

func set(t *payment.Text, f payment.TextField, v string) { t.Set(f, []byte(v)) }

// testConfig has three banks.
func testConfig() *payment.Config {
	c := &payment.Config{Currency: 356, OpenMax: 1 << 20}
	for i := range 3 {
		c.Participants = append(c.Participants, payment.Profile{
			Number: route.Participant(i), ID: fmt.Sprintf("BANK%c", 'A'+i), Institution: fmt.Sprint(600000 + i),
			Handles: []string{fmt.Sprintf("bank%c", 'a'+i)}, IFSCPrefixes: []string{fmt.Sprintf("BNK%c", 'A'+i)}, NetDebitCap: 1 << 60,
			Match: payment.Match{Reference: true},
			Timers: payment.Timers{
				Total: 30 * time.Second, Resolve: 5 * time.Second, Debit: 8 * time.Second, Credit: 8 * time.Second, CreditUnknown: 10 * time.Minute,
				Reversal: 10 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
			},
		})
	}
	return c
}

// record plays one payment through a machine. With texts of ISO 20022 it has
// references and a UETR too.
func record(t testing.TB, iso20022 bool) *tape {
	t.Helper()
	r := &tape{}
	m := payment.New(r)
	seq, at := uint64(0), int64(1_700_000_000_000_000_000)
	step := func(e *payment.Event) {
		seq++
		at += 1_000_000
		e.Seq, e.At = seq, at
		m.Step(e, nil)
		m.Flush(r)
	}
	step(&payment.Event{Kind: payment.ConfigChanged, Config: testConfig()})
	for i := range 3 {
		step(&payment.Event{Kind: payment.LinkUp, From: route.Participant(i)})
	}
	e := payment.Event{Kind: payment.RequestArrived, From: 0}
	e.Request = payment.Request{
		Key: payment.RequestKey{From: 0, STAN: 1, Transmitted: 1122000000, Acquirer: 600000}, Hash: 1,
		Echo: payment.Echo{Transmitted: 1122000000, STAN: 1}, Amount: ledger.Amount{Minor: 125_000, Currency: 356},
	}
	copy(e.Request.Echo.RRN[:], "632622000001")
	e.Request.Key.RRN = e.Request.Echo.RRN
	set(&e.Text, payment.PayerAccount, "50100012345678")
	set(&e.Text, payment.PayerIFSC, "BNKA0000001")
	set(&e.Text, payment.PayeeVPA, "some.body@bankb")
	set(&e.Text, payment.PayerName, "A SENDER")
	if iso20022 {
		e.Request.Echo.RRN = [12]byte{}
		e.Request.Business = payment.Business{1}
		set(&e.Text, payment.MsgID, "BANKA20261122000000000000000001")
		set(&e.Text, payment.InstructionID, "BANKA20261122I00000000000000001")
		set(&e.Text, payment.EndToEndID, "E2E20261122000000000000000000001")
		set(&e.Text, payment.TransactionID, "BANKA20261122T00000000000000001")
		set(&e.Text, payment.UETR, "eb6305c9-1f7f-49de-aed0-000000000001")
		set(&e.Text, payment.RequestType, "pacs.008.001.08")
		set(&e.Text, payment.RequestCreatedAt, "2026-11-22T10:15:30.123Z")
	}
	step(&e)
	id := payment.ID(seq)
	for _, leg := range [...]payment.Leg{payment.LegResolve, payment.LegDebit, payment.LegCredit} {
		a := payment.Event{Kind: payment.AnswerArrived, From: route.Participant(int(leg) % 2)}
		a.Answer = payment.Answer{Payment: id, Leg: leg, Minor: payment.AmountNotStated, Outcome: payment.OK, Code: payment.CodeOf("00")}
		m.Look(id, func(p *payment.Payment) {
			a.Answer.STAN, a.Answer.Transmitted = p.Legs[leg].STAN, p.Legs[leg].Transmitted
		})
		if leg == payment.LegResolve {
			set(&a.Text, payment.PayeeAccount, "60200087654321")
			set(&a.Text, payment.PayeeIFSC, "BNKB0000001")
			set(&a.Text, payment.PayeeName, "SOME BODY")
		}
		step(&a)
	}
	if last := r.puts[len(r.puts)-1].p; last.State != payment.Success || last.Open() || len(r.puts) != 4 {
		t.Fatalf("the payment on the tape has %d rows and ends in %v", len(r.puts), last.State)
	}
	return r
}

// idAt is where a row has its payment's number.
const idAt = 10

// number gives the payment on the tape another number and other references.
func (r *tape) number(id payment.ID, n uint64) {
	var digits [12]byte
	for i, rest := len(digits)-1, n; i >= 0; i-- {
		digits[i], rest = '0'+byte(rest%10), rest/10
	}
	copy(digits[:], "6326")
	account := [14]byte{'5', '0', '1', '0'}
	spread := n * 0x9E3779B97F4A7C15
	for i := 4; i < len(account); i++ {
		account[i], spread = '0'+byte(spread%10), spread/10
	}
	for i := range r.puts {
		p := &r.puts[i].p
		binary.LittleEndian.PutUint64(r.puts[i].row[idAt:], uint64(id))
		p.ID, p.Key.STAN = id, uint32(n%1_000_000)
		if p.Echo.RRN[0] != 0 {
			p.Echo.RRN = digits
		}
		for _, f := range [...]payment.TextField{payment.MsgID, payment.EndToEndID, payment.TransactionID, payment.UETR} {
			if v := p.Text.Get(f); len(v) > 0 {
				copy(v[len(v)-10:], digits[2:])
			}
		}
		copy(p.Text.Get(payment.PayerAccount), account[:])
	}
	binary.BigEndian.PutUint32(r.key, 1122000000+uint32(n/5000)) // DE7: it grows
	binary.LittleEndian.PutUint64(r.key[len(r.key)-8:], n)
	if r.business != (payment.Business{}) {
		binary.LittleEndian.PutUint64(r.business[:], n*0x9E3779B97F4A7C15|1)
	}
}
