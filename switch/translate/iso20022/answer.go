package iso20022

import (
	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// answered begins the event of an answer to a leg.
func (i *interpreter) answered(ev *payment.Event, id payment.ID, leg payment.Leg) *payment.Answer {
	ev.Kind, ev.From = payment.AnswerArrived, i.dialect.number
	ev.Text.Reset()
	ev.Answer = payment.Answer{Payment: id, Leg: leg, Minor: payment.AmountNotStated}
	return &ev.Answer
}

// named is the leg that the message read last answers. It also serves messages
// that could be read in part only.
func (i *interpreter) named() (payment.ID, payment.Leg, bool) {
	if familyOf(i.msg.Definition()) == familyResolved {
		id, leg, ok := parseID(i.msg.Text(codec.VerificationID))
		return id, leg, ok && leg == payment.LegResolve
	}
	if i.msg.Has(codec.StatusID) {
		if id, leg, ok := parseID(i.msg.Text(codec.StatusID)); ok && leg == payment.LegStatus {
			return id, leg, true
		}
	}
	id, leg, ok := parseID(i.msg.Text(codec.OriginalMsgID))
	switch leg {
	case payment.LegDebit, payment.LegCredit, payment.LegReversal, payment.LegAdvice, payment.LegStatus:
		return id, leg, ok
	}
	return id, leg, false
}

// statusAnswer reads a pacs.002.
func (i *interpreter) statusAnswer(ev *payment.Event) translate.Inbound {
	id, leg, ok := i.named()
	if !ok {
		return i.unmatched(ev, codec.OriginalMsgID, id, leg)
	}
	a := i.answered(ev, id, leg)
	a.Outcome, a.Code = i.verdict(leg)
	if of, _, ours := parseID(i.msg.Text(codec.OriginalMsgID)); leg == payment.LegStatus && (!ours || of != id) {
		a.Outcome = payment.Unreadable // the answer to one enquiry, about another payment
	}
	copy(a.Approval[:], i.msg.Text(codec.ServicerReference))
	return translate.Inbound{Kind: translate.Answer}
}

// verdict is what a status says (domain reference 2.4). A status that is not
// known proves nothing, and a message that was only checked is not carried out:
// that is a yes of banks that credit on confirmation, and of nobody else.
func (i *interpreter) verdict(leg payment.Leg) (payment.Outcome, payment.Code) {
	status := string(i.msg.Text(codec.Status))
	switch status {
	case statusSettled, statusCredited, statusAccepted:
		return payment.OK, payment.CodeOf(status)
	case statusChecked:
		if leg == payment.LegCredit || leg == payment.LegStatus {
			return payment.OK, payment.CodeOf(status)
		}
		return payment.Pending, payment.CodeOf(status)
	case statusRejected:
		if leg == payment.LegDebit || leg == payment.LegReversal {
			return i.reason(translate.PayerSide)
		}
		return i.reason(translate.PayeeSide)
	case statusHeld, statusPending, statusReceived:
		return payment.Pending, payment.CodeOf(status)
	}
	return payment.Unreadable, payment.CodeOf(status)
}

// reason is why a participant said no. Without a known reason it is a no of the
// bank all the same.
func (i *interpreter) reason(side translate.Side) (payment.Outcome, payment.Code) {
	if v := i.msg.Text(codec.ReasonCode); len(v) > 0 {
		return translate.ReadReason(v, side), payment.CodeOf(string(v))
	}
	v := i.msg.Text(codec.ReasonProprietary)
	return translate.ReadReason(v, side), payment.CodeOf(string(v))
}

// resolutionAnswer reads an acmt.024.
func (i *interpreter) resolutionAnswer(ev *payment.Event) translate.Inbound {
	id, leg, ok := i.named()
	if !ok {
		return i.unmatched(ev, codec.VerificationID, id, leg)
	}
	a := i.answered(ev, id, leg)
	if !codec.IsTrue(i.msg.Text(codec.Verified)) {
		a.Outcome, a.Code = i.reason(translate.PayeeSide)
		if a.Outcome == payment.OK {
			a.Outcome = payment.AddressUnknown
		}
		return translate.Inbound{Kind: translate.Answer}
	}
	a.Outcome = payment.OK
	if account := i.account(codec.UpdatedIBAN, codec.UpdatedAccount); len(account) > 0 && len(account) <= accountBytesMax {
		ev.Text.Set(payment.PayeeAccount, account)
	}
	if name := i.msg.Text(codec.UpdatedName); len(name) > 0 {
		ev.Text.Set(payment.PayeeName, cut(name, nameBytesMax))
	}
	if _, ok := i.branch(ev, codec.UpdatedAgentSystem, codec.UpdatedAgent, payment.PayeeIFSC); !ok {
		a.Outcome = payment.Unreadable
	}
	return translate.Inbound{Kind: translate.Answer}
}

// recallAnswer reads a camt.029, the answer to a fence.
func (i *interpreter) recallAnswer(ev *payment.Event) translate.Inbound {
	id, leg, ok := parseID(i.msg.Text(codec.StatusID)) // CxlStsId
	if !ok || leg != payment.LegFence {
		return i.unmatched(ev, codec.StatusID, id, leg)
	}
	a := i.answered(ev, id, leg)
	status := string(i.msg.Text(codec.CancellationStatus))
	a.Outcome, a.Code = payment.Unreadable, payment.CodeOf(status)
	for _, c := range recallAnswers {
		if c.status == status && (!i.msg.Has(codec.Status) || string(i.msg.Text(codec.Status)) == c.single) {
			a.Outcome = c.outcome
		}
	}
	return translate.Inbound{Kind: translate.Answer}
}

// recallAnswers are the statuses of a recall, and of its one transaction, which need
// not be there but must not say something else.
var recallAnswers = [...]struct {
	status, single string
	outcome        payment.Outcome
}{
	{"CNCL", "ACCR", payment.OK},           // cancelled, or barred for ever
	{"RJCR", "RJCR", payment.CreditStands}, // posted, and it stays
	{"PDCR", "PDCR", payment.Pending},
}

// received is what ReqHdlg/StsCd of an admi.007 says for a receipt.
const received = "RCVD"

// receipt reads an admi.007: a participant has what the switch told it, or could do
// nothing with it.
func (i *interpreter) receipt(ev *payment.Event) translate.Inbound {
	related := i.msg.Text(codec.RelatedReference)
	id, leg, ok := parseID(related)
	if isRefusal(related) { // nobody waits for it: what was refused left no record
		return translate.Inbound{Kind: translate.Silent}
	}
	if !ok || (leg != payment.LegConfirm && leg != payment.LegUpdate && leg != payment.LegRequest) {
		return i.unmatched(ev, codec.RelatedReference, id, leg)
	}
	a, status := i.answered(ev, id, leg), string(i.msg.Text(codec.RequestStatus))
	a.Outcome, a.Code = payment.ErrBank, payment.CodeOf(status)
	if status == received {
		a.Outcome = payment.OK
	}
	return translate.Inbound{Kind: translate.Answer}
}

// rejected reads an admi.002: a participant could not read a message of ours, and
// so has done nothing about it.
func (i *interpreter) rejected(ev *payment.Event) translate.Inbound {
	id, leg, ok := parseID(i.msg.Text(codec.RelatedReference))
	switch leg {
	case payment.LegResolve, payment.LegDebit, payment.LegCredit:
	default:
		ok = false // nothing to be said against: a reversal is repeated, an enquiry is asked again
	}
	if !ok {
		return i.unmatched(ev, codec.RelatedReference, id, leg)
	}
	a := i.answered(ev, id, leg)
	a.Outcome, a.Code = payment.Format, payment.CodeOf(string(i.msg.Text(codec.RejectReason)))
	return translate.Inbound{Kind: translate.Answer}
}
