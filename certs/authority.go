package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

const (
	// CAValidity is how long the authority made by Init is valid.
	CAValidity = 10 * 365 * 24 * time.Hour
	// LeafValidity is the validity of leaves unless the caller asks otherwise:
	// 825 days, the longest that common TLS stacks accept.
	LeafValidity = 825 * 24 * time.Hour
	// backdate lets a peer whose clock is behind accept a fresh certificate.
	backdate = time.Hour
)

// authority is a CA that can sign leaves.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes a CA; its certificate in DER is returned for writing.
func newAuthority(now time.Time) (*authority, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make CA key: %w", err)
	}
	tmpl := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "switchd development CA"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(CAValidity),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // leaves only: no intermediate can be made with it
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		return nil, nil, fmt.Errorf("make CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("read back CA certificate: %w", err)
	}
	return &authority{cert: cert, key: key}, der, nil
}

// loadAuthority reads the CA that Init wrote to dir.
func loadAuthority(dir string) (*authority, error) {
	cert, err := readCert(filepath.Join(dir, caFile))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, caKeyFile)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read CA key: %w", err)
	}
	der, err := decodePEM(file, data, keyBlock)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%s: not a PKCS #8 private key", file)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s: not the key of %s", file, caFile)
	}
	return &authority{cert: cert, key: key}, nil
}

// leafOf says what the certificate of id for links has. Each participant is client and
// server at once, so a leaf has both usages; localhost names let a whole scheme run on
// one machine.
func leafOf(id string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: id},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		URIs:        []*url.URL{{Scheme: "urn", Opaque: urnSpace + id}},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
}

// term is when a certificate is made and how long it is valid.
type term struct {
	now   time.Time
	valid time.Duration
}

// sign certifies a key.
func (a *authority) sign(tmpl *x509.Certificate, key crypto.PublicKey, t term) ([]byte, error) {
	tmpl.NotBefore, tmpl.NotAfter, tmpl.BasicConstraintsValid = t.now.Add(-backdate), t.now.Add(t.valid), true
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of %s: %w", tmpl.Subject.CommonName, err)
	}
	return der, nil
}

// pairs makes keys and certificates in memory, as files of their names.
func (a *authority) pairs(names []string, of func(string) *x509.Certificate, t term) ([]newFile, error) {
	var files []newFile
	for _, name := range names {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make key of %s: %w", name, err)
		}
		der, err := a.sign(of(name), &key.PublicKey, t)
		if err != nil {
			return nil, err
		}
		k, err := keyPEM(name+keyExt, key)
		if err != nil {
			return nil, err
		}
		files = append(files, certPEM(name+certExt, der), k)
	}
	return files, nil
}
