package sim

import (
	"switchd/switch/payment"
	"switchd/switch/route"
)

// reverses: no reversal after a credit that may stand (I4). Once a credit has left,
// only a durable and clear no of the payee's bank allows it; or that the bank posts
// on confirmation and was never told to.
func (j *judge) reverses(id payment.ID, f *fact) {
	if f.amount == 0 {
		j.violation("reversal", id, "a reversal without a durable request")
	}
	if f.mayStand() {
		j.violation("reversal", id, "a reversal leaves after a credit that may stand")
	}
	if f.deemed {
		j.violation("reversal", id, "a reversal leaves after the credit was declared done")
	}
	if f.own {
		j.violation("reversal", id, "a reversal leaves of what the payer's bank has debited itself")
	}
	f.reversal = true
}

// advises: a credit is declared done only if the debit was made and not taken
// back. Whether the credit has left is not asked: after a crash nobody knows.
func (j *judge) advises(id payment.ID, f *fact) {
	if !f.debitYes {
		j.violation("reversal", id, "a credit is declared done and no durable answer says that the debit was made")
	}
	if f.reversal {
		j.violation("reversal", id, "a credit is declared done after the reversal of its debit")
	}
	if f.onConfirm {
		j.violation("reversal", id, "a credit is declared done at a bank that posts on confirmation")
	}
	f.deemed = true
}

var tells = map[kind]bool{reply: true, update: true, enquiryReply: true}

// tells: in model B a no to the sender is what a reversal is in model A, because it
// undoes its debit then.
func (j *judge) tells(to route.Participant, m *message) {
	id := j.requests[requestKey{to, m.stan, m.minor}]
	f := j.facts[id]
	if id == 0 || !f.own || !tells[m.kind] {
		return
	}
	switch m.result {
	case resultPending, resultDeemed, resultUnknown:
		return
	case resultDone:
		if f.refused {
			j.violation("reversal", id, "the sender is told yes after it was told no")
		}
		f.promised = true
		return
	}
	if f.promised || f.deemed {
		j.violation("reversal", id, "the sender is told no after it was told yes, or after the credit was declared done")
	}
	if f.mayStand() {
		j.violation("reversal", id, "the sender is told no, and undoes its debit, after a credit that may stand")
	}
	f.refused = true
}

// confirms: a payee's bank that posts on confirmation is told yes only if it has
// accepted and the debit is not taken back, and never yes and no.
func (j *judge) confirms(id payment.ID, f *fact, m *message) {
	if m.result != resultDone {
		if f.confirm {
			j.violation("reversal", id, "the payee's bank is told %s after it was told to post", m.result)
		}
		f.rejected = true
		return
	}
	if f.rejected || f.refused {
		j.violation("reversal", id, "the payee's bank is told to post after it, or the sender, was told no")
	}
	if f.reversal {
		j.violation("reversal", id, "the payee's bank is told to post after the reversal of the debit")
	}
	if !f.debitYes {
		j.violation("reversal", id, "the payee's bank is told to post and no durable answer says that the debit was made")
	}
	f.confirm = true
}
