package xmldsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/switch/guard/specimen"
)

// run calls a judge, or skips the test if it is not installed.
func run(t *testing.T, stdin, tool string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed", tool)
	}
	if tool == "xmlsec1" {
		if said, _ := exec.Command(tool, "--version").Output(); !strings.HasPrefix(string(said), "xmlsec1 1.2.") {
			args = slices.Insert(args, 1, "--lax-key-search") // what older ones always did
		}
	}
	c := exec.Command(tool, args...)
	c.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", tool, strings.Join(args, " "), err, stderr.String())
	}
	return string(out), err
}

func put(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// xmllint is the canonical form of a text by libxml2.
func xmllint(t *testing.T, text string) (string, error) {
	t.Helper()
	return run(t, "", "xmllint", "--nonet", "--exc-c14n", put(t, t.TempDir(), "x.xml", []byte(text)))
}

// canonical is ours, of a whole text.
func canonical(text string) (string, error) {
	var c canon
	c.reset([]byte(text))
	i := c.prolog()
	if i >= 0 {
		i = c.start(i)
	}
	if i >= 0 {
		i = c.subtree(i, anything)
	}
	if i >= 0 && c.space(i) != len(text) {
		c.fail(errSyntax)
	}
	return string(c.out), c.err
}

// TestCanonicalFiles: the corpus has one canonical form, by xmllint and by us, which is
// also its own canonical form.
func TestCanonicalFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/c14n/*.xml")
	more, _ := filepath.Glob("testdata/messages/*.xml")
	if len(files) < 10 {
		t.Fatal("the corpus is not here")
	}
	for _, f := range append(files, more...) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := canonical(string(text))
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if again, err := canonical(got); err != nil || again != got {
			t.Errorf("%s: the form of the form is another: %v\n%s", f, err, again)
		}
		want, err := xmllint(t, string(text))
		if err != nil || got != want {
			t.Errorf("%s: %v\n got %q\nwant %q", f, err, got, want)
		}
	}
}

// TestCanonicalRandom does the same with documents that are made by chance.
func TestCanonicalRandom(t *testing.T) {
	seen := 0
	defer func() {
		if seen < 40 && !t.Skipped() {
			t.Errorf("only %d documents were within the bounds", seen)
		}
	}()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 8))
		text := randomElement(r, 0, []string{""})
		got, err := canonical(text)
		if errors.Is(err, errLimit) {
			continue
		}
		seen++
		if err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, text)
			continue
		}
		want, err := xmllint(t, text)
		if err != nil || got != want {
			t.Fatalf("seed %d: %v of\n%s\n got %q\nwant %q", seed, err, text, got, want)
		}
	}
}

// randomElement writes an element with children; bound is the prefixes that are declared.
func randomElement(r *rand.Rand, depth int, bound []string) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var declared, attributes strings.Builder
	for range r.IntN(3) {
		p := pick("a", "b", "c")
		if !strings.Contains(declared.String(), "xmlns:"+p+"=") {
			fmt.Fprintf(&declared, " xmlns:%s='urn:%s'", p, pick("1", "2", "3"))
			bound = append(bound[:len(bound):len(bound)], p)
		}
	}
	if r.IntN(4) == 0 {
		declared.WriteString(pick(` xmlns=""`, ` xmlns="urn:1"`, ` xmlns="urn:4"`))
	}
	qualified := func(local string) string {
		if p := pick(bound...); p != "" {
			return p + ":" + local
		}
		return local
	}
	for i := range r.IntN(3) { // local names that differ, so that no two are the same attribute
		fmt.Fprintf(&attributes, " %s=%s", qualified(fmt.Sprint("x", i)), pick(`"1>"`, `'"'`, `"&gt;&lt;&amp;&quot;'"`, "'\r\n\t'", `""`))
	}
	name := qualified(pick("e", "f", "E"))
	out := "<" + name + pick(attributes.String()+declared.String(), declared.String()+" "+attributes.String())
	if depth > 5 || r.IntN(5) == 0 {
		return out + pick("/>", " />", "></"+name+">", ">ü</"+name+"\n>")
	}
	out += ">"
	for range r.IntN(4) {
		out += pick("", " ", "\r\n", "]>", "&quot;&amp;", "text") + randomElement(r, depth+1, bound)
	}
	return out + "</" + name + ">"
}

// TestInContext: inside of a document the form of an element is that of the element
// alone, with the declarations that are in force put into its tag.
func TestInContext(t *testing.T) {
	seen := 0
	declared := ` xmlns:a="urn:1" xmlns:b="urn:2" xmlns:c="urn:3"`
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		header := `<AppHdr><a:x a:y=""/>` + randomElement(r, 0, []string{"a", "b", ""}) + `</AppHdr>`
		document := `<b:Document>` + randomElement(r, 0, []string{"a", "c", ""}) + `</b:Document>`
		var p parts
		if err := p.read([]byte(`<Message` + declared + `>` + header + "\n" + document + `</Message>`)); errors.Is(err, errLimit) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		for alone, got := range map[string][]byte{
			strings.Replace(header, "<AppHdr", "<AppHdr"+declared, 1):           p.header.of(p.out),
			strings.Replace(document, "<b:Document", "<b:Document"+declared, 1): p.document.of(p.out),
		} {
			if want, err := xmllint(t, alone); err != nil || want != string(got) {
				t.Errorf("seed %d: %v\n got %s\nwant %s", seed, err, got, want)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d documents were within the bounds", seen)
	}
}

// TestByHand takes a signed message apart with nothing but string functions, xmllint and
// openssl.
func TestByHand(t *testing.T) {
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048)} {
		whole, err := Sign(nil, []byte(messages(t)["transfer"]), i.Certificate, i.Signer)
		if err != nil {
			t.Fatal(err)
		}
		body := string(whole)
		cut := func(from, to string) string {
			a := strings.Index(body, from)
			return body[a : a+strings.Index(body[a:], to)+len(to)]
		}
		signature := cut("<ds:Signature ", "</ds:Signature>")
		alone := func(name string) string {
			return strings.Replace(cut("<ds:"+name, "</ds:"+name+">"), "<ds:"+name, "<ds:"+name+` xmlns:ds="`+uriSignature+`"`, 1)
		}
		digests := strings.Split(body, "<ds:DigestValue>")
		for n, part := range []string{alone("KeyInfo"), strings.Replace(cut("<AppHdr", "</AppHdr>"), signature, "", 1), cut("<Document", "</Document>")} {
			form, err := xmllint(t, part)
			sum := sha256.Sum256([]byte(form))
			if err != nil || !strings.HasPrefix(digests[n+1], base64.StdEncoding.EncodeToString(sum[:])+"<") {
				t.Errorf("%s: the digest of part %d is another (%v)", i.File.Name, n, err)
			}
		}
		form, err := xmllint(t, alone("SignedInfo"))
		if err != nil {
			t.Fatal(err)
		}
		value, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(cut("<ds:SignatureValue>", "<"+"/"), "<ds:SignatureValue>"), "</"))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		args := []string{"dgst", "-sha256", "-verify", publicKey(t, dir, i)}
		if i.Certificate.Fits(hsm.ES256) {
			value, _ = asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(value[:32]), new(big.Int).SetBytes(value[32:])})
		} else {
			args = append(args, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256")
		}
		said, err := run(t, form, "openssl", append(args, "-signature", put(t, dir, "value", value))...)
		if err != nil || !strings.Contains(said, "Verified OK") {
			t.Errorf("%s: %v %s", i.File.Name, err, said)
		}
	}
}

func publicKey(t *testing.T, dir string, i specimen.Identity) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(i.Signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	return put(t, dir, "public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// xmlsecTemplate is a signature of a header alone, which xmlsec1 is to fill in: it takes a
// reference without URI for the whole document and so has no way to our third one.
func xmlsecTemplate(method string) string {
	reference := func(uri, more string) string {
		return `<ds:Reference URI="` + uri + `"><ds:Transforms>` + more + `<ds:Transform Algorithm="` + algorithmCanonical + `"/></ds:Transforms>
<ds:DigestMethod Algorithm="` + algorithmDigest + `"/><ds:DigestValue/></ds:Reference>
`
	}
	return `<ds:Signature xmlns:ds="` + uriSignature + `">
<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="` + algorithmCanonical + `"/><ds:SignatureMethod Algorithm="` + method + `"/>
` + reference("", `<ds:Transform Algorithm="`+algorithmEnveloped+`"/>`) + reference("#k", "") + `</ds:SignedInfo>
<ds:SignatureValue/><ds:KeyInfo Id="k"><ds:X509Data><ds:X509IssuerSerial/></ds:X509Data></ds:KeyInfo></ds:Signature>`
}

// plainName is an identity whose name has no ampersand, of which xmlsec1 makes no XML.
func plainName(i specimen.Identity) specimen.Identity {
	return specimen.Issue(i.Signer, "bank", func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "Bank A", Country: []string{"IN"}} })
}

// TestXMLSec has xmlsec1 sign a header, and reads its signature: canonical forms, digests,
// the names of certificates and signatures are the same. A message of two references is
// refused all the same.
func TestXMLSec(t *testing.T) {
	for _, c := range []struct {
		i      specimen.Identity
		method int
	}{{plainName(bank), 0}, {plainName(specimen.RSA("bankr", 2048)), 1}} {
		dir := t.TempDir()
		der, err := x509.MarshalPKCS8PrivateKey(c.i.Signer)
		if err != nil {
			t.Fatal(err)
		}
		key := put(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		certificate := put(t, dir, "certificate.pem", c.i.File.Content)
		header := `<?xml version="1.0" encoding="UTF-8"?><h:AppHdr xmlns:h="urn:h" xmlns="urn:d">
 <h:Fr a="&gt;">ü &amp; "</h:Fr><b/><h:Sgntr>` + xmlsecTemplate(methods[c.method].uri) + `</h:Sgntr></h:AppHdr>`
		file := put(t, dir, "header.xml", []byte(header))
		signed, err := run(t, "", "xmlsec1", "--sign", "--privkey-pem", key+","+certificate, "--id-attr:Id", uriSignature+":KeyInfo", file)
		if err != nil {
			t.Fatal(err)
		}
		signed = signed[strings.Index(signed, "<h:AppHdr"):]

		s := newScheme(t, func(o *Options) { o.Accept = []hsm.SignatureAlgorithm{hsm.ES256, hsm.RS256} }, own, c.i)
		g := s.open()
		body := []byte(`<Message xmlns="">` + signed + `<Document>x</Document></Message>`)
		if _, err := g.Check(ctx, nil, body); !errors.Is(err, errProfile) {
			t.Fatalf("%v\n%s", err, body)
		}
		p := &g.parts
		info, keyInfo := p.signature[partSignedInfo].of(p.inner), p.signature[partKeyInfo].of(p.inner)
		for _, part := range [][]byte{p.header.of(p.out), keyInfo} {
			sum := base64.StdEncoding.EncodeToString(g.sum(part)[:])
			if !bytes.Contains(info, []byte(sum)) {
				t.Errorf("xmlsec1 has not the digest %s of\n%s\nin\n%s", sum, part, info)
			}
		}
		by, err := g.template.readKeyInfo(keyInfo, p.prefix, []byte("k"), s.theirs)
		if err != nil {
			t.Fatalf("%v: %s", err, keyInfo)
		}
		value, err := g.template.readValue(p.signature[partValue].of(p.inner), p.prefix, g.value[:])
		if err != nil {
			t.Fatal(err)
		}
		if err := by.Verify(methods[c.method].algorithm, g.sum(info)[:], value); err != nil {
			t.Errorf("%s of xmlsec1: %v", methods[c.method].algorithm, err)
		}
	}
}

// TestXMLSecReads: xmlsec1 takes a signature whose parts are written here.
func TestXMLSecReads(t *testing.T) {
	for _, i := range []specimen.Identity{bank, specimen.RSA("bankr", 2048)} {
		a := hsm.ES256
		if !i.Certificate.Fits(a) {
			a = hsm.RS256 // xmlsec1 1.2 has no PSS
		}
		common, err := newSignature(a, i.Certificate, false)
		if err != nil {
			t.Fatal(err)
		}
		rest := func(signature string) string {
			return `<AppHdr xmlns="urn:h"><Fr>ü &amp; &quot;</Fr><Sgntr>` + signature + `</Sgntr></AppHdr>`
		}
		form, err := canonical(rest(""))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(form))
		info := `<ds:CanonicalizationMethod Algorithm="` + algorithmCanonical + `"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="` + common.method + `"></ds:SignatureMethod>`
		info = string(appendReference(appendReference([]byte(info), common.id, refKeyInfo, common.digest[:]), "", refHeader, sum[:]))
		value, err := i.Module().Sign(ctx, hsm.Signing{Algorithm: a, Digest: sha256.Sum256([]byte(signedInfoStart + info + `</ds:SignedInfo>`))})
		if err != nil {
			t.Fatal(err)
		}
		signature := `<ds:Signature xmlns:ds="` + uriSignature + `"><ds:SignedInfo>` + info + `</ds:SignedInfo><ds:SignatureValue>` +
			base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue>` + common.keyInfo + `</ds:Signature>`
		dir := t.TempDir()
		file := put(t, dir, "signed.xml", []byte(rest(signature)))
		args := []string{"--verify", "--pubkey-pem", publicKey(t, dir, i), "--enabled-key-data", "key-name", "--id-attr:Id", uriSignature + ":KeyInfo"}
		if _, err := run(t, "", "xmlsec1", append(args, file)...); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		changed := put(t, dir, "changed.xml", []byte(strings.Replace(rest(signature), "ü", "u", 1)))
		if _, err := run(t, "", "xmlsec1", append(args, changed)...); err == nil {
			t.Errorf("%s: xmlsec1 takes anything", a)
		}
	}
}
