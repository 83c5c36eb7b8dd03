package mask

import (
	"bytes"
	"strings"

	"switchd/codec/iso8583"
	"switchd/switch/payment"
)

// Texts is what may be seen of the texts of an event or a payment: of an account
// number as much as of DE2, of an address the side of the participant, of names and
// notes nothing; of everything else all, unless an account number stands in it.
func Texts(text *payment.Text) map[string]string {
	var out map[string]string
	accounts := Accounts{}
	for _, f := range [...]payment.TextField{payment.PayerAccount, payment.PayeeAccount} {
		accounts.Add(Tight(text.Get(f)))
	}
	text.Fields(func(f payment.TextField, value []byte) {
		if out == nil {
			out = map[string]string{}
		}
		out[f.String()] = Printable(string(maskField(f, value, accounts)))
	})
	return out
}

func maskField(f payment.TextField, value []byte, accounts Accounts) []byte {
	switch f {
	case payment.PayerAccount, payment.PayeeAccount:
		return iso8583.MaskPAN.Append(nil, value)
	case payment.PayerVPA, payment.PayeeVPA:
		_, handle, _ := bytes.Cut(value, []byte("@"))
		return append(iso8583.MaskAll.Append(nil, value), "@"+string(handle)...)
	case payment.PayerName, payment.PayeeName, payment.Note:
		return iso8583.MaskAll.Append(nil, value)
	}
	return Document("", value, accounts).Append(nil, value)
}

// Trimmed is a field of fixed length without what fills it up.
func Trimmed(field []byte) string {
	return Printable(strings.TrimRight(string(field), "\x00 "))
}
