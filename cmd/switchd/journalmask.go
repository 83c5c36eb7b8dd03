package main

import (
	"bytes"
	"strings"

	"switchd/codec/iso8583"
	"switchd/switch/payment"
)

// maskedText is what may be seen of the texts of an event or a payment: of an account
// number as much as of DE2, of an address the side of the participant, of names and
// notes nothing; of everything else all, unless an account number stands in it.
func maskedText(text *payment.Text) map[string]string {
	var out map[string]string
	accounts := accountSet{}
	for _, f := range [...]payment.TextField{payment.PayerAccount, payment.PayeeAccount} {
		accounts.add(tightText(text.Get(f)))
	}
	text.Fields(func(f payment.TextField, value []byte) {
		if out == nil {
			out = map[string]string{}
		}
		out[f.String()] = printable(string(maskField(f, value, accounts)))
	})
	return out
}

func maskField(f payment.TextField, value []byte, accounts accountSet) []byte {
	switch f {
	case payment.PayerAccount, payment.PayeeAccount:
		return iso8583.MaskPAN.Append(nil, value)
	case payment.PayerVPA, payment.PayeeVPA:
		_, handle, _ := bytes.Cut(value, []byte("@"))
		return append(iso8583.MaskAll.Append(nil, value), "@"+string(handle)...)
	case payment.PayerName, payment.PayeeName, payment.Note:
		return iso8583.MaskAll.Append(nil, value)
	}
	return documentMask("", value, accounts).Append(nil, value)
}

// trimmed is a field of fixed length without what fills it up.
func trimmed(field []byte) string {
	return printable(strings.TrimRight(string(field), "\x00 "))
}
