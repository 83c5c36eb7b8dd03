package signer

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/signature"
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
	return signature.Sign(l.Signer, &s, rand.Reader)
}

// SignLocal signs a hash with a key in this process, which must be that of the
// certificate, as ES256 or PS256.
func (c *Certificate) SignLocal(key crypto.Signer, digest [sha256.Size]byte) ([]byte, error) {
	made, err := Local{key}.Sign(context.Background(), hsm.Signing{Algorithm: c.Algorithm(), Digest: digest})
	if err != nil {
		return nil, err
	}
	if c.Verify(c.Algorithm(), digest[:], made) != nil {
		return nil, fmt.Errorf("%w: it is not that of the certificate of %s", hsm.ErrKey, c.x509.Subject)
	}
	return made, nil
}
