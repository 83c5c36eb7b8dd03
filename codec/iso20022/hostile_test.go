package iso20022

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
)

// pacs008 is a small valid message; PLACE stands inside of the debtor's name, and
// ROOT in the tag of the Document.
const pacs008 = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"ROOT><FIToFICstmrCdtTrf>` +
	`<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-02T03:04:05Z</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>` +
	`<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><IntrBkSttlmAmt Ccy="INR">1.00</IntrBkSttlmAmt><ChrgBr>SLEV</ChrgBr>` +
	`<Dbtr><Nm>PLACE</Nm></Dbtr><DbtrAgt><FinInstnId><BICFI>BANKINBB</BICFI></FinInstnId></DbtrAgt>` +
	`<CdtrAgt><FinInstnId><BICFI>BANKINBB</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>B</Nm></Cdtr>` +
	`<SplmtryData><Envlp>ANY</Envlp></SplmtryData></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>`

func message(root, place, wild string) []byte {
	return []byte(strings.NewReplacer("ROOT", root, "PLACE", place, "ANY", wild).Replace(pacs008))
}

const plainWild = `<a xmlns="urn:a"/>`

// hostile are messages that must be refused, and why.
var hostile = []struct {
	name   string
	text   func() []byte
	reason Reason
}{
	{"billion laughs", func() []byte {
		dtd := `<!DOCTYPE lolz [<!ENTITY a "lol">`
		for c := 'b'; c <= 'j'; c++ {
			dtd += fmt.Sprintf("<!ENTITY %c \"%s\">", c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
		}
		return append([]byte(dtd+"]>"), message("", "&j;", plainWild)...)
	}, ReasonConstruct},
	{"quadratic blow-up", func() []byte {
		dtd := `<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("a", 100_000) + `">]>`
		return append([]byte(dtd), message("", strings.Repeat("&a;", 10_000), plainWild)...)
	}, ReasonConstruct},
	{"external entity", func() []byte {
		return append([]byte(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`), message("", "&a;", plainWild)...)
	}, ReasonConstruct},
	{"undeclared entity", func() []byte { return message("", "A&nbsp;B", plainWild) }, ReasonConstruct},
	{"character reference", func() []byte { return message("", "A&#38;B", plainWild) }, ReasonConstruct},
	{"nested 10,000 deep", func() []byte { return []byte(strings.Repeat("<a>", 10_000)) }, ReasonUnknownMessage},
	{"nested 10,000 deep in xs:any", func() []byte {
		return message("", "A", strings.Repeat("<a>", 10_000)+strings.Repeat("</a>", 10_000))
	}, ReasonDepth},
	{"nested in the schema's own way", func() []byte {
		return message("", strings.Repeat("<Nm>", 10_000), plainWild)
	}, ReasonContent},
	{"100 MB of text", func() []byte {
		b := message("", "PLACE", plainWild)
		before, after, _ := strings.Cut(string(b), "PLACE")
		big := make([]byte, 0, 100<<20+len(b))
		big = append(big, before...)
		for range 100 << 10 {
			big = append(big, strings.Repeat("a", 1024)...)
		}
		return append(big, after...)
	}, ReasonSize},
	{"text up to the bound", func() []byte { return message("", strings.Repeat("a", BytesMax-2000), plainWild) }, ReasonLength},
	{"white space up to the bound", func() []byte {
		return append(message("", "A", plainWild), strings.Repeat(" ", BytesMax)...)
	}, ReasonSize},
	{"invalid UTF-8", func() []byte { return message("", "A\xff", plainWild) }, ReasonCharacter},
	{"overlong UTF-8", func() []byte { return message("", "A\xc0\xbc", plainWild) }, ReasonCharacter},
	{"half of a surrogate pair", func() []byte { return message("", "A\xed\xa0\x80", plainWild) }, ReasonCharacter},
	{"U+FFFE", func() []byte { return message("", "A\uFFFE", plainWild) }, ReasonCharacter},
	{"zero byte", func() []byte { return message("", "A\x00", plainWild) }, ReasonCharacter},
	{"UTF-16", func() []byte { return []byte("\xff\xfe<\x00D\x00") }, ReasonCharacter},
	{"byte order mark", func() []byte { return append([]byte("\xef\xbb\xbf"), message("", "A", plainWild)...) }, ReasonCharacter},
	{"other encoding", func() []byte {
		return append([]byte(`<?xml version="1.0" encoding="UTF-7"?>`), message("", "+ADw-", plainWild)...)
	}, ReasonConstruct},
	{"XML 1.1", func() []byte { return append([]byte(`<?xml version="1.1"?>`), message("", "A", plainWild)...) }, ReasonConstruct},
	{"attribute twice", func() []byte { return message(` xmlns="urn:b"`, "A", plainWild) }, ReasonNamespace},
	{"attribute twice in one namespace", func() []byte {
		return message("", "A", `<a xmlns:p="urn:a" xmlns:q="urn:a" p:x="1" q:x="2"/>`)
	}, ReasonAttribute},
	{"the same attribute twice", func() []byte { return message("", "A", `<a x="1" x="2"/>`) }, ReasonAttribute},
	{"many attributes", func() []byte {
		var b strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&b, " a%d=''", i)
		}
		return message("", "A", "<a"+b.String()+"/>")
	}, ReasonAttributes},
	{"many namespaces", func() []byte {
		var b strings.Builder
		for i := range 20 {
			fmt.Fprintf(&b, "<a xmlns:p%d='urn:x'>", i)
		}
		return message("", "A", b.String())
	}, ReasonAttributes},
	{"many elements", func() []byte {
		return message("", "A", "<a>"+strings.Repeat("<b/>", ElementsMax)+"</a>")
	}, ReasonElements},
	{"CDATA", func() []byte { return message("", "<![CDATA[A]]>", plainWild) }, ReasonConstruct},
	{"comment in the middle of an id", func() []byte { return message("", "A<!-- -->B", plainWild) }, ReasonConstruct},
	{"comment in xs:any", func() []byte { return message("", "A", "<a><!-- --></a>") }, ReasonConstruct},
	{"processing instruction", func() []byte { return message("", "A<?p?>", plainWild) }, ReasonConstruct},
	{"style sheet", func() []byte { return append([]byte(`<?xml-stylesheet href="a"?>`), message("", "A", plainWild)...) }, ReasonConstruct},
	{"]]> in text", func() []byte { return message("", "A]]>", plainWild) }, ReasonSyntax},
	{"prefix without namespace", func() []byte { return message("", "A", "<p:a/>") }, ReasonNamespace},
	{"prefix xml bound", func() []byte { return message(` xmlns:xml="urn:b"`, "A", plainWild) }, ReasonNamespace},
	{"prefix unbound", func() []byte { return message("", "A", `<a xmlns:p="urn:a"><p:b xmlns:p=""/></a>`) }, ReasonNamespace},
	{"namespace with an entity", func() []byte { return message(` xmlns:p="urn:a&amp;b"`, "A", plainWild) }, ReasonNamespace},
	{"namespace left in the middle", func() []byte {
		return []byte(strings.Replace(string(message("", "A", plainWild)), "<Dbtr>", `<Dbtr xmlns="urn:other">`, 1))
	}, ReasonUnexpected},
	{"another message's namespace in the middle", func() []byte {
		return []byte(strings.Replace(string(message("", "A", plainWild)), "<Dbtr>", `<Dbtr xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.09">`, 1))
	}, ReasonNamespace},
	{"a prefix that hides another name", func() []byte {
		return []byte(strings.Replace(string(message(` xmlns:p="urn:other"`, "A", plainWild)), "<Nm>A</Nm>", "<p:Nm>A</p:Nm>", 1))
	}, ReasonUnexpected},
	{"another Document inside", func() []byte { return message("", "A", string(message("", "A", plainWild))) }, ReasonUnexpected},
	{"two documents", func() []byte { return append(message("", "A", plainWild), message("", "A", plainWild)...) }, ReasonSyntax},
	{"xsi:type", func() []byte { return message("", "A", `<a xmlns:x="`+uriXSI+`" x:type="y"/>`) }, ReasonAttribute},
	{"xsi:nil", func() []byte {
		return []byte(strings.Replace(string(message(` xmlns:x="`+uriXSI+`"`, "A", plainWild)), "<Dbtr>", `<Dbtr x:nil="true">`, 1))
	}, ReasonAttribute},
	{"end tag of another element", func() []byte { return message("", "A</Dbtr>", plainWild) }, ReasonSyntax},
	{"end tag of zero bytes", func() []byte {
		return []byte(strings.Replace(withPrefixes(string(message("", "A", plainWild))), "</d:Nm>", "</Nm\x00\x00>", 1))
	}, ReasonSyntax},
	{"end in the middle", func() []byte { return message("", "A", plainWild)[:300] }, ReasonSyntax},
	{"a path in an error", func() []byte { return message("", "A", plainWild+"</Envlp><secret/>") }, ReasonUnexpected},
}

// allocatedMax bounds what a refusal may cost: the Error with its path.
const allocatedMax = 4 << 10

// TestHostile refuses each for the right reason, allocating next to nothing and
// looking no farther than the bound on the message's size. It asks no clock: the
// pass goes from left to right, and what it does at each byte is bounded.
func TestHostile(t *testing.T) {
	if err := new(Message).Parse(nil, message("", "A", plainWild)); err != nil {
		t.Fatal(err)
	}
	for _, h := range hostile {
		b := h.text()
		var m Message
		var before, after runtime.MemStats
		least := uint64(math.MaxUint64)
		var e *Error
		for range 3 { // others allocate too
			runtime.ReadMemStats(&before)
			err := m.Parse(nil, b)
			runtime.ReadMemStats(&after)
			least = min(least, after.TotalAlloc-before.TotalAlloc)
			if err == nil {
				t.Fatalf("%s: accepted", h.name)
			}
			e = err.(*Error)
		}
		if e.Reason != h.reason {
			t.Errorf("%s: %v, want %s", h.name, e, h.reason)
		}
		if least > allocatedMax {
			t.Errorf("%s: %d bytes allocated", h.name, least)
		}
		if e.Offset > BytesMax || e.Offset > len(b) || e.Line < 1 || e.Column < 1 {
			t.Errorf("%s: at %d, line %d, column %d", h.name, e.Offset, e.Line, e.Column)
		}
		if text := e.Error(); strings.Contains(text, "secret") || len(text) > 400 {
			t.Errorf("%s: the error holds content: %s", h.name, text)
		}
		if e.Reason.Code() == "" || e.Reason.External() == "" || e.Reason.String() == "" {
			t.Errorf("%s: reason %d has no text or code", h.name, e.Reason)
		}
	}
}

// TestRefusedEarly: what is refused for its shape is refused where that shape
// begins, whatever follows.
func TestRefusedEarly(t *testing.T) {
	before, _, _ := strings.Cut(string(message("", "A", "ANY")), "ANY") // five levels
	after := strings.Repeat("<a>", BytesMax/4)
	for _, c := range []struct {
		name, text string
		offset     int
	}{
		{"DTD", "<!DOCTYPE x " + after, 0},
		{"another root", after, 0},
		{"depth", before + after, len(before) + len("<a>")*(DepthMax-5)},
	} {
		err := new(Message).Parse(nil, []byte(c.text))
		if e, ok := err.(*Error); !ok || e.Offset != c.offset {
			t.Errorf("%s: %v at %d, want %d", c.name, err, e.Offset, c.offset)
		}
	}
}

// TestBound: a message of 256 KiB is read, one of a byte more is not.
func TestBound(t *testing.T) {
	b := message("", "A", plainWild)
	b = append(b, strings.Repeat(" ", 256<<10-len(b))...)
	if err := new(Message).Parse(nil, b); err != nil {
		t.Errorf("of %d bytes: %v", len(b), err)
	}
	if e, ok := new(Message).Parse(nil, append(b, ' ')).(*Error); !ok || e.Reason != ReasonSize {
		t.Errorf("of one byte more: %v", e)
	}
}
