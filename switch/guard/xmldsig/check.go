package xmldsig

import (
	"context"

	"switchd/hsm"
	"switchd/switch/guard/signer"
)

// The parts of signatureParts.
const (
	partSignedInfo = iota
	partValue
	partKeyInfo
)

const (
	messageStart = `<Message xmlns="">`
	messageEnd   = `</Message>`
)

// Check verifies a message and gives it in canonical form, without its Sgntr: a copy that
// is the caller's, of the bytes that were hashed.
func (g *linkGuard) Check(_ context.Context, _ hsm.Module, body []byte) ([]byte, error) {
	if err := g.verify(body); err != nil {
		return nil, err
	}
	p := &g.parts
	before, after := p.out[p.header.start:p.sgntr.start], p.out[p.sgntr.end:p.document.end]
	message := make([]byte, 0, len(messageStart)+len(before)+len(after)+len(messageEnd))
	message = append(append(append(message, messageStart...), before...), after...)
	return append(message, messageEnd...), nil
}

// verify reads a message and its signature. What was hashed then is in g.parts.out.
func (g *linkGuard) verify(body []byte) error {
	p, t, info := &g.parts, &g.template, &g.info
	if err := p.read(body); err != nil {
		return err
	}
	if p.sgntr.end == 0 {
		return errUnsigned
	}
	signed, keyInfo := p.signature[partSignedInfo].of(p.inner), p.signature[partKeyInfo].of(p.inner)
	if err := t.readSignedInfo(signed, p.prefix, info); err != nil {
		return err
	}
	if info.digests[refHeader] != *g.sum(p.header.of(p.out)) ||
		info.digests[refDocument] != *g.sum(p.document.of(p.out)) ||
		info.digests[refKeyInfo] != *g.sum(keyInfo) {
		return errDigest
	}
	by, err := t.readKeyInfo(keyInfo, p.prefix, info.id, g.scheme.theirs)
	if err != nil {
		return err
	}
	value, err := t.readValue(p.signature[partValue].of(p.inner), p.prefix, g.value[:])
	if err != nil {
		return err
	}
	return g.scheme.Parties.Check(by, algorithm(info.method), g.sum(signed)[:], value)
}

// readValue reads a SignatureValue in canonical form.
func (t *template) readValue(b, prefix, dst []byte) ([]byte, error) {
	t.begin(b, prefix, "SignatureValue", ">")
	if t.bad {
		return nil, errParts
	}
	value, err := t.value(dst)
	if err != nil {
		return nil, err
	}
	t.end("SignatureValue")
	if t.bad || len(t.b) > 0 {
		return nil, errParts
	}
	return value, nil
}

// algorithm is that of a name in XML; one that nobody is set up for, of all others.
func algorithm(uri []byte) hsm.SignatureAlgorithm {
	for i := range methods {
		if methods[i].uri == string(uri) {
			return methods[i].algorithm
		}
	}
	return ""
}

// Verify gives the message of a body that was signed with the key of a certificate that
// is valid at a time, in UTC nanoseconds. It is for simulated participants.
func Verify(body []byte, by *signer.Certificate, at int64) ([]byte, error) {
	s := &Scheme{Parties: signer.Only(by, at, hsm.ES256, hsm.PS256, hsm.RS256)}
	var err error
	if s.theirs, err = nameAll(s.Theirs()); err != nil {
		return nil, err
	}
	return s.open().Check(context.Background(), nil, body)
}
