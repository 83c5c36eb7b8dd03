package xmldsig

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"switchd/codec/iso20022"
	"switchd/hsm"
	"switchd/switch/guard/specimen"
)

// small is a message that has a little of everything.
const small = `<Message xmlns=""><h:AppHdr xmlns:h="urn:h"><h:Fr>A</h:Fr></h:AppHdr><Document xmlns="urn:d"><Amt Ccy="INR">1.50</Amt><Nm>ü &amp; x</Nm></Document></Message>`

func refused(err error) bool { return errors.Is(err, hsm.ErrVerify) || errors.Is(err, hsm.ErrBlock) }

// TestEveryBit: no bit of a signed message can be changed, nor any byte taken out or put
// in twice.
func TestEveryBit(t *testing.T) {
	g := newScheme(t, nil, own, bank).Open()
	body, err := Sign(nil, []byte(small), bank.Certificate, bank.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := g.Check(ctx, nil, body); err != nil || string(got) != small {
		t.Fatalf("%v: %s", err, got)
	}
	for i := range body {
		for bit := range 8 {
			body[i] ^= 1 << bit
			if got, err := g.Check(ctx, nil, body); !refused(err) {
				t.Fatalf("bit %d of byte %d (%s): %v, %s", bit, i, body[max(0, i-20):i+1], err, got)
			}
			body[i] ^= 1 << bit
		}
		without := append(bytes.Clone(body[:i]), body[i+1:]...)
		twice := append(append(bytes.Clone(body[:i]), body[i]), body[i:]...)
		for _, other := range [][]byte{without, twice} {
			if got, err := g.Check(ctx, nil, other); !refused(err) && string(got) != small {
				t.Fatalf("byte %d (%s): %v, %s", i, body[max(0, i-20):i+1], err, got)
			}
		}
	}
}

// TestBounds: what is too much of anything is refused where it passes the bound.
func TestBounds(t *testing.T) {
	repeat := strings.Repeat
	in := func(document string) string {
		return `<Message xmlns=""><AppHdr></AppHdr><Document>` + document + `</Document></Message>`
	}
	var spaces strings.Builder
	for i := range 3 {
		spaces.WriteString(`<a`)
		for j := range 7 {
			spaces.WriteString(` xmlns:p` + string(rune('a'+7*i+j)) + `="urn:x"`)
		}
		spaces.WriteString(">")
	}
	uri := "urn:" + repeat("x", uriBytesMax-4)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing much":          {in("<a/>"), errUnsigned},
		"long":                  {in(repeat("x", iso20022.BytesMax)), errLimit},
		"deep":                  {in(repeat("<a>", iso20022.DepthMax-1)), errLimit},
		"not so deep":           {in(repeat("<a>", iso20022.DepthMax-2) + repeat("</a>", iso20022.DepthMax-2)), errUnsigned},
		"many":                  {in(repeat("<a/>", elementsMax)), errLimit},
		"not so many":           {in(repeat("<a/>", elementsMax-3)), errUnsigned},
		"attributes":            {in("<a" + numbered(9, " a%=''") + "/>"), errLimit},
		"not so many of them":   {in("<a" + numbered(8, " a%=''") + "/>"), errUnsigned},
		"declarations":          {in(spaces.String()), errLimit},
		"a name":                {in("<" + repeat("a", nameBytesMax+1) + "/>"), errLimit},
		"a namespace":           {in(`<a xmlns="` + uri + `x"/>`), errLimit},
		"one not so long":       {in(`<a xmlns="` + uri + `"/>`), errUnsigned},
		"a form that grows":     {in(`<a xmlns:p="` + uri + `">` + repeat("<p:a/>", 5000) + `</a>`), errLimit},
		"text that grows":       {in(repeat(">", iso20022.BytesMax*3/4)), errLimit},
		"a value that grows":    {in(`<a b='` + repeat(`"`, iso20022.BytesMax/2) + `'/>`), errLimit},
		"an XML declaration":    {`<?xml version="1.0"` + repeat(" ", 200) + `?>` + in(""), errConstruct},
		"ends early":            {in("")[:40], errSyntax},
		"ends in a tag":         {in("<a b"), errSyntax},
		"nothing but a bracket": {"<", errSyntax},
	} {
		var p parts
		if err := p.read([]byte(c.text)); c.want == errUnsigned && (err != nil || p.sgntr.end != 0) || c.want != errUnsigned && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if len(p.out) > 2*outBytesMax {
			t.Errorf("%s: a form of %d bytes", name, len(p.out))
		}
	}
}

// numbered repeats a text with letters in the place of %.
func numbered(n int, text string) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.Replace(text, "%", string(rune('a'+i)), 1))
	}
	return out.String()
}

// TestStrict: what is no XML of ours, each for what it is.
func TestStrict(t *testing.T) {
	for text, want := range map[string]error{
		`<a b="<"/>`: errSyntax, `<a b="&"/>`: errConstruct, `<a b=''c=''/>`: errSyntax, `<a b/>`: errSyntax, `<a b=c/>`: errSyntax, `<a b="/>`: errSyntax,
		`<a b="" b=""/>`: errSyntax, `<a xmlns:p="urn:p" xmlns:q="urn:p" p:b="" q:b=""/>`: errSyntax, `<a></b>`: errSyntax, `<a></a`: errSyntax, `<a></aa>`: errSyntax,
		`<a/ >`: errSyntax, `< a/>`: errSyntax, `<1/>`: errSyntax, `<a:/>`: errSyntax, `<:a/>`: errSyntax, `<a:b:c/>`: errSyntax, `<é/>`: errSyntax,
		`<p:a/>`: errNamespace, `<a p:b=""/>`: errNamespace, `<a xmlns:p=""/>`: errNamespace, `<a xmlns:xml="urn:x"/>`: errNamespace, `<a xmlns:xmlns="urn:x"/>`: errNamespace,
		`<a xmlns:p="` + uriXML + `"/>`: errNamespace, `<a xmlns="` + uriXMLNS + `"/>`: errNamespace, `<a xmlns="a b"/>`: errNamespace, `<a xmlns="a&amp;b"/>`: errNamespace, `<a xmlns='"'/>`: errNamespace,
		`<a xmlns:p="urn:p" xmlns:p="urn:p"/>`: errNamespace, `<a xmlns="" xmlns=""/>`: errNamespace, `<b><a xmlns:p="urn:p"/><p:a/></b>`: errNamespace,
		`<a>]]></a>`: errSyntax, `<a>&amp</a>`: errConstruct, `<a>&nbsp;</a>`: errConstruct, `<a>&#10;</a>`: errConstruct, "<a>\x00</a>": errCharacter, "<a>\x0b</a>": errCharacter,
		"<a>\xff</a>": errCharacter, "<a>\xed\xa0\x80</a>": errCharacter, "<a>\xef\xbf\xbe</a>": errCharacter, "<a>\xc0\x80</a>": errCharacter, "<a b='\x01'/>": errCharacter,
		`<a><!-- --></a>`: errConstruct, `<a><?x ?></a>`: errConstruct, `<a><![CDATA[]]></a>`: errConstruct, `<!DOCTYPE a><a/>`: errConstruct, `<?x?><a/>`: errConstruct,
		`<?xml version="1.1"?><a/>`: errConstruct, `<?xml?><a/>`: errConstruct, `<?xml version="1.0" encoding="latin1"?><a/>`: errConstruct, `<?xml version="1.0" x="y"?><a/>`: errConstruct,
		`<a/>x`: errSyntax, `<a/><b/>`: errSyntax, `x<a/>`: errSyntax, ``: errSyntax, `<a>`: errSyntax, `<a`: errSyntax, `</a>`: errSyntax, `<a>x`: errSyntax, `<a><b></a></b>`: errSyntax,
	} {
		if out, err := canonical(text); !errors.Is(err, want) {
			t.Errorf("%q: %v (%s), want %v", text, err, out, want)
		}
	}
}

// FuzzCheck: whatever verifies says what was signed, to the byte of its canonical form,
// and what does not is refused by an error of the contract.
func FuzzCheck(f *testing.F) {
	rsa := specimen.RSA("bankr", 2048)
	s := newScheme(f, nil, own, bank, rsa)
	signed := map[string]bool{}
	for _, text := range append([]string{small}, values(messages(f))...) {
		for _, i := range []specimen.Identity{bank, rsa} {
			body, err := Sign(nil, []byte(text), i.Certificate, i.Signer)
			if err != nil {
				f.Fatal(err)
			}
			got, err := check(s, body)
			if err != nil {
				f.Fatal(err)
			}
			signed[string(got)] = true
			f.Add(body)
		}
	}
	g := s.open()
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := g.Check(ctx, nil, bytes.Clone(body))
		switch {
		case err == nil && !signed[string(got)]:
			t.Fatalf("%q counts as signed", got)
		case err != nil && (got != nil || !refused(err)):
			t.Fatalf("%v, with %q", err, got)
		}
		if n := cap(g.parts.out) + cap(g.parts.inner); n > 8*outBytesMax {
			t.Fatalf("%d bytes are kept", n)
		}
	})
}

func values(m map[string]string) (all []string) {
	for _, text := range m {
		all = append(all, text)
	}
	return all
}

// FuzzCanonical: a canonical form is its own, and the dialect reads it.
func FuzzCanonical(f *testing.F) {
	for _, text := range append([]string{small, `<a b='"' xmlns="urn:x">&gt;]]&gt;<b xmlns=""/></a>`}, values(messages(f))...) {
		f.Add(text)
	}
	whole := messages(f)["transfer"]
	f.Fuzz(func(t *testing.T, text string) {
		form, err := canonical(text)
		if err != nil {
			if !refused(err) {
				t.Fatal(err)
			}
			return
		}
		if again, err := canonical(form); err != nil && !errors.Is(err, errLimit) || err == nil && again != form {
			t.Fatalf("the form of\n%q is\n%q and its form\n%q, %v", text, form, again, err)
		}
		// The dialect's scanner may have a bound that is tighter, or know a place where the
		// element may not stand, but it reads the same XML.
		var m iso20022.Message
		var fault *iso20022.Error
		if errors.As(m.Parse(nil, []byte(strings.Replace(whole, "</CdtTrfTxInf>", "<SplmtryData><Envlp>"+form+"</Envlp></SplmtryData></CdtTrfTxInf>", 1))), &fault) {
			switch fault.Reason {
			case iso20022.ReasonSyntax, iso20022.ReasonCharacter, iso20022.ReasonConstruct, iso20022.ReasonNamespace, iso20022.ReasonContent:
				t.Fatalf("the dialect does not read\n%q: %v", form, fault)
			}
		}
	})
}
