package signer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
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

// SignLocal signs a hash with a key in this process, which must be that of the
// certificate, as ES256 or PS256.
func (c *Certificate) SignLocal(key crypto.Signer, digest [sha256.Size]byte) ([]byte, error) {
	signature, err := Local{key}.Sign(context.Background(), hsm.Signing{Algorithm: c.Algorithm(), Digest: digest})
	if err != nil {
		return nil, err
	}
	if c.Verify(c.Algorithm(), digest[:], signature) != nil {
		return nil, fmt.Errorf("%w: it is not that of the certificate of %s", hsm.ErrKey, c.x509.Subject)
	}
	return signature, nil
}
