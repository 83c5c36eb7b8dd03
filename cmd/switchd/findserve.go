package main

import (
	"errors"
	"net/url"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// foundView is a page of the payments that a search has found, newest first.
type foundView struct {
	Payments []paymentHead `json:"payments"`
	Next     string        `json:"next,omitempty"` // page of the next search; empty: that is all
	Examined int           `json:"examined"`       // rows that were read, or their like
	Cut      bool          `json:"cut,omitempty"`  // not full because so much was read: the rest is behind next
}

// search shows the payments of the running switch that fit criteria. What is not
// durable is not among them: the rows are those of events that are.
func (n *node) search(c access.Caller, values url.Values) (v foundView, err error) {
	names := n.participantNames()
	err = n.desk.Find(c, values, func(page *state.Page) {
		v = viewFound(page, names)
		for i := range v.Payments {
			v.Payments[i].veil(c)
		}
	})
	return v, err
}

// viewFound shows what was found.
func viewFound(page *state.Page, name func(route.Participant) string) foundView {
	v := foundView{Payments: []paymentHead{}, Next: page.Next, Examined: page.Examined, Cut: page.Cut}
	for i := range page.Payments {
		v.Payments = append(v.Payments, viewHead(&page.Payments[i], name))
	}
	return v
}

// search looks into a state store. c has the names of the participants; nil: none are
// known.
func search(s *state.Store, c *payment.Config, values url.Values) (v foundView, err error) {
	r := newEventReader(nil, nil)
	if c != nil {
		r.learn(c)
	}
	q, err := queryOf(values, &glossary{r.names, r.currency})
	if err != nil {
		return v, criteriaFault{err}
	}
	page, err := s.Search(q)
	if errors.Is(err, state.ErrQuery) {
		err = criteriaFault{err}
	}
	if err != nil {
		return v, err
	}
	return viewFound(&page, r.name), nil
}

// criteriaFault is an error about what is asked for.
type criteriaFault struct{ error }

// Unwrap is what is wrong.
func (f criteriaFault) Unwrap() error { return f.error }

// findPayment calls f for a payment of a state store, if it is known.
func findPayment(s *state.Store, id payment.ID, f func(p *payment.Payment)) (found bool, err error) {
	page, err := s.Search(state.Query{ID: id, PageSize: 1})
	if err != nil || len(page.Payments) == 0 {
		return false, err
	}
	f(&page.Payments[0])
	return true, nil
}
