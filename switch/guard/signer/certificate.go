package signer

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"switchd/hsm"
	"switchd/hsm/signature"
)

// File is a file's content with the name that errors say.
type File struct {
	// Name is where it was read.
	Name string
	// Content is all of it.
	Content []byte
}

// Certificate is one whose key signs, read and judged. It does not change.
type Certificate struct {
	x509       *x509.Certificate
	thumbprint [sha256.Size]byte
	id         string
	public     *signature.Public
}

// ParseCertificates reads the certificates of a PEM file, one at least. Each must
// have a key on P-256 or of RSA with 2048 to 4096 bits, and be allowed to sign.
func ParseCertificates(f File) ([]*Certificate, error) {
	var list []*Certificate
	rest := f.Content
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s: it has a %s; only certificates belong here", f.Name, block.Type)
		}
		x, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", f.Name, len(list)+1, err)
		}
		c, err := NewCertificate(x)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d (%s): %w", f.Name, len(list)+1, x.Subject, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no certificate in it; it must be PEM (-----BEGIN CERTIFICATE-----)", f.Name)
	}
	return list, nil
}

// NewCertificate judges a certificate that was read already.
func NewCertificate(x *x509.Certificate) (*Certificate, error) {
	c := &Certificate{x509: x, thumbprint: sha256.Sum256(x.Raw)}
	c.id = base64.RawURLEncoding.EncodeToString(c.thumbprint[:])
	if x.KeyUsage != 0 && x.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return nil, errors.New("its key usage does not include digitalSignature")
	}
	if _, _, err := signature.Kind(x.PublicKey); err != nil {
		return nil, err
	}
	var err error
	if c.public, err = signature.New(x.PublicKey); err != nil {
		return nil, err
	}
	return c, nil
}

// X509 is the certificate itself.
func (c *Certificate) X509() *x509.Certificate { return c.x509 }

// Thumbprint is the SHA-256 of the certificate.
func (c *Certificate) Thumbprint() [sha256.Size]byte { return c.thumbprint }

// ID is the thumbprint in base64url, 43 characters: the kid of a JWS.
func (c *Certificate) ID() string { return c.id }

// Valid tells whether the certificate is valid at a time, in UTC nanoseconds. Both its
// ends are whole seconds that still belong to it.
func (c *Certificate) Valid(at int64) bool {
	second := at / int64(time.Second)
	return at >= 0 && second >= c.x509.NotBefore.Unix() && second <= c.x509.NotAfter.Unix()
}

// Fits tells whether the certificate's key can make signatures of an algorithm.
func (c *Certificate) Fits(a hsm.SignatureAlgorithm) bool {
	return signature.Fits(c.public.Algorithm, a)
}

// Algorithm is what its key signs with unless somebody wants another: ES256 or PS256.
func (c *Certificate) Algorithm() hsm.SignatureAlgorithm {
	if c.Fits(hsm.ES256) {
		return hsm.ES256
	}
	return hsm.PS256
}

// SignatureBytes is how long its signatures are.
func (c *Certificate) SignatureBytes() int { return c.public.Bytes() }
