package iso20022

import (
	"crypto/sha256"
	"encoding/binary"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// enquiry reads a pacs.028: a participant asks what became of a payment, of its
// own request or of one that came to it. It names the payment by the id of its
// request, else by its UETR; a bank that was asked to credit, by our message.
func (i *interpreter) enquiry(ev *payment.Event) translate.Inbound {
	m := &i.msg
	ev.Kind, ev.From = payment.EnquiryArrived, i.dialect.number
	ev.Text.Reset()
	r := &ev.Request
	*r = payment.Request{}
	i.identify(r)
	r.Business = payment.Business{}
	original := m.Text(codec.OriginalMsgID)
	for _, e := range enquired {
		if m.Has(e.from) {
			ev.Text.Set(e.to, m.Text(e.from))
		}
	}
	if id, _, ours := parseID(original); ours {
		r.Original.Payment = id
	} else if len(original) > 0 {
		r.Original.Key = i.keyOf(original)
	}
	if v := m.Text(codec.OriginalUETR); len(v) > 0 {
		r.Original.Business = businessOf(v)
	}
	if r.Original == (payment.Reference{}) {
		return i.wrong(codec.OriginalMsgID, "which payment is meant")
	}
	return translate.Inbound{Kind: translate.Enquiry}
}

// enquired are the ids in an enquiry that its event keeps: its own, and what it
// asks about, which comes back if nothing is known of that.
var enquired = [...]struct {
	from     codec.Field
	to       payment.TextField
	original bool
}{
	{codec.MsgID, payment.MsgID, false},
	{codec.OriginalMsgID, payment.InstructionID, true}, // MsgID is taken
	{codec.OriginalMsgName, payment.RequestType, true},
	{codec.OriginalEndToEndID, payment.EndToEndID, true},
	{codec.OriginalTransactionID, payment.TransactionID, true},
	{codec.OriginalUETR, payment.UETR, true},
}

// keyOf is the identity of a message of this participant: 160 bits of a hash of
// its id.
func (i *interpreter) keyOf(id []byte) payment.RequestKey {
	k := payment.RequestKey{From: i.dialect.number}
	sum := sha256.Sum256(id)
	copy(k.RRN[:], sum[:])
	k.Other = binary.LittleEndian.Uint64(sum[len(k.RRN):])
	return k
}

// businessOf is the identity of a payment by its UETR.
func businessOf(uetr []byte) (b payment.Business) {
	sum := sha256.Sum256(uetr)
	copy(b[:], sum[:])
	return b
}
