package main

import (
	"context"
	"fmt"
	"time"

	"switchd/switch/access"
	"switchd/switch/desk"
	"switchd/switch/mask"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// paymentHead is what is shown of each payment: without names and addresses, with
// accounts masked.
type paymentHead struct {
	ID         uint64     `json:"id"`
	SwitchID   string     `json:"switch_id"`
	Type       string     `json:"type"` // push, collect, refund
	State      string     `json:"state"`
	Outcome    string     `json:"outcome"`
	BankCode   string     `json:"bank_code,omitempty"`
	Told       string     `json:"told"`  // what its sender was told first
	Minor      int64      `json:"minor"` // amount, minor units
	Currency   int        `json:"currency"`
	Sender     string     `json:"sender"`
	PayerBank  string     `json:"payer_bank,omitempty"`
	PayerPSP   string     `json:"payer_psp,omitempty"` // of a collect
	PayeePSP   string     `json:"payee_psp,omitempty"`
	PayeeBank  string     `json:"payee_bank,omitempty"`
	References references `json:"references"`
	Payer      string     `json:"payer_account,omitempty"`
	Payee      string     `json:"payee_account,omitempty"`
	CreatedAt  string     `json:"created_at"`
	ClosedAt   string     `json:"closed_at,omitempty"`
	ClosedSeq  uint64     `json:"closed_record,omitempty"` // of the journal: the event that ended it; id is the record of its request
	DeadLetter bool       `json:"dead_letter"`
	Exceptions []string   `json:"exceptions,omitempty"` // what reconciliation must look at
}

// references are those of the request, as its sender knows it. One in which an account
// number stands is masked.
type references struct {
	RRN           string `json:"rrn,omitempty"`
	MsgID         string `json:"msg_id,omitempty"`
	EndToEndID    string `json:"end_to_end_id,omitempty"`
	TransactionID string `json:"transaction_id,omitempty"`
	UETR          string `json:"uetr,omitempty"`
}

// paymentView is one payment for people.
type paymentView struct {
	paymentHead
	Confirmed bool      `json:"confirmed,omitempty"`
	Returned  bool      `json:"returned,omitempty"`
	Reason    string    `json:"reason,omitempty"` // of the operator who decided last
	Operator  string    `json:"operator,omitempty"`
	Legs      []legView `json:"legs"`
}

// legView is one message of a payment.
type legView struct {
	Leg    string `json:"leg"`
	SentAt string `json:"sent_at"`
	Tries  int    `json:"tries"` // after the first; of status enquiries their number
	Owed   bool   `json:"owed"`  // it goes out again until it is answered
	Answer string `json:"answer,omitempty"`
	After  int64  `json:"answered_after_ms,omitempty"`
}

// paymentLook bounds how long a look at a payment waits for the writer.
const paymentLook = 2 * time.Second

// payment shows a payment by its number or transaction id.
func (n *node) payment(c access.Caller, id string) (v paymentView, err error) {
	number, ok := translate.ParsePayment(id)
	if !ok {
		return v, missing("no such payment")
	}
	ctx, cancel := context.WithTimeout(context.Background(), paymentLook)
	defer cancel()
	names := n.participantNames()
	found := false
	err = n.engine.Inspect(ctx, func(m *payment.Machine) {
		found = m.Look(number, func(p *payment.Payment) { v = viewPayment(p, names) })
	})
	switch v.veil(c); {
	case err != nil:
		return v, fmt.Errorf("%w: the engine has not answered: %w", view.ErrBusy, err)
	case !found:
		return v, missing("no such payment")
	}
	v.Reason = desk.ReasonFor(v.Reason, c.Roles)
	return v, nil
}

// missing is an error about what is not there, in its own words.
type missing string

// Error is the sentence.
func (m missing) Error() string { return string(m) }

// Unwrap is what it is to the admin API.
func (missing) Unwrap() error { return view.ErrNotFound }

// participantNames gives the ids of the participants of the running switch.
func (n *node) participantNames() func(route.Participant) string {
	r := newEventReader(nil, nil)
	r.learn(n.engine.Config())
	return r.name
}

// viewHead copies what is shown of each payment.
func viewHead(p *payment.Payment, name func(route.Participant) string) paymentHead {
	switchID := translate.SwitchID(p.ID)
	text := mask.Texts(&p.Text)
	v := paymentHead{
		ID: uint64(p.ID), SwitchID: string(switchID[:]), Type: p.Type.String(), State: p.State.String(), Outcome: p.Outcome.String(),
		BankCode: p.BankCode.String(), Told: p.Reply.String(), Minor: p.Amount.Minor, Currency: int(p.Amount.Currency),
		Sender: name(p.Key.From), PayerBank: name(p.PayerBank), PayerPSP: name(p.PayerPSP), PayeePSP: name(p.PayeePSP), PayeeBank: name(p.PayeeBank),
		References: references{
			RRN: mask.Trimmed(p.Echo.RRN[:]), MsgID: text[payment.MsgID.String()], EndToEndID: text[payment.EndToEndID.String()],
			TransactionID: text[payment.TransactionID.String()], UETR: text[payment.UETR.String()],
		},
		Payer: text[payment.PayerAccount.String()], Payee: text[payment.PayeeAccount.String()],
		CreatedAt: stamp(p.CreatedAt), ClosedAt: stamp(p.ClosedAt), ClosedSeq: p.ClosedSeq, DeadLetter: p.DeadLetter,
	}
	for _, why := range payment.Recons() {
		if why != payment.NoRecon && p.Exceptions.Has(why) {
			v.Exceptions = append(v.Exceptions, why.String())
		}
	}
	return v
}

// viewPayment copies what is shown of one payment.
func viewPayment(p *payment.Payment, name func(route.Participant) string) paymentView {
	v := paymentView{
		paymentHead: viewHead(p, name), Confirmed: p.Confirmed, Returned: p.Returned,
		Reason: desk.ReasonFor(string(p.Text.Get(payment.Reason)), people), Operator: string(p.Text.Get(payment.Operator)), Legs: []legView{},
	}
	for leg := range p.Legs {
		l := &p.Legs[leg]
		if l.SentAt == 0 {
			continue
		}
		lv := legView{Leg: payment.Leg(leg).String(), SentAt: stamp(l.SentAt), Tries: int(l.Tries), Owed: l.Owed()}
		if l.AnsweredIn != 0 {
			lv.Answer, lv.After = l.Answer.String(), int64(l.AnsweredIn)
		}
		v.Legs = append(v.Legs, lv)
	}
	return v
}

// veil hides what who asks may not see.
func (v *paymentHead) veil(c access.Caller) {
	if desk.Personal(c.Roles) {
		return
	}
	for _, account := range [...]*string{&v.Payer, &v.Payee} {
		if *account != "" {
			*account = desk.Hidden
		}
	}
}

// stamp is a time for people and programs; empty for none.
func stamp(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000Z")
}
