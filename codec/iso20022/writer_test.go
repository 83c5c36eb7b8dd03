package iso20022

import (
	"errors"
	"strings"
	"testing"
)

// TestRoundTrip writes every message of every profile, with what must be there
// and with all that can be, reads it by the same profile and finds the values.
func TestRoundTrip(t *testing.T) {
	for _, name := range BuiltinNames() {
		p := mustProfile(t, name)
		for _, d := range Definitions() {
			if p.Accepts(d) && d != p.Header() {
				roundTrip(t, p, d, onlyMandatory)
				roundTrip(t, p, d, everything)
			}
		}
	}
}

func roundTrip(t *testing.T, p *Profile, d *Definition, want chosen) {
	t.Helper()
	var w Writer
	b := writeSample(t, &w, p, d, want)
	var m Message
	if err := m.Parse(p, b); err != nil {
		t.Errorf("%s %s: %v\n%s", p.Name(), d.Name, err, b)
		return
	}
	if m.Definition() != d {
		t.Errorf("%s was read as %v", d.Name, m.Definition())
	}
	for f := NoField + 1; f < repeated; f++ {
		if w.given.has(f) && string(m.Text(f)) != string(w.Text(f)) {
			t.Errorf("%s %s %s: wrote %q, read %q", p.Name(), d.Name, f, w.Text(f), m.Text(f))
		}
		if k := p.layout(d).places[f].step; k > 0 && m.Has(f) != w.Has(f) {
			t.Errorf("%s %s %s: wrote it: %v, read it: %v", p.Name(), d.Name, f, w.Has(f), m.Has(f))
		}
	}
}

// TestWriterRefusals: what does not fit is an error with the reason and the path,
// and dst comes back as it was.
func TestWriterRefusals(t *testing.T) {
	p := mustProfile(t, "ips-base")
	tx := pacs008Path + "CdtTrfTxInf/"
	for _, c := range []struct {
		set  func(*Writer)
		why  Reason
		path string
	}{
		{func(w *Writer) { w.SetAmount(Amount, 0, "INR") }, ReasonAmountZero, tx + "IntrBkSttlmAmt"},
		{func(w *Writer) { w.SetAmount(Amount, -1, "INR") }, ReasonNegative, tx + "IntrBkSttlmAmt"},
		{func(w *Writer) { w.SetAmount(Amount, 1, "XTS") }, ReasonCurrency, tx + "IntrBkSttlmAmt"},
		{func(w *Writer) { w.SetAmount(Amount, amountMax(2), "INR") }, ReasonAmountDigits, tx + "IntrBkSttlmAmt"},
		{func(w *Writer) { w.SetAmount(DebtorName, 1, "INR") }, ReasonAttribute, tx + "Dbtr/Nm"},
		{func(w *Writer) { w.SetString(AmountCurrency, "") }, ReasonProfileMissing, tx + "IntrBkSttlmAmt/@Ccy"},
		{func(w *Writer) { w.SetString(Amount, "1e3") }, ReasonNumber, tx + "IntrBkSttlmAmt"},
		{func(w *Writer) { w.SetString(MsgID, "123456789012345678901234567890123456") }, ReasonLength, "AppHdr/BizMsgIdr"},
		{func(w *Writer) { w.SetString(UETR, "8A562C67-CA16-48BA-B074-65581BE6F011") }, ReasonPattern, tx + "PmtId/UETR"},
		{func(w *Writer) { w.SetString(CreatedAt, "2026-02-30T00:00:00Z") }, ReasonDate, "AppHdr/CreDt"},
		{func(w *Writer) { w.SetDate(SettlementDate, dayMax+1) }, ReasonDate, ""},
		{func(w *Writer) { w.SetString(DebtorName, "a\x00b") }, ReasonCharacter, tx + "Dbtr/Nm"},
		{func(w *Writer) { w.SetString(DebtorName, "a\xc3") }, ReasonCharacter, tx + "Dbtr/Nm"},
		{func(w *Writer) { w.SetString(DebtorName, "\ufffe") }, ReasonCharacter, tx + "Dbtr/Nm"},
		{func(w *Writer) { w.SetString(EndToEndID, "A//B") }, ReasonCharset, tx + "PmtId/EndToEndId"},
		{func(w *Writer) { w.SetString(ChargeBearer, "DEBT") }, ReasonValue, tx + "ChrgBr"},
		{func(w *Writer) { w.SetString(DebtorName, "") }, ReasonProfileMissing, tx + "Dbtr/Nm"},
		{func(w *Writer) { w.SetString(BizDefinition, "pacs.008.001.09") }, ReasonMismatch, "AppHdr/MsgDefIdr"},
		{func(w *Writer) { w.SetString(Status, "ACSC") }, ReasonUnexpected, ""},
		{func(w *Writer) { w.SetString(Supplementary, "<a/>") }, ReasonUnexpected, ""},
		{func(w *Writer) { w.SetString(FieldCount, "x") }, ReasonUnexpected, ""},
		{func(w *Writer) { w.SetString(DebtorIBAN, "DE89370400440532013000") }, ReasonUnexpected, tx + "DbtrAcct/Id"}, // and an account
		{func(w *Writer) { w.SetString(DebtorProxyType, "VPA") }, ReasonMissing, tx + "DbtrAcct/Prxy/Id"},
	} {
		var w Writer
		fillSample(t, &w, p, p.Sent("pacs.008"), func(r *rule) bool { return r.need == mandatory || r.field == DebtorAccount || onlyMandatory(r) })
		w.SetString(BizMsgID, "")
		w.SetString(BizCreatedAt, "")
		w.dst = []byte("before")
		c.set(&w)
		b, err := w.Finish()
		var fault *Error
		if !errors.As(err, &fault) || fault.Reason != c.why || fault.Path != c.path || string(b) != "before" {
			t.Errorf("%v: got %v", c.why, err)
		}
	}
}

// TestWriterOfAnotherMessage: a definition that the profile lacks is refused, the
// Writer is fit for the next one.
func TestWriterOfAnotherMessage(t *testing.T) {
	p := mustProfile(t, "ips-base")
	var w Writer
	for _, d := range []*Definition{nil, Find("camt.003.001.07"), p.Header()} {
		w.Begin(p, d, nil)
		w.SetString(MsgID, "A")
		var fault *Error
		if b, err := w.Finish(); !errors.As(err, &fault) || fault.Reason != ReasonUnknownMessage || b != nil {
			t.Errorf("%v: %v", d, err)
		}
	}
	writeSample(t, &w, p, p.Sent("pacs.008"), onlyMandatory)
}

// TestWriterChanges: after Finish a field may be changed or left out for the next
// message in the same place.
func TestWriterChanges(t *testing.T) {
	p := mustProfile(t, "ips-base")
	var w Writer
	first := writeSample(t, &w, p, p.Sent("pacs.008"), onlyMandatory)
	w.SetBool(BizPossibleDuplicate, true)
	w.SetString(Remittance, "a\r\nb\rc")
	again, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	m := mustParse(t, p, again)
	if string(m.Text(BizPossibleDuplicate)) != "true" || string(m.Text(Remittance)) != "a\nb\nc" {
		t.Errorf("%s", again)
	}
	w.SetBool(BizPossibleDuplicate, false)
	w.SetString(BizPossibleDuplicate, "")
	w.Set(Remittance, nil)
	if last, err := w.Finish(); err != nil || string(last) != string(first) {
		t.Errorf("%v\n%s\nwant\n%s", err, last, first)
	}
}

// TestWriterErrorsHaveNoPosition: there is none in a message that does not exist.
func TestWriterErrorsHaveNoPosition(t *testing.T) {
	p := mustProfile(t, "ips-base")
	var w Writer
	w.Begin(p, p.Sent("pacs.002"), nil)
	_, err := w.Finish()
	if err == nil || strings.Contains(err.Error(), "line") || !strings.HasPrefix(err.Error(), "iso20022: field missing in ") {
		t.Errorf("%v", err)
	}
}
