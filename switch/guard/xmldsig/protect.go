package xmldsig

import (
	"context"
	"crypto"
	"encoding/base64"
	"fmt"

	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/guard/signer"
)

// Why a message cannot go out.
var (
	errSigned = fmt.Errorf("%w: xmldsig: what is to be signed has a Sgntr already", hsm.ErrBlock)
)

// Protect appends the message with a Sgntr in its header. All else of it stays as it is.
func (g *linkGuard) Protect(ctx context.Context, m hsm.Module, dst, message []byte, pin *guard.PIN) ([]byte, error) {
	if pin != nil {
		return dst, signer.ErrPIN
	}
	if err := g.prepare(message, &g.scheme.own); err != nil {
		return dst, err
	}
	value, err := g.scheme.Sign(ctx, m, *g.sum(g.written))
	if err != nil {
		return dst, err
	}
	return g.appendSigned(dst, message, &g.scheme.own, value), nil
}

const signedInfoStart = `<ds:SignedInfo xmlns:ds="` + uriSignature + `">`

// prepare reads a message that is to be signed and leaves its SignedInfo, in canonical
// form, in g.written.
func (g *linkGuard) prepare(message []byte, own *signature) error {
	p := &g.parts
	if err := p.read(message); err != nil {
		return err
	}
	if p.sgntr.end > 0 {
		return errSigned
	}
	b := append(g.written[:0], signedInfoStart...)
	b = append(b, `<ds:CanonicalizationMethod Algorithm="`+algorithmCanonical+`"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="`...)
	b = append(append(b, own.method...), `"></ds:SignatureMethod>`...)
	b = appendReference(b, own.id, refKeyInfo, own.digest[:])
	g.hash.Reset()
	g.hash.Write(p.out[p.header.start:p.at])
	from := len(b)
	b = p.appendTag(p.appendTag(b, "<"), "</") // what is left of Sgntr without the signature
	g.hash.Write(b[from:])
	g.hash.Write(p.out[p.at:p.header.end])
	g.hash.Sum(g.digest[:0])
	b = appendReference(b[:from], "", refHeader, g.digest[:])
	b = appendReference(b, "", refDocument, g.sum(p.document.of(p.out))[:])
	g.written = append(b, `</ds:SignedInfo>`...)
	return nil
}

// appendTag writes a tag of Sgntr, with the prefix that AppHdr has.
func (p *parts) appendTag(dst []byte, open string) []byte {
	dst = append(dst, open...)
	if prefix := p.headerName.prefix; len(prefix) > 0 {
		dst = append(append(dst, prefix...), ':')
	}
	return append(dst, "Sgntr>"...)
}

// appendReference writes a Reference.
func appendReference(dst []byte, id string, part int, digest []byte) []byte {
	dst = append(dst, `<ds:Reference`...)
	switch part {
	case refKeyInfo:
		dst = append(append(append(dst, ` URI="#`...), id...), '"')
	case refHeader:
		dst = append(dst, ` URI=""`...)
	}
	dst = append(dst, `><ds:Transforms>`...)
	if part == refHeader {
		dst = append(dst, `<ds:Transform Algorithm="`+algorithmEnveloped+`"></ds:Transform>`...)
	}
	dst = append(dst, `<ds:Transform Algorithm="`+algorithmCanonical+`"></ds:Transform></ds:Transforms>`+
		`<ds:DigestMethod Algorithm="`+algorithmDigest+`"></ds:DigestMethod><ds:DigestValue>`...)
	dst = base64.StdEncoding.AppendEncode(dst, digest)
	return append(dst, `</ds:DigestValue></ds:Reference>`...)
}

// appendSigned writes the message with the SignedInfo of g.written and its signature.
func (g *linkGuard) appendSigned(dst, message []byte, own *signature, value []byte) []byte {
	p := &g.parts
	dst = p.appendTag(append(dst, message[:p.raw]...), "<")
	dst = append(dst, `<ds:Signature xmlns:ds="`+uriSignature+`"><ds:SignedInfo>`...)
	dst = append(append(dst, g.written[len(signedInfoStart):]...), `<ds:SignatureValue>`...)
	dst = base64.StdEncoding.AppendEncode(dst, value)
	dst = append(append(append(dst, `</ds:SignatureValue>`...), own.keyInfo...), `</ds:Signature>`...)
	return append(p.appendTag(dst, "</"), message[p.raw:]...)
}

// Sign appends a message as a participant sends it: signed with a key that is in this
// process. It is for simulated participants, which have no module.
func Sign(dst, message []byte, own *signer.Certificate, key crypto.Signer) ([]byte, error) {
	common, err := newSignature(own.Algorithm(), own, false)
	if err != nil {
		return dst, err
	}
	g := (&Scheme{}).open()
	if err := g.prepare(message, &common); err != nil {
		return dst, err
	}
	value, err := own.SignLocal(key, *g.sum(g.written))
	if err != nil {
		return dst, err
	}
	return g.appendSigned(dst, message, &common, value), nil
}
