package jws

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
	errNoXML = fmt.Errorf("%w: jws: what is to be signed is no XML", hsm.ErrBlock)
)

// Protect appends header and signature, a line feed and the message.
func (g *linkGuard) Protect(ctx context.Context, m hsm.Module, dst, message []byte, pin *guard.PIN) ([]byte, error) {
	switch {
	case pin != nil:
		return dst, signer.ErrPIN
	case len(message) == 0 || message[0] != '<':
		return dst, errNoXML
	}
	input(g.hash, g.scheme.header, message)
	g.hash.Sum(g.digest[:0])
	signature, err := g.scheme.Sign(ctx, m, g.digest)
	if err != nil {
		return dst, err
	}
	return appendBody(dst, g.scheme.header, signature, message), nil
}

func appendBody(dst, protected, signature, message []byte) []byte {
	dst = append(append(dst, protected...), ".."...)
	dst = base64.RawURLEncoding.AppendEncode(dst, signature)
	return append(append(dst, '\n'), message...)
}

// Sign appends a message as a participant sends it: signed with a key that is in this
// process. It is for simulated participants, which have no module.
func Sign(dst, message []byte, own *signer.Certificate, key crypto.Signer) ([]byte, error) {
	g := (&Scheme{}).open()
	protected := encodeHeader(own.Algorithm(), own)
	input(g.hash, protected, message)
	g.hash.Sum(g.digest[:0])
	signature, err := own.SignLocal(key, g.digest)
	if err != nil {
		return dst, err
	}
	return appendBody(dst, protected, signature, message), nil
}

// Verify gives the message of a body that was signed with the key of a certificate that
// is valid at a time, in UTC nanoseconds. It is for simulated participants.
func Verify(body []byte, by *signer.Certificate, at int64) ([]byte, error) {
	s := &Scheme{Parties: signer.Only(by, at, hsm.ES256, hsm.PS256)}
	return s.open().Check(context.Background(), nil, body)
}
