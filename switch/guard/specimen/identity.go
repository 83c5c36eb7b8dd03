package specimen

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	"switchd/hsm"
	"switchd/switch/guard/signer"
)

// At is a time at which all specimens are valid, in UTC nanoseconds: 2026-07-01.
const At = int64(1_782_864_000) * int64(time.Second)

// Clock stands still at At.
func Clock() int64 { return At }

// Identity is a key with its certificate.
type Identity struct {
	// Signer is the private key.
	Signer crypto.Signer
	// File is the certificate as a file has it.
	File signer.File
	// Certificate is the same, read; nil if package signer does not take it.
	Certificate *signer.Certificate
}

// EC is an identity with a key on P-256, the same for a name in every run.
func EC(name string) Identity {
	scalar := sha256.Sum256([]byte("specimen " + name))
	return Issue(must(ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])), name, nil)
}

// RSA is an identity with a new key of RSA.
func RSA(name string, bits int) Identity {
	return Issue(must(rsa.GenerateKey(rand.Reader, bits)), name, nil)
}

// Issue makes a certificate for a key, signed by itself; change is asked to spoil it.
func Issue(key crypto.Signer, name string, change func(*x509.Certificate)) Identity {
	serial := sha256.Sum256([]byte(name))
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:8]),
		Subject:      pkix.Name{CommonName: name + " signing", Organization: []string{"Specimen & Co"}, Country: []string{"IN"}},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	if change != nil {
		change(template)
	}
	// Without a source of chance ECDSA signs by RFC 6979: the same every time.
	source := rand.Reader
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		source = nil
	}
	der := must(x509.CreateCertificate(source, template, template, key.Public(), key))
	i := Identity{Signer: key}
	i.File = signer.File{Name: name + ".pem", Content: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	i.Certificate, _ = signer.NewCertificate(must(x509.ParseCertificate(der)))
	return i
}

// Module is a security module that does nothing but sign with one key.
type Module struct {
	hsm.Module
	// By is the key.
	By signer.Local
}

// Sign signs whatever the name of the key.
func (m Module) Sign(ctx context.Context, s hsm.Signing) ([]byte, error) { return m.By.Sign(ctx, s) }

// Module is a module with the identity's key.
func (i Identity) Module() Module { return Module{By: signer.Local{Signer: i.Signer}} }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Broken is a module that does not sign as it should: it gives what it has.
type Broken struct {
	hsm.Module
	// Signature and Err are what Sign gives.
	Signature []byte
	Err       error
}

// Sign gives always the same.
func (b Broken) Sign(context.Context, hsm.Signing) ([]byte, error) { return b.Signature, b.Err }

// Public is a certificate that nobody issued, with a given point of P-256: for vectors of
// standards, which have keys only.
func Public(x, y *big.Int) *signer.Certificate {
	point := append([]byte{4}, x.FillBytes(make([]byte, 32))...)
	key := must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(point, y.FillBytes(make([]byte, 32))...)))
	return must(signer.NewCertificate(&x509.Certificate{PublicKey: key}))
}
