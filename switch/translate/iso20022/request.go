package iso20022

import (
	"crypto/sha256"
	"encoding/binary"

	codec "switchd/codec/iso20022"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// copied are the values of a request that the machine keeps as they are.
var copied = [...]struct {
	from codec.Field
	to   payment.TextField
}{
	{codec.MsgID, payment.MsgID},
	{codec.CreatedAt, payment.RequestCreatedAt},
	{codec.InstructionID, payment.InstructionID},
	{codec.EndToEndID, payment.EndToEndID},
	{codec.TransactionID, payment.TransactionID},
	{codec.UETR, payment.UETR},
	{codec.DebtorName, payment.PayerName},
	{codec.CreditorName, payment.PayeeName},
	{codec.Remittance, payment.Note},
	{codec.PurposeProprietary, payment.Purpose},
	{codec.Purpose, payment.Purpose},
}

// noCurrency is ISO 4217's number for none: the machine has no account in it.
const noCurrency ledger.Currency = 999

// Bounds of what the machine keeps, in bytes.
const (
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
	*r = payment.Request{Model: payment.ModelA, Repeat: string(m.Text(codec.BizPossibleDuplicate)) == "true"}
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
	if in, ok := i.amount(r); !ok {
		return in
	}
	for _, c := range copied {
		v := m.Text(c.from)
		if len(v) == 0 || string(v) == notProvided {
			continue
		}
		if !ev.Text.Set(c.to, truncate(v, c.to)) {
			return i.wrong(c.from, "shorter texts")
		}
	}
	ev.Text.Set(payment.RequestType, []byte(d.Name))
	if v := m.Text(codec.PaymentInfoID); len(v) > 0 {
		ev.Text.Set(payment.InstructionID, v) // what a pain.002 must echo, where a pacs.002 echoes InstrId
	}
	return i.parties(ev)
}

// truncate cuts a text for people to what the machine keeps, at a character's
// border. Ids are never longer than that.
func truncate(v []byte, f payment.TextField) []byte {
	most := len(v)
	switch f {
	case payment.PayerName, payment.PayeeName:
		most = nameBytesMax
	case payment.Note:
		most = noteBytesMax
	}
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
	if at, ok := codec.ParseDateTime(m.Text(codec.AcceptedAt)); ok {
		r.AcceptedAt = at
	}
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
// IFSC of its bank.
func (i *interpreter) parties(ev *payment.Event) translate.Inbound {
	payer := i.account(codec.DebtorIBAN, codec.DebtorAccount)
	if len(payer) == 0 || len(payer) > accountBytesMax {
		return i.wrong(codec.DebtorAccount, "an account")
	}
	ev.Text.Set(payment.PayerAccount, payer)
	if in, ok := i.address(ev, codec.DebtorProxyType, codec.DebtorProxy, payment.PayerVPA); !ok {
		return in
	}
	if in, ok := i.branch(ev, codec.DebtorAgentSystem, codec.DebtorAgent, payment.PayerIFSC); !ok {
		return in
	}
	if in, ok := i.branch(ev, codec.CreditorAgentSystem, codec.CreditorAgent, payment.PayeeIFSC); !ok {
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
	case !ev.Text.Has(payment.PayeeIFSC):
		return i.wrong(codec.CreditorAgent, "an IFSC")
	}
	ev.Text.Set(payment.PayeeAccount, payee)
	return translate.Inbound{Kind: translate.Request}
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
	ev.Text.Set(to, v)
	return translate.Inbound{}, true
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
	ev.Text.Set(to, v)
	return translate.Inbound{}, true
}
