package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"testing"
)

// An authority that has been renewed with its key, and one that signs the issuer of a
// participant's certificate, stand behind links of before; a chain has an end.
func TestAnchored(t *testing.T) {
	root, between, leaf := chainOf(t)
	other, _, _ := chainOf(t)
	link := func(shown ...*x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: shown}
	}
	for _, c := range []struct {
		name        string
		authorities []*x509.Certificate
		link        *tls.ConnectionState
		want        bool
	}{
		{"by way of another", []*x509.Certificate{other, root}, link(leaf, other, between), true},
		{"its issuer is an authority", []*x509.Certificate{between}, link(leaf), true},
		{"the issuer is not shown", []*x509.Certificate{root}, link(leaf), false},
		{"another root of this name", []*x509.Certificate{other}, link(leaf, between, root, other), false},
		{"verified in the handshake", []*x509.Certificate{root}, &tls.ConnectionState{
			PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf, between, root}}}, true},
	} {
		if got := newMaterial(nil, c.authorities, nil, 0).anchored(c.link); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// chainOf makes a root, an authority that it has signed, and a leaf of that. All
// roots have one name.
func chainOf(t *testing.T) (root, between, leaf *x509.Certificate) {
	t.Helper()
	var signer *x509.Certificate
	var by *ecdsa.PrivateKey
	for i, made := range []**x509.Certificate{&root, &between, &leaf} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: fmt.Sprint(i)},
			NotBefore: day0, NotAfter: day0.Add(LeafValidity), IsCA: i < 2, BasicConstraintsValid: true}
		if signer == nil {
			signer, by = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, signer, &key.PublicKey, by)
		must(t, err)
		*made, err = x509.ParseCertificate(der)
		must(t, err)
		signer, by = *made, key
	}
	return root, between, leaf
}
