package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"

	"switchd/hsm"
)

// What keys for signatures must have.
const (
	rsaBitsMin     = 2048
	rsaBitsMax     = 4096
	rsaExponentMin = 65537
)

// HalfBytes is the length of each half of a signature with P-256.
const HalfBytes = 32

// PSS is how PS256 is made and checked.
var PSS = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// Public is a public key that signatures are verified with. It does not change.
type Public struct {
	// Key is the key itself, Algorithm its kind, Bits its length.
	Key       crypto.PublicKey
	Algorithm hsm.Algorithm
	Bits      int
	// KCV is its check value: the beginning of the SHA-256 of DER.
	KCV hsm.KCV
	// DER is the key as PKIX.
	DER []byte
}

// New takes a key, if it is one that signs here.
func New(key crypto.PublicKey) (*Public, error) {
	p := &Public{Key: key}
	var err error
	if p.Algorithm, p.Bits, err = kindOf(key); err != nil {
		return nil, err
	}
	if p.DER, err = x509.MarshalPKIXPublicKey(key); err != nil {
		return nil, fmt.Errorf("%w: the public key: %w", hsm.ErrBlock, err)
	}
	sum := sha256.Sum256(p.DER)
	p.KCV, err = hsm.NewKCV(sum[:5])
	return p, err
}

// Parse reads a key (PKIX, DER).
func Parse(der []byte) (*Public, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: the public key cannot be read", hsm.ErrBlock)
	}
	return New(key)
}

// Pair reads a pair (PKCS#8, DER) that signs here, and its public half.
func Pair(der []byte) (crypto.Signer, *Public, error) {
	pair, err := x509.ParsePKCS8PrivateKey(der)
	signer, signs := pair.(crypto.Signer)
	if err != nil || !signs {
		return nil, nil, fmt.Errorf("%w: the pair cannot be read", hsm.ErrBlock)
	}
	p, err := New(signer.Public())
	return signer, p, err
}

// Read takes the key out of a file: a certificate or a public key, DER or PEM. Of a
// certificate it gives the end of its time, in UTC nanoseconds; 0 of a bare key.
func Read(file []byte) (*Public, int64, error) {
	der, end := file, int64(0)
	if block, rest := pem.Decode(file); block != nil {
		if len(rest) > 0 {
			return nil, 0, fmt.Errorf("%w: there is something after the public key or certificate", hsm.ErrBlock)
		}
		der = block.Bytes
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
			return nil, 0, fmt.Errorf("%w: the certificate is not for signatures", hsm.ErrKey)
		}
		der, end = c.RawSubjectPublicKeyInfo, c.NotAfter.UnixNano()
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: that is no public key and no certificate", hsm.ErrBlock)
	}
	p, err := New(key)
	return p, end, err
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

// Allows refuses an algorithm of signatures that is not the key's. Errors call the key
// by its name.
func (p *Public) Allows(a hsm.SignatureAlgorithm, ref hsm.KeyRef) error {
	switch {
	case a == hsm.ES256 && p.Algorithm == hsm.ECDSA, (a == hsm.PS256 || a == hsm.RS256) && p.Algorithm == hsm.RSA:
		return nil
	case a != hsm.ES256 && a != hsm.PS256 && a != hsm.RS256:
		return fmt.Errorf("%w: that algorithm of signatures is not known", hsm.ErrDenied)
	}
	return fmt.Errorf("%w: %s is a key for %s, not for %s", hsm.ErrKey, ref, p.Algorithm, a)
}

// Verify checks a signature; a wrong one is hsm.ErrVerify.
func (p *Public) Verify(s *hsm.Signing, signature []byte) error {
	if err := p.Allows(s.Algorithm, s.By); err != nil {
		return err
	}
	if !p.signed(s, signature) {
		return fmt.Errorf("%w: the signature is wrong", hsm.ErrVerify)
	}
	return nil
}

func (p *Public) signed(s *hsm.Signing, signature []byte) bool {
	switch public := p.Key.(type) {
	case *ecdsa.PublicKey:
		if len(signature) != 2*HalfBytes {
			return false
		}
		r, v := new(big.Int).SetBytes(signature[:HalfBytes]), new(big.Int).SetBytes(signature[HalfBytes:])
		return ecdsa.Verify(public, s.Digest[:], r, v)
	case *rsa.PublicKey:
		if s.Algorithm == hsm.PS256 {
			return rsa.VerifyPSS(public, crypto.SHA256, s.Digest[:], signature, PSS) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, s.Digest[:], signature) == nil
	}
	return false
}
