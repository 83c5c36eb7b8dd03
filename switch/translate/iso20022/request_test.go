package iso20022

import (
	"bytes"
	"strings"
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// read gives a pacs.008 with some fields changed to an interpreter.
func read(t *testing.T, name string, fields map[codec.Field]string, changes map[codec.Field]string) (translate.Inbound, *payment.Event) {
	t.Helper()
	for f, v := range changes {
		fields[f] = v
	}
	var ev payment.Event
	in := dialect(t, 1).Open().Read((&bank{t: t, from: "100002"}).message(name, fields), &ev)
	return in, &ev
}

// TestRepeatMark: a boolean may be written as a number.
func TestRepeatMark(t *testing.T) {
	for mark, want := range map[string]bool{"true": true, "1": true, " 1\n": true, "false": false, "0": false} {
		if _, ev := read(t, "pacs.008.001.08", push(), map[codec.Field]string{codec.BizPossibleDuplicate: mark}); ev.Request.Repeat != want {
			t.Errorf("%q: %v", mark, ev.Request.Repeat)
		}
	}
}

// TestAcceptanceTimes: a time that cannot be held against the clock must not
// count as one that was not stated, which has no end.
func TestAcceptanceTimes(t *testing.T) {
	for at, want := range map[string]int64{
		"1970-01-01T00:00:00Z": 1, "1970-01-01T00:00:00.000000007Z": 7, "1969-01-01T00:00:00Z": -31_536_000_000_000_000,
		"0001-01-01T00:00:00Z": 0, "12026-11-22T00:00:00Z": 0, "-2026-11-22T00:00:00Z": 0,
	} {
		in, ev := read(t, "pacs.008.001.08", push(), map[codec.Field]string{codec.AcceptedAt: at})
		if want == 0 {
			if in.Kind != translate.Malformed || in.Fault == nil {
				t.Errorf("%s: %+v", at, in)
			}
		} else if in.Kind != translate.Request || ev.Request.AcceptedAt != want {
			t.Errorf("%s: %+v %d", at, in, ev.Request.AcceptedAt)
		}
	}
}

// TestNoPaymentsOfLaterDays: what is to be done next month is not done now.
func TestNoPaymentsOfLaterDays(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields map[codec.Field]string
		from   codec.Field
		value  string
		ok     bool
	}{
		{"pacs.008.001.08", push(), codec.SettlementDate, "2026-11-22", true},
		{"pacs.008.001.08", push(), codec.SettlementDate, "2026-11-23", true}, // it is tomorrow somewhere
		{"pacs.008.001.08", push(), codec.SettlementDate, "2026-11-24", false},
		{"pacs.008.001.08", push(), codec.SettlementDate, "12026-11-22", false},
		{"pain.001.001.10", initiation(), codec.RequestedDate, "2026-11-23+05:30", true},
		{"pain.001.001.10", initiation(), codec.RequestedDate, "2026-12-22", false},
		{"pain.001.001.10", initiation(), codec.RequestedAt, "2026-11-22T18:00:00Z", true},
		{"pain.001.001.10", initiation(), codec.RequestedAt, "2026-11-24T18:00:00Z", false},
	} {
		if c.from == codec.RequestedAt {
			delete(c.fields, codec.RequestedDate)
		}
		in, _ := read(t, c.name, c.fields, map[codec.Field]string{c.from: c.value})
		if (in.Kind == translate.Request) != c.ok {
			t.Errorf("%v %s: %+v", c.from, c.value, in)
		}
	}
}

// TestLongTexts: a request that the machine cannot keep is refused, and nothing of
// it gets lost on the way.
func TestLongTexts(t *testing.T) {
	long := "2026-11-22T15:30:00." + strings.Repeat("0", 1900) + "Z"
	body := (&bank{t: t, from: "100002"}).message("pacs.008.001.08", push())
	i := dialect(t, 1).Open()
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"", "", true},
		{"<CreDtTm>2026-11-22T15:30:00.250Z", "<CreDtTm>" + long, false},
	} {
		var ev payment.Event
		in := i.Read(bytes.Replace(body, []byte(c.from), []byte(c.to), 1), &ev)
		if (in.Kind == translate.Request) != c.ok {
			t.Errorf("%.30s: %+v", c.from, in)
		}
		if in.Kind == translate.Request && (!ev.Text.Has(payment.PayerAccount) || !ev.Text.Has(payment.PayeeAccount)) {
			t.Errorf("%.30s: an account is lost", c.from)
		}
	}
}

// TestDocumentsInDocuments: fields come from the one document of the envelope,
// whatever else looks like one.
func TestDocumentsInDocuments(t *testing.T) {
	body := (&bank{t: t, from: "100002"}).message("pacs.008.001.08", push())
	inner := func(namespace string) []byte {
		return []byte("<SplmtryData><Envlp><Document xmlns=\"" + namespace + "\"><FIToFICstmrCdtTrf><CdtTrfTxInf><PmtId><TxId>OTHER</TxId></PmtId>" +
			"<CdtrAcct><Id><Othr><Id>99</Id></Othr></Id></CdtrAcct></CdtTrfTxInf></FIToFICstmrCdtTrf></Document></Envlp></SplmtryData></CdtTrfTxInf>")
	}
	in := func(namespace string) []byte {
		return bytes.Replace(body, []byte("</CdtTrfTxInf>"), inner(namespace), 1)
	}
	document := body[bytes.Index(body, []byte("<Document")):bytes.Index(body, []byte("</Message>"))]
	for name, c := range map[string]struct {
		body []byte
		ok   bool
	}{
		"in another namespace":   {in("urn:other"), true},
		"of another message":     {in("urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08"), true},
		"of the same message":    {in("urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"), false},
		"two documents":          {bytes.Replace(body, []byte("</Message>"), append(bytes.Clone(document), "</Message>"...), 1), false},
		"two messages":           {append(bytes.Clone(body), body...), false},
		"no header":              {document, false},
		"header of another":      {bytes.Replace(body, []byte("<MsgDefIdr>pacs.008"), []byte("<MsgDefIdr>pacs.009"), 1), false},
		"document before header": {append(append([]byte("<Message xmlns=\"\">"), document...), bytes.Replace(body[len("<Message xmlns=\"\">"):], document, nil, 1)...), false},
	} {
		var ev payment.Event
		in := dialect(t, 1).Open().Read(c.body, &ev)
		if (in.Kind == translate.Request) != c.ok {
			t.Errorf("%s: %+v", name, in)
		}
		if c.ok && (string(ev.Text.Get(payment.TransactionID)) != "TXB9" || string(ev.Text.Get(payment.PayeeAccount)) != push()[codec.CreditorIBAN]) {
			t.Errorf("%s: the wrong document was read", name)
		}
	}
}
