package iso20022

import (
	"bytes"
	"strings"
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// FuzzRead feeds any message of the dialect: what is refused gets a valid answer,
// the same each time; a request survives the journal, can be refused, answered and
// sent on. Never a panic.
func FuzzRead(f *testing.F) {
	b := &bank{t: f, from: "100002"}
	f.Add(b.message("pacs.008.001.08", push()))
	f.Add(b.message("pain.001.001.10", initiation()))
	strange := push()
	for field, v := range map[codec.Field]string{
		codec.DebtorName: strings.Repeat("é", 140), codec.CreditorName: "<&>\r\n\"'", codec.Remittance: strings.Repeat("नोट ", 35),
		codec.Purpose: "éééé", codec.DebtorAccount: strings.Repeat("é", 17), codec.ClearingReference: "éééééé", codec.CreditorIBAN: "GB82west12345698765432",
		codec.EndToEndID: "NOTPROVIDED", codec.Amount: "999999999999999.99", codec.AcceptedAt: "2026-11-22T24:00:00",
	} {
		strange[field] = v
	}
	f.Add(b.message("pacs.008.001.08", strange))
	f.Add(b.message("admi.004.001.02", map[codec.Field]string{codec.EventCode: "SGON"}))
	f.Add(b.message("pacs.028.001.03", map[codec.Field]string{
		codec.OriginalMsgID: "BANKMSG1", codec.OriginalMsgName: "pacs.008.001.08", codec.OriginalEndToEndID: "E2E9",
		codec.OriginalTransactionID: "TXB9", codec.OriginalUETR: push()[codec.UETR],
	}))
	i := dialect(f, 1).Open()
	for leg := payment.LegRequest; leg < payment.LegEnquiry; leg++ {
		if body, err := i.Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: sample(), Outcome: payment.OK}); err == nil {
			f.Add(body)
		}
	}
	var m codec.Message
	f.Fuzz(func(t *testing.T, body []byte) {
		valid := func(what string, b []byte, err error) {
			if err == nil {
				err = m.Parse(profile(t), b)
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s\nto %s", what, err, b, body)
			}
		}
		var ev payment.Event
		in := i.Read(body, &ev)
		if len(in.Note) > translate.NoteBytesMax || (in.Kind == translate.Malformed) != (in.Fault != nil) && in.Kind != translate.Answer {
			t.Fatalf("%+v", in)
		}
		if refusal, ok := i.Refuse(nil, translate.FormatFault(in.Note)); ok {
			valid("refusal", refusal, nil)
			i.Read(body, &ev)
			if again, _ := i.Refuse(nil, translate.FormatFault(in.Note)); !bytes.Equal(refusal, again) {
				t.Fatalf("refused in two ways: %s\n%s", refusal, again)
			}
		}
		if in.Kind != translate.Request {
			return
		}
		var back payment.Event
		if err := payment.DecodeEvent(payment.AppendEvent(nil, &ev), &back); err != nil {
			t.Fatal(err)
		}
		p := payment.Payment{ID: 7, Amount: ev.Request.Amount, Echo: ev.Request.Echo, Text: back.Text, Key: ev.Request.Key, CreatedAt: stamp, PayerBank: 1, PayeeBank: 0, Reply: payment.OK}
		busy, err := i.RefuseRequest(nil, &ev, translate.Busy)
		valid("busy", busy, err)
		for _, leg := range []payment.Leg{payment.LegRequest, payment.LegCredit, payment.LegReversal, payment.LegConfirm} {
			if p.Amount.Currency == noCurrency && (leg == payment.LegCredit || leg == payment.LegReversal) {
				continue
			}
			out, err := i.Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: &p, Outcome: payment.OK})
			valid(leg.String(), out, err)
		}
	})
}
