package sim

import "switchd/switch/payment"

// reverses: no reversal after a credit that may stand (I4). Once a credit has left,
// only a durable and clear no of the payee's bank allows it; or that the bank posts
// on confirmation and was never told to.
func (j *judge) reverses(id payment.ID, f *fact) {
	if f.amount == 0 {
		j.violation("reversal", id, "a reversal without a durable request")
	}
	if f.credit && !f.creditNo && !(f.onConfirm && !f.confirm) {
		j.violation("reversal", id, "a reversal leaves after a credit that may stand")
	}
	if f.deemed {
		j.violation("reversal", id, "a reversal leaves after the credit was declared done")
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
	f.deemed = true
}

// confirms: a payee's bank that posts on confirmation is told yes only if it has
// accepted and the debit is not taken back, and never yes and no.
func (j *judge) confirms(id payment.ID, f *fact, m *message) {
	if m.result != "00" {
		if f.confirm {
			j.violation("reversal", id, "the payee's bank is told %s after it was told to post", m.result)
		}
		return
	}
	if f.reversal {
		j.violation("reversal", id, "the payee's bank is told to post after the reversal of the debit")
	}
	if !f.debitYes {
		j.violation("reversal", id, "the payee's bank is told to post and no durable answer says that the debit was made")
	}
	f.confirm = true
}
