package iso20022

import (
	"strings"
	"testing"
)

// envelope puts a small pacs.008 and its header into an envelope.
func envelope(document string) string {
	return `<Message xmlns=""><AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">` +
		`<Fr><FIId><FinInstnId><ClrSysMmbId><MmbId>100001</MmbId></ClrSysMmbId></FinInstnId></FIId></Fr>` +
		`<To><FIId><FinInstnId><ClrSysMmbId><MmbId>999999</MmbId></ClrSysMmbId></FinInstnId></FIId></To>` +
		`<BizMsgIdr>M1</BizMsgIdr><MsgDefIdr>pacs.008.001.08</MsgDefIdr><BizSvc>switchd.ips</BizSvc>` +
		`<CreDt>2026-01-02T03:04:05.678Z</CreDt></AppHdr>` + document + `</Message>`
}

// creditTransfer is a pacs.008 as banks send it, of 1.3 KB; with its header and
// envelope it has 1.9 KB.
const creditTransfer = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf>` +
	`<GrpHdr><MsgId>BNKA20260102000001</MsgId><CreDtTm>2026-01-02T03:04:05.678Z</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>` +
	`<CdtTrfTxInf><PmtId><InstrId>BNKA20260102000001</InstrId><EndToEndId>E2E0000000000000001</EndToEndId><TxId>BNKA20260102000001TX</TxId>` +
	`<UETR>8a562c67-ca16-48ba-b074-65581be6f011</UETR></PmtId><PmtTpInf><LclInstrm><Prtry>PUSH</Prtry></LclInstrm></PmtTpInf>` +
	`<IntrBkSttlmAmt Ccy="INR">1234.50</IntrBkSttlmAmt><IntrBkSttlmDt>2026-01-02</IntrBkSttlmDt><AccptncDtTm>2026-01-02T03:04:05.600Z</AccptncDtTm><ChrgBr>SLEV</ChrgBr>` +
	`<InstgAgt><FinInstnId><ClrSysMmbId><MmbId>100001</MmbId></ClrSysMmbId></FinInstnId></InstgAgt>` +
	`<InstdAgt><FinInstnId><ClrSysMmbId><MmbId>999999</MmbId></ClrSysMmbId></FinInstnId></InstdAgt>` +
	`<Dbtr><Nm>Alice &amp; Sons</Nm></Dbtr><DbtrAcct><Id><Othr><Id>1000000001</Id></Othr></Id></DbtrAcct>` +
	`<DbtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>INFSC</Cd></ClrSysId><MmbId>BNKA0000001</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>` +
	`<CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>INFSC</Cd></ClrSysId><MmbId>BNKB0000001</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>` +
	`<Cdtr><Nm>Bob Example</Nm></Cdtr><CdtrAcct><Id><Othr><Id>2000000001</Id></Othr></Id><Prxy><Tp><Prtry>VPA</Prtry></Tp><Id>bob@bankb</Id></Prxy></CdtrAcct>` +
	`<RmtInf><Ustrd>rent of January 2026</Ustrd></RmtInf></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>`

// read008 are the fields that a switch reads of it, with their texts.
var read008 = []struct {
	field Field
	text  string
}{
	{BizFrom, "100001"}, {BizDefinition, "pacs.008.001.08"}, {MsgID, "BNKA20260102000001"}, {CreatedAt, "2026-01-02T03:04:05.678Z"},
	{Transactions, "1"}, {EndToEndID, "E2E0000000000000001"}, {TransactionID, "BNKA20260102000001TX"},
	{UETR, "8a562c67-ca16-48ba-b074-65581be6f011"}, {LocalInstrument, "PUSH"}, {Amount, "1234.50"}, {AmountCurrency, "INR"},
	{SettlementDate, "2026-01-02"}, {AcceptedAt, "2026-01-02T03:04:05.600Z"}, {InstructingAgent, "100001"},
	{DebtorName, "Alice & Sons"}, {DebtorAccount, "1000000001"}, {DebtorAgent, "BNKA0000001"}, {DebtorAgentSystem, "INFSC"},
	{CreditorName, "Bob Example"}, {CreditorAgent, "BNKB0000001"}, {CreditorAccount, "2000000001"}, {CreditorProxy, "bob@bankb"},
	{Remittance, "rent of January 2026"},
}

// withPrefixes writes a message of one default namespace per part with prefixes.
func withPrefixes(text string) string {
	for _, part := range []struct{ root, prefix string }{{"AppHdr", "h"}, {"Document", "d"}} {
		start, end := strings.Index(text, "<"+part.root), strings.Index(text, "</"+part.root+">")
		if start < 0 {
			continue
		}
		end += len("</" + part.root + ">")
		inner := strings.ReplaceAll(text[start:end], "<", "<"+part.prefix+":")
		inner = strings.ReplaceAll(inner, "<"+part.prefix+":/", "</"+part.prefix+":")
		text = text[:start] + strings.Replace(inner, "xmlns=", "xmlns:"+part.prefix+"=", 1) + text[end:]
	}
	return text
}

// TestParse reads one message in the ways in which it can be written.
func TestParse(t *testing.T) {
	p := mustProfile(t, "ips-base")
	plain := envelope(creditTransfer)
	var m Message // one for all: nothing of the last message may show
	for name, text := range map[string]string{
		"plain":              plain,
		"prefixes":           withPrefixes(plain),
		"declaration":        `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + plain + "\n",
		"declared plainly":   `<?xml version='1.0'?>` + plain,
		"lower case":         `<?xml version="1.0" encoding='utf-8' ?>` + plain,
		"indented":           strings.ReplaceAll(plain, "><", ">\r\n\t <"),
		"space in tags":      strings.ReplaceAll(plain, "Nm>", "Nm >"),
		"space in attribute": strings.ReplaceAll(plain, `Ccy="INR"`, "Ccy = 'INR' "),
		"schema location": strings.ReplaceAll(plain, "pacs.008.001.08\"><FI",
			"pacs.008.001.08\" xmlns:xsi=\""+uriXSI+"\" xsi:schemaLocation=\"a b\"><FI"),
		"a prefix below": strings.ReplaceAll(strings.ReplaceAll(plain, "<Cdtr>", `<p:Cdtr xmlns:p="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">`), "</Cdtr>", "</p:Cdtr>"),
		"declared again": strings.ReplaceAll(plain, "<Cdtr>", `<Cdtr xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">`),
	} {
		if err := m.Parse(p, []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range read008 {
			if got := string(m.Text(want.field)); got != want.text {
				t.Errorf("%s: %s is %q, want %q", name, want.field, got, want.text)
			}
		}
		if m.Has(DebtorIBAN) || m.Raw(DebtorIBAN) != nil || m.Text(DebtorIBAN) != nil {
			t.Errorf("%s: there is an IBAN", name)
		}
		if d := m.Definition(); d != Find("pacs.008.001.08") {
			t.Errorf("%s: the definition is %v", name, d)
		}
		if d, h := string(m.Document()), string(m.Header()); !strings.Contains(text, h+"<") && !strings.Contains(text, h+"\r") ||
			!strings.HasSuffix(d, "Document>") || !strings.HasSuffix(h, "AppHdr>") || d[0] != '<' || h[0] != '<' {
			t.Errorf("%s: document %q, header %q", name, d, h)
		}
	}
	if raw := string(m.Raw(DebtorName)); raw != "Alice &amp; Sons" {
		t.Errorf("raw: %q", raw)
	}
}

// TestParts: a header or a document alone can be read, an envelope must have both.
func TestParts(t *testing.T) {
	p := mustProfile(t, "ips-base")
	whole := envelope(creditTransfer)
	header := whole[strings.Index(whole, "<AppHdr"):strings.Index(whole, "<Document")]
	var m Message
	if err := m.Parse(p, []byte(creditTransfer)); err != nil || string(m.Document()) != creditTransfer || m.Header() != nil || m.Has(BizFrom) {
		t.Errorf("document: %v", err)
	}
	if err := m.Parse(p, []byte(header)); err != nil || string(m.Header()) != header || m.Document() != nil || m.Definition() != nil {
		t.Errorf("header: %v", err)
	}
	for name, text := range map[string]string{
		"no header":        `<Message>` + creditTransfer + `</Message>`,
		"no document":      `<Message>` + header + `</Message>`,
		"wrong order":      `<Message>` + creditTransfer + header + `</Message>`,
		"two documents":    `<Message>` + header + creditTransfer + creditTransfer + `</Message>`,
		"text between":     `<Message>` + header + `x` + creditTransfer + `</Message>`,
		"an attribute":     `<Message a="b">` + header + creditTransfer + `</Message>`,
		"empty":            `<Message/>`,
		"nothing":          `<Message></Message>`,
		"not ended":        `<Message>` + header + creditTransfer,
		"something else":   `<Message>` + header + `<Other/></Message>`,
		"not a tag":        `<Message><!-- -->` + header + creditTransfer + `</Message>`,
		"not its own end":  `<Message>` + header + creditTransfer + `</Massage>`,
		"not the header's": strings.Replace(whole, "<MsgDefIdr>pacs.008.001.08", "<MsgDefIdr>pacs.008.001.09", 1),
	} {
		err := m.Parse(p, []byte(text))
		if e, ok := err.(*Error); !ok || e.Reason != ReasonEnvelope && !strings.HasPrefix(name, "not ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestErrors: where a fault is, and what is said of it.
func TestErrors(t *testing.T) {
	const tx = "Document/FIToFICstmrCdtTrf/CdtTrfTxInf"
	for _, c := range []struct {
		name, old, new string
		reason         Reason
		path, at, want string // at: what stands at the offset
	}{
		{"too long", "<EndToEndId>E2E", "<EndToEndId>" + strings.Repeat("E", 36), ReasonLength, tx + "/PmtId/EndToEndId", "EEEEE", "text of 1 to 35"},
		{"missing", "<EndToEndId>E2E0000000000000001</EndToEndId>", "", ReasonMissing, tx + "/PmtId/EndToEndId", "<TxId>", ""},
		{"missing at the end", "<Cdtr><Nm>Bob Example</Nm></Cdtr>", "", ReasonMissing, tx + "/Cdtr", "<CdtrAcct>", ""},
		{"missing attribute", ` Ccy="INR"`, "", ReasonMissing, tx + "/IntrBkSttlmAmt/@Ccy", "<IntrBkSttlmAmt>", ""},
		{"wrong attribute", `Ccy="INR"`, `Ccy="inr"`, ReasonPattern, tx + "/IntrBkSttlmAmt/@Ccy", "inr", "the pattern [A-Z]{3,3}"},
		{"unknown attribute", `Ccy="INR"`, `Ccy="INR" x="y"`, ReasonAttribute, tx + "/IntrBkSttlmAmt", "x=", ""},
		{"unknown element", "<PmtId>", "<PmtId><Secret>1</Secret>", ReasonUnexpected, tx + "/PmtId", "<Secret>", ""},
		{"wrong order", "<InstrId>BNKA20260102000001</InstrId><EndToEndId>E2E0000000000000001</EndToEndId>",
			"<EndToEndId>E2E0000000000000001</EndToEndId><InstrId>BNKA20260102000001</InstrId>", ReasonUnexpected, tx + "/PmtId/InstrId", "<InstrId>", ""},
		{"repeated", "<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>SLEV</ChrgBr><ChrgBr>SLEV</ChrgBr>", ReasonRepeated, tx + "/ChrgBr", "<ChrgBr>SLEV</ChrgBr><InstgAgt>", ""},
		{"both of a choice", "<Prtry>PUSH</Prtry>", "<Cd>A</Cd><Prtry>PUSH</Prtry>", ReasonUnexpected, tx + "/PmtTpInf/LclInstrm/Prtry", "<Prtry>", ""},
		{"empty choice", "<Prtry>PUSH</Prtry>", "", ReasonMissing, tx + "/PmtTpInf/LclInstrm/Cd", "</LclInstrm>", ""},
		{"code", "SLEV", "SLEX", ReasonEnumeration, tx + "/ChrgBr", "SLEX", "one of DEBT, CRED, SHAR, SLEV"},
		{"pattern", "8a562c67", "8A562C67", ReasonPattern, tx + "/PmtId/UETR", "8A562C67", "the pattern [a-f0-9]{8}-"},
		{"number", ">1234.50<", ">1,234.50<", ReasonNumber, tx + "/IntrBkSttlmAmt", "1,234", "a decimal number"},
		{"negative", ">1234.50<", ">-1234.50<", ReasonNegative, tx + "/IntrBkSttlmAmt", "-1234", "not below 0"},
		{"digits", ">1234.50<", ">1234.500001<", ReasonDigits, tx + "/IntrBkSttlmAmt", "1234", "5 after the point"},
		{"date", ">2026-01-02<", ">2026-02-30<", ReasonDate, tx + "/IntrBkSttlmDt", "2026-02-30", "a date"},
		{"element in text", "Bob Example", "Bob <b>Example</b>", ReasonContent, tx + "/Cdtr/Nm", "<b>", ""},
		{"text between elements", "<Cdtr>", "<Cdtr>x", ReasonContent, tx + "/Cdtr", "x<Nm>", ""},
		{"not ended", "</Cdtr>", "</Cdtx>", ReasonSyntax, tx + "/Cdtr", "</Cdtx>", ""},
		{"version", "pacs.008.001.08\"", "pacs.008.001.99\"", ReasonUnknownMessage, "", "<Document", ""},
	} {
		text := strings.Replace("\n\n"+creditTransfer, c.old, c.new, 1)
		text = strings.Replace(text, "<CdtTrfTxInf>", "\n <CdtTrfTxInf>", 1)
		err := new(Message).Parse(nil, []byte(text))
		e, ok := err.(*Error)
		if !ok || e.Reason != c.reason || e.Path != c.path || !strings.HasPrefix(text[e.Offset:], c.at) || !strings.Contains(e.Want, c.want) {
			t.Errorf("%s: %+v", c.name, e)
			continue
		}
		lines := strings.Split(text[:e.Offset], "\n")
		if e.Line != len(lines) || e.Column != 1+len(lines[len(lines)-1]) {
			t.Errorf("%s: line %d column %d", c.name, e.Line, e.Column)
		}
	}
	text := (&Error{Path: "Document/A", Line: 2, Column: 3, Reason: ReasonLength, Want: "text"}).Error()
	if text != "iso20022: wrong length at line 2 column 3 in Document/A, want text" {
		t.Error(text)
	}
}

// TestParseDoesNotAllocate, also with prefixes, which take the longer way; the
// text with an entity goes into the scratch that the first time has made.
func TestParseDoesNotAllocate(t *testing.T) {
	p := mustProfile(t, "ips-base")
	for _, text := range []string{envelope(creditTransfer), withPrefixes(envelope(creditTransfer))} {
		b := []byte(text)
		var m Message
		if n := testing.AllocsPerRun(100, func() {
			if err := m.Parse(p, b); err != nil {
				t.Error(err)
			}
			for _, want := range read008 {
				if len(m.Text(want.field)) != len(want.text) {
					t.Errorf("%s is %q", want.field, m.Text(want.field))
				}
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
	// And no message of any definition, whatever is in it.
	for _, d := range Definitions() {
		for seed := range uint64(4) {
			b := []byte(newMaker(seed, 60).document(d).String())
			var m Message
			if n := testing.AllocsPerRun(5, func() {
				if err := m.Parse(nil, b); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("%s: %v allocations", d.Name, n)
			}
		}
	}
}

// TestDefinitions: every definition is found by its name and its namespace.
func TestDefinitions(t *testing.T) {
	for _, d := range Definitions() {
		if Find(d.Name) != d || findNamespace([]byte(d.Namespace())) != d || len(d.SchemaHash) != 64 {
			t.Errorf("%s is not found", d.Name)
		}
	}
	for _, name := range []string{"", "pacs", "pacs.008.001.07", "zzzz.999.999.99"} {
		if Find(name) != nil || findNamespace([]byte(namespacePrefix+name)) != nil {
			t.Errorf("%q is found", name)
		}
	}
}

// TestTextIsDecodedOnce: asking again gives the same bytes and takes no more room.
func TestTextIsDecodedOnce(t *testing.T) {
	var m Message
	p := mustProfile(t, "ips-base")
	for _, name := range []string{"A & B", "C < D"} {
		text := strings.Replace(received, "A &amp; B", strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(name), 1)
		if err := m.Parse(p, []byte(text)); err != nil {
			t.Fatal(err)
		}
		first := m.Text(DebtorName)
		for range 100 {
			if again := m.Text(DebtorName); string(again) != name || &again[0] != &first[0] {
				t.Fatalf("%q after %q", again, first)
			}
		}
	}
}
