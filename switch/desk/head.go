package desk

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"switchd/ledger"
	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/mask"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// headOf is what roles are shown of every payment.
func headOf(p *payment.Payment, names func(route.Participant) string, roles access.Roles) view.Head {
	id, text := translate.SwitchID(p.ID), textsFor(&p.Text, roles)
	v := view.Head{
		ID: uint64(p.ID), SwitchID: string(id[:]), Type: p.Type.String(), State: p.State.String(), Outcome: p.Outcome.String(),
		BankCode: p.BankCode.String(), Minor: p.Amount.Minor, Currency: int(p.Amount.Currency),
		Sender: names(p.Key.From), PayerBank: names(p.PayerBank), PayeeBank: names(p.PayeeBank),
		References: view.References{
			RRN: mask.Trimmed(p.Echo.RRN[:]), MsgID: text[payment.MsgID], EndToEndID: text[payment.EndToEndID],
			TransactionID: text[payment.TransactionID], UETR: text[payment.UETR],
		},
		Payer: text[payment.PayerAccount], Payee: text[payment.PayeeAccount],
		CreatedAt: stamp(p.CreatedAt), ClosedAt: stamp(p.ClosedAt), DeadLetter: p.DeadLetter, Exceptions: []string{},
	}
	for _, why := range payment.Recons() {
		if why != payment.NoRecon && p.Exceptions.Has(why) {
			v.Exceptions = append(v.Exceptions, why.String())
		}
	}
	v.Code, v.Exponent = moneyOf(p.Amount.Currency)
	return v
}

// moneyOf is how amounts of a currency are written: a payment that was declined may be in
// one that is not the switch's, or in none.
func moneyOf(c ledger.Currency) (code string, exponent int) {
	money, known := config.CurrencyByNumber(uint16(c))
	switch {
	case known:
		return money.Code, money.Exponent
	case c == 0:
		return "minor units", 0
	}
	return fmt.Sprintf("minor units of currency %03d", c), 0
}

// Search is a page of the payments that fit criteria.
func (d *Desk) Search(_ context.Context, c access.Caller, criteria url.Values) (view.Found, error) {
	v := view.Found{Payments: []view.Head{}}
	names := d.names()
	err := d.Find(c, criteria, func(page *state.Page) {
		v.Next, v.Examined, v.Cut = page.Next, page.Examined, page.Cut
		for i := range page.Payments {
			v.Payments = append(v.Payments, headOf(&page.Payments[i], names, c.Roles))
		}
	})
	return v, err
}

// searchesMax is how many searches run at once: each may take some tens of milliseconds.
const searchesMax = 4

// Find gives f a page of the payments that fit criteria, as they are: what of them c may
// see is for the caller to mind (Personal).
func (d *Desk) Find(c access.Caller, criteria url.Values, f func(page *state.Page)) error {
	if criteria.Has("account") && !Personal(c.Roles) {
		return fault(view.ErrForbidden, "who sees no accounts cannot search by one")
	}
	q, err := d.o.Query(criteria)
	if err != nil {
		return fmt.Errorf("%w: %w", view.ErrQuestion, err)
	}
	d.hideCanaries(&q)
	select {
	case d.searches <- struct{}{}:
		defer func() { <-d.searches }()
	default:
		return fault(view.ErrBusy, "%d searches are under way: try again", searchesMax)
	}
	return d.reading(func() error {
		page, err := d.o.Rows.Search(q)
		if errors.Is(err, state.ErrQuery) {
			err = fmt.Errorf("%w: %w", view.ErrQuestion, err)
		}
		if err == nil {
			f(&page)
		}
		return err
	})
}

// hideCanaries leaves the payments that the switch makes with itself out of a search that
// does not ask for one, or for one of their participants.
func (d *Desk) hideCanaries(q *state.Query) {
	if q.ID != 0 {
		return
	}
	for _, p := range d.o.Engine.Config().Participants {
		if p.Canary {
			q.Without = append(q.Without, p.Number)
		}
	}
	if slices.ContainsFunc(q.Participants, func(n route.Participant) bool { return slices.Contains(q.Without, n) }) {
		q.Without = nil
	}
}

// reading runs f while the stores are open.
func (d *Desk) reading(f func() error) error {
	ran := false
	err := d.o.Reading(func() error { ran = true; return f() })
	if err != nil && !ran {
		err = fault(view.ErrBusy, "%w", err)
	}
	return err
}
