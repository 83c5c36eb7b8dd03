package iso8583

import (
	"fmt"
	"strconv"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// compose appends the message that ef asks for to dst. The Writer is the
// caller's, reused. On an error dst is unchanged; it means that a value of the
// payment does not fit this dialect.
func (d *Dialect) compose(w *codec.Writer, dst []byte, ef *payment.Effect) ([]byte, error) {
	switch ef.Leg {
	case payment.LegRequest:
		return d.reply(w, dst, ef.Payment, "")
	case payment.LegResolve:
		return d.resolve(w, dst, ef.Payment)
	case payment.LegUpdate:
		return d.update(w, dst, ef)
	case payment.LegEnquiry:
		return d.enquiryAnswer(w, dst, ef)
	}
	if int(ef.Leg) >= len(postings) || postings[ef.Leg].mti == 0 {
		return dst, fmt.Errorf("no ISO 8583 message for the leg %v", ef.Leg)
	}
	m := postings[ef.Leg]
	m.leg = ef.Leg
	if ef.Repeat && m.mti != mtiAuthorisation {
		m.mti++ // 0200 to 0201, 0420 to 0421, 0220 to 0221
	}
	if ef.Leg == payment.LegConfirm {
		m.code = translate.ResultOf(ef.Outcome).Code
	}
	return d.posting(w, dst, ef.Payment, m)
}

// message says which of the messages about a posting is composed.
type message struct {
	mti        codec.MTI
	leg        payment.Leg
	original   payment.Leg // the leg that DE90 names; LegRequest: none
	processing uint64
	kind       string // DE120 tag 001
	code       string // DE39 of a confirmation; empty: none
}

// postings are the messages about a posting, by leg.
var postings = [...]message{
	payment.LegDebit:    {mti: mtiFinancial, processing: processingPay, kind: "DEBIT"},
	payment.LegCredit:   {mti: mtiFinancial, processing: processingCredit, kind: "CREDIT"},
	payment.LegReversal: {mti: mtiReversal, original: payment.LegDebit, processing: processingPay, kind: "REVERSAL"},
	payment.LegAdvice:   {mti: mtiAdvice, original: payment.LegCredit, processing: processingCredit, kind: "CREDIT"},
	payment.LegStatus:   {mti: mtiAuthorisation, original: payment.LegCredit, processing: processingStatus, kind: "CHKTXN"},
	payment.LegFence:    {mti: mtiReversal, original: payment.LegCredit, processing: processingCredit, kind: "REVERSAL"},
	payment.LegConfirm:  {mti: mtiAdvice, original: payment.LegCredit, processing: processingCredit, kind: "CONFIRM"},
}

// reply is the 0210 to the payer's PSP. Its text is that of the result, unless there
// is a note.
func (d *Dialect) reply(w *codec.Writer, dst []byte, p *payment.Payment, note string) ([]byte, error) {
	result := translate.ResultOf(p.Reply)
	w.Begin(d.Spec, dst, mtiFinancial.Response())
	w.SetUint(3, functions[p.Type].processing*10_000+uint64(p.AccountTypes))
	d.setAmount(w, p.Amount.Minor)
	w.SetUint(7, uint64(p.Echo.Transmitted))
	w.SetUint(11, uint64(p.Echo.STAN))
	w.SetString(32, d.Directory.InstitutionOf(p.Key.From))
	w.Set(37, p.Echo.RRN[:])
	if p.Reply == payment.OK && p.Approval[0] != 0 {
		w.Set(38, p.Approval[:])
	}
	w.SetString(39, result.Code)
	switch {
	case note != "":
		d.note(w, note)
	case p.ReplyCode[0] != 0 && result.Text != "" && d.Spec.Defines(44):
		var room [translate.NoteBytesMax]byte
		w.Set(44, append(append(append(room[:0], result.Text...), ' '), p.ReplyCode[:2]...))
	default:
		d.note(w, result.Text)
	}
	w.SetUint(49, uint64(p.Amount.Currency))
	d.setOwn(w, 102, p, payment.PayerAccount)
	w.BeginTLV(120)
	w.TLVString(tagType, functions[p.Type].kind)
	// A request that never became a payment has no id. Busy is told by the rim, or
	// by the machine to a repeat of what the rim has refused: the same bytes.
	if p.Reply != payment.Duplicate && p.Reply != payment.Busy {
		id := translate.SwitchID(p.ID)
		w.TLV(tagSwitchID, id[:])
	}
	w.TLVString(tagUPI, result.UPI)
	w.EndTLV()
	return w.Finish()
}

// resolve is the 0100 that asks the payee's PSP for the account of an address.
func (d *Dialect) resolve(w *codec.Writer, dst []byte, p *payment.Payment) ([]byte, error) {
	leg := &p.Legs[payment.LegResolve]
	w.Begin(d.Spec, dst, mtiAuthorisation)
	w.SetUint(3, processingResolve*10_000)
	w.SetUint(7, uint64(leg.Transmitted))
	w.SetUint(11, uint64(leg.STAN))
	d.references(w, p, payment.LegResolve)
	w.BeginTLV(120)
	w.TLVString(tagType, "VAL")
	id := translate.SwitchID(p.ID)
	w.TLV(tagSwitchID, id[:])
	tag(w, tagPayeeVPA, p, payment.PayeeVPA)
	w.EndTLV()
	return w.Finish()
}

// posting is the debit or the credit, or what is said and asked about one: one
// layout.
func (d *Dialect) posting(w *codec.Writer, dst []byte, p *payment.Payment, m message) ([]byte, error) {
	if err := d.sayable(p.Amount.Minor); err != nil {
		return dst, err
	}
	leg := &p.Legs[m.leg]
	types := uint64(p.AccountTypes)
	payer, payee := text, text // how their accounts are written
	if m.processing == processingPay {
		types = types / 100 * 100 // the payer's account type only
		payer = d.setOwn
	} else {
		types %= 100 // the payee's
		payee = d.setOwn
	}
	w.Begin(d.Spec, dst, m.mti)
	w.SetUint(3, m.processing*10_000+types)
	d.setAmount(w, p.Amount.Minor)
	w.SetUint(7, uint64(leg.Transmitted))
	w.SetUint(11, uint64(leg.STAN))
	d.references(w, p, m.leg)
	if m.code != "" {
		w.SetString(39, m.code)
	}
	w.SetUint(49, uint64(p.Amount.Currency))
	if m.original != payment.LegRequest {
		var room [42]byte
		w.Set(90, d.original(room[:0], p, m.original))
	}
	payer(w, 102, p, payment.PayerAccount)
	payee(w, 103, p, payment.PayeeAccount)
	d.describe(w, p, m.kind)
	return w.Finish()
}

// references writes who instructs, who forwards, and the reference: DE32, 33, 37.
func (d *Dialect) references(w *codec.Writer, p *payment.Payment, leg payment.Leg) {
	w.SetString(32, d.Directory.InstitutionOf(p.Key.From))
	w.SetString(33, d.Directory.Institution)
	ref := translate.Reference(p.ID, leg)
	w.Set(37, ref[:])
}

// original appends the DE90 of a leg of ours.
func (d *Dialect) original(b []byte, p *payment.Payment, leg payment.Leg) []byte {
	l := &p.Legs[leg]
	return d.appendDE90(b, p, l.STAN, l.Transmitted)
}

// appendDE90 appends MTI n4, STAN n6, DE7 n10, DE32 and DE33 right-justified in 11
// digits each.
func (d *Dialect) appendDE90(b []byte, p *payment.Payment, stan, transmitted uint32) []byte {
	b = append(b, "0200"...)
	b = digits(b, uint64(stan), 6)
	b = digits(b, uint64(transmitted), 10)
	b = justify(b, d.Directory.InstitutionOf(p.Key.From), 11)
	return justify(b, d.Directory.Institution, 11)
}

func digits(b []byte, v uint64, width int) []byte {
	var room [20]byte
	s := strconv.AppendUint(room[:0], v, 10)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func justify(b []byte, s string, width int) []byte {
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func text(w *codec.Writer, de int, p *payment.Payment, f payment.TextField) {
	if p.Text.Has(f) {
		w.Set(de, p.Text.Get(f))
	}
}

func tag(w *codec.Writer, n int, p *payment.Payment, f payment.TextField) {
	if p.Text.Has(f) {
		w.TLV(n, p.Text.Get(f))
	}
}
