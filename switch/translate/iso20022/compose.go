package iso20022

import (
	"fmt"
	"time"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Compose appends the message that ef asks for.
func (i *interpreter) Compose(dst []byte, ef *payment.Effect) ([]byte, error) {
	switch ef.Leg {
	case payment.LegRequest, payment.LegUpdate:
		return i.report(dst, ef)
	case payment.LegEnquiry:
		return i.enquiryAnswer(dst, ef)
	case payment.LegResolve:
		return i.resolve(dst, ef)
	case payment.LegDebit:
		return i.order(dst, ef, i.dialect.send.debit, instrumentDebit)
	case payment.LegCredit:
		return i.order(dst, ef, i.dialect.send.credit, instrumentCredit)
	case payment.LegAdvice:
		return i.order(dst, ef, i.dialect.send.credit, instrumentDeemed)
	case payment.LegReversal:
		return i.reverse(dst, ef)
	case payment.LegStatus:
		return i.enquire(dst, ef)
	case payment.LegFence:
		return i.recall(dst, ef)
	case payment.LegConfirm:
		return i.confirm(dst, ef)
	}
	return dst, fmt.Errorf("no ISO 20022 message for the leg %v", ef.Leg)
}

// begin begins a message of a leg: the header and what every message has. Each
// of a leg's repeats is the same message, but for the mark that it is one.
func (i *interpreter) begin(dst []byte, d *codec.Definition, id []byte, at int64, repeat bool) *codec.Writer {
	w := &i.writer
	w.Begin(i.dialect.profile, d, dst)
	w.SetString(codec.BizFrom, i.dialect.directory.Institution)
	w.SetString(codec.BizTo, i.dialect.directory.InstitutionOf(i.dialect.number))
	w.Set(codec.BizMsgID, id)
	w.SetString(codec.BizService, service)
	w.SetTime(codec.BizCreatedAt, at)
	if repeat {
		w.SetString(codec.BizPossibleDuplicate, "true")
	}
	if i.dialect.profile.Carries(d, codec.MsgID) { // events and rejects have no id of their own
		w.Set(codec.MsgID, id)
	}
	if i.dialect.profile.Carries(d, codec.CreatedAt) {
		w.SetTime(codec.CreatedAt, at)
	}
	return w
}

// leg begins the message of a leg.
func (i *interpreter) leg(dst []byte, d *codec.Definition, ef *payment.Effect) *codec.Writer {
	i.id = idOf(ef.Payment, ef.Leg)
	return i.begin(dst, d, i.id[:], sentAt(ef.Payment, ef.Leg), ef.Repeat)
}

// sentAt is when a message was made: the first time, so that a repeat is the same.
func sentAt(p *payment.Payment, leg payment.Leg) int64 {
	if at := p.Legs[leg].SentAt; at != 0 {
		return at
	}
	return p.CreatedAt
}

// agents writes from where to where a message goes.
func (i *interpreter) agents(w *codec.Writer) {
	w.SetString(codec.InstructingAgent, i.dialect.directory.Institution)
	w.SetString(codec.InstructedAgent, i.dialect.directory.InstitutionOf(i.dialect.number))
}

// order is the debit, the credit or the advice of a deemed credit.
func (i *interpreter) order(dst []byte, ef *payment.Effect, d *codec.Definition, instrument string) ([]byte, error) {
	p := ef.Payment
	w := i.leg(dst, d, ef)
	w.SetString(codec.Transactions, "1")
	w.SetString(codec.SettlementMethod, "CLRG")
	i.agents(w)
	instruction := i.id
	if ef.Leg == payment.LegAdvice {
		instruction = idOf(p, payment.LegCredit) // it is about the same transaction
	}
	w.Set(codec.InstructionID, instruction[:])
	w.Set(codec.EndToEndID, endToEndID(p))
	w.Set(codec.TransactionID, transactionID(p, &i.transaction))
	w.Set(codec.UETR, uetr(p, &i.uetr))
	if p.Echo.RRN[0] != 0 {
		w.Set(codec.ClearingReference, p.Echo.RRN[:])
	}
	w.SetString(codec.LocalInstrument, instrument)
	i.amountOf(w, p)
	w.SetDate(codec.SettlementDate, dayOf(p.CreatedAt))
	if ef.Leg != payment.LegDebit { // a pacs.003 has no such element
		w.SetTime(codec.AcceptedAt, p.CreatedAt)
	}
	w.SetString(codec.ChargeBearer, "SLEV")
	i.party(w, p, &debtor, p.PayerBank)
	i.party(w, p, &creditor, p.PayeeBank)
	if v := p.Text.Get(payment.Purpose); len(v) > purposeCodeBytes {
		w.Set(codec.PurposeProprietary, v)
	} else {
		w.Set(codec.Purpose, v)
	}
	if p.Text.Has(payment.Note) {
		w.Set(codec.Remittance, p.Text.Get(payment.Note))
	}
	return w.Finish()
}

// amountOf writes the amount, which must be in the currency of the switch: one in
// another is not written at all.
func (i *interpreter) amountOf(w *codec.Writer, p *payment.Payment) {
	currency := ""
	if p.Amount.Currency == i.dialect.directory.Currency {
		currency = i.dialect.directory.CurrencyCode
	}
	w.SetAmount(codec.Amount, p.Amount.Minor, currency)
}

// purposeCodeBytes is the length of a purpose that may be one of ISO's codes.
const purposeCodeBytes = 4

// party is where payer or payee stand: in a message and in a payment.
type party struct {
	name, iban, account, proxyType, proxy, system, agent, bic codec.Field
	nameText, accountText, vpaText, ifscText                  payment.TextField
}

var (
	debtor = party{
		codec.DebtorName, codec.DebtorIBAN, codec.DebtorAccount, codec.DebtorProxyType, codec.DebtorProxy, codec.DebtorAgentSystem, codec.DebtorAgent, codec.DebtorAgentBIC,
		payment.PayerName, payment.PayerAccount, payment.PayerVPA, payment.PayerIFSC,
	}
	creditor = party{
		codec.CreditorName, codec.CreditorIBAN, codec.CreditorAccount, codec.CreditorProxyType, codec.CreditorProxy, codec.CreditorAgentSystem, codec.CreditorAgent, codec.CreditorAgentBIC,
		payment.PayeeName, payment.PayeeAccount, payment.PayeeVPA, payment.PayeeIFSC,
	}
)

// party writes payer or payee and the bank of theirs.
func (i *interpreter) party(w *codec.Writer, p *payment.Payment, who *party, bank route.Participant) {
	w.Set(who.name, orNotProvided(p, who.nameText))
	setAccount(w, who.iban, who.account, p.Text.Get(who.accountText))
	if p.Text.Has(who.vpaText) {
		w.SetString(who.proxyType, addressType)
		w.Set(who.proxy, p.Text.Get(who.vpaText))
	}
	switch code := p.Text.Get(who.ifscText); {
	case translate.IsBIC(code):
		w.Set(who.bic, code)
	case len(code) > 0:
		w.SetString(who.system, ifscSystem)
		w.Set(who.agent, code)
	default:
		w.SetString(who.agent, i.dialect.directory.InstitutionOf(bank))
	}
}

func orNotProvided(p *payment.Payment, f payment.TextField) []byte {
	if p.Text.Has(f) {
		return p.Text.Get(f)
	}
	return notProvidedText
}

// setAccount writes an account as an IBAN if it is one.
func setAccount(w *codec.Writer, iban, other codec.Field, account []byte) {
	switch {
	case len(account) == 0:
		w.SetString(other, notProvided)
	case isIBAN(account):
		w.Set(iban, account)
	default:
		w.Set(other, account)
	}
}

// resolve asks the payee's PSP for the account behind an address.
func (i *interpreter) resolve(dst []byte, ef *payment.Effect) ([]byte, error) {
	w := i.leg(dst, i.dialect.send.resolution, ef)
	i.agents(w)
	w.Set(codec.VerificationID, i.id[:])
	w.Set(codec.PartyAddress, ef.Payment.Text.Get(payment.PayeeVPA))
	return w.Finish()
}

// original writes which transaction of the participant a message is about.
func (i *interpreter) original(w *codec.Writer, p *payment.Payment, leg payment.Leg, d *codec.Definition) {
	i.about = idOf(p, leg)
	w.Set(codec.OriginalMsgID, i.about[:])
	w.SetString(codec.OriginalMsgName, d.Name)
	w.SetTime(codec.OriginalCreatedAt, sentAt(p, leg))
	w.Set(codec.OriginalInstructionID, i.about[:])
	w.Set(codec.OriginalEndToEndID, endToEndID(p))
	w.Set(codec.OriginalTransactionID, transactionID(p, &i.transaction))
	w.Set(codec.OriginalUETR, uetr(p, &i.uetr))
}

// reverse takes a debit back.
func (i *interpreter) reverse(dst []byte, ef *payment.Effect) ([]byte, error) {
	p := ef.Payment
	w := i.leg(dst, i.dialect.send.reversal, ef)
	w.SetString(codec.Transactions, "1")
	w.SetString(codec.SettlementMethod, "CLRG")
	i.agents(w)
	w.Set(codec.ReversalID, i.id[:])
	i.original(w, p, payment.LegDebit, i.dialect.send.debit)
	i.amountOf(w, p)
	w.SetDate(codec.SettlementDate, dayOf(p.CreatedAt))
	why := translate.ReasonOf(p.Outcome)
	if why.Code == "" && why.Proprietary == "" {
		why.Code = "MS03" // a reversal must have a reason; this one says that there is none
	}
	setReason(w, why)
	return w.Finish()
}

// enquire asks what became of a credit.
func (i *interpreter) enquire(dst []byte, ef *payment.Effect) ([]byte, error) {
	w := i.leg(dst, i.dialect.send.statusRequest, ef)
	i.agents(w)
	w.Set(codec.StatusID, i.id[:])
	i.original(w, ef.Payment, payment.LegCredit, i.dialect.send.credit)
	return w.Finish()
}

// recall asks for a credit back, or for it never to be made.
func (i *interpreter) recall(dst []byte, ef *payment.Effect) ([]byte, error) {
	w := i.leg(dst, i.dialect.send.recall, ef)
	i.agents(w)
	w.Set(codec.CancellationID, i.id[:])
	i.original(w, ef.Payment, payment.LegCredit, i.dialect.send.credit)
	setReason(w, translate.Reason{Code: "TECH"})
	return w.Finish()
}

// confirm tells the payee's bank how its credit was decided.
func (i *interpreter) confirm(dst []byte, ef *payment.Effect) ([]byte, error) {
	p := ef.Payment
	w := i.leg(dst, i.dialect.send.statusReport, ef)
	i.agents(w)
	i.original(w, p, payment.LegCredit, i.dialect.send.credit)
	i.status(w, p, decided(ef), false)
	return w.Finish()
}

// status writes a decision into a pacs.002 or, to a customer, a pain.002.
func (i *interpreter) status(w *codec.Writer, p *payment.Payment, o payment.Outcome, customer bool) {
	r := translate.ReasonOf(o)
	w.SetString(codec.Status, r.Status)
	if r.Status != statusSettled {
		setReason(w, r)
		return
	}
	w.SetTime(codec.AcceptedAt, p.CreatedAt)
	if !customer { // a pain.002 has no such element
		w.SetDate(codec.SettledOn, dayOf(p.CreatedAt))
	}
}

func setReason(w *codec.Writer, r translate.Reason) {
	if r.Code != "" {
		w.SetString(codec.ReasonCode, r.Code)
	} else if r.Proprietary != "" {
		w.SetString(codec.ReasonProprietary, r.Proprietary)
	}
}

// dayOf is the UTC day of a time, counted from 1970-01-01.
func dayOf(at int64) int64 { return at / (24 * int64(time.Hour)) }
