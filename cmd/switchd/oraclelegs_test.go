package main

import (
	"switchd/switch/payment"
	"switchd/switch/simbank"
)

// leg is an entry of a participant's book.
type leg struct {
	simbank.Entry
	at string
}

// own says that the bank debited its customer itself, for a payment of model B.
func (l *leg) own() bool { return l.Model == simbank.ModelB }

// bare says that only a message which names no amount has come: in ISO 20022 a
// fence, or the word that the credit may not be posted.
func (l *leg) bare() bool {
	return l.Kind == simbank.Credit && l.State == simbank.ReversalFirst && l.Amount == 0
}

// legs: every leg is of a known payment, no reference is in a book twice, and each
// payment has exactly the legs that its state claims.
func (o *oracle) legs() {
	legs := map[*fact][]leg{}
	for id, r := range o.reports {
		refs := map[string]bool{}
		for _, e := range r.Entries {
			l := leg{e, id}
			if refs[e.Ref] {
				o.fault("%s has two legs under the reference %s", id, e.Ref)
			}
			refs[e.Ref] = true
			if f := o.h.payments[e.TxnID]; f != nil {
				legs[f] = append(legs[f], l)
			} else if why := strayFault(&l, r); why != "" {
				o.fault("%s has a leg %s of a payment %s that the switch does not know: %s", id, e.Ref, e.TxnID, why)
			}
		}
	}
	for txn, f := range o.facts {
		if why := f.legsFault(legs[f]); why != "" {
			o.fault("payment %s is %s from %s to %s of %d in model %s: %s: %+v", txn, f.state, f.payerBank, f.payeeBank, f.amount, f.model, why, legs[f])
		}
	}
}

// strayFault says what is wrong with a leg of no payment. There is one that may
// be: a bank has debited its customer, the switch has taken no payment, and the
// money is the customer's again.
func strayFault(l *leg, r *simbank.Report) string {
	switch {
	case !l.own() || l.Kind != simbank.Debit:
		return "it has invented it"
	case l.State != simbank.Reversed:
		return "its customer has not got his money back"
	}
	for i := range r.Payments {
		if p := &r.Payments[i]; p.TxID == l.TxnID && p.Outcome == "declined" && p.Amount == l.Amount {
			return ""
		}
	}
	return "nobody was told that it was refused"
}

// legsFault says what is wrong with the legs of a payment.
func (f *fact) legsFault(legs []leg) string {
	var debit, credit simbank.State // zero: none
	for _, l := range legs {
		place, seen := f.payerBank, &debit
		if l.Kind == simbank.Credit {
			place, seen = f.payeeBank, &credit
		}
		switch {
		case l.at != place || l.Amount != f.amount && !l.bare():
			return "a leg at the wrong bank or of another amount"
		case *seen != 0:
			return "a leg twice"
		case l.Kind == simbank.Debit && l.own() != (f.model == simbank.ModelB):
			return "a debit by the wrong side"
		case l.State == simbank.Held:
			return "a credit still waits for its confirmation"
		}
		*seen = l.State
	}
	switch {
	case f.open || !f.state.Final():
		return "it is not closed"
	case f.deadLetter:
		return "a message that needs a person"
	case credit != 0 && debit != simbank.Posted && debit != simbank.Reversed:
		return "a credit without a debit"
	}
	return f.stateFault(debit, credit)
}

// stateFault says how the legs and the state of a payment differ.
func (f *fact) stateFault(debit, credit simbank.State) string {
	switch f.state {
	case payment.Success, payment.Deemed:
		if debit != simbank.Posted || credit != simbank.Posted {
			return "want one debit and one credit, both posted"
		}
	case payment.Declined:
		switch {
		case f.model == simbank.ModelB && debit != simbank.Reversed:
			return "want the payer's bank to have undone its debit"
		case f.model == simbank.ModelB && !neverPosted(credit):
			return "want no credit but a declined one"
		case f.model == simbank.ModelA && (debit != 0 && debit != simbank.Declined || credit != 0):
			return "want no debit but a declined one, and no credit"
		}
	case payment.FailedReversed:
		switch {
		case f.model == simbank.ModelB:
			return "the switch cannot reverse what it has not debited"
		case debit != simbank.Reversed && debit != simbank.ReversalFirst && debit != simbank.Declined:
			return "want nothing posted, and a debit that is undone or barred"
		case !neverPosted(credit):
			return "want nothing posted"
		}
	default:
		return "a state that needs a person"
	}
	return ""
}

// neverPosted says that a credit, if there is one, never reached an account, and
// never will.
func neverPosted(credit simbank.State) bool {
	switch credit {
	case 0, simbank.Declined, simbank.ReversalFirst, simbank.Dropped:
		return true
	}
	return false
}
