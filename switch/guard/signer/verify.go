package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"

	"switchd/hsm"
)

// Why a signature does not count. All are hsm.ErrVerify.
var (
	// ErrUnknown: the message names no certificate of the participant's.
	ErrUnknown = fmt.Errorf("%w: signed with a certificate that is none of the participant's", hsm.ErrVerify)
	// ErrInvalid: the certificate has ended, or not begun.
	ErrInvalid = fmt.Errorf("%w: the signer's certificate is not valid now", hsm.ErrVerify)
	// ErrAlgorithm: the participant is not set up for the algorithm, or the key of the
	// certificate is not one of it.
	ErrAlgorithm = fmt.Errorf("%w: the signature's algorithm is not one of the participant's", hsm.ErrVerify)
	// ErrSignature: it was not made of this message, or not with this key.
	ErrSignature = fmt.Errorf("%w: the signature is wrong", hsm.ErrVerify)
)

// pairBytes is the length of an ES256 signature: r and s, 32 bytes each.
const pairBytes = 64

// pss is RSASSA-PSS as JWS and RFC 6931 have it: the salt as long as the hash.
var pss = rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// Verify checks a signature of a hash, whatever the time. ES256 is r and s, 32 bytes
// each, as JWS and XML signatures write it.
func (c *Certificate) Verify(a hsm.SignatureAlgorithm, digest, signature []byte) error {
	if !c.Fits(a) {
		return ErrAlgorithm
	}
	if len(signature) != c.SignatureBytes() {
		return ErrSignature
	}
	right := false
	switch a {
	case hsm.ES256:
		var room [derBytesMax]byte
		right = ecdsa.VerifyASN1(c.ecdsa, digest, appendDER(room[:0], signature))
	case hsm.PS256:
		right = rsa.VerifyPSS(c.rsa, crypto.SHA256, digest, signature, &pss) == nil
	case hsm.RS256:
		right = rsa.VerifyPKCS1v15(c.rsa, crypto.SHA256, digest, signature) == nil
	}
	if !right {
		return ErrSignature
	}
	return nil
}

// derBytesMax is the longest form of r and s in DER: two integers of 33 bytes.
const derBytesMax = 2 + 2*(2+33)

// appendDER writes r and s as the sequence of two integers that crypto/ecdsa reads.
func appendDER(dst, pair []byte) []byte {
	start := len(dst)
	dst = append(dst, 0x30, 0)
	for _, n := range [2][]byte{pair[:pairBytes/2], pair[pairBytes/2:]} {
		for len(n) > 1 && n[0] == 0 {
			n = n[1:]
		}
		if n[0] < 0x80 {
			dst = append(dst, 0x02, byte(len(n)))
		} else {
			dst = append(dst, 0x02, byte(len(n)+1), 0)
		}
		dst = append(dst, n...)
	}
	dst[start+1] = byte(len(dst) - start - 2)
	return dst
}
