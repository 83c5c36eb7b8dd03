package xmldsig

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"switchd/hsm"
	"switchd/switch/guard/signer"
)

// The algorithms of the profile.
const (
	algorithmCanonical = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algorithmEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algorithmDigest    = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// methods are the algorithms of signatures by their names in XML.
var methods = [...]struct {
	algorithm hsm.SignatureAlgorithm
	uri       string
}{
	{hsm.ES256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"},
	{hsm.RS256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"},
	{hsm.PS256, "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"},
}

// idBytesMax bounds the Id of KeyInfo, valueBytesMax a value in base64 without white
// space: RSA with 4096 bits has 684 characters.
const (
	idBytesMax    = 64
	valueBytesMax = 1024
)

// Why a signature is refused although it can be read.
var (
	errProfile = fmt.Errorf("%w: xmldsig: SignedInfo is not of the profile", hsm.ErrVerify)
	errKeyInfo = fmt.Errorf("%w: xmldsig: KeyInfo is not of the profile", hsm.ErrVerify)
	errValue   = fmt.Errorf("%w: xmldsig: a value is no base64", hsm.ErrVerify)
	errDigest  = fmt.Errorf("%w: xmldsig: header, Document or KeyInfo was changed", hsm.ErrVerify)
	errTwice   = fmt.Errorf("%w: xmldsig: two references to one part", hsm.ErrVerify)
)

// The parts that are referred to.
const (
	refKeyInfo = iota
	refHeader
	refDocument
	references
)

// template reads a canonical form piece by piece, each of which must be what is expected:
// of a canonical form there is one way to write it, but for the prefix and white space
// between elements.
type template struct {
	b      []byte
	prefix []byte
	bad    bool
	room   [valueBytesMax]byte
}

// begin takes the part of a message to read, whose root element has a name and maybe
// attributes behind its namespace declaration.
func (t *template) begin(b, prefix []byte, local, attributes string) {
	t.b, t.prefix, t.bad = b, prefix, false
	t.name("<", local)
	t.literal(" xmlns")
	if len(prefix) > 0 {
		t.literal(":")
		t.literal(string(prefix))
	}
	t.literal(`="` + uriSignature + `"`)
	t.literal(attributes)
}

// literal reads what must be there.
func (t *template) literal(want string) {
	if !t.is(want) {
		t.bad = true
	}
}

// is reads something if it is there.
func (t *template) is(want string) bool {
	if len(t.b) < len(want) || string(t.b[:len(want)]) != want {
		return false
	}
	t.b = t.b[len(want):]
	return true
}

// name reads the beginning of a tag, up to its name.
func (t *template) name(open, local string) {
	t.literal(open)
	if len(t.prefix) > 0 {
		if !bytes.HasPrefix(t.b, t.prefix) {
			t.bad = true
			return
		}
		t.b = t.b[len(t.prefix):]
		t.literal(":")
	}
	t.literal(local)
}

// open reads a start tag, and white space.
func (t *template) open(local, attributes string) {
	t.name("<", local)
	t.literal(attributes)
	t.literal(">")
	t.space()
}

// end reads an end tag, and white space.
func (t *template) end(local string) {
	t.name("</", local)
	t.literal(">")
	t.space()
}

// empty reads an element without content.
func (t *template) empty(local, attributes string) {
	t.open(local, attributes)
	t.end(local)
}

func (t *template) space() {
	for len(t.b) > 0 && isSpace(t.b[0]) {
		t.b = t.b[1:]
	}
}

// until reads what stands before a byte.
func (t *template) until(stop byte) []byte {
	i := bytes.IndexByte(t.b, stop)
	if i < 0 {
		t.bad = true
		return nil
	}
	out := t.b[:i]
	t.b = t.b[i:]
	return out
}

// value reads base64, with white space in it, into dst.
func (t *template) value(dst []byte) ([]byte, error) {
	n := 0
	for _, b := range t.until('<') {
		if isSpace(b) {
			continue
		}
		if n == len(t.room) {
			return nil, errValue
		}
		t.room[n] = b
		n++
	}
	if base64.StdEncoding.DecodedLen(n) > len(dst) {
		return nil, errValue
	}
	n, err := strict.Decode(dst, t.room[:n])
	if err != nil {
		return nil, errValue
	}
	return dst[:n], nil
}

var strict = base64.StdEncoding.Strict()

// signedInfo is what a SignedInfo says.
type signedInfo struct {
	method  []byte // the algorithm of the signature
	id      []byte // of the KeyInfo
	digests [references][sha256.Size]byte
	there   [references]bool
}

// readSignedInfo reads a SignedInfo in canonical form.
func (t *template) readSignedInfo(b, prefix []byte, s *signedInfo) error {
	*s = signedInfo{}
	t.begin(b, prefix, "SignedInfo", ">")
	t.space()
	t.empty("CanonicalizationMethod", ` Algorithm="`+algorithmCanonical+`"`)
	t.name("<", "SignatureMethod")
	t.literal(` Algorithm="`)
	s.method = t.until('"')
	t.literal(`">`)
	t.space()
	t.end("SignatureMethod")
	for range references {
		if t.bad {
			return errProfile
		}
		if err := t.reference(s); err != nil {
			return err
		}
	}
	t.end("SignedInfo")
	if t.bad || len(t.b) > 0 {
		return errProfile
	}
	return nil
}

// reference reads one Reference.
func (t *template) reference(s *signedInfo) error {
	part := refDocument
	t.name("<", "Reference")
	if t.is(` URI="`) {
		part = refHeader
		if t.is("#") {
			part = refKeyInfo
			s.id = t.until('"')
		}
		t.literal(`"`)
	}
	t.literal(">")
	t.space()
	t.open("Transforms", "")
	if part == refHeader {
		t.empty("Transform", ` Algorithm="`+algorithmEnveloped+`"`)
	}
	t.empty("Transform", ` Algorithm="`+algorithmCanonical+`"`)
	t.end("Transforms")
	t.empty("DigestMethod", ` Algorithm="`+algorithmDigest+`"`)
	t.name("<", "DigestValue")
	t.literal(">")
	if t.bad {
		return errProfile
	}
	if s.there[part] {
		return errTwice
	}
	s.there[part] = true
	var room [sha256.Size + 2]byte
	digest, err := t.value(room[:])
	if err != nil || len(digest) != sha256.Size {
		return errValue
	}
	copy(s.digests[part][:], digest)
	t.end("DigestValue")
	t.end("Reference")
	return nil
}

// readKeyInfo reads a KeyInfo in canonical form, which must have an Id, and gives the
// certificate that it names, nil for one that is none of these.
func (t *template) readKeyInfo(b, prefix, id []byte, theirs []named) (*signer.Certificate, error) {
	t.begin(b, prefix, "KeyInfo", ` Id="`)
	if got := t.until('"'); !bytes.Equal(got, id) || !isID(id) {
		return nil, errKeyInfo
	}
	t.literal(`">`)
	t.space()
	t.open("X509Data", "")
	var found *signer.Certificate
	if tag, _, _ := bytes.Cut(t.b, []byte(">")); bytes.Contains(tag, []byte("X509Digest")) {
		found = t.byDigest(theirs)
	} else {
		found = t.bySerial(theirs)
	}
	t.space()
	t.end("X509Data")
	t.end("KeyInfo")
	if t.bad || len(t.b) > 0 {
		return nil, errKeyInfo
	}
	if found == nil {
		return nil, signer.ErrUnknown
	}
	return found, nil
}

// isID tells whether an Id is a short name without a colon.
func isID(id []byte) bool {
	for _, c := range id {
		if charKinds[c]&charName == 0 {
			return false
		}
	}
	return begins(id) && len(id) <= idBytesMax
}

// byDigest reads an X509Digest, which is of a namespace of its own, with any prefix.
func (t *template) byDigest(theirs []named) *signer.Certificate {
	t.literal("<")
	name := t.until(' ')
	prefix, local, ok := bytes.Cut(name, []byte(":"))
	t.literal(" xmlns")
	if ok {
		t.literal(":")
		t.literal(string(prefix))
	} else {
		local = name
	}
	t.bad = t.bad || string(local) != "X509Digest"
	t.literal(`="` + uriDigest + `" Algorithm="` + algorithmDigest + `">`)
	var room [sha256.Size + 2]byte
	digest, err := t.value(room[:])
	t.literal("</")
	t.literal(string(name))
	t.literal(">")
	for i := range theirs {
		if thumbprint := theirs[i].Thumbprint(); err == nil && bytes.Equal(thumbprint[:], digest) {
			return theirs[i].Certificate
		}
	}
	return nil
}

// bySerial reads an X509IssuerSerial.
func (t *template) bySerial(theirs []named) *signer.Certificate {
	t.open("X509IssuerSerial", "")
	t.name("<", "X509IssuerName")
	t.literal(">")
	issuer := t.until('<')
	t.end("X509IssuerName")
	t.name("<", "X509SerialNumber")
	t.literal(">")
	serial := t.until('<')
	t.end("X509SerialNumber")
	t.end("X509IssuerSerial")
	for i := range theirs {
		if theirs[i].serial == string(bytes.TrimSpace(serial)) && sameName(theirs[i].issuer, issuer) {
			return theirs[i].Certificate
		}
	}
	return nil
}

// sameName compares names of issuers but for white space and the case of letters: both
// differ between programs. It only chooses among pinned certificates.
func sameName(a string, b []byte) bool {
	i := 0
	for _, c := range b {
		if isSpace(c) {
			continue
		}
		for i < len(a) && isSpace(a[i]) {
			i++
		}
		if i == len(a) || lower(a[i]) != lower(c) {
			return false
		}
		i++
	}
	for i < len(a) && isSpace(a[i]) {
		i++
	}
	return i == len(a)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}
