package raw

import (
	"context"
	"fmt"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// Step is the payment machine alone: payments by address, each with its resolution, debit
// and credit, and their rows, which nobody stores.
type Step struct {
	Events     float64 `json:"events_per_payment"`
	EventNanos float64 `json:"event_ns"`
	PaymentCPU float64 `json:"payment_us"`
}

// leg is a message that the switch sends for a payment.
type leg struct {
	effect  payment.Effect // its Payment is the next one
	payment payment.Payment
}

// nowhere takes rows and keeps nothing. It is a payment.Store of an empty store.
type nowhere struct{}

func (nowhere) FindRequest(_ *payment.RequestKey, row []byte) ([]byte, bool) { return row, false }
func (nowhere) FindBusiness(*payment.Business) (payment.ID, bool)            { return 0, false }
func (nowhere) FindPayment(_ payment.ID, row []byte) ([]byte, bool)          { return row, false }
func (nowhere) FindLimit(*payment.LimitKey) (payment.LimitUse, bool) {
	return payment.LimitUse{}, false
}
func (nowhere) PutPayment(*payment.Payment, []byte)          {}
func (nowhere) Reopen(payment.ID)                            {}
func (nowhere) PutKey([]byte, payment.ID)                    {}
func (nowhere) PutBusiness(*payment.Business, payment.ID)    {}
func (nowhere) PutParticipant(route.Participant, []byte)     {}
func (nowhere) PutMachine([]byte)                            {}
func (nowhere) PutConfig([]byte)                             {}
func (nowhere) PutLimit(*payment.LimitKey, payment.LimitUse) {}
func (nowhere) PutChange(uint64, []byte)                     {}
func (nowhere) DropLimits(payment.LimitKey)                  {}

// The payments of a cell that is measured.
const (
	participants = 8
	currency     = 356
	wave         = 64 // payments that are under way together
	// stamp is when all of it happens: 2026-11-22.
	stamp = 1_795_361_400_000_000_000
)

// participant is what names number n.
func participant(n int) (id, handle, institution, branch string) {
	return fmt.Sprintf("BANK%c", 'A'+n), fmt.Sprintf("bank%c", 'a'+n), fmt.Sprint(100_001 + n), fmt.Sprintf("BNK%c0000001", 'A'+n)
}

// driver has a machine do whole payments.
type driver struct {
	m        *payment.Machine
	event    payment.Event
	out      []payment.Effect
	owed     []payment.Event // what participants answer next; their Text is set when it is said
	next     []payment.Event
	seq      uint64
	at       int64
	payments int
	keep     func(*payment.Effect) // sees what the switch sends; nil: nobody
}

func newDriver() *driver {
	d := &driver{m: payment.New(nowhere{}), at: stamp}
	c := &payment.Config{Currency: currency, OpenMax: 1 << 20}
	for i := range participants {
		id, handle, institution, branch := participant(i)
		c.Participants = append(c.Participants, payment.Profile{
			Number: route.Participant(i), ID: id, Institution: institution, Handles: []string{handle}, IFSCPrefixes: []string{branch[:4]}, NetDebitCap: 1 << 60,
			Timers: payment.Timers{
				Total: 45 * time.Second, Resolve: 10 * time.Second, Debit: 15 * time.Second, Credit: 15 * time.Second, CreditUnknown: 10 * time.Minute,
				Reversal: 10 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
			},
		})
	}
	d.step(&payment.Event{Kind: payment.ConfigChanged, Config: c})
	for i := range participants {
		d.step(&payment.Event{Kind: payment.LinkUp, From: route.Participant(i)})
	}
	return d
}

// step has an event happen, and notes what participants answer to what it sends.
func (d *driver) step(e *payment.Event) {
	d.seq++
	d.at += 1000
	e.Seq, e.At = d.seq, d.at
	d.out = d.m.Step(e, d.out[:0])
	for i := range d.out {
		ef := &d.out[i]
		if !ef.Send {
			continue
		}
		if d.keep != nil {
			d.keep(ef)
		}
		if ef.Leg == payment.LegRequest || ef.Leg == payment.LegConfirm {
			continue // nobody answers these here
		}
		p := ef.Payment
		d.next = append(d.next, payment.Event{Kind: payment.AnswerArrived, From: ef.To, Answer: payment.Answer{
			Payment: p.ID, Leg: ef.Leg, STAN: p.Legs[ef.Leg].STAN, Transmitted: p.Legs[ef.Leg].Transmitted,
			Minor: p.Amount.Minor, Outcome: payment.OK, Code: payment.CodeOf("00"),
		}})
	}
}

// request has participant number i pay the next one.
func (d *driver) request(i int) {
	e := &d.event
	payer, payee := &participantNames[i%participants], &participantNames[(i+1)%participants]
	*e = payment.Event{Kind: payment.RequestArrived, From: route.Participant(i % participants), Text: e.Text}
	e.Request = payment.Request{Key: payment.RequestKey{From: e.From, STAN: uint32(d.seq % 1e6), Transmitted: 1122000000, Acquirer: d.seq}, Hash: 1}
	e.Request.Echo = payment.Echo{Transmitted: e.Request.Key.Transmitted, STAN: e.Request.Key.STAN, RRN: reference}
	e.Request.Amount.Minor, e.Request.Amount.Currency = 1+int64(i), currency
	e.Text.Reset()
	e.Text.Set(payment.PayerAccount, payer.account)
	e.Text.Set(payment.PayerVPA, payer.address)
	e.Text.Set(payment.PayeeVPA, payee.address)
	e.Text.Set(payment.Note, note)
	d.step(e)
}

// What all payments have alike.
var (
	note      = []byte("load")
	reference = [12]byte([]byte("ABC000000001"))
)

// names are what is said of a participant.
type names struct{ account, branch, address, holder []byte }

var participantNames = func() (all [participants]names) {
	for i := range all {
		_, handle, institution, branch := participant(i)
		all[i] = names{[]byte(institution + "0000001"), []byte(branch), []byte("user1@" + handle), []byte("SIMULATED USER")}
	}
	return all
}()

// answer says what a participant answers.
func (d *driver) answer(e *payment.Event) {
	t := &d.event.Text
	d.event = *e
	d.event.Text = *t
	d.event.Text.Reset()
	if e.Answer.Leg == payment.LegResolve {
		d.event.Answer.Minor = payment.AmountMissing
		n := &participantNames[e.From]
		d.event.Text.Set(payment.PayeeAccount, n.account)
		d.event.Text.Set(payment.PayeeIFSC, n.branch)
		d.event.Text.Set(payment.PayeeName, n.holder)
	}
	d.step(&d.event)
}

// wave does so many payments from their requests to their ends, a group of events at a
// time, with the rows of each.
func (d *driver) wave(n int) {
	d.next = d.next[:0]
	for i := range n {
		d.request(i)
	}
	d.m.Flush(nowhere{})
	for len(d.next) > 0 {
		d.owed, d.next = d.next, d.owed[:0]
		for i := range d.owed {
			d.answer(&d.owed[i])
		}
		d.m.Flush(nowhere{})
	}
	d.payments += n
}

// settled says whether all payments have ended well.
func (d *driver) settled() error {
	totals := d.m.Totals()
	if got := int(totals.Of(payment.Success)); got != d.payments || d.m.OpenCount() != 0 {
		return fmt.Errorf("of %d payments %d have succeeded, and %d are open", d.payments, got, d.m.OpenCount())
	}
	return nil
}

func steps(ctx context.Context, o *Options) (Step, []leg, error) {
	d := newDriver()
	var legs []leg
	d.keep = func(ef *payment.Effect) {
		l := leg{*ef, *ef.Payment}
		l.payment.Text = payment.Text{}
		l.payment.Text.CopyFrom(&ef.Payment.Text)
		legs = append(legs, l)
	}
	d.wave(1)
	d.keep = nil
	for range 20 { // maps and buffers grow
		d.wave(wave)
	}
	before, done := d.seq, d.payments
	nanos, err := fastest(ctx, o, o.Duration, 8, func() error { d.wave(wave); return nil })
	if err != nil {
		return Step{}, nil, err
	}
	if err := d.settled(); err != nil {
		return Step{}, nil, err
	}
	s := Step{Events: float64(d.seq-before) / float64(d.payments-done), PaymentCPU: nanos / wave / 1e3}
	s.EventNanos = nanos / wave / s.Events
	return s, legs, nil
}
