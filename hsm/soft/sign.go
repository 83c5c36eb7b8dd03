package soft

import (
	"context"
	"fmt"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/signature"
)

// readyAsymmetric reads a pair or a public key, of one of the kinds that sign here.
func (k *key) readyAsymmetric() (err error) {
	if k.form == formPublic {
		if k.Mode != hsm.MACVerify {
			return fmt.Errorf("%w: a public key is of mode V", hsm.ErrKey)
		}
		k.public, err = signature.Parse(k.bytes.Reveal())
	} else {
		k.private, k.public, err = signature.Pair(k.bytes.Reveal())
	}
	if err != nil {
		return err
	}
	k.Algorithm, k.Bits, k.KCV = k.public.Algorithm, k.public.Bits, k.public.KCV
	return nil
}

// Sign signs the hash of a message; ES256 gives the two halves one after the other, as
// JWS has it.
func (m *Module) Sign(ctx context.Context, s hsm.Signing) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(s.By, rule.Sign)
	if err != nil {
		return nil, err
	}
	if err := k.public.Allows(s.Algorithm, s.By); err != nil {
		return nil, err
	}
	made, err := signature.Sign(k.private, &s, m.o.Random)
	if err != nil {
		return nil, fmt.Errorf("hsm/soft: signing: %w", err)
	}
	return made, nil
}

// Verify checks a signature with the public half of a key.
func (m *Module) Verify(ctx context.Context, s hsm.Signing, sig []byte) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.RUnlock()
	return m.try(s.By, rule.CheckSign, func(k *key) error { return k.public.Verify(&s, sig) })
}
