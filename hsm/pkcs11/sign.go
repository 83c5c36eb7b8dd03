//go:build pkcs11

package pkcs11

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
	"switchd/hsm/rule"
	"switchd/hsm/signature"
)

// p256 names the curve in CKA_EC_PARAMS (its object identifier, DER).
var p256 = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}

// sha256Info stands before a SHA-256 where RS256 signs it (DigestInfo, RFC 8017 9.2).
var sha256Info = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// Sign signs the hash of a message; ES256 gives the two halves one after the other, as
// JWS and PKCS#11 have it.
func (m *Module) Sign(ctx context.Context, s hsm.Signing) (made []byte, err error) {
	err = m.with(ctx, func(in *session) error {
		k, err := in.active(s.By, rule.Sign)
		if err != nil {
			return err
		}
		if err := k.public.Allows(s.Algorithm, s.By); err != nil {
			return err
		}
		var want int
		switch s.Algorithm {
		case hsm.ES256:
			want = signature.PairBytes
			made, err = in.sign(p11.NewMechanism(p11.CKM_ECDSA, nil), k.object, s.Digest[:])
		case hsm.PS256:
			want = k.Bits / 8
			made, err = in.sign(p11.NewMechanism(p11.CKM_RSA_PKCS_PSS, p11.NewPSSParams(p11.CKM_SHA256, p11.CKG_MGF1_SHA256, 32)), k.object, s.Digest[:])
		case hsm.RS256:
			want = k.Bits / 8
			made, err = in.sign(p11.NewMechanism(p11.CKM_RSA_PKCS, nil), k.object, append(append([]byte(nil), sha256Info...), s.Digest[:]...))
		}
		if err == nil && len(made) != want {
			return fmt.Errorf("hsm/pkcs11: the token has made a signature of %d bytes", len(made))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// Verify checks a signature with the public half of a key, which is no secret: it is
// done in this process.
func (m *Module) Verify(ctx context.Context, s hsm.Signing, sig []byte) error {
	return m.with(ctx, func(in *session) error {
		keys, err := in.readers(s.By, rule.CheckSign)
		if err != nil {
			return err
		}
		return anyOf(keys, func(k *key) error { return k.public.Verify(&s, sig) })
	})
}

// readPublic reads a public key out of the token.
func (s *session) readPublic(o p11.ObjectHandle) (*signature.Public, error) {
	v, err := s.values(o, p11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	switch number(v[0]) {
	case p11.CKK_RSA:
		if v, err = s.values(o, p11.CKA_MODULUS, p11.CKA_PUBLIC_EXPONENT); err != nil {
			return nil, err
		}
		e := new(big.Int).SetBytes(v[1])
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, fmt.Errorf("%w: the public key has an exponent that is too large", hsm.ErrKey)
		}
		return signature.New(&rsa.PublicKey{N: new(big.Int).SetBytes(v[0]), E: int(e.Int64())})
	case p11.CKK_EC:
		if v, err = s.values(o, p11.CKA_EC_PARAMS, p11.CKA_EC_POINT); err != nil {
			return nil, err
		}
		var point []byte
		if rest, e := asn1.Unmarshal(v[1], &point); e != nil || len(rest) > 0 || string(v[0]) != string(p256) {
			return nil, fmt.Errorf("%w: the public key is none of P-256", hsm.ErrKey)
		}
		k, e := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if e != nil {
			return nil, fmt.Errorf("%w: the public key is no point of its curve", hsm.ErrBlock)
		}
		return signature.New(k)
	}
	return nil, fmt.Errorf("%w: the public key is of another kind", hsm.ErrKey)
}

// publicKey is the template of a public key.
func publicKey(r *record, p *signature.Public, mark string) ([]*p11.Attribute, error) {
	a := append(publicHead(r, mark), p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PUBLIC_KEY))
	switch k := p.Key.(type) {
	case *rsa.PublicKey:
		return append(a, p11.NewAttribute(p11.CKA_KEY_TYPE, p11.CKK_RSA), p11.NewAttribute(p11.CKA_MODULUS, k.N.Bytes()),
			p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, big.NewInt(int64(k.E)).Bytes())), nil
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("%w: the public key: %w", hsm.ErrBlock, err)
		}
		if point, err = asn1.Marshal(point); err != nil {
			return nil, err
		}
		return append(a, p11.NewAttribute(p11.CKA_KEY_TYPE, p11.CKK_EC), p11.NewAttribute(p11.CKA_EC_PARAMS, p256), p11.NewAttribute(p11.CKA_EC_POINT, point)), nil
	}
	return nil, fmt.Errorf("%w: the public key is of another kind", hsm.ErrKey)
}

func publicHead(r *record, mark string) []*p11.Attribute {
	return []*p11.Attribute{
		p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_PRIVATE, false), p11.NewAttribute(p11.CKA_LABEL, string(r.Ref)),
		p11.NewAttribute(p11.CKA_ID, r.text(mark)), p11.NewAttribute(p11.CKA_VERIFY, true), p11.NewAttribute(p11.CKA_ENCRYPT, false),
		p11.NewAttribute(p11.CKA_WRAP, false), p11.NewAttribute(p11.CKA_DERIVE, false),
	}
}

// privateHead is what the templates of all private keys have.
func privateHead(r *record, mark string) []*p11.Attribute {
	return append(guarded(r), p11.NewAttribute(p11.CKA_ID, r.text(mark)), p11.NewAttribute(p11.CKA_SIGN, true), p11.NewAttribute(p11.CKA_DECRYPT, false))
}

// privateKey is the template of a private key that comes from elsewhere.
func privateKey(r *record, pair any, mark string) ([]*p11.Attribute, error) {
	a := append(privateHead(r, mark), p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY))
	switch k := pair.(type) {
	case *rsa.PrivateKey:
		if len(k.Primes) != 2 {
			return nil, fmt.Errorf("%w: an RSA pair has two primes", hsm.ErrKey)
		}
		k.Precompute()
		return append(a,
			p11.NewAttribute(p11.CKA_KEY_TYPE, p11.CKK_RSA), p11.NewAttribute(p11.CKA_MODULUS, k.N.Bytes()),
			p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, big.NewInt(int64(k.E)).Bytes()), p11.NewAttribute(p11.CKA_PRIVATE_EXPONENT, k.D.Bytes()),
			p11.NewAttribute(p11.CKA_PRIME_1, k.Primes[0].Bytes()), p11.NewAttribute(p11.CKA_PRIME_2, k.Primes[1].Bytes()),
			p11.NewAttribute(p11.CKA_EXPONENT_1, k.Precomputed.Dp.Bytes()), p11.NewAttribute(p11.CKA_EXPONENT_2, k.Precomputed.Dq.Bytes()),
			p11.NewAttribute(p11.CKA_COEFFICIENT, k.Precomputed.Qinv.Bytes())), nil
	case *ecdsa.PrivateKey:
		d, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("%w: the pair: %w", hsm.ErrBlock, err)
		}
		return append(a, p11.NewAttribute(p11.CKA_KEY_TYPE, p11.CKK_EC), p11.NewAttribute(p11.CKA_EC_PARAMS, p256), p11.NewAttribute(p11.CKA_VALUE, d)), nil
	}
	return nil, fmt.Errorf("%w: the pair is of another kind", hsm.ErrKey)
}
