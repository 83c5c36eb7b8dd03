package sim

import "switchd/switch/payment"

// debits: a debit goes out only for a request on the record, and never again after
// its reversal.
func (j *judge) debits(id payment.ID, f *fact) {
	if f.amount == 0 {
		j.violation("credit", id, "a debit without a durable request")
	}
	if f.own {
		j.violation("credit", id, "a debit leaves of what the payer's bank has debited itself")
	}
	if f.reversal {
		j.violation("credit", id, "a debit leaves after its reversal")
	}
}

// credits: no credit without a durable debit (I3), and none once the debit is being
// taken back.
func (j *judge) credits(id payment.ID, f *fact) {
	if !f.debitYes {
		j.violation("credit", id, "a credit leaves and no durable answer says that the debit was made")
	}
	if f.reversal || f.refused {
		j.violation("credit", id, "a credit leaves after the reversal of its debit, or after a no to the bank that has made it")
	}
	f.credit = true
}
