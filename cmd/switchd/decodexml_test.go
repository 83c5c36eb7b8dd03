package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
	"switchd/switch/mask"
)

// sampleXML is a payment as a participant would write it, for people to read.
func sampleXML(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "decode", "iso20022", "pacs.008.xml"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// edited is b with one text in place of another.
func edited(b []byte, old, text string) []byte {
	if bytes.Count(b, []byte(old)) != 1 {
		panic("the message has to hold " + old + " once")
	}
	return bytes.Replace(b, []byte(old), []byte(text), 1)
}

// partOf cuts AppHdr or Document out of an envelope.
func partOf(b []byte, name string) []byte {
	start, end := bytes.Index(b, []byte("<"+name+" ")), bytes.Index(b, []byte("</"+name+">"))
	return b[start : end+len("</"+name+">")]
}

// inputFile writes an input and gives its name.
func inputFile(t *testing.T, b []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "input.xml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// decodeOne decodes an input of one message.
func decodeOne(t *testing.T, input []byte, flags ...string) (m decoded, code int) {
	t.Helper()
	code, stdout, stderr := command(append([]string{"decode", "--dialect", dialect20022, "--json", inputFile(t, input)}, flags...)...)
	if err := json.Unmarshal([]byte(stdout), &m); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	return m, code
}

func valueOf(m *decoded, field iso20022.Field) string {
	for _, f := range m.Fields {
		if f.Field == field.String() {
			return f.Value
		}
	}
	return "(none)"
}

// TestDocumentParts: an envelope, and its parts alone, also as an argument and in
// hexadecimal.
func TestDocumentParts(t *testing.T) {
	xml := sampleXML(t)
	for name, want := range map[string]string{"AppHdr": "head.001.001.02", "Document": "pacs.008.001.08"} {
		m, code := decodeOne(t, partOf(xml, name))
		if code != 0 || !*m.Valid || m.Definition != want || m.Meaning == "" || len(m.Parts) != 1 || m.Parts[0] != name || len(m.Warnings) != 1 {
			t.Errorf("exit code %d, %+v", code, m)
		}
	}
	_, want, _ := command("decode", "--dialect", dialect20022, inputFile(t, xml))
	for _, arg := range []string{string(xml), inputFile(t, []byte(strings.ToUpper(hex.EncodeToString(xml))))} {
		if code, got, stderr := command("decode", "--dialect", dialect20022, arg); code != 0 || got != want {
			t.Errorf("exit code %d\n%s%s", code, got, stderr)
		}
	}
}

// TestDocumentFields: values are as the message means them, in letters of all
// scripts, and nothing of them commands a terminal.
func TestDocumentFields(t *testing.T) {
	xml := edited(sampleXML(t), "RENT-AUGUST", "a\u202eb\u009bc")
	m, _ := decodeOne(t, xml)
	for f, want := range map[iso20022.Field]string{
		iso20022.DebtorName: "Asha Müller & Sons", iso20022.CreditorName: "रवि", iso20022.CreditorProxy: "ravi@bankb",
		iso20022.Amount: "123.45", iso20022.DebtorIBAN: "DE8937************3000", iso20022.CreditorAccount: "100020****0004",
		iso20022.Remittance: "********", iso20022.Supplementary: "",
	} {
		if got := valueOf(&m, f); got != want {
			t.Errorf("%s: %q, want %q", f, got, want)
		}
	}
	// It is not valid for its identifier, and shown all the same.
	if got := valueOf(&m, iso20022.EndToEndID); got != `a\u202Eb\u009Bc` || *m.Valid {
		t.Error(got)
	}
	for _, f := range m.Fields {
		if f.Path == "" || f.Offset == 0 || f.Offset+f.Bytes > len(xml) {
			t.Errorf("%+v", f)
		}
	}
}

// TestDocumentUnnamed: elements that the profile has no field for are told by
// their paths, and what stands in them is not.
func TestDocumentUnnamed(t *testing.T) {
	xml := edited(sampleXML(t), "</Ustrd>", "</Ustrd><Ustrd>secretly</Ustrd>\n<Ustrd>more</Ustrd>")
	xml = edited(xml, "<CdtrAgt>", "<DbtrAgtAcct><Id><Othr><Id>secretly</Id></Othr></Id></DbtrAgtAcct><CdtrAgt>")
	xml = edited(xml, "</CdtTrfTxInf>", "</CdtTrfTxInf>\n<SplmtryData><Envlp><x:A xmlns:x='u'><x:secretly>1</x:secretly></x:A></Envlp></SplmtryData>")
	m, code := decodeOne(t, xml)
	const root = "Document/FIToFICstmrCdtTrf/"
	want := []string{root + "CdtTrfTxInf/DbtrAgtAcct/Id/Othr/Id", root + "CdtTrfTxInf/RmtInf/Ustrd (2 times)", root + "SplmtryData/Envlp"}
	if code != 0 || !slices.Equal(m.Unnamed, want) {
		t.Errorf("%q, want %q; %+v", m.Unnamed, want, m.Error)
	}
	_, stdout, _ := command("decode", "--dialect", dialect20022, inputFile(t, xml))
	if strings.Contains(stdout, "secretly") || !strings.Contains(stdout, "no field for them:\n  CdtTrfTxInf/DbtrAgtAcct/Id/Othr/Id\n") {
		t.Error(stdout)
	}
	if m, _ := decodeOne(t, sampleXML(t)); m.Unnamed != nil {
		t.Error(m.Unnamed)
	}
}

// TestDocumentNarrow: a terminal of 80 columns gets lines that fit.
func TestDocumentNarrow(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	for _, input := range [][]byte{sampleXML(t), edited(sampleXML(t), "<ChrgBr>", "<Foo/><ChrgBr>")} {
		_, stdout, _ := command("decode", "--dialect", dialect20022, inputFile(t, input))
		for line := range strings.Lines(stdout) {
			if len([]rune(line)) > 80+len("\n") {
				t.Errorf("%d columns: %s", len([]rune(line)), line)
			}
		}
	}
}

// TestDocumentSuggestionsWork: what is suggested for messages in another framing
// or of the other standard, run as printed, reads them.
func TestDocumentSuggestionsWork(t *testing.T) {
	xml := sampleXML(t)
	for _, c := range []struct {
		given, framing string
		input          []byte
	}{
		{"--dialect iso20022", "BIN4", framedAs(t, "BIN4", xml, xml)},
		{"--dialect iso20022 --profile fednow", "ASCII6", framedAs(t, "ASCII6", xml, xml)},
		{"--dialect iso20022 --framing BIN4", "", xml},
		{"--dialect iso20022 --framing BIN4", "NAC", framedAs(t, "NAC", decodeGood(t, "iso87-binary/0200"))},
		{"--dialect iso20022", "", decodeGood(t, "iso87-ebcdic/0200")},
		{"--dialect iso87-npci", "", xml},
		{"--dialect iso87-binary --framing BIN2", "BIN4", framedAs(t, "BIN4", xml)},
		{"--dialect iso87-binary --framing BIN4", "BIN4", framedAs(t, "BIN4", xml, xml)},
	} {
		file := inputFile(t, c.input)
		code, stdout, _ := command(append(append([]string{"decode"}, strings.Fields(c.given)...), file)...)
		_, try, _ := strings.Cut(stdout, "try:")
		try, _, _ = strings.Cut(try, "\n")
		if code != exitFailed || c.framing != "" && !strings.Contains(try, "--framing "+c.framing) {
			t.Errorf("%s: exit code %d\n%s", c.given, code, stdout)
			continue
		}
		if code, stdout, stderr := command(strings.Fields(try)[1:]...); code > exitFailed || code != 0 && !strings.Contains(try, "fednow") || !strings.Contains(stdout, "byte  field") {
			t.Errorf("%s: exit code %d\n%s%s", try, code, stdout, stderr)
		}
	}
}

// TestDocumentHints: what a fault's reason does not say.
func TestDocumentHints(t *testing.T) {
	xml := sampleXML(t)
	for want, input := range map[string][]byte{
		"PmtId holds, in this order: InstrId, EndToEndId, TxId, UETR, ClrSysRef": edited(xml, "<TxId>", "<Foo>"),
		"Id holds one of IBAN, Othr":                                               edited(xml, "<IBAN>", "<BBAN>"),
		"MsgId is the first in GrpHdr, before CreDtTm":                             edited(xml, "</NbOfTxs>", "</NbOfTxs><MsgId>A</MsgId>"),
		"IntrBkSttlmDt stands in CdtTrfTxInf between IntrBkSttlmAmt and SttlmPrty": edited(edited(xml, "<ChrgBr>SLEV</ChrgBr>", ""), "<IntrBkSttlmDt>", "<ChrgBr>SLEV</ChrgBr><IntrBkSttlmDt>"),
		"Document holds FIToFICstmrCdtTrf":                                         edited(edited(xml, "<FIToFICstmrCdtTrf>", "<FICdtTrf>"), "</FIToFICstmrCdtTrf>", "</FICdtTrf>"),
		"a comment":                                                                edited(xml, "<ChrgBr>", "<!-- x --><ChrgBr>"),
		"a CDATA section":                                                          edited(xml, "SLEV", "<![CDATA[SLEV]]>"),
		"a document type":                                                          edited(xml, "<Message>", "<!DOCTYPE a []><Message>"),
		"write the character":                                                      edited(xml, "&amp;", "&#38;"),
		"other than the five":                                                      edited(xml, "&amp;", "&euro;"),
		"ends before it is":                                                        xml[:len(xml)/2],
		"this end tag":                                                             edited(xml, "</UETR>", "</UETS>"),
		"byte order mark":                                                          append([]byte("\xef\xbb\xbf"), xml...),
		"UTF-16":                                                                   append([]byte("\xff\xfe<\x00"), xml...),
		"this looks like JSON":                                                     []byte(`{"Document": {}}`),
		"an HTML page":                                                             []byte("<HTML><body></body></HTML>"),
		"or Message around":                                                        []byte("<Doc/>"),
		"only pacs.008.001.08 and pacs.008.001.09":                                 edited(partOf(xml, "Document"), "pacs.008.001.08", "pacs.008.001.12"),
	} {
		m, code := decodeOne(t, input)
		if code != exitFailed || *m.Valid || !strings.Contains(m.Hint, want) {
			t.Errorf("no %q: exit code %d, %+v %+v", want, code, m.Hint, m.Error)
		}
	}
}

// TestDocumentProfile: of a message that the profile does not have it is said which
// one has it, and which versions this one has.
func TestDocumentProfile(t *testing.T) {
	for name, want := range map[string]string{
		"acmt.023.001.02": "the profile fednow does not have acmt.023.001.02; --profile ips-base has it",
		"pacs.008.001.09": "the profile fednow does not have pacs.008.001.09, only pacs.008.001.08; --profile ips-base has it",
	} {
		m, code := decodeOne(t, edited(partOf(sampleXML(t), "Document"), "pacs.008.001.08", name), "--profile", "fednow")
		if code != exitFailed || m.Error.Code != "UNKNOWN_MESSAGE" || m.Hint != want {
			t.Errorf("exit code %d, %q, want %q", code, m.Hint, want)
		}
	}
}

// TestDocumentAmounts: amounts that no schema refuses and the switch does.
func TestDocumentAmounts(t *testing.T) {
	xml := sampleXML(t)
	for reason, input := range map[string][]byte{
		"more decimals than the currency has": edited(xml, ">123.45<", ">123.456<"),
		"amount is zero":                      edited(xml, ">123.45<", ">0.00<"),
		"not a currency":                      edited(xml, `Ccy="INR"`, `Ccy="XXQ"`),
	} {
		if m, _ := decodeOne(t, input); m.Error == nil || m.Error.Reason != reason || m.Error.Line != 26 || !strings.Contains(m.Error.Path, "IntrBkSttlmAmt") {
			t.Errorf("%s: %+v", reason, m.Error)
		}
		if code, stdout, _ := command("validate", "--schema-only", inputFile(t, input)); code != 0 {
			t.Errorf("by the schema alone: %s", stdout)
		}
	}
}

// TestDefinitionWords: it is said of every message what it is for.
func TestDefinitionWords(t *testing.T) {
	for _, d := range iso20022.Definitions() {
		if definitionWords(d) == "" {
			t.Error(d.Name)
		}
	}
}

// The secrets that are put into messages, and the parts of them that may not be
// seen: six characters in a row are too much.
const (
	secretIBAN    = "GB33BUKB20201555555555"
	secretAccount = "71828182845904523536"
	secretShort   = "8675309421"
	secretCard    = "5413337894563218"
	secretPIN     = "c2VjcmV0IHBpbiBibG9jaw=="
)

// secretXML is a payment with account numbers wherever people put them.
func secretXML(t *testing.T) []byte {
	t.Helper()
	xml := edited(sampleXML(t), "DE89370400440532013000", secretIBAN)
	xml = edited(xml, "10002000350004", secretAccount)
	xml = edited(xml, "rent, from account DE89 3704 0044 0532 0130 00", "to "+secretAccount+" card 5413 3378 9456 3218")
	xml = edited(xml, "RENT-AUGUST", "gb33-bukb-2020-1555-5555-55")
	xml = edited(xml, "TX-000042", "TX-"+secretShort)
	xml = edited(xml, "ravi@bankb", secretAccount+"@bankb")
	xml = edited(xml, "</CdtrAcct>", "<Nm>"+secretShort+"</Nm></CdtrAcct>") // at a wrong place: a fault behind it all
	return edited(xml, "<Dbtr>", "<InitgPty><Id><PrvtId><Othr><Id>"+secretShort+"</Id></Othr></PrvtId></Id></InitgPty><Dbtr>")
}

// showsXML gives the secret of an input that a text shows. That a number in an id
// is of an account can only be known where an element says so.
func showsXML(text string, input []byte) string {
	flat := strings.NewReplacer(" ", "", "-", "", "\n", "").Replace(strings.ToUpper(text))
	secrets := []string{secretIBAN[6:18], secretCard[6:12], strings.ToUpper(secretPIN)}
	for _, account := range []string{secretAccount, secretShort} {
		if hidden := account[:max(10, len(account)-4)]; bytes.Contains(input, []byte("<Othr><Id>"+account+"<")) {
			secrets = append(secrets, hidden[len(hidden)-10:])
		}
	}
	for _, secret := range secrets {
		for at := 0; at+6 <= len(secret); at++ {
			if strings.Contains(flat, secret[at:at+6]) {
				return secret[at : at+6]
			}
		}
	}
	return ""
}

// TestDocumentShowsNoSecret decodes and validates messages whole, cut off,
// damaged and framed: whatever is made of them, no account number, card number or
// credential appears, neither in the result nor in what is said about it.
func TestDocumentShowsNoSecret(t *testing.T) {
	xml := secretXML(t)
	if showsXML(string(xml), xml) == "" {
		t.Fatal("the message has no secrets")
	}
	inputs := [][]byte{xml, edited(xml, "<Nm>"+secretShort+"</Nm>", ""), partOf(xml, "Document"), framedAs(t, "BIN4", xml, xml), framedAs(t, "BIN2", xml)}
	step := 97
	if testing.Short() || raced {
		step = 409
	}
	for at := 700; at < len(xml); at += step {
		damaged := bytes.Clone(xml)
		damaged[at] ^= 0x1C // most often no longer well-formed, or of another name
		inputs = append(inputs, xml[:at], damaged, append([]byte("    "), damaged...))
	}
	dialects := append(iso8583.BuiltinNames(), dialect20022+" --profile fednow", dialect20022+" --framing BIN4", dialect20022)
	for i, input := range inputs {
		file := inputFile(t, input)
		for _, line := range []string{"decode --json --dialect " + dialects[i%len(dialects)], "decode --dialect " + dialect20022, "validate --json", "validate --schema-only"} {
			code, stdout, stderr := command(append(strings.Fields(line), file)...)
			if secret := showsXML(stdout+stderr, input); secret != "" || code > exitFailed {
				t.Errorf("%s of input %d: exit code %d, shows %q\n%s%s", line, i, code, secret, stdout, stderr)
			}
		}
	}
	m, _ := decodeOne(t, inputs[1])
	if !*m.Valid || valueOf(&m, iso20022.DebtorName) != "Asha Müller & Sons" || valueOf(&m, iso20022.EndToEndID) != "gb33-b*****************5-55" {
		t.Errorf("%+v", m)
	}
}

// TestDocumentMask: how much of which value is seen.
func TestDocumentMask(t *testing.T) {
	accounts := accountsIn([]byte("<a:Othr>\n<a:Id x='>'>12345678</a:Id></a:Othr><IBAN>DE89370400440532013000</IBAN>" +
		"<FinInstnId><Othr><Id>BANK12345</Id></Othr></FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr><Othr><Id>100001</Id></Othr>"))
	for _, c := range []struct {
		path, value string
		want        iso8583.Mask
	}{
		{"Document/X/DbtrAcct/Id/IBAN", "DE89370400440532013000", iso8583.MaskPAN},
		{"Document/X/DbtrAcct/Id/Othr/Id", "1", iso8583.MaskPAN},
		{"Document/X/DbtrAcct/Id/Othr/Id", "NOTPROVIDED", iso8583.MaskNone},
		{"Document/X/Vrfctn/PtyAndAcctId/Acct/Othr/Id", "123", iso8583.MaskPAN},
		{"Document/X/Dbtr/Id/PrvtId/Othr/Id", "P123", iso8583.MaskPAN},
		{"Document/X/Dbtr/Id/OrgId/Othr/Id", "P123", iso8583.MaskNone},
		{"Document/X/DbtrAgt/FinInstnId/Othr/Id", "BANK12345", iso8583.MaskNone},
		{"Document/X/RmtInf/Ustrd", "invoice 12345678", iso8583.MaskAll},
		{"Document/X/RmtInf/Ustrd", "for BANK12345 and 100001", iso8583.MaskNone},
		{"Document/X/RmtInf/Ustrd", "DE89 3704 0044 0532 0130 00", iso8583.MaskPAN},
		{"Document/X/RmtInf/Ustrd", "FR7630006000011234567890189", iso8583.MaskPAN}, // of no field
		{"Document/X/RmtInf/Ustrd", "to fr7630006000011234567890189!", iso8583.MaskAll},
		{"Document/X/RmtInf/Ustrd", "card 4012 8888 8888 1881", iso8583.MaskAll},
		{"Document/X/PmtId/UETR", "8a562c67-ca16-48ba-b074-65581be6f011", iso8583.MaskNone},
		{"Document/X/CreDtTm", "2026-11-22T15:30:00.250Z", iso8583.MaskNone},
	} {
		if got := mask.Document(c.path, []byte(c.value), accounts); got != c.want {
			t.Errorf("%s %q: %v, want %v", c.path, c.value, got, c.want)
		}
	}
	if !mask.HiddenPlace("Document/X/SplmtryData/Envlp") || !mask.HiddenPlace("Document/admi.002.001.01/Rsn/AddtlData") || mask.HiddenPlace("Document/X/RmtInf/Ustrd") {
		t.Error("the places of which nothing is shown")
	}
}

// TestDocumentHostile: no input makes it panic, print without end or take long.
func TestDocumentHostile(t *testing.T) {
	deep := strings.Repeat("<a>", 100_000)
	for name, input := range map[string][]byte{
		"nested": []byte(deep), "tags only": bytes.Repeat([]byte("<"), inputBytesMax), "names": bytes.Repeat([]byte("<Othr><Id>12345678"), 50_000),
		"escapes": []byte("<\x1b[2J>"), "too large": edited(sampleXML(t), "RENT-AUGUST", strings.Repeat("x", iso20022.BytesMax)),
	} {
		for _, line := range []string{"decode --dialect iso20022", "decode --dialect iso87-npci", "decode --dialect iso20022 --framing BIN4", "validate"} {
			code, stdout, _ := command(append(strings.Fields(line), inputFile(t, input))...)
			if code != exitFailed || len(stdout) > 16<<10 || strings.Contains(stdout, "\x1b") {
				t.Errorf("%s of %s: exit code %d, %d bytes printed", line, name, code, len(stdout))
			}
		}
	}
}
