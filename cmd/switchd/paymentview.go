package main

import (
	"context"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// paymentView is one payment for people, without accounts, names and addresses.
type paymentView struct {
	ID         uint64    `json:"id"`
	SwitchID   string    `json:"switch_id"`
	State      string    `json:"state"`
	Outcome    string    `json:"outcome"`
	BankCode   string    `json:"bank_code,omitempty"`
	Told       string    `json:"told"`  // what its sender was told first
	Minor      int64     `json:"minor"` // amount, minor units
	Currency   int       `json:"currency"`
	Sender     string    `json:"sender"`
	PayerBank  string    `json:"payer_bank,omitempty"`
	PayeePSP   string    `json:"payee_psp,omitempty"`
	PayeeBank  string    `json:"payee_bank,omitempty"`
	CreatedAt  string    `json:"created_at"`
	ClosedAt   string    `json:"closed_at,omitempty"`
	ClosedSeq  uint64    `json:"closed_record,omitempty"` // of the journal: the event that ended it; id is the record of its request
	DeadLetter bool      `json:"dead_letter"`
	Confirmed  bool      `json:"confirmed,omitempty"`
	Returned   bool      `json:"returned,omitempty"`
	Reason     string    `json:"reason,omitempty"` // of the operator who decided last
	Operator   string    `json:"operator,omitempty"`
	Legs       []legView `json:"legs"`
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
func (n *node) payment(id string) (any, bool) {
	number, ok := parsePaymentID(id)
	if !ok {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), paymentLook)
	defer cancel()
	var v paymentView
	found := false
	err := n.engine.Inspect(ctx, func(m *payment.Machine) {
		found = m.Look(number, func(p *payment.Payment) { v = n.view(p) })
	})
	return v, found && err == nil
}

// view copies what is shown of a payment.
func (n *node) view(p *payment.Payment) paymentView {
	name := func(number route.Participant) string {
		for _, profile := range n.engine.Config().Participants {
			if profile.Number == number {
				return profile.ID
			}
		}
		return ""
	}
	switchID := translate.SwitchID(p.ID)
	v := paymentView{
		ID: uint64(p.ID), SwitchID: string(switchID[:]), State: p.State.String(), Outcome: p.Outcome.String(),
		BankCode: p.BankCode.String(), Told: p.Reply.String(), Minor: p.Amount.Minor, Currency: int(p.Amount.Currency),
		Sender: name(p.Key.From), PayerBank: name(p.PayerBank), PayeePSP: name(p.PayeePSP), PayeeBank: name(p.PayeeBank),
		CreatedAt: stamp(p.CreatedAt), ClosedAt: stamp(p.ClosedAt), ClosedSeq: p.ClosedSeq, DeadLetter: p.DeadLetter, Confirmed: p.Confirmed, Returned: p.Returned,
		Reason: string(p.Text.Get(payment.Reason)), Operator: string(p.Text.Get(payment.Operator)), Legs: []legView{},
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

// stamp is a time for people and programs; empty for none.
func stamp(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000Z")
}
