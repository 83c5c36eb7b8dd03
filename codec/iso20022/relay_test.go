package iso20022

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// received is a pacs.008 as a bank writes it: prefixes, white space, entities and
// elements that no field of the profile names.
const received = `<Message xmlns="">
 <h:AppHdr xmlns:h="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
  <h:Fr><h:FIId><h:FinInstnId><h:ClrSysMmbId><h:MmbId>100001</h:MmbId></h:ClrSysMmbId></h:FinInstnId></h:FIId></h:Fr>
  <h:To><h:FIId><h:FinInstnId><h:ClrSysMmbId><h:MmbId>999999</h:MmbId></h:ClrSysMmbId></h:FinInstnId></h:FIId></h:To>
  <h:BizMsgIdr>A-1</h:BizMsgIdr><h:MsgDefIdr>pacs.008.001.08</h:MsgDefIdr><h:BizSvc>switchd.ips</h:BizSvc><h:CreDt>2026-01-02T03:04:05+05:30</h:CreDt>
 </h:AppHdr>
 <p:Document xmlns:p="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><p:FIToFICstmrCdtTrf>
  <p:GrpHdr><p:MsgId>A-1</p:MsgId><p:CreDtTm>2026-01-02T03:04:05+05:30</p:CreDtTm><p:NbOfTxs>1</p:NbOfTxs><p:SttlmInf><p:SttlmMtd>CLRG</p:SttlmMtd></p:SttlmInf></p:GrpHdr>
  <p:CdtTrfTxInf>
   <p:PmtId><p:InstrId>I-1</p:InstrId><p:EndToEndId>NOTPROVIDED</p:EndToEndId><p:TxId>T1</p:TxId><p:UETR>8a562c67-ca16-48ba-b074-65581be6f011</p:UETR></p:PmtId>
   <p:PmtTpInf><p:LclInstrm><p:Prtry>PUSH</p:Prtry></p:LclInstrm></p:PmtTpInf>
   <p:IntrBkSttlmAmt Ccy='INR'> 100.1 </p:IntrBkSttlmAmt><p:IntrBkSttlmDt>2026-01-02</p:IntrBkSttlmDt><p:AccptncDtTm>2026-01-02T03:04:05Z</p:AccptncDtTm><p:ChrgBr>SLEV</p:ChrgBr>
   <p:InstgAgt><p:FinInstnId><p:ClrSysMmbId><p:MmbId>100001</p:MmbId></p:ClrSysMmbId></p:FinInstnId></p:InstgAgt>
   <p:InstdAgt><p:FinInstnId><p:ClrSysMmbId><p:MmbId>999999</p:MmbId></p:ClrSysMmbId></p:FinInstnId></p:InstdAgt>
   <p:Dbtr><p:Nm>A &amp; B</p:Nm><p:PstlAdr><p:Ctry>IN</p:Ctry></p:PstlAdr></p:Dbtr><p:DbtrAcct><p:Id><p:Othr><p:Id>1000000001</p:Id></p:Othr></p:Id></p:DbtrAcct>
   <p:DbtrAgt><p:FinInstnId><p:ClrSysMmbId><p:MmbId>BANK0000001</p:MmbId></p:ClrSysMmbId></p:FinInstnId></p:DbtrAgt>
   <p:CdtrAgt><p:FinInstnId><p:ClrSysMmbId><p:MmbId>BANK0000002</p:MmbId></p:ClrSysMmbId></p:FinInstnId></p:CdtrAgt>
   <p:Cdtr><p:Nm>Bob</p:Nm></p:Cdtr><p:CdtrAcct><p:Id><p:IBAN>DE89370400440532013000</p:IBAN></p:Id></p:CdtrAcct>
  </p:CdtTrfTxInf></p:FIToFICstmrCdtTrf></p:Document>
</Message>
`

func mustParse(tb testing.TB, p *Profile, b []byte) *Message {
	tb.Helper()
	var m Message
	if err := m.Parse(p, b); err != nil {
		tb.Fatal(err)
	}
	return &m
}

func TestRelayChangesOnlyWhatItIsTold(t *testing.T) {
	p := mustProfile(t, "ips-base")
	m := mustParse(t, p, []byte(received))
	b, err := AppendRelay([]byte("before"), p, m,
		Change{InstructionID, []byte("SWD-2")}, // not in the order of the message
		Change{BizFrom, []byte("999999")},
		Change{BizTo, []byte("200002")},
		Change{AmountCurrency, []byte("USD")},
		Change{CreditorName, []byte(`<Bob> & "Co"`)},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"<p:InstrId>I-1<", "<p:InstrId>SWD-2<",
		"<h:Fr><h:FIId><h:FinInstnId><h:ClrSysMmbId><h:MmbId>100001<", "<h:Fr><h:FIId><h:FinInstnId><h:ClrSysMmbId><h:MmbId>999999<",
		"<h:To><h:FIId><h:FinInstnId><h:ClrSysMmbId><h:MmbId>999999<", "<h:To><h:FIId><h:FinInstnId><h:ClrSysMmbId><h:MmbId>200002<",
		"Ccy='INR'", "Ccy='USD'",
		"<p:Nm>Bob<", "<p:Nm>&lt;Bob&gt; &amp; &quot;Co&quot;<",
	).Replace(received)
	if string(b) != "before"+want {
		t.Errorf("%s", b)
	}
	again := mustParse(t, p, b[len("before"):])
	if string(again.Text(CreditorName)) != `<Bob> & "Co"` || string(again.Text(DebtorName)) != "A & B" {
		t.Errorf("names %q, %q", again.Text(CreditorName), again.Text(DebtorName))
	}
	if same, err := AppendRelay(nil, p, m); err != nil || string(same) != received {
		t.Errorf("without changes: %v\n%s", err, same)
	}
}

func TestRelayRefusals(t *testing.T) {
	p := mustProfile(t, "ips-base")
	m := mustParse(t, p, []byte(received))
	long := bytes.Repeat([]byte("x"), 36)
	for _, c := range []struct {
		changes []Change
		why     Reason
		path    string
	}{
		{[]Change{{ClearingReference, []byte("R")}}, ReasonMissing, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/ClrSysRef"},
		{[]Change{{BizPossibleDuplicate, []byte("true")}}, ReasonMissing, "AppHdr/PssblDplct"},
		{[]Change{{StatusID, []byte("S")}}, ReasonMissing, ""},
		{[]Change{{MsgID, long}}, ReasonLength, "Document/FIToFICstmrCdtTrf/GrpHdr/MsgId"},
		{[]Change{{MsgID, nil}}, ReasonLength, "Document/FIToFICstmrCdtTrf/GrpHdr/MsgId"},
		{[]Change{{MsgID, []byte("/A")}}, ReasonCharset, "Document/FIToFICstmrCdtTrf/GrpHdr/MsgId"},
		{[]Change{{ChargeBearer, []byte("DEBT")}}, ReasonValue, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/ChrgBr"},
		{[]Change{{AmountCurrency, []byte("usd")}}, ReasonPattern, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt/@Ccy"},
		{[]Change{{DebtorName, []byte("\x01")}}, ReasonCharacter, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/Dbtr/Nm"},
		{[]Change{{DebtorName, []byte("\xff")}}, ReasonCharacter, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/Dbtr/Nm"},
		{[]Change{{MsgID, []byte("A")}, {MsgID, []byte("B")}}, ReasonRepeated, ""},
	} {
		b, err := AppendRelay([]byte("before"), p, m, c.changes...)
		var fault *Error
		if !errors.As(err, &fault) || fault.Reason != c.why || fault.Path != c.path || string(b) != "before" {
			t.Errorf("%v: %v", c.changes[0].Field, err)
		}
	}
}

// TestRelayIntoAnEmptyTag: <X/> has no place between its tags.
func TestRelayIntoAnEmptyTag(t *testing.T) {
	p, err := LoadProfile("small.json", []byte(strings.Replace(small, `"path": "CreDt", "need": "M"}`,
		`"path": "CreDt", "need": "M"}, {"field": "BizPractice", "path": "Prty", "need": "O"}`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for tag, ok := range map[string]bool{"<h:Prty></h:Prty>": true, "<h:Prty/>": false} {
		text := strings.Replace(received, "</h:CreDt>", "</h:CreDt>"+tag, 1)
		text = text[strings.Index(text, "<h:AppHdr"):]
		text = text[:strings.Index(text, "</h:AppHdr>")] + "</h:AppHdr>"
		b, err := AppendRelay(nil, p, mustParse(t, p, []byte(text)), Change{BizPractice, []byte("HIGH")})
		if (err == nil) != ok {
			t.Errorf("%s: %v %s", tag, err, b)
		}
	}
}
