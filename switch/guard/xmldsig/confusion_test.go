package xmldsig

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/specimen"
)

// change replaces one text by another, once.
type change struct{ from, to string }

func (c change) in(t testing.TB, text string) string {
	t.Helper()
	if !strings.Contains(text, c.from) {
		t.Fatalf("nothing to change: %q in %s", c.from, text)
	}
	return strings.Replace(text, c.from, c.to, 1)
}

// forgery is a signed message of which somebody who has the key changes something before
// the digests are made (of KeyInfo), before SignedInfo is signed, and when all is done.
type forgery struct {
	by            specimen.Identity
	as            hsm.SignatureAlgorithm // how it is signed; default: as it says
	keyInfo, info change
	signedInfo    func(string) string // the same as info
	body          change
	whole         func(string) string                       // the same as body
	value         func(signedInfo, signature []byte) []byte // another signature
}

// forge makes the message.
func forge(t testing.TB, f forgery) []byte {
	t.Helper()
	if f.by.Signer == nil {
		f.by = bank
	}
	text := messages(t)["transfer"]
	common, err := newSignature(f.by.Certificate.Algorithm(), f.by.Certificate, false)
	if err != nil {
		t.Fatal(err)
	}
	common.keyInfo = f.keyInfo.in(t, common.keyInfo)
	common.digest = sha256.Sum256([]byte(form(t, "KeyInfo", common.keyInfo)))
	g := (&Scheme{}).open()
	if err := g.prepare([]byte(text), &common); err != nil {
		t.Fatal(err)
	}
	info := f.info.in(t, "<ds:SignedInfo>"+string(g.written[len(signedInfoStart):]))
	if f.signedInfo != nil {
		info = f.signedInfo(info)
	}
	canonical := form(t, "SignedInfo", info)
	g.written = append(append(g.written[:0], signedInfoStart...), strings.TrimPrefix(info, "<ds:SignedInfo>")...)
	a := f.as
	if a == "" {
		a = f.by.Certificate.Algorithm()
	}
	value, err := f.by.Module().Sign(ctx, hsm.Signing{Algorithm: a, Digest: sha256.Sum256([]byte(canonical))})
	if err != nil {
		t.Fatal(err)
	}
	if f.value != nil {
		value = f.value([]byte(canonical), value)
	}
	body := f.body.in(t, string(g.appendSigned(nil, []byte(text), &common, value)))
	if f.whole != nil {
		body = f.whole(body)
	}
	return []byte(body)
}

// form is the canonical form of a part of a signature.
func form(t testing.TB, name, text string) string {
	t.Helper()
	out, err := canonical(strings.Replace(text, "<ds:"+name, "<ds:"+name+` xmlns:ds="`+uriSignature+`"`, 1))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestProfile: somebody with a good key signs as the profile does not have it; nothing of
// that counts.
func TestProfile(t *testing.T) {
	const (
		transform  = `<ds:Transform Algorithm="` + algorithmCanonical + `"></ds:Transform>`
		enveloped  = `<ds:Transform Algorithm="` + algorithmEnveloped + `"></ds:Transform>`
		toDocument = `<ds:Reference><ds:Transforms>`
		toHeader   = `<ds:Reference URI=""><ds:Transforms>`
		digest     = `<ds:DigestMethod Algorithm="` + algorithmDigest + `"></ds:DigestMethod>`
		method     = `<ds:SignatureMethod Algorithm="`
		canonical  = `<ds:CanonicalizationMethod Algorithm="` + algorithmCanonical + `">`
		info       = `</ds:SignedInfo>`
		data       = `<ds:X509Data>`
		ecdsa      = "#ecdsa-sha256"
	)
	id := `Id="` + mustSignature(bank).id + `"`
	other := base64.StdEncoding.EncodeToString(make([]byte, 32))
	forged(t, map[string]attempt{
		"nothing changed":                    {forgery{}, nil},
		"white space in SignedInfo":          {forgery{info: change{canonical, "\n " + canonical + "\t"}}, nil},
		"white space in KeyInfo":             {forgery{keyInfo: change{data, "\n" + data + "\n"}}, nil},
		"issuer with more white space":       {forgery{keyInfo: change{"CN=banka", " cn = Banka"}}, nil},
		"c14n 1.0":                           {forgery{info: change{canonical, strings.Replace(canonical, algorithmCanonical, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", 1)}}, errProfile},
		"with comments":                      {forgery{info: change{canonical, strings.Replace(canonical, "c14n#", "c14n#WithComments", 1)}}, errProfile},
		"no canonicalization method":         {forgery{info: change{canonical + "</ds:CanonicalizationMethod>", ""}}, errProfile},
		"InclusiveNamespaces":                {forgery{info: change{canonical, canonical + `<ec:InclusiveNamespaces xmlns:ec="` + algorithmCanonical + `" PrefixList="ds"/>`}}, errProfile},
		"InclusiveNamespaces of a transform": {forgery{info: change{transform, strings.Replace(transform, "></", `><ec:InclusiveNamespaces xmlns:ec="`+algorithmCanonical+`" PrefixList="ds"/></`, 1)}}, errProfile},
		"ecdsa-sha1":                         {forgery{info: change{ecdsa, "#ecdsa-sha1"}}, signer.ErrAlgorithm},
		"ecdsa-sha384":                       {forgery{info: change{ecdsa, "#ecdsa-sha384"}}, signer.ErrAlgorithm},
		"rsa-sha256 with a key on P-256":     {forgery{info: change{ecdsa, "#rsa-sha256"}}, signer.ErrAlgorithm},
		"an algorithm without name":          {forgery{info: change{"http://www.w3.org/2001/04/xmldsig-more" + ecdsa, ""}}, signer.ErrAlgorithm},
		"hmac-sha256 with the certificate":   {forgery{info: change{ecdsa, "#hmac-sha256"}, value: hmacOf}, signer.ErrAlgorithm},
		"HMACOutputLength":                   {forgery{info: change{ecdsa + `">`, `#hmac-sha256"><ds:HMACOutputLength>8</ds:HMACOutputLength>`}, value: hmacOf}, errProfile},
		"sha1":                               {forgery{info: change{digest, strings.Replace(digest, algorithmDigest, "http://www.w3.org/2000/09/xmldsig#sha1", 1)}}, errProfile},
		"sha512":                             {forgery{info: change{digest, strings.Replace(digest, "#sha256", "#sha512", 1)}}, errProfile},
		"XPath":                              {forgery{info: change{toDocument + transform, toDocument + xpath("TR/1999/REC-xpath-19991116") + transform}}, errProfile},
		"XPath filter 2 instead":             {forgery{info: change{toHeader + enveloped, toHeader + xpath("2002/06/xmldsig-filter2")}}, errProfile},
		"another transform than enveloped":   {forgery{info: change{algorithmEnveloped, "http://www.w3.org/2000/09/xmldsig#base64"}}, errProfile},
		"a Signature of another name":        {forgery{whole: func(s string) string { return strings.ReplaceAll(s, "ds:Signature>", "ds:Seal>") }, body: change{"<ds:Signature ", "<ds:Seal "}}, errParts},
		"a Signature of another namespace": {forgery{whole: func(s string) string {
			return strings.NewReplacer("<ds:Signature ", `<x:Signature xmlns:x="urn:x" `, "</ds:Signature>", "</x:Signature>").Replace(s)
		}}, errParts},
		"XSLT":                           {forgery{info: change{transform, xpath("TR/1999/REC-xslt-19991116") + transform}}, errProfile},
		"base64":                         {forgery{info: change{transform, xpath("2000/09/xmldsig#base64") + transform}}, errProfile},
		"Document enveloped":             {forgery{info: change{toDocument, toDocument + enveloped}}, errProfile},
		"header not enveloped":           {forgery{info: change{enveloped, ""}}, errProfile},
		"no canonical form":              {forgery{info: change{toDocument + transform, toDocument}}, errProfile},
		"transforms the other way round": {forgery{info: change{enveloped + transform, transform + enveloped}}, errProfile},
		"no transforms":                  {forgery{info: change{toDocument + transform + "</ds:Transforms>", "<ds:Reference>"}}, errProfile},
		"only two references":            {forgery{signedInfo: func(s string) string { return s[:strings.LastIndex(s, toDocument)] + info }}, errProfile},
		"Document twice":                 {forgery{info: change{`<ds:Reference URI=""><ds:Transforms>` + enveloped, toDocument}}, errTwice},
		"four references":                {forgery{info: change{info, `<ds:Reference></ds:Reference>` + info}}, errProfile},
		"a reference to somewhere":       {forgery{info: change{toHeader, `<ds:Reference URI="https://x/"><ds:Transforms>`}}, errProfile},
		"a reference by XPointer":        {forgery{info: change{`URI="#_`, `URI="#xpointer(id('_`}}, errKeyInfo},
		"a reference to another id":      {forgery{info: change{`URI="#_`, `URI="#x`}}, errKeyInfo},
		"a Manifest":                     {forgery{info: change{"<ds:Reference>", `<ds:Reference Type="` + uriSignature + `Manifest">`}}, errProfile},
		"Id of a reference":              {forgery{info: change{"<ds:Reference>", `<ds:Reference Id="x">`}}, errProfile},
		"Id of SignedInfo":               {forgery{body: change{"<ds:SignedInfo>", `<ds:SignedInfo Id="x">`}}, errProfile},
		"more in SignedInfo":             {forgery{info: change{info, `<ds:Object></ds:Object>` + info}}, errProfile},
		"text in SignedInfo":             {forgery{info: change{info, "x" + info}}, errProfile},
		"an attribute of a transform":    {forgery{info: change{`<ds:Transform `, `<ds:Transform A="" `}}, errProfile},
		"another prefix within":          {forgery{info: change{enveloped, strings.Replace(strings.ReplaceAll(enveloped, "ds:", "d:"), " ", ` xmlns:d="`+uriSignature+`" `, 1)}}, errProfile},
		"another namespace within":       {forgery{info: change{"<ds:Transforms>", `<ds:Transforms xmlns:ds="urn:x">`}}, errProfile},
		"a short digest":                 {forgery{info: change{`<ds:DigestValue>`, `<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>`}}, errValue},
		"another digest": {forgery{signedInfo: func(s string) string {
			i := strings.LastIndex(s, "<ds:DigestValue>")
			return s[:i] + "<ds:DigestValue>" + other + s[strings.LastIndex(s, "</ds:DigestValue>"):]
		}}, errDigest},
		"references in another order": {forgery{signedInfo: func(s string) string {
			i, j := strings.Index(s, "<ds:Reference "), strings.LastIndex(s, toDocument)
			return s[:i] + strings.TrimSuffix(s[j:], info) + s[i:j] + info
		}}, nil},

		"KeyInfo without Id":    {forgery{keyInfo: change{" " + id, ""}}, errKeyInfo},
		"an Id with a colon":    {forgery{keyInfo: change{`Id="_`, `Id="a:_`}, info: change{`URI="#_`, `URI="#a:_`}}, errKeyInfo},
		"a long Id":             {forgery{keyInfo: change{`Id="_`, `Id="` + long}, info: change{`URI="#_`, `URI="#` + long}}, errKeyInfo},
		"KeyName":               {forgery{keyInfo: change{data, "<ds:KeyName>banka</ds:KeyName>" + data}}, errKeyInfo},
		"KeyValue":              {forgery{keyInfo: change{data, "<ds:KeyValue></ds:KeyValue>" + data}}, errKeyInfo},
		"RetrievalMethod":       {forgery{keyInfo: change{data, `<ds:RetrievalMethod URI="https://x/"></ds:RetrievalMethod>` + data}}, errKeyInfo},
		"X509Certificate":       {forgery{keyInfo: change{"</ds:X509Data>", "<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"}}, errKeyInfo},
		"nothing in X509Data":   {forgery{keyInfo: change{between(mustSignature(bank).keyInfo, data, "</ds:X509Data>"), ""}}, errKeyInfo},
		"another serial number": {forgery{keyInfo: change{"<ds:X509SerialNumber>", "<ds:X509SerialNumber>1"}}, signer.ErrUnknown},
		"a negative one":        {forgery{keyInfo: change{"<ds:X509SerialNumber>", "<ds:X509SerialNumber>-"}}, signer.ErrUnknown},
		"another issuer":        {forgery{keyInfo: change{"CN=banka", "CN=bankb"}}, signer.ErrUnknown},
		"another thumbprint":    {forgery{keyInfo: change{between(mustSignature(bank).keyInfo, data, "</ds:X509Data>"), thumbprint(uriDigest, algorithmDigest, other)}}, signer.ErrUnknown},
		"thumbprint with SHA-1": {forgery{keyInfo: change{between(mustSignature(bank).keyInfo, data, "</ds:X509Data>"), thumbprint(uriDigest, uriSignature+"sha1", other)}}, errKeyInfo},
		"of another namespace":  {forgery{keyInfo: change{between(mustSignature(bank).keyInfo, data, "</ds:X509Data>"), thumbprint("urn:x", algorithmDigest, other)}}, errKeyInfo},
		"the switch's own":      {forgery{by: own}, signer.ErrUnknown},
	})
}

// TestPlaces: somebody who has a signed message changes it, or puts things where they do
// not belong.
func TestPlaces(t *testing.T) {
	forged(t, map[string]attempt{
		"KeyInfo changed":            {forgery{body: change{"<ds:X509Data>", "<ds:X509Data> "}}, errDigest},
		"header changed":             {forgery{body: change{">M1<", ">M2<"}}, errDigest},
		"Document changed":           {forgery{body: change{"1234.50", "1234.51"}}, errDigest},
		"SignedInfo changed":         {forgery{body: change{"<ds:SignedInfo>", "<ds:SignedInfo> "}}, signer.ErrSignature},
		"the key's holder changed":   {forgery{by: specimen.Issue(own.Signer, "banka", nil)}, signer.ErrSignature},
		"an Object":                  {forgery{body: change{"</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"}}, errParts},
		"Id of Signature":            {forgery{body: change{"<ds:Signature ", `<ds:Signature Id="x" `}}, errParts},
		"Id of SignatureValue":       {forgery{body: change{"<ds:SignatureValue>", `<ds:SignatureValue Id="x">`}}, errParts},
		"KeyInfo before the value":   {forgery{body: change{"<ds:SignatureValue>", "<ds:KeyInfo></ds:KeyInfo><ds:SignatureValue>"}}, errParts},
		"an element in the value":    {forgery{body: change{"</ds:SignatureValue>", "<ds:x/></ds:SignatureValue>"}}, errParts},
		"the value is no base64":     {forgery{body: change{"</ds:SignatureValue>", "*</ds:SignatureValue>"}}, errValue},
		"the value is too long":      {forgery{body: change{"<ds:SignatureValue>", "<ds:SignatureValue>" + strings.Repeat("A", valueBytesMax)}}, errValue},
		"the value is longer":        {forgery{value: func(_, v []byte) []byte { return append(v, 0) }}, signer.ErrSignature},
		"the value is DER":           {forgery{value: derOf}, signer.ErrSignature},
		"the value is zero":          {forgery{value: func(_, v []byte) []byte { return make([]byte, len(v)) }}, signer.ErrSignature},
		"text in Sgntr":              {forgery{body: change{"<Sgntr>", "<Sgntr>x"}}, errParts},
		"an attribute of Sgntr":      {forgery{body: change{"<Sgntr>", `<Sgntr a="">`}}, errUnsigned},
		"nothing in Sgntr":           {forgery{body: change{"<Sgntr>", "<Sgntr></Sgntr><Sgntr>"}}, errUnsigned},
		"Sgntr twice":                {forgery{body: change{"</Sgntr>", "</Sgntr><Sgntr></Sgntr>"}}, errPlace},
		"Sgntr before the rest":      {forgery{body: change{"</Sgntr>", "</Sgntr><Prty>HIGH</Prty>"}}, errPlace},
		"Sgntr after Rltd":           {forgery{body: change{"<Sgntr>", "<Rltd></Rltd><Sgntr>"}}, errPlace},
		"another element in Sgntr":   {forgery{body: change{"<Sgntr>", "<Sgntr><a/>"}}, errParts},
		"a signature in Document":    {forgery{body: change{"<CdtTrfTxInf>", `<CdtTrfTxInf><d:Signature xmlns:d="` + uriSignature + `"/>`}}, errElse},
		"an element of its new part": {forgery{body: change{"<CdtTrfTxInf>", `<CdtTrfTxInf><d:x xmlns:d="` + uriDigest + `"/>`}}, errElse},
		"Id of AppHdr":               {forgery{body: change{"<AppHdr ", `<AppHdr Id="x" `}}, errID},
		"ID of Document":             {forgery{body: change{"<Document ", `<Document ID="x" `}}, errID},
		"xml:id":                     {forgery{body: change{"<CdtTrfTxInf>", `<CdtTrfTxInf xml:id="x">`}}, errID},
		"wsu:Id":                     {forgery{body: change{"<Fr>", `<Fr w:Id="x" xmlns:w="urn:w">`}}, errID},
		"id of Message":              {forgery{body: change{"<Message ", `<Message id="x" `}}, errEnvelope},

		"a comment in a text":      {forgery{body: change{"1234.50", "1234<!---->.50"}}, errConstruct},
		"a comment in SignedInfo":  {forgery{body: change{"<ds:SignedInfo>", "<ds:SignedInfo><!---->"}}, errConstruct},
		"a processing instruction": {forgery{body: change{"<Document", "<?x?><Document"}}, errConstruct},
		"CDATA":                    {forgery{body: change{"1234.50", "<![CDATA[1234.50]]>"}}, errConstruct},
		"a document type":          {forgery{body: change{"<Message", `<!DOCTYPE Message [<!ATTLIST AppHdr Id ID "x">]><Message`}}, errConstruct},
		"a character reference":    {forgery{body: change{"1234.50", "1234.5&#48;"}}, errConstruct},
		"an entity":                {forgery{body: change{"1234.50", "&x;"}}, errConstruct},
		"another encoding":         {forgery{body: change{"<Message", `<?xml version="1.0" encoding="UTF-16"?><Message`}}, errConstruct},
		"a byte order mark":        {forgery{body: change{"<Message", "\ufeff<Message"}}, errSyntax},
		"more behind it":           {forgery{body: change{"</Message>", "</Message><x/>"}}, errEnvelope},
		"another root":             {forgery{body: change{`<Message xmlns="">`, `<Message xmlns="urn:x">`}}, errEnvelope},
	})
	if _, err := check(newScheme(t, nil, own, bank), []byte(messages(t)["transfer"])); !errors.Is(err, errUnsigned) {
		t.Errorf("unsigned: %v", err)
	}
}

// attempt is a forgery and what is said to it, nil if it is none.
type attempt struct {
	forgery
	want error
}

// forged makes forgeries and has them checked.
func forged(t *testing.T, all map[string]attempt) {
	t.Helper()
	s := newScheme(t, nil, own, bank)
	for name, c := range all {
		got, err := check(s, forge(t, c.forgery))
		if !errors.Is(err, c.want) || c.want == nil && string(got) != messages(t)["transfer"] || c.want != nil && got != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestInForce: the parts of a signature have their declaration in their canonical form,
// although one is in force already.
func TestInForce(t *testing.T) {
	text := strings.Replace(small, "<h:AppHdr ", `<h:AppHdr xmlns:ds="`+uriSignature+`" ds:a="" `, 1)
	body, err := Sign(nil, []byte(text), bank.Certificate, bank.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check(newScheme(t, nil, own, bank), body); err != nil {
		t.Error(err)
	}
}

// TestConfusion: a key of RSA counts with the padding that it says, and only with one that
// the participant is set up for.
func TestConfusion(t *testing.T) {
	rsa := specimen.RSA("bankr", 2048)
	pss, pkcs1 := methods[2].uri, methods[1].uri
	only := func(a ...hsm.SignatureAlgorithm) *Scheme {
		return newScheme(t, func(o *Options) { o.Accept = a }, own, rsa)
	}
	for _, c := range []struct {
		s    *Scheme
		says string
		made hsm.SignatureAlgorithm
		want error
	}{
		{only(), pss, hsm.PS256, nil}, {only(), pkcs1, hsm.RS256, signer.ErrAlgorithm}, {only(), pkcs1, hsm.PS256, signer.ErrAlgorithm},
		{only(hsm.RS256), pkcs1, hsm.RS256, nil}, {only(hsm.RS256), pss, hsm.PS256, signer.ErrAlgorithm}, {only(hsm.RS256), pkcs1, hsm.PS256, signer.ErrSignature},
		{only(hsm.RS256, hsm.PS256), pss, hsm.RS256, signer.ErrSignature}, {only(hsm.RS256, hsm.PS256), methods[0].uri, hsm.RS256, signer.ErrAlgorithm},
	} {
		if _, err := check(c.s, forge(t, forgery{by: rsa, as: c.made, info: change{pss, c.says}})); !errors.Is(err, c.want) {
			t.Errorf("%s made as %s: %v, want %v", c.says, c.made, err, c.want)
		}
	}
}

var long = strings.Repeat("a", idBytesMax)

func mustSignature(i specimen.Identity) signature {
	s, err := newSignature(i.Certificate.Algorithm(), i.Certificate, false)
	if err != nil {
		panic(err)
	}
	return s
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	inner, _, _ := strings.Cut(rest, to)
	return inner
}

func xpath(what string) string {
	return `<ds:Transform Algorithm="http://www.w3.org/` + what + `"><ds:XPath>1</ds:XPath></ds:Transform>`
}

func thumbprint(uri, algorithm, value string) string {
	return `<d:X509Digest xmlns:d="` + uri + `" Algorithm="` + algorithm + `">` + value + `</d:X509Digest>`
}

func derOf(_, v []byte) []byte {
	der, _ := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(v[:32]), new(big.Int).SetBytes(v[32:])})
	return der
}

// hmacOf takes the certificate, which anybody has, for the secret of an HMAC.
func hmacOf(signedInfo, _ []byte) []byte {
	h := hmac.New(sha256.New, bank.File.Content)
	h.Write(signedInfo)
	return h.Sum(nil)
}

// TestPrefixes: a signature is read with any prefix or none, its KeyInfo with issuer and
// serial number or thumbprint; the prefix is the same in all of it.
func TestPrefixes(t *testing.T) {
	text := messages(t)["transfer"]
	s := newScheme(t, nil, own, bank)
	g := s.open()
	common := mustSignature(bank)
	if err := g.prepare([]byte(text), &common); err != nil {
		t.Fatal(err)
	}
	sum := bank.Certificate.Thumbprint()
	thumb := base64.StdEncoding.EncodeToString(sum[:])
	data := map[string]string{
		"serial":    between(common.keyInfo, "<ds:X509Data>", "</ds:X509Data>"),
		"prefixed":  thumbprint(uriDigest, algorithmDigest, thumb),
		"default":   strings.NewReplacer("d:X509", "X509", "xmlns:d", "xmlns").Replace(thumbprint(uriDigest, algorithmDigest, thumb)),
		"two lines": thumbprint(uriDigest, algorithmDigest, thumb[:20]+"\n"+thumb[20:]),
	}
	for name, by := range data {
		for _, prefix := range []string{"ds:", "", "dsig-1.x:"} {
			at := "xmlns"
			if prefix != "" {
				at += ":" + strings.TrimSuffix(prefix, ":")
			}
			named := strings.NewReplacer("ds:", prefix).Replace
			root := func(text, local string) string {
				out, err := canonical(strings.Replace(text, "<"+prefix+local, "<"+prefix+local+" "+at+`="`+uriSignature+`"`, 1))
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			keyInfo := named(`<ds:KeyInfo Id="` + common.id + `"><ds:X509Data>` + by + `</ds:X509Data></ds:KeyInfo>`)
			digest := sha256.Sum256([]byte(root(keyInfo, "KeyInfo")))
			info := string(g.written)
			info = strings.Replace(info, base64.StdEncoding.EncodeToString(common.digest[:]), base64.StdEncoding.EncodeToString(digest[:]), 1)
			info = named(strings.Replace(info, signedInfoStart, "<ds:SignedInfo>", 1))
			value, err := bank.Certificate.SignLocal(bank.Signer, sha256.Sum256([]byte(root(info, "SignedInfo"))))
			if err != nil {
				t.Fatal(err)
			}
			signature := "<" + prefix + `Signature ` + at + `="` + uriSignature + `">` + info +
				named("<ds:SignatureValue>"+base64.StdEncoding.EncodeToString(value)+"</ds:SignatureValue>") + keyInfo + named("</ds:Signature>")
			body := strings.Replace(text, "</AppHdr>", "<Sgntr>\n"+signature+"</Sgntr></AppHdr>", 1)
			// White space in Sgntr is signed, and there was none.
			if _, err := check(s, []byte(body)); !errors.Is(err, errDigest) {
				t.Errorf("%s with %q and white space: %v", name, prefix, err)
			}
			body = strings.Replace(body, "<Sgntr>\n", "<Sgntr>", 1)
			if got, err := check(s, []byte(body)); err != nil || string(got) != text {
				t.Errorf("%s with %q: %v\n%s", name, prefix, err, body)
			}
			if prefix != "" {
				two := strings.Replace(body, "<"+prefix+"SignatureValue>", `<x:SignatureValue xmlns:x="`+uriSignature+`">`, 1)
				two = strings.Replace(two, "</"+prefix+"SignatureValue>", "</x:SignatureValue>", 1)
				if _, err := check(s, []byte(two)); !errors.Is(err, errParts) {
					t.Errorf("two prefixes: %v", err)
				}
			}
		}
	}
}
