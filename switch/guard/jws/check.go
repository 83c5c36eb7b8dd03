package jws

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"

	"switchd/hsm"
	"switchd/switch/guard/signer"
)

// Why a body is refused before its signature is looked at; why the signature does not
// count is said by package signer.
var (
	errUnsigned = fmt.Errorf("%w: jws: the message is not signed", hsm.ErrVerify)
	errPrefix   = fmt.Errorf("%w: jws: no line feed within the first %d bytes", hsm.ErrBlock, prefixMax)
	errCompact  = fmt.Errorf("%w: jws: before the line feed there is no header..signature", hsm.ErrBlock)
	errEncoding = fmt.Errorf("%w: jws: header or signature is no base64url", hsm.ErrBlock)
	errMessage  = fmt.Errorf("%w: jws: what follows the line feed is no XML", hsm.ErrBlock)
)

// Check verifies a body and gives the message behind the line feed, a view of body.
func (g *linkGuard) Check(_ context.Context, _ hsm.Module, body []byte) ([]byte, error) {
	protected, encoded, message, err := split(body)
	if err != nil {
		return nil, err
	}
	text, err := decode(g.header[:], protected)
	if err != nil {
		return nil, err
	}
	var h header
	if err := h.read(text); err != nil {
		return nil, err
	}
	signature, err := decode(g.signature[:], encoded)
	if err != nil {
		return nil, err
	}
	input(g.hash, protected, message)
	digest := g.hash.Sum(g.digest[:0])
	if err := g.scheme.Parties.Check(g.scheme.named(h.kid), algorithm(h.alg), digest, signature); err != nil {
		return nil, err
	}
	return message, nil
}

// Unwrap gives the message behind the line feed without looking at the signature.
func (*Scheme) Unwrap(body []byte) []byte {
	if _, _, message, err := split(body); err == nil {
		return message
	}
	return body
}

// split takes a body apart: the header and the signature in base64url, the message.
func split(body []byte) (protected, signature, message []byte, err error) {
	if len(body) > 0 && body[0] == '<' {
		return nil, nil, nil, errUnsigned
	}
	end := bytes.IndexByte(body[:min(len(body), prefixMax)], '\n')
	if end < 0 {
		return nil, nil, nil, errPrefix
	}
	protected, signature, ok := bytes.Cut(body[:end], []byte(".."))
	if !ok || bytes.IndexByte(signature, '.') >= 0 {
		return nil, nil, nil, errCompact
	}
	message = body[end+1 : len(body) : len(body)]
	if len(message) == 0 || message[0] != '<' {
		return nil, nil, nil, errMessage
	}
	return protected, signature, message, nil
}

// strict refuses bits that say nothing at the end of a text, which would make several
// texts of one value.
var strict = base64.RawURLEncoding.Strict()

// decode undoes base64url.
func decode(dst, text []byte) ([]byte, error) {
	// The decoder passes over line ends, which would make several texts of one value.
	if bytes.IndexByte(text, '\r') >= 0 {
		return nil, errEncoding
	}
	n, err := strict.Decode(dst, text)
	if err != nil {
		return nil, errEncoding
	}
	return dst[:n], nil
}

// named is the participant's certificate of a kid, or nil.
func (s *Scheme) named(kid []byte) *signer.Certificate {
	for _, c := range s.Theirs() {
		if c.ID() == string(kid) {
			return c
		}
	}
	return nil
}

// algorithm gives the name of an algorithm that is known here, without a copy of the
// text; for all others it gives one that nobody is set up for.
func algorithm(name []byte) hsm.SignatureAlgorithm {
	switch string(name) {
	case string(hsm.ES256):
		return hsm.ES256
	case string(hsm.PS256):
		return hsm.PS256
	}
	return ""
}
