package iso20022

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// seedMessages adds a made-up message of each definition, a whole envelope with
// and without prefixes, and what is hostile and small.
func seedMessages(f *testing.F) {
	f.Helper()
	for _, d := range Definitions() {
		f.Add([]byte(newMaker(1, 30).document(d).String()))
	}
	f.Add([]byte(envelope(creditTransfer)))
	f.Add([]byte(withPrefixes(envelope(creditTransfer))))
	for _, h := range hostile {
		if b := h.text(); len(b) < 10_000 {
			f.Add(b)
		}
	}
}

// FuzzParse: no input panics; an error has a place inside of the message and a
// path of names of schemas; the fields of what is accepted lie inside of it; what
// is accepted is XML to encoding/xml as well, and is accepted again, with the same
// fields, after that library has read it and we have written it with prefixes.
func FuzzParse(f *testing.F) {
	seedMessages(f)
	profile := mustProfile(f, "ips-base")
	var m, again Message
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []*Profile{nil, profile} {
			err := m.Parse(p, b)
			checkError(t, b, err)
			checkFields(t, &m, b)
			if err != nil {
				continue
			}
			other := rewritten(t, b)
			if err := again.Parse(p, other); err != nil {
				if e := err.(*Error); e.Reason == ReasonAttributes || e.Reason == ReasonSize {
					continue // the prefixes were too many
				}
				t.Fatalf("accepted, but not with prefixes: %v\n%s\n%s", err, b, other)
			}
			for field := range FieldCount {
				if m.Has(field) != again.Has(field) {
					t.Fatalf("%s is there or not, by how it is written", field)
				}
				isXML := bytes.IndexByte(m.Raw(field), '<') >= 0
				if !isXML && !bytes.Equal(m.Text(field), again.Text(field)) {
					t.Fatalf("%s is %q and with prefixes %q", field, m.Text(field), again.Text(field))
				}
			}
		}
	})
}

func checkError(t *testing.T, b []byte, err error) {
	if err == nil {
		return
	}
	e, ok := err.(*Error)
	if !ok || e.Offset < 0 || e.Offset > len(b) || e.Line < 1 || e.Column < 1 || e.Column > len(b)+1 || e.Reason == ReasonNone || e.Reason >= reasonCount {
		t.Fatalf("bad error: %+v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(e.Path, "/@Ccy"), "/") {
		name, _, _ = strings.Cut(name, "[")
		if name != "" && name != "Document" && name != "AppHdr" && name != "Message" && !isName(strings.TrimPrefix(name, "@")) {
			t.Fatalf("the path has %q: %v", name, e)
		}
	}
}

func isName(name string) bool {
	for _, known := range names {
		if known == name {
			return true
		}
	}
	return false
}

// checkFields looks whether all fields lie inside of the message, also after a
// fault.
func checkFields(t *testing.T, m *Message, b []byte) {
	for field := range FieldCount {
		if p := m.fields[field]; p.start > p.end || int(p.end) > len(b) {
			t.Fatalf("%s is at %d to %d of %d", field, p.start, p.end, len(b))
		}
		if raw, text := m.Raw(field), m.Text(field); len(text) > len(raw) {
			t.Fatalf("%s: a text of %d of %d bytes", field, len(text), len(raw))
		}
	}
}

// rewritten reads a message with encoding/xml and writes it with a prefix for
// each element.
func rewritten(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var open []xml.Name
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.Bytes()
		}
		if err != nil {
			t.Fatalf("accepted, but encoding/xml says: %v\n%s", err, b)
		}
		switch token := token.(type) {
		case xml.StartElement:
			writeStart(&out, token, open)
			open = append(open, token.Name)
		case xml.EndElement:
			open = open[:len(open)-1]
			out.WriteString("</" + prefixOf(token.Name) + token.Name.Local + ">")
		case xml.CharData:
			_, _ = out.WriteString(escaper.Replace(string(token)))
		case xml.ProcInst:
		default:
			t.Fatalf("accepted, but it has %T\n%s", token, b)
		}
	}
}

// escaper writes text with the five entities; the library's own would write
// character references.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

func prefixOf(name xml.Name) string {
	if name.Space == "" {
		return ""
	}
	return "p:"
}

// writeStart writes a start tag and binds its prefix where the element around has
// another namespace. Attributes of namespaces, which mean nothing, are left out.
func writeStart(out *bytes.Buffer, e xml.StartElement, open []xml.Name) {
	out.WriteString("<" + prefixOf(e.Name) + e.Name.Local)
	bound := ""
	for _, around := range open {
		if around.Space != "" {
			bound = around.Space
		}
	}
	if e.Name.Space != "" && e.Name.Space != bound {
		quote := `"`
		if strings.Contains(e.Name.Space, quote) {
			quote = "'" // it cannot have both, as entities are refused there
		}
		out.WriteString(" xmlns:p=" + quote + e.Name.Space + quote)
	}
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local != "xmlns" {
			out.WriteString(" " + a.Name.Local + `="` + escaper.Replace(a.Value) + `"`)
		}
	}
	out.WriteString(">")
}

// FuzzElements puts one text at a place between elements, in a text, in an
// attribute and into xs:any, so that the fuzzer need not find a whole message.
func FuzzElements(f *testing.F) {
	for _, n := range edges {
		f.Add(n)
	}
	for _, n := range []string{plainWild, "<a>", "</a>", "<Nm>A</Nm>", "<a b='c'/>", "<a xmlns:p='q'><p:b/></a>", "<![CDATA[a]]>", "<!-- -->", "&#65;"} {
		f.Add(n)
	}
	var m Message
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range [][]byte{
			message("", "A", text), message("", text, plainWild), message(" "+text, "A", plainWild), message("", "A</Nm>"+text+"<Nm>A", plainWild),
		} {
			err := m.Parse(nil, b)
			checkError(t, b, err)
			if err == nil {
				rewritten(t, b)
			}
		}
	})
}
