package main

import (
	"errors"
	"fmt"
	"net/url"

	"switchd/switch/payment"
	"switchd/switch/state"
	"switchd/switch/view"
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
func (n *node) search(values url.Values) (any, error) {
	v, err := search(n.data.state, n.engine.Config(), values)
	if errors.As(err, new(criteriaFault)) {
		err = fmt.Errorf("%w: %w", view.ErrQuestion, err)
	}
	return v, err
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
	v = foundView{Payments: []paymentHead{}, Next: page.Next, Examined: page.Examined, Cut: page.Cut}
	for i := range page.Payments {
		v.Payments = append(v.Payments, viewHead(&page.Payments[i], r.name))
	}
	return v, nil
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
