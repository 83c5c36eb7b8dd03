package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"switchd/hsm"
)

// What keys for signatures must have.
const (
	rsaBitsMin     = 2048
	rsaBitsMax     = 4096
	rsaExponentMin = 65537
)

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
	if p.Algorithm, p.Bits, err = Kind(key); err != nil {
		return nil, fmt.Errorf("%w: %w", hsm.ErrKey, err)
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

// Kind is the algorithm and length of a public key, if it is one that signs here. Its
// errors go on a sentence about whoever brought the key.
func Kind(public crypto.PublicKey) (hsm.Algorithm, int, error) {
	of := "another kind"
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P256() {
			return hsm.ECDSA, 256, nil
		}
		return 0, 0, fmt.Errorf("its key is on the curve %s; only P-256 is taken", p.Curve.Params().Name)
	case *rsa.PublicKey:
		n := p.N.BitLen()
		switch {
		case n < rsaBitsMin || n > rsaBitsMax:
			return 0, 0, fmt.Errorf("its RSA key has %d bits; %d to %d are taken", n, rsaBitsMin, rsaBitsMax)
		case p.E < rsaExponentMin:
			return 0, 0, fmt.Errorf("its RSA key has the exponent %d; %d at least is taken", p.E, rsaExponentMin)
		}
		return hsm.RSA, n, nil
	case ed25519.PublicKey:
		of = "Ed25519"
	}
	return 0, 0, fmt.Errorf("its key is of %s; P-256 and RSA are taken", of)
}

// Fits tells whether keys of an algorithm make signatures of another.
func Fits(key hsm.Algorithm, a hsm.SignatureAlgorithm) bool {
	switch a {
	case hsm.ES256:
		return key == hsm.ECDSA
	case hsm.PS256, hsm.RS256:
		return key == hsm.RSA
	}
	return false
}

// Allows refuses an algorithm of signatures that is not the key's. Errors call the key
// by its name.
func (p *Public) Allows(a hsm.SignatureAlgorithm, ref hsm.KeyRef) error {
	switch {
	case Fits(p.Algorithm, a):
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
	if !p.Signed(s.Algorithm, s.Digest[:], signature) {
		return fmt.Errorf("%w: the signature is wrong", hsm.ErrVerify)
	}
	return nil
}
