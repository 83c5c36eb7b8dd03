package signer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"switchd/hsm"
)

// Module is the part of an hsm.Module that makes signatures.
type Module interface {
	// Sign signs the hash of a message.
	Sign(ctx context.Context, s hsm.Signing) ([]byte, error)
}

// Local is a private key in this process, in the place of a module: for simulated
// participants and tests.
type Local struct {
	// Signer is the key.
	Signer crypto.Signer
}

// Sign signs with the one key there is; the name in s.By is not looked at.
func (l Local) Sign(_ context.Context, s hsm.Signing) ([]byte, error) {
	switch l.Signer.Public().(type) {
	case *ecdsa.PublicKey:
		if s.Algorithm != hsm.ES256 {
			break
		}
		der, err := l.Signer.Sign(rand.Reader, s.Digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return pair(der)
	case *rsa.PublicKey:
		switch s.Algorithm {
		case hsm.PS256:
			return l.Signer.Sign(rand.Reader, s.Digest[:], &pss)
		case hsm.RS256:
			return l.Signer.Sign(rand.Reader, s.Digest[:], crypto.SHA256)
		}
	}
	return nil, fmt.Errorf("%w: it is not one for %s", hsm.ErrKey, s.Algorithm)
}

// pair makes r and s, 32 bytes each, of the sequence that crypto/ecdsa gives.
func pair(der []byte) ([]byte, error) {
	var n struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &n); err != nil {
		return nil, err
	}
	out := make([]byte, pairBytes)
	n.R.FillBytes(out[:pairBytes/2])
	n.S.FillBytes(out[pairBytes/2:])
	return out, nil
}
