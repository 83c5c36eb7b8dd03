package iso20022

import (
	"bytes"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// report tells the sender of a request what became of it: at once, or later when
// that has changed.
func (i *interpreter) report(dst []byte, ef *payment.Effect) ([]byte, error) {
	p, o := ef.Payment, decided(ef)
	if ef.Leg == payment.LegRequest {
		o = p.Reply
	}
	if !recorded(p) {
		// A request that never became a payment: its own id and time are all there is.
		return i.reportAs(dst, refusalID(p.Text.Get(payment.MsgID), uint64(o), "", &i.id), theirTime(p), ef, o, "")
	}
	i.id = idOf(p, ef.Leg)
	return i.reportAs(dst, i.id[:], sentAt(p, ef.Leg), ef, o, "")
}

// recorded says that a request is a payment, if only a declined one. One that
// reuses a known id for something else is not.
func recorded(p *payment.Payment) bool {
	return p.ID != 0 && (p.Reply != payment.Duplicate || p.State != payment.StateNone)
}

// reportAs writes a report with an id and a time: a pacs.002, or the pain.002 that
// a pain.001 is answered by.
func (i *interpreter) reportAs(dst []byte, id []byte, at int64, ef *payment.Effect, o payment.Outcome, note string) ([]byte, error) {
	p, d, customer := ef.Payment, i.dialect.send.statusReport, fromCustomer(ef.Payment)
	if customer {
		d = i.dialect.send.customerReport
	}
	w := i.begin(dst, d, id, at, ef.Repeat)
	i.requested(w, p, customer)
	taken := recorded(p) // with ids of ours
	if customer {
		w.SetString(codec.InitiatingParty, i.dialect.directory.Institution)
	} else {
		i.agents(w)
		w.Set(codec.OriginalTransactionID, transactionID(p, &i.transaction))
	}
	if !customer || taken || p.Text.Has(payment.UETR) {
		w.Set(codec.OriginalUETR, uetr(p, &i.uetr))
	}
	switch { // the clearing system's reference: the sender's, or else our number
	case p.Echo.RRN[0] != 0:
		w.Set(codec.ClearingReference, p.Echo.RRN[:])
	case taken:
		number := translate.SwitchID(p.ID)
		w.Set(codec.ClearingReference, number[:])
	}
	if o == payment.OK && p.Approval[0] != 0 {
		w.Set(codec.ServicerReference, p.Approval[:])
	}
	i.status(w, p, o, customer)
	i.note(w, d, note)
	return w.Finish()
}

// fromCustomer says that the request was a pain.001, which is answered by a
// pain.002.
func fromCustomer(p *payment.Payment) bool {
	return bytes.HasPrefix(p.Text.Get(payment.RequestType), []byte(familyInitiation))
}

// requested writes which request of the participant a pacs.002 or, to a customer, a
// pain.002 is about.
func (i *interpreter) requested(w *codec.Writer, p *payment.Payment, customer bool) {
	w.Set(codec.OriginalMsgID, p.Text.Get(payment.MsgID))
	w.Set(codec.OriginalMsgName, p.Text.Get(payment.RequestType))
	if p.Text.Has(payment.RequestCreatedAt) {
		w.Set(codec.OriginalCreatedAt, p.Text.Get(payment.RequestCreatedAt))
	}
	switch v := p.Text.Get(payment.InstructionID); {
	case customer:
		w.Set(codec.OriginalPaymentInfoID, v)
	case !fromCustomer(p): // whose id is none of the transaction
		w.Set(codec.OriginalInstructionID, v)
	}
	w.Set(codec.OriginalEndToEndID, endToEndID(p))
}

// enquiryAnswer tells a participant what it has asked about: its own request, or
// the credit that it was sent.
func (i *interpreter) enquiryAnswer(dst []byte, ef *payment.Effect) ([]byte, error) {
	p := ef.Payment
	asked := ef.Text.Get(payment.MsgID)
	w := i.begin(dst, i.dialect.send.statusReport, refusalID(asked, uint64(ef.At), "", &i.id), ef.At, false)
	i.agents(w)
	w.Set(codec.StatusID, asked)
	switch {
	case p.ID == 0: // nothing is known of it: what was asked about comes back
		for _, e := range enquired {
			if e.original {
				w.Set(e.from, ef.Text.Get(e.to))
			}
		}
	case p.Key.From == i.dialect.number:
		i.requested(w, p, false)
		w.Set(codec.OriginalTransactionID, transactionID(p, &i.transaction))
		w.Set(codec.OriginalUETR, uetr(p, &i.uetr))
	default:
		i.original(w, p, payment.LegCredit, i.dialect.send.credit)
	}
	i.status(w, p, decided(ef), false)
	return w.Finish()
}

// decided is what a later word says. A payment that was told "deemed" while that
// was open, and has been deemed since, counts as made: here that is a settlement,
// where ISO 8583 says "deemed" a second time.
func decided(ef *payment.Effect) payment.Outcome {
	if ef.Outcome == payment.TimeoutCredit && ef.Payment.State == payment.Deemed {
		return payment.OK
	}
	return ef.Outcome
}
