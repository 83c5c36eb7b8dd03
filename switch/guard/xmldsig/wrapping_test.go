package xmldsig

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "sign testdata/xsw anew")

// wrapped are the eight ways of signature wrapping that are known of SAML (XSW1 to 8), as
// they are with messages: a message that the bank has signed is kept somewhere, so that a
// careless check finds it, and another one stands where a careless reader looks.
var wrapped = []struct {
	name, what string
	want       error
	build      func(o original) string
}{
	{"xsw1", "the signed Document in an Object of its signature, another in its place", errParts, func(o original) string {
		return o.message(strings.Replace(o.header, "</ds:Signature>", "<ds:Object>"+o.document+"</ds:Object></ds:Signature>", 1), o.evil)
	}},
	{"xsw2", "the signed Document beside the other", errEnvelope, func(o original) string { return o.message(o.header, o.evil, o.document) }},
	{"xsw3", "another header and Document before the signed ones", errEnvelope, func(o original) string {
		return o.message(o.evilHeader(""), o.evil, o.header, o.document)
	}},
	{"xsw4", "the signed Document inside of the other", errDigest, func(o original) string { return o.message(o.header, o.wrap(o.document)) }},
	{"xsw5", "the signature in another header, what it signs behind it", errEnvelope, func(o original) string {
		return o.message(o.evilHeader(o.sgntr), o.evil, strings.Replace(o.header, o.sgntr, "", 1), o.document)
	}},
	{"xsw6", "what is signed in KeyInfo of the signature, in another header", errDigest, func(o original) string {
		sgntr := strings.Replace(o.sgntr, "</ds:KeyInfo>", strings.Replace(o.header, o.sgntr, "", 1)+o.document+"</ds:KeyInfo>", 1)
		return o.message(o.evilHeader(sgntr), o.evil)
	}},
	{"xsw7", "all of the signed message where any element may stand", errElse, func(o original) string {
		return o.message(o.evilHeader(""), o.wrap(o.text))
	}},
	{"xsw8", "two signatures, the second with what it signs in an Object", errPlace, func(o original) string {
		signature := strings.TrimSuffix(strings.TrimPrefix(o.sgntr, "<Sgntr>"), "</Sgntr>")
		second := strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+o.header+o.document+"</ds:Object></ds:Signature>", 1)
		return o.message(o.evilHeader("<Sgntr>"+signature+second+"</Sgntr>"), o.evil)
	}},
	{"two-documents-one-header", "the signed message with its Document twice", errEnvelope, func(o original) string {
		return o.message(o.header, o.document, o.document)
	}},
	{"other-namespace", "the signature in a Sgntr of another namespace", errElse, func(o original) string {
		return o.message(strings.NewReplacer("<Sgntr>", `<x:Sgntr xmlns:x="urn:x">`, "</Sgntr>", "</x:Sgntr>").Replace(o.header), o.evil)
	}},
	{"deeper", "the signature a level too deep", errParts, func(o original) string {
		return o.message(strings.NewReplacer("<Sgntr>", "<Sgntr><Sgntr>", "</Sgntr>", "</Sgntr></Sgntr>").Replace(o.header), o.evil)
	}},
	{"message-in-message", "the signed message in another", errEnvelope, func(o original) string {
		return o.message(o.text, o.evilHeader(""), o.evil)
	}},
}

// original is the parts of the message that the bank has signed, as texts, and the other
// Document.
type original struct{ text, header, sgntr, document, evil string }

func newOriginal(text string) original {
	cut := func(from, to string) string {
		a := strings.Index(text, from)
		return text[a : strings.LastIndex(text, to)+len(to)]
	}
	o := original{text: text, header: cut("<AppHdr", "</AppHdr>"), sgntr: cut("<Sgntr>", "</Sgntr>"), document: cut("<Document", "</Document>")}
	o.evil = strings.NewReplacer("1234.50", "9999999.00", "2000000001", "MALLORY").Replace(o.document)
	return o
}

func (o original) message(parts ...string) string {
	return messageStart + strings.Join(parts, "") + messageEnd
}

// evilHeader is a header with another number and the given Sgntr.
func (o original) evilHeader(sgntr string) string {
	return strings.Replace(strings.Replace(o.header, o.sgntr, sgntr, 1), ">M1<", ">M2<", 1)
}

// wrap is the other Document with something where a schema has any.
func (o original) wrap(inner string) string {
	return strings.Replace(o.evil, "</CdtTrfTxInf>", "<SplmtryData><Envlp>"+inner+"</Envlp></SplmtryData></CdtTrfTxInf>", 1)
}

// TestWrapping refuses all of testdata/xsw but the original, each for what is wrong with
// it.
func TestWrapping(t *testing.T) {
	const dir = "testdata/xsw/"
	if *rewrite {
		body, err := Sign(nil, []byte(messages(t)["transfer"]), bank.Certificate, bank.Signer)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir+"original.xml", string(body))
		for _, w := range wrapped {
			write(t, dir+w.name+".xml", w.build(newOriginal(string(body))))
		}
	}
	s := newScheme(t, nil, own, bank)
	text, err := os.ReadFile(dir + "original.xml")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := check(s, text); err != nil || string(got) != messages(t)["transfer"] {
		t.Fatalf("the original: %v\n%s", err, got)
	}
	o := newOriginal(string(text))
	value := o.sgntr[strings.Index(o.sgntr, "<ds:SignatureValue>"):strings.Index(o.sgntr, "<ds:KeyInfo")]
	for _, w := range wrapped {
		body, err := os.ReadFile(dir + w.name + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), value) || strings.Count(string(body), "MALLORY") == 0 && w.name != "two-documents-one-header" {
			t.Errorf("%s has not what it is about", w.name)
		}
		if got, err := check(s, body); !errors.Is(err, w.want) || got != nil {
			t.Errorf("%s (%s): %v, want %v", w.name, w.what, err, w.want)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(wrapped)+1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
