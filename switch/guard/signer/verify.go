package signer

import (
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

// Verify checks a signature of a hash, whatever the time. ES256 is r and s, 32 bytes
// each, as JWS and XML signatures write it.
func (c *Certificate) Verify(a hsm.SignatureAlgorithm, digest, signature []byte) error {
	if !c.Fits(a) {
		return ErrAlgorithm
	}
	if !c.public.Signed(a, digest, signature) {
		return ErrSignature
	}
	return nil
}
