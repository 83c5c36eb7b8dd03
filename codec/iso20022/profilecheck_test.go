package iso20022

import (
	"errors"
	"strings"
	"testing"
)

// edit is a change of a text, and what Parse says of it.
type edit struct {
	from, to string
	why      Reason
	path     string
}

func checkEdits(t *testing.T, p *Profile, text string, edits []edit) {
	t.Helper()
	for _, c := range edits {
		changed := strings.Replace(text, c.from, c.to, 1)
		if changed == text && c.from != c.to {
			t.Fatalf("no %q in the message", c.from)
		}
		var m Message
		err := m.Parse(p, []byte(changed))
		var fault *Error
		if c.why == ReasonNone && err == nil {
			continue
		}
		if !errors.As(err, &fault) || fault.Reason != c.why || fault.Path != c.path {
			t.Errorf("%s: %v, want %v in %s", c.to, err, c.why, c.path)
			continue
		}
		if c.to != "" && fault.Line != 1+strings.Count(changed[:fault.Offset], "\n") {
			t.Errorf("%s: line %d, offset %d", c.to, fault.Line, fault.Offset)
		}
	}
}

const pacs008Path = "Document/FIToFICstmrCdtTrf/"

// TestBaseProfileOfPacs008: what the rules demand beyond the schema.
func TestBaseProfileOfPacs008(t *testing.T) {
	tx := pacs008Path + "CdtTrfTxInf/"
	checkEdits(t, mustProfile(t, "ips-base"), received, []edit{
		{"", "", ReasonNone, ""},
		{"<p:NbOfTxs>1<", "<p:NbOfTxs>2<", ReasonValue, pacs008Path + "GrpHdr/NbOfTxs"},
		{"<p:SttlmMtd>CLRG<", "<p:SttlmMtd>INDA<", ReasonValue, pacs008Path + "GrpHdr/SttlmInf/SttlmMtd"},
		{"<p:TxId>T1</p:TxId>", "", ReasonProfileMissing, tx + "PmtId/TxId"},
		{"<p:UETR>8a562c67-ca16-48ba-b074-65581be6f011</p:UETR>", "", ReasonProfileMissing, tx + "PmtId/UETR"},
		{"<p:UETR>8a", "<p:UETR>8A", ReasonPattern, tx + "PmtId/UETR"},
		{"<p:PmtTpInf><p:LclInstrm><p:Prtry>PUSH</p:Prtry></p:LclInstrm></p:PmtTpInf>", "", ReasonProfileMissing, tx + "PmtTpInf/LclInstrm/Prtry"},
		{"<p:Prtry>PUSH</p:Prtry>", "<p:Cd>INST</p:Cd>", ReasonNone, ""},
		{"<p:IntrBkSttlmDt>2026-01-02</p:IntrBkSttlmDt>", "", ReasonProfileMissing, tx + "IntrBkSttlmDt"},
		{"<p:AccptncDtTm>2026-01-02T03:04:05Z</p:AccptncDtTm>", "", ReasonProfileMissing, tx + "AccptncDtTm"},
		{"<p:ChrgBr>SLEV<", "<p:ChrgBr>DEBT<", ReasonValue, tx + "ChrgBr"},
		{"<p:InstgAgt><p:FinInstnId><p:ClrSysMmbId><p:MmbId>100001</p:MmbId></p:ClrSysMmbId></p:FinInstnId></p:InstgAgt>", "", ReasonProfileMissing, tx + "InstgAgt/FinInstnId/ClrSysMmbId/MmbId"},
		{"<p:Nm>A &amp; B</p:Nm>", "", ReasonProfileMissing, tx + "Dbtr/Nm"},
		{"<p:DbtrAcct><p:Id><p:Othr><p:Id>1000000001</p:Id></p:Othr></p:Id></p:DbtrAcct>", "", ReasonProfileMissing, tx + "DbtrAcct/Id/Othr/Id"},
		{"<p:CdtrAcct><p:Id><p:IBAN>DE89370400440532013000</p:IBAN></p:Id></p:CdtrAcct>", "", ReasonProfileMissing, tx + "CdtrAcct/Id/Othr/Id"},
		{"<p:FinInstnId><p:ClrSysMmbId><p:MmbId>BANK0000002</p:MmbId></p:ClrSysMmbId></p:FinInstnId>", "<p:FinInstnId/>", ReasonProfileMissing, tx + "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"},
		{"<p:FinInstnId><p:ClrSysMmbId><p:MmbId>BANK0000002</p:MmbId></p:ClrSysMmbId></p:FinInstnId>", "<p:FinInstnId><p:Othr><p:Id>NOTPROVIDED</p:Id></p:Othr></p:FinInstnId>", ReasonNone, ""},
		{"<p:Nm>Bob</p:Nm>", "", ReasonProfileMissing, tx + "Cdtr/Nm"},
		{"<h:BizSvc>switchd.ips</h:BizSvc>", "", ReasonProfileMissing, "AppHdr/BizSvc"},
		{"<h:BizSvc>switchd.ips<", "<h:BizSvc>other<", ReasonValue, "AppHdr/BizSvc"},
		{"<h:MsgDefIdr>pacs.008.001.08<", "<h:MsgDefIdr>pacs.008.001.09<", ReasonMismatch, "AppHdr/MsgDefIdr"},
		{"<p:MsgId>A-1<", "<p:MsgId>A//1<", ReasonCharset, pacs008Path + "GrpHdr/MsgId"},
		{"<p:MsgId>A-1<", "<p:MsgId>A&amp;1<", ReasonCharset, pacs008Path + "GrpHdr/MsgId"},
		{"<p:EndToEndId>NOTPROVIDED<", "<p:EndToEndId>/X<", ReasonCharset, tx + "PmtId/EndToEndId"},
		{"<p:TxId>T1<", "<p:TxId>Ä<", ReasonCharset, tx + "PmtId/TxId"},
	})
}

// TestConditions: a reason is demanded of a rejection, times of a settlement.
func TestConditions(t *testing.T) {
	p := mustProfile(t, "ips-base")
	var w Writer
	fillSample(t, &w, p, p.Sent("pacs.002"), func(r *rule) bool { return r.need == mandatory })
	w.SetString(Status, "PDNG")
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	tx := "Document/FIToFIPmtStsRpt/TxInfAndSts/"
	const status = "<TxSts>PDNG</TxSts>"
	checkEdits(t, p, string(b), []edit{
		{status, status, ReasonNone, ""},
		{status, "<TxSts>RJCT</TxSts>", ReasonProfileMissing, tx + "StsRsnInf/Rsn/Cd"},
		{status, "<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC03</Cd></Rsn></StsRsnInf>", ReasonNone, ""},
		{status, "<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Prtry>NOTD</Prtry></Rsn></StsRsnInf>", ReasonNone, ""},
		{status, "<TxSts>ACSC</TxSts>", ReasonProfileMissing, tx + "AccptncDtTm"},
		{status, "<TxSts>ACSC</TxSts><AccptncDtTm>2026-01-02T03:04:05Z</AccptncDtTm>", ReasonProfileMissing, tx + "FctvIntrBkSttlmDt/Dt"},
		{status, "<TxSts>ACSC</TxSts><AccptncDtTm>2026-01-02T03:04:05Z</AccptncDtTm><FctvIntrBkSttlmDt><Dt>2026-01-02</Dt></FctvIntrBkSttlmDt>", ReasonNone, ""},
	})
	// The writer holds the same rules.
	w.SetString(Status, "RJCT")
	var fault *Error
	if b, err := w.Finish(); !errors.As(err, &fault) || fault.Reason != ReasonProfileMissing || fault.Path != tx+"StsRsnInf/Rsn/Cd" || b != nil {
		t.Errorf("%v", err)
	}
}

func TestIsIdentifier(t *testing.T) {
	for text, want := range map[string]bool{
		"A": true, "SWD0123456789ABD00": true, "a-b/c?d:e(f)g.h,i'j+k l": true, "A/B/C": true,
		"": false, "/A": false, "A/": false, "A//B": false, "/": false, "A_B": false, "A&B": false, "A\nB": false, "Ä": false, "A;B": false, "A@B": false, "A[B": false, "A`B": false, "A{B": false, "A\x00": false, "A\x7f": false,
	} {
		if got := isIdentifier([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
