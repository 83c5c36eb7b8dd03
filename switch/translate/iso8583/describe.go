package iso8583

import (
	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// described are the values of a payment in DE120, ascending by tag. A text for
// people is written in ASCII, and left out when there is no room: last the names,
// first the note. Ids and addresses are never cut; if they alone are too long, the
// message cannot be written.
var described = [...]description{
	{tagPayerVPA, payment.PayerVPA, 0, translate.VPABytesMax},
	{tagPayeeVPA, payment.PayeeVPA, 0, translate.VPABytesMax},
	{tagPayerName, payment.PayerName, 3, nameBytesMax},
	{tagPayeeName, payment.PayeeName, 4, nameBytesMax},
	{tagPurpose, payment.Purpose, 2, purposeBytesMax},
	{tagEndToEndID, payment.EndToEndID, 0, translate.SwitchIDBytes},
	{tagUETR, payment.UETR, 0, uetrBytes},
	{tagPayerIFSC, payment.PayerIFSC, 0, translate.IFSCBytes},
	{tagPayeeIFSC, payment.PayeeIFSC, 0, translate.IFSCBytes},
	{tagNote, payment.Note, 1, noteTextBytesMax},
}

// description is one value in DE120.
type description struct {
	tag    int
	field  payment.TextField
	forego int // the order in which texts are left out; 0: never
	max    int // bytes; a longer text is left out
}

// text is what is written of a payment when the texts up to a level are left out;
// nil: nothing. ASCII is never longer than the UTF-8 that it is made of.
func (t *description) text(p *payment.Payment, level int, room []byte) []byte {
	if !p.Text.Has(t.field) || t.forego != 0 && t.forego <= level {
		return nil
	}
	v := p.Text.Get(t.field)
	if t.max == translate.IFSCBytes && !translate.IsIFSC(v) {
		return nil // a bank that was named by its BIC, which has no tag
	}
	if t.forego == 0 {
		return v
	}
	if !translate.IsASCII(v) {
		v = translate.AppendASCII(room, v)
	}
	if len(v) > t.max {
		return nil
	}
	return v
}

// Sizes of DE120 (domain reference 1.2).
const (
	describedBytesMax = 999
	tagBytes          = 6 // tag and length before each value
	foregoMax         = 4
)

// describe writes the DE120 of a message about a posting.
func (d *Dialect) describe(w *codec.Writer, p *payment.Payment, kind string) {
	var room [noteTextBytesMax]byte
	id := translate.SwitchID(p.ID)
	level := 0
	for level < foregoMax && describedBytes(p, level)+len(kind)+len(id)+2*tagBytes > describedBytesMax {
		level++
	}
	w.BeginTLV(120)
	w.TLVString(tagType, kind)
	w.TLV(tagSwitchID, id[:])
	for i := range described {
		if v := described[i].text(p, level, room[:0]); len(v) > 0 {
			w.TLV(described[i].tag, v)
		}
	}
	w.EndTLV()
}

// describedBytes is what the values take when the texts up to a level are left
// out.
func describedBytes(p *payment.Payment, level int) (n int) {
	var room [noteTextBytesMax]byte
	for i := range described {
		if v := described[i].text(p, level, room[:0]); len(v) > 0 {
			n += tagBytes + len(v)
		}
	}
	return n
}
