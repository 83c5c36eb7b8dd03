package iso20022

import (
	"crypto/sha256"
	"encoding/binary"

	codec "switchd/codec/iso20022"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// copied are the values of a request that the machine keeps as they are, with
// their bounds in bytes: a longer text for people is cut, a longer id refused. Of
// two for one place the later one counts.
var copied = [...]struct {
	from codec.Field
	to   payment.TextField
	most int
	text bool
}{
	{codec.MsgID, payment.MsgID, idBytesMax, false},
	{codec.CreatedAt, payment.RequestCreatedAt, idBytesMax, false},
	{codec.InstructionID, payment.InstructionID, idBytesMax, false},
	{codec.PaymentInfoID, payment.InstructionID, idBytesMax, false}, // what a pain.002 must echo, where a pacs.002 echoes InstrId
	{codec.EndToEndID, payment.EndToEndID, idBytesMax, false},
	{codec.TransactionID, payment.TransactionID, idBytesMax, false},
	{codec.UETR, payment.UETR, uetrBytes, false},
	{codec.DebtorName, payment.PayerName, nameBytesMax, true},
	{codec.CreditorName, payment.PayeeName, nameBytesMax, true},
	{codec.Remittance, payment.Note, noteBytesMax, true},
	{codec.PurposeProprietary, payment.Purpose, idBytesMax, true},
	{codec.Purpose, payment.Purpose, idBytesMax, true},
}

// noCurrency is ISO 4217's number for none: the machine has no account in it.
const noCurrency ledger.Currency = 999

// Bounds of what the machine keeps, in bytes.
const (
	idBytesMax      = 35
	accountBytesMax = 34
	nameBytesMax    = 99
	noteBytesMax    = 140
)

// request reads a push payment: a pacs.008 of the payer's bank, which has debited
// the payer already (model B), or a pain.001 of a PSP (model A).
func (i *interpreter) request(ev *payment.Event) translate.Inbound {
	m := &i.msg
	d := m.Definition()
	ev.Kind, ev.From = payment.RequestArrived, i.dialect.number
	ev.Text.Reset()
	r := &ev.Request
	*r = payment.Request{Model: payment.ModelA, Repeat: codec.IsTrue(m.Text(codec.BizPossibleDuplicate))}
	if familyOf(d) == familyTransfer {
		r.Model = payment.ModelB
		if string(m.Text(codec.LocalInstrument)) != instrumentPush {
			return translate.Inbound{Kind: translate.Unsupported}
		}
		if in, ok := i.instructed(); !ok {
			return in
		}
	}
	i.identify(r)
	if in, ok := i.times(r); !ok {
		return in
	}
	if in, ok := i.amount(r); !ok {
		return in
	}
	if f := i.texts(&ev.Text); f != codec.NoField {
		return i.wrong(f, "shorter texts")
	}
	return i.parties(ev)
}

// texts copies what the machine keeps of the message read last, and gives a field
// that is too long for it.
func (i *interpreter) texts(to *payment.Text) (tooLong codec.Field) {
	to.Set(payment.RequestType, []byte(i.msg.Definition().Name))
	for _, c := range copied {
		v := i.msg.Text(c.from)
		if len(v) == 0 || string(v) == notProvided {
			continue
		}
		if c.text {
			v = cut(v, c.most)
		}
		if len(v) > c.most || !to.Set(c.to, v) {
			tooLong = c.from
		}
	}
	return tooLong
}

// cut shortens a text at a character's border.
func cut(v []byte, most int) []byte {
	if len(v) <= most {
		return v
	}
	for most > 0 && v[most]&0xc0 == 0x80 {
		most--
	}
	return v[:most]
}

// instructed checks who instructs whom.
func (i *interpreter) instructed() (translate.Inbound, bool) {
	dir := i.dialect.directory
	switch {
	case string(i.msg.Text(codec.InstructingAgent)) != dir.InstitutionOf(i.dialect.number):
		return i.wrong(codec.InstructingAgent, "the sender's institution"), false
	case string(i.msg.Text(codec.InstructedAgent)) != dir.Institution:
		return i.wrong(codec.InstructedAgent, "this switch's institution"), false
	}
	return translate.Inbound{}, true
}

// identify gives the request its identities. Its key is the sender's message id;
// its content is the document, byte for byte, without the header, in which a
// repeat is marked. The payment behind it is known by its UETR.
func (i *interpreter) identify(r *payment.Request) {
	m := &i.msg
	r.Key = i.keyOf(m.Text(codec.MsgID))
	content := sha256.Sum256(m.Document())
	r.Hash = binary.LittleEndian.Uint64(content[:])
	if v := m.Text(codec.UETR); len(v) > 0 {
		r.Business = businessOf(v)
	}
	if v := m.Text(codec.ClearingReference); len(v) == len(r.Echo.RRN) {
		copy(r.Echo.RRN[:], v)
	}
}

// times reads when the payer's bank accepted the payment, and refuses one that is
// for a later day: the switch pays at once. A day's difference is none, because
// days begin at other times elsewhere.
func (i *interpreter) times(r *payment.Request) (translate.Inbound, bool) {
	m := &i.msg
	created, ok := codec.ParseDateTime(m.Text(codec.CreatedAt))
	if !ok {
		return i.faulty(codec.CreatedAt, codec.ReasonDate, "a time of this age"), false
	}
	if m.Has(codec.AcceptedAt) {
		if r.AcceptedAt, ok = codec.ParseDateTime(m.Text(codec.AcceptedAt)); !ok {
			return i.faulty(codec.AcceptedAt, codec.ReasonDate, "a time of this age"), false
		}
		if r.AcceptedAt == 0 {
			r.AcceptedAt = 1 // 0 is "not stated", which no clock is held against
		}
	}
	for _, f := range [...]codec.Field{codec.SettlementDate, codec.RequestedDate, codec.RequestedAt} {
		if !m.Has(f) {
			continue
		}
		day, ok := codec.ParseDate(m.Text(f))
		if f == codec.RequestedAt {
			var at int64
			at, ok = codec.ParseDateTime(m.Text(f))
			day = dayOf(at)
		}
		if !ok || day > dayOf(created)+1 {
			return i.faulty(f, codec.ReasonDate, "a day that has come"), false
		}
	}
	return translate.Inbound{}, true
}

// amount reads the amount in the minor units of its currency.
func (i *interpreter) amount(r *payment.Request) (translate.Inbound, bool) {
	code := i.msg.Text(codec.AmountCurrency)
	decimals, known := codec.Exponent(string(code))
	if !known {
		return i.wrong(codec.AmountCurrency, "a currency of ISO 4217"), false
	}
	minor, reason := codec.ParseAmount(i.msg.Text(codec.Amount), decimals)
	if reason != codec.ReasonNone {
		return i.faulty(codec.Amount, reason, reason.String()), false
	}
	r.Amount = ledger.Amount{Minor: minor, Currency: noCurrency}
	if string(code) == i.dialect.directory.CurrencyCode {
		r.Amount.Currency = i.dialect.directory.Currency
	}
	return translate.Inbound{}, true
}

// parties reads payer and payee. The payee is an address, or an account with the
// IFSC or BIC of its bank, which it may lead to by itself.
func (i *interpreter) parties(ev *payment.Event) translate.Inbound {
	payer := i.account(codec.DebtorIBAN, codec.DebtorAccount)
	if len(payer) == 0 || len(payer) > accountBytesMax {
		return i.wrong(codec.DebtorAccount, "an account")
	}
	if in, ok := i.take(ev, codec.DebtorAccount, payment.PayerAccount, payer); !ok {
		return in
	}
	if in, ok := i.address(ev, codec.DebtorProxyType, codec.DebtorProxy, payment.PayerVPA); !ok {
		return in
	}
	if in, ok := i.agent(ev, &debtor); !ok {
		return in
	}
	if in, ok := i.agent(ev, &creditor); !ok {
		return in
	}
	if in, ok := i.address(ev, codec.CreditorProxyType, codec.CreditorProxy, payment.PayeeVPA); !ok {
		return in
	}
	if ev.Text.Has(payment.PayeeVPA) {
		return translate.Inbound{Kind: translate.Request}
	}
	payee := i.account(codec.CreditorIBAN, codec.CreditorAccount)
	switch {
	case len(payee) == 0 || len(payee) > accountBytesMax:
		return i.wrong(codec.CreditorAccount, "an account or an address")
	case !ev.Text.Has(payment.PayeeIFSC) && !i.dialect.directory.FoundBy().ByAccount:
		return i.wrong(codec.CreditorAgent, "an IFSC")
	}
	if in, ok := i.take(ev, codec.CreditorAccount, payment.PayeeAccount, payee); !ok {
		return in
	}
	return translate.Inbound{Kind: translate.Request}
}

// take copies a value, without which the payment would be another one.
func (i *interpreter) take(ev *payment.Event, from codec.Field, to payment.TextField, v []byte) (translate.Inbound, bool) {
	if !ev.Text.Set(to, v) {
		return i.wrong(from, "shorter texts"), false
	}
	return translate.Inbound{}, true
}

// account is an account number, whichever way it is written; empty: none.
func (i *interpreter) account(iban, other codec.Field) []byte {
	if v := i.msg.Text(iban); len(v) > 0 {
		return v
	}
	if v := i.msg.Text(other); string(v) != notProvided {
		return v
	}
	return nil
}

// address keeps a proxy that is an address.
func (i *interpreter) address(ev *payment.Event, kind, from codec.Field, to payment.TextField) (translate.Inbound, bool) {
	if string(i.msg.Text(kind)) != addressType {
		return translate.Inbound{}, true
	}
	v, ok := translate.AppendVPA(i.vpa[:0], i.msg.Text(from))
	if !ok {
		return i.wrong(from, "user@handle"), false
	}
	return i.take(ev, from, to, v)
}

// agent keeps the IFSC of a party's bank, or its BIC where that leads to banks.
func (i *interpreter) agent(ev *payment.Event, who *party) (translate.Inbound, bool) {
	if in, ok := i.branch(ev, who.system, who.agent, who.ifscText); !ok || ev.Text.Has(who.ifscText) {
		return in, ok
	}
	v := i.msg.Text(who.bic)
	if len(v) == 0 || !i.dialect.directory.FoundBy().ByBIC {
		return translate.Inbound{}, true
	}
	if !translate.IsBIC(v) {
		return i.wrong(who.bic, "a BIC"), false
	}
	return i.take(ev, who.bic, who.ifscText, v)
}

// branch keeps the IFSC of a party's bank.
func (i *interpreter) branch(ev *payment.Event, system, from codec.Field, to payment.TextField) (translate.Inbound, bool) {
	if string(i.msg.Text(system)) != ifscSystem {
		return translate.Inbound{}, true
	}
	v := i.msg.Text(from)
	if !translate.IsIFSC(v) {
		return i.wrong(from, "an IFSC"), false
	}
	return i.take(ev, from, to, v)
}
