package iso8583

import (
	codec "switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// Bounds of the variable-length values, in bytes.
const (
	accountBytesMax  = 28
	nameBytesMax     = 99
	purposeBytesMax  = 4
	noteTextBytesMax = 140
	uetrBytes        = 36
)

// request reads a push request (0200 or 0201, DE3 40xxxx, DE120 tag 001 "PAY"), or
// the request of a refund (DE3 20xxxx, "REFUND"), into ev. The texts of ev are
// copies.
func (d *Dialect) request(msg *codec.Message, ev *payment.Event) *Fault {
	ev.Kind, ev.From = payment.RequestArrived, d.Number
	ev.Text.Reset()
	r := &ev.Request
	*r = payment.Request{Repeat: msg.MTI().Origin()&1 == 1, Hash: contentHash(msg)}
	if f := d.processing(msg, r); f != nil {
		return f
	}
	if f := d.key(msg, r); f != nil {
		return f
	}
	minor, ok := d.amount(msg)
	if !ok || minor == 0 {
		return &Fault{DE: 4, Want: "n12 > 0"}
	}
	currency, ok := msg.Uint(49)
	if !ok || currency > 999 {
		return &Fault{DE: 49, Want: "n3"}
	}
	r.Amount = ledger.Amount{Minor: minor, Currency: ledger.Currency(currency)}
	return d.parties(msg, ev)
}

// processing says what is asked for and keeps the account types.
func (d *Dialect) processing(msg *codec.Message, r *payment.Request) *Fault {
	code, ok := msg.Uint(3)
	if !ok {
		return &Fault{DE: 3, Want: "missing"}
	}
	switch code / 10_000 {
	case processingPay:
		r.Type = payment.Push
	case processingRefund:
		r.Type = payment.Refund
	default:
		return &Fault{DE: 3, Want: "40xxxx", Unsupported: true}
	}
	r.AccountTypes = uint16(code % 10_000)
	return nil
}

// parties reads payer and payee. The payee is an address, or an account with the
// IFSC of its bank, which it may lead to by itself.
func (d *Dialect) parties(msg *codec.Message, ev *payment.Event) *Fault {
	payer := d.quirks.Padding.strip(msg.Value(102))
	if len(payer) == 0 {
		return &Fault{DE: 102, Want: "missing"}
	}
	ev.Text.Set(payment.PayerAccount, payer)
	if f := tags(msg.Value(120), ev); f != nil {
		return f
	}
	if ev.Request.Type == payment.Refund {
		return original(msg, ev)
	}
	if ev.Text.Has(payment.PayeeVPA) {
		return nil
	}
	account := msg.Value(103)
	switch {
	case len(account) == 0:
		return &Fault{DE: 103, Want: "missing"}
	case !ev.Text.Has(payment.PayeeIFSC) && !d.Directory.FoundBy().ByAccount:
		return &Fault{DE: 120, Want: "017 missing"}
	}
	ev.Text.Set(payment.PayeeAccount, account)
	return nil
}

// original reads which payment a refund gives back: by the id that the switch gave
// it, which was on the credit. The other side is known from there.
func original(msg *codec.Message, ev *payment.Event) *Fault {
	id, _ := codec.FindTLV(msg.Value(120), tagSwitchID)
	number, ok := translate.ParseSwitchID(id)
	if !ok {
		return &Fault{DE: 120, Want: "002 of the original"}
	}
	ev.Request.Original.Payment = number
	return nil
}

// tagRule says where a tag of DE120 goes and what it must look like.
type tagRule struct {
	field payment.TextField
	kind  tagKind
	max   int // bytes
	want  string
}

// tagKind is the form of a tag's value.
type tagKind uint8

const (
	freeText tagKind = iota
	addressVPA
	branchIFSC
	uniqueID
)

// requestTags are the tags of a push request that the machine keeps, by number.
var requestTags = [...]tagRule{
	tagPayerVPA:   {payment.PayerVPA, addressVPA, translate.VPABytesMax, "003 user@handle"},
	tagPayeeVPA:   {payment.PayeeVPA, addressVPA, translate.VPABytesMax, "004 user@handle"},
	tagPayerName:  {payment.PayerName, freeText, nameBytesMax, "005 length"},
	tagPayeeName:  {payment.PayeeName, freeText, nameBytesMax, "006 length"},
	tagPurpose:    {payment.Purpose, freeText, purposeBytesMax, "008 length"},
	tagUETR:       {payment.UETR, uniqueID, uetrBytes, "011 UETR"},
	tagEndToEndID: {payment.EndToEndID, freeText, translate.SwitchIDBytes, "010 length"},
	tagPayerIFSC:  {payment.PayerIFSC, branchIFSC, translate.IFSCBytes, "016 IFSC"},
	tagPayeeIFSC:  {payment.PayeeIFSC, branchIFSC, translate.IFSCBytes, "017 IFSC"},
	tagNote:       {payment.Note, freeText, noteTextBytesMax, "018 length"},
}

// tags reads DE120 in one pass.
func tags(tlv []byte, ev *payment.Event) *Fault {
	var room [translate.VPABytesMax]byte
	kind := []byte(nil)
	for r := codec.ReadTLV(tlv); ; {
		n, v, ok := r.Next()
		if !ok {
			break
		}
		if n == tagType {
			kind = v
		}
		if n >= len(requestTags) || requestTags[n].max == 0 || len(v) == 0 {
			continue
		}
		rule := &requestTags[n]
		if len(v) > rule.max {
			return &Fault{DE: 120, Want: rule.want}
		}
		switch rule.kind {
		case addressVPA:
			v, ok = translate.AppendVPA(room[:0], v)
		case branchIFSC:
			ok = translate.IsIFSC(v)
		case uniqueID:
			ok = translate.IsUETR(v)
		}
		if !ok {
			return &Fault{DE: 120, Want: rule.want}
		}
		if !ev.Text.Set(rule.field, v) {
			return &Fault{DE: 120, Want: "too long"}
		}
	}
	switch want := functions[ev.Request.Type].kind; {
	case len(kind) == 0:
		return &Fault{DE: 120, Want: "001 missing"}
	case string(kind) != want:
		return &Fault{DE: 120, Want: "001 " + want, Unsupported: true}
	}
	return nil
}
