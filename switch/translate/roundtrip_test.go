package translate_test

import (
	"fmt"
	"testing"

	xml "switchd/codec/iso20022"
	card "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"

	"pgregory.net/rapid"
)

// carriedByBoth are the values that a request has in either protocol, with what
// they may be.
var carriedByBoth = []struct {
	field payment.TextField
	form  string
}{
	{payment.PayerAccount, `[0-9A-Z]{1,28}`},
	{payment.PayerVPA, `[a-z0-9][a-z0-9.\-_]{0,20}@[a-z][a-z0-9]{1,10}`},
	{payment.PayerName, `[A-Za-z][A-Za-z .'&<>"]{0,60}[a-z]`},
	{payment.PayeeName, `[A-Za-z][A-Za-z .'&<>"]{0,60}[a-z]`},
	{payment.PayerIFSC, `[A-Z]{4}0[A-Z0-9]{6}`},
	{payment.PayeeIFSC, `[A-Z]{4}0[A-Z0-9]{6}`},
	{payment.EndToEndID, `[A-Za-z0-9][A-Za-z0-9\-.]{0,34}`},
	{payment.UETR, `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`},
	{payment.Note, `[!-~][ -~]{0,100}[!-~]`},
	{payment.Purpose, `[A-Z]{4}`},
}

// request is what the two protocols share of a request.
type request struct {
	minor int64
	text  map[payment.TextField]string
}

func requests() *rapid.Generator[request] {
	return rapid.Custom(func(t *rapid.T) request {
		r := request{minor: rapid.Int64Range(1, 999_999_999_999).Draw(t, "minor"), text: map[payment.TextField]string{}}
		for _, c := range carriedByBoth {
			r.text[c.field] = rapid.StringMatching(c.form).Draw(t, fmt.Sprint("text ", c.field))
		}
		// To an account or to an address.
		if rapid.Bool().Draw(t, "address") {
			r.text[payment.PayeeVPA] = rapid.StringMatching(carriedByBoth[1].form).Draw(t, "payee's address")
		} else {
			r.text[payment.PayeeAccount] = rapid.StringMatching(carriedByBoth[0].form).Draw(t, "payee's account")
		}
		return r
	})
}

// as8583 writes the request as a PSP would.
func as8583(t *rapid.T, r request) []byte {
	var w card.Writer
	w.Begin(spec(), nil, 0x0200)
	w.SetUint(3, 400000)
	w.SetUint(4, uint64(r.minor))
	w.SetString(7, "1122153000")
	w.SetString(11, "000007")
	w.SetString(32, "100001")
	w.SetString(37, "RRN000000001")
	w.SetString(49, "356")
	w.SetString(102, r.text[payment.PayerAccount])
	if account := r.text[payment.PayeeAccount]; account != "" {
		w.SetString(103, account)
	}
	w.BeginTLV(120)
	w.TLVString(1, "PAY")
	for _, tag := range []struct {
		n int
		f payment.TextField
	}{
		{3, payment.PayerVPA}, {4, payment.PayeeVPA}, {5, payment.PayerName}, {6, payment.PayeeName}, {8, payment.Purpose},
		{10, payment.EndToEndID}, {11, payment.UETR}, {16, payment.PayerIFSC}, {17, payment.PayeeIFSC}, {18, payment.Note},
	} {
		if v := r.text[tag.f]; v != "" {
			w.TLVString(tag.n, v)
		}
	}
	w.EndTLV()
	body, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// as20022 writes it as a payer's bank would.
func as20022(t *rapid.T, r request) []byte {
	var w xml.Writer
	w.Begin(profile(), xml.Find("pacs.008.001.08"), nil)
	const at = 1_795_361_400_250_000_000
	for f, v := range map[xml.Field]string{
		xml.BizFrom: "100001", xml.BizTo: "999999", xml.BizService: "switchd.ips", xml.MsgID: "M1", xml.Transactions: "1",
		xml.SettlementMethod: "CLRG", xml.InstructingAgent: "100001", xml.InstructedAgent: "999999", xml.TransactionID: "T1",
		xml.LocalInstrument: "PUSH", xml.ChargeBearer: "SLEV", xml.SettlementDate: "2026-11-22",
		xml.DebtorAgentSystem: "INFSC", xml.CreditorAgentSystem: "INFSC", xml.DebtorProxyType: "VPA",
		xml.DebtorAccount: r.text[payment.PayerAccount], xml.DebtorProxy: r.text[payment.PayerVPA], xml.DebtorName: r.text[payment.PayerName],
		xml.DebtorAgent: r.text[payment.PayerIFSC], xml.CreditorName: r.text[payment.PayeeName], xml.CreditorAgent: r.text[payment.PayeeIFSC],
		xml.EndToEndID: r.text[payment.EndToEndID], xml.UETR: r.text[payment.UETR], xml.Remittance: r.text[payment.Note],
		xml.Purpose: r.text[payment.Purpose], xml.CreditorAccount: "NOTPROVIDED",
	} {
		w.SetString(f, v)
	}
	if v := r.text[payment.PayeeVPA]; v != "" {
		w.SetString(xml.CreditorProxyType, "VPA")
		w.SetString(xml.CreditorProxy, v)
	} else {
		w.SetString(xml.CreditorAccount, r.text[payment.PayeeAccount])
	}
	w.SetTime(xml.CreatedAt, at)
	w.SetTime(xml.AcceptedAt, at)
	w.SetAmount(xml.Amount, r.minor, "INR")
	body, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// back is what a dialect has read.
func back(t *rapid.T, d translate.Dialect, body []byte) request {
	var ev payment.Event
	if in := d.Open().Read(body, &ev); in.Kind != translate.Request {
		t.Fatalf("%v: %q", in.Fault, body)
	}
	r := request{minor: ev.Request.Amount.Minor, text: map[payment.TextField]string{}}
	for _, c := range carriedByBoth {
		if ev.Text.Has(c.field) {
			r.text[c.field] = string(ev.Text.Get(c.field))
		}
	}
	for _, f := range []payment.TextField{payment.PayeeVPA, payment.PayeeAccount} {
		if ev.Text.Has(f) {
			r.text[f] = string(ev.Text.Get(f))
		}
	}
	return r
}

// TestRoundTrip: canonical to 8583 to canonical to 20022 to canonical keeps every
// value that both protocols carry.
func TestRoundTrip(t *testing.T) {
	_, all := dialects(t)
	rapid.Check(t, func(t *rapid.T) {
		want := requests().Draw(t, "request")
		got := back(t, all[0], as8583(t, want))
		got = back(t, all[1], as20022(t, got))
		if got.minor != want.minor {
			t.Fatalf("amount %d, want %d", got.minor, want.minor)
		}
		for f, v := range want.text {
			if got.text[f] != v {
				t.Fatalf("text %d: %q, want %q", f, got.text[f], v)
			}
		}
		if len(got.text) != len(want.text) {
			t.Fatalf("%d texts, want %d", len(got.text), len(want.text))
		}
	})
}

// TestTextsNeverFailAPayment: whatever stands in a name or a note of a message in
// ISO 20022, the other side's message can be written.
func TestTextsNeverFailAPayment(t *testing.T) {
	_, all := dialects(t)
	rapid.Check(t, func(t *rapid.T) {
		p := marked()
		for _, f := range []payment.TextField{payment.PayerName, payment.PayeeName, payment.Note, payment.Purpose} {
			text := rapid.StringOfN(rapid.Rune(), 1, 60, 140).Draw(t, "text")
			if f != payment.Note && len(text) > 99 {
				text = text[:99]
			}
			p.Text.Set(f, []byte(text))
		}
		for _, f := range []payment.TextField{payment.PayerVPA, payment.PayeeVPA} {
			p.Text.Set(f, []byte(rapid.StringMatching(`[a-z0-9]{1,190}@[a-z]{2,64}`).Draw(t, "address")))
		}
		for _, leg := range lossLegs {
			if _, err := all[0].Open().Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK}); err != nil {
				t.Fatalf("%v: %v", leg, err)
			}
		}
	})
}
