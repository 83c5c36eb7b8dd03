package iso8583

import (
	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// answer reads a participant's answer (0110, 0210, 0230, 0430) into ev. It says why
// when the message names no leg of ours: then it answers nothing that this switch
// ever asked, and of its key ev has what there is. readable says that the whole message was parsed;
// an answer that names its leg but is damaged elsewhere proves nothing and
// arrives as payment.Unreadable.
func (d *Dialect) answer(msg *codec.Message, readable bool, ev *payment.Event) (why string) {
	id, leg, why := d.named(msg)
	transmitted, okDE7 := msg.Uint(7)
	stan, okDE11 := msg.Uint(11)
	ev.Kind, ev.From = payment.AnswerArrived, d.Number
	ev.Text.Reset()
	ev.Answer = payment.Answer{Payment: id, Leg: leg, STAN: uint32(stan), Transmitted: uint32(transmitted), Minor: -1}
	switch {
	case why != "":
		return why
	case !okDE7:
		return "DE7 missing"
	case !okDE11:
		return "DE11 missing"
	}
	d.result(msg, readable, ev)
	return ""
}

// named is the leg that the message answers, by its reference; or, when this
// participant's answers carry none that counts, payment 0 and what the message
// type says, for the machine to find by DE7 and DE11. why is empty, or what is wrong
// with what should name a leg.
func (d *Dialect) named(msg *codec.Message) (id payment.ID, leg payment.Leg, why string) {
	match := d.match
	if match == 0 {
		match = defaultMatch
	}
	if match&(1<<37) == 0 {
		leg, ok := legByTrace[msg.MTI()]
		if !ok {
			return 0, 0, "DE0 answers nothing"
		}
		return 0, leg, ""
	}
	reference := msg.Value(37)
	if len(reference) == 0 {
		return 0, 0, "DE37 missing"
	}
	id, leg, ok := translate.ParseReference(reference)
	if !ok {
		return 0, 0, "DE37 not ours"
	}
	answered, ok := answeredLeg(msg.MTI(), leg)
	if !ok {
		return id, leg, "DE37 does not fit DE0"
	}
	return id, answered, ""
}

// legByTrace is what a response type says without a reference: a 0210 may answer
// a debit or a credit, the trace number tells which.
var legByTrace = map[codec.MTI]payment.Leg{
	mtiAuthorisation.Response(): payment.LegResolve,
	mtiFinancial.Response():     payment.LegRequest,
	mtiAdvice.Response():        payment.LegAdvice,
	mtiReversal.Response():      payment.LegReversal,
}

// answeredLeg is the leg that a response of this type answers, given the leg in
// its reference.
func answeredLeg(mti codec.MTI, named payment.Leg) (payment.Leg, bool) {
	leg, ok := legByReference[mti][named]
	return leg, ok
}

// legByReference says by response type what the leg in a reference stands for:
// what is about a debit or a credit bears the reference of that.
var legByReference = map[codec.MTI]map[payment.Leg]payment.Leg{
	mtiAuthorisation.Response(): {payment.LegResolve: payment.LegResolve, payment.LegCredit: payment.LegStatus},
	mtiFinancial.Response():     {payment.LegDebit: payment.LegDebit, payment.LegCredit: payment.LegCredit},
	mtiReversal.Response():      {payment.LegDebit: payment.LegReversal, payment.LegCredit: payment.LegFence},
	mtiAdvice.Response(): {
		payment.LegCredit: payment.LegAdvice, payment.LegReversal: payment.LegConfirm, payment.LegAdvice: payment.LegUpdate,
	},
}

// result reads what the participant decided.
func (d *Dialect) result(msg *codec.Message, readable bool, ev *payment.Event) {
	a := &ev.Answer
	code := msg.Value(39)
	copy(a.Code[:], code)
	of := translate.PayeeSide
	if a.Leg == payment.LegDebit || a.Leg == payment.LegReversal {
		of = translate.PayerSide
	}
	a.Outcome = translate.ReadCode(code, of)
	if minor, ok := d.amount(msg); ok {
		a.Minor = minor
	}
	copy(a.Approval[:], msg.Value(38))
	if !readable || !d.currencyFits(msg) || (a.Leg == payment.LegResolve && !d.resolution(msg, ev)) {
		a.Outcome = payment.Unreadable
	}
}

// currencyFits: an answer may leave the currency out, but not change it.
func (d *Dialect) currencyFits(msg *codec.Message) bool {
	if !msg.Has(49) {
		return true
	}
	v, ok := msg.Uint(49)
	return ok && v == uint64(d.Directory.Currency)
}

// resolution reads the account behind an address.
func (d *Dialect) resolution(msg *codec.Message, ev *payment.Event) bool {
	if account := d.quirks.Padding.strip(msg.Value(103)); len(account) > 0 {
		ev.Text.Set(payment.PayeeAccount, account)
	}
	tlv := msg.Value(120)
	if name, ok := codec.FindTLV(tlv, tagPayeeName); ok && len(name) <= nameBytesMax {
		ev.Text.Set(payment.PayeeName, name)
	}
	if ifsc, ok := codec.FindTLV(tlv, tagPayeeIFSC); ok {
		if !translate.IsIFSC(ifsc) {
			return false
		}
		ev.Text.Set(payment.PayeeIFSC, ifsc)
	}
	return true
}
