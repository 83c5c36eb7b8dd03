package soft

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"

	"switchd/hsm"
)

// What keys for signatures must have.
const (
	rsaBitsMin     = 2048
	rsaBitsMax     = 4096
	rsaExponentMin = 65537
	ecBytes        = 32 // of each half of a signature with P-256
)

// pss is how PS256 is made and checked.
var pss = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// readyAsymmetric reads a pair or a public key, of one of the kinds that sign here.
func (k *key) readyAsymmetric() (err error) {
	if k.form == formPublic {
		if k.Mode != hsm.MACVerify {
			return fmt.Errorf("%w: a public key is of mode V", hsm.ErrKey)
		}
		if k.public, err = x509.ParsePKIXPublicKey(k.bytes.Reveal()); err != nil {
			return fmt.Errorf("%w: the public key cannot be read", hsm.ErrBlock)
		}
	} else {
		pair, err := x509.ParsePKCS8PrivateKey(k.bytes.Reveal())
		signer, signs := pair.(crypto.Signer)
		if err != nil || !signs {
			return fmt.Errorf("%w: the pair cannot be read", hsm.ErrBlock)
		}
		k.private, k.public = signer, signer.Public()
	}
	if k.Algorithm, k.Bits, err = kindOf(k.public); err != nil {
		return err
	}
	k.KCV, err = checkPublic(k.public)
	return err
}

// kindOf is the algorithm and length of a public key, if it is one that signs here.
func kindOf(public crypto.PublicKey) (hsm.Algorithm, int, error) {
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P256() {
			return hsm.ECDSA, 256, nil
		}
	case *rsa.PublicKey:
		if n := p.N.BitLen(); n >= rsaBitsMin && n <= rsaBitsMax && p.E >= rsaExponentMin {
			return hsm.RSA, n, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: signatures are made with P-256, or RSA of %d to %d bits", hsm.ErrKey, rsaBitsMin, rsaBitsMax)
}

// allows refuses an algorithm of signatures that is not the key's.
func (k *key) allows(a hsm.SignatureAlgorithm) error {
	switch {
	case a == hsm.ES256 && k.Algorithm == hsm.ECDSA, (a == hsm.PS256 || a == hsm.RS256) && k.Algorithm == hsm.RSA:
		return nil
	case a != hsm.ES256 && a != hsm.PS256 && a != hsm.RS256:
		return fmt.Errorf("%w: that algorithm of signatures is not known", hsm.ErrDenied)
	}
	return fmt.Errorf("%w: %s is a key for %s, not for %s", hsm.ErrKey, k.Ref, k.Algorithm, a)
}

// Sign signs the hash of a message; ES256 gives the two halves one after the other, as
// JWS has it.
func (m *Module) Sign(ctx context.Context, s hsm.Signing) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	k, err := m.active(s.By, &sign)
	if err != nil {
		return nil, err
	}
	if err := k.allows(s.Algorithm); err != nil {
		return nil, err
	}
	var signature []byte
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		var r, v *big.Int
		if r, v, err = ecdsa.Sign(m.o.Random, private, s.Digest[:]); err == nil {
			signature = make([]byte, 2*ecBytes)
			r.FillBytes(signature[:ecBytes])
			v.FillBytes(signature[ecBytes:])
		}
	case *rsa.PrivateKey:
		if s.Algorithm == hsm.PS256 {
			signature, err = rsa.SignPSS(m.o.Random, private, crypto.SHA256, s.Digest[:], pss)
		} else {
			signature, err = rsa.SignPKCS1v15(nil, private, crypto.SHA256, s.Digest[:])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("hsm/soft: signing: %w", err)
	}
	return signature, nil
}

// Verify checks a signature with the public half of a key.
func (m *Module) Verify(ctx context.Context, s hsm.Signing, signature []byte) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.RUnlock()
	return m.try(s.By, &checkSign, func(k *key) error {
		if err := k.allows(s.Algorithm); err != nil {
			return err
		}
		if !k.signed(&s, signature) {
			return fmt.Errorf("%w: the signature is wrong", hsm.ErrVerify)
		}
		return nil
	})
}

// signed tells whether a signature is the key's.
func (k *key) signed(s *hsm.Signing, signature []byte) bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		if len(signature) != 2*ecBytes {
			return false
		}
		r, v := new(big.Int).SetBytes(signature[:ecBytes]), new(big.Int).SetBytes(signature[ecBytes:])
		return ecdsa.Verify(public, s.Digest[:], r, v)
	case *rsa.PublicKey:
		if s.Algorithm == hsm.PS256 {
			return rsa.VerifyPSS(public, crypto.SHA256, s.Digest[:], signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, s.Digest[:], signature) == nil
	}
	return false
}
