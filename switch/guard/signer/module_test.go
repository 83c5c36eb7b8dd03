package signer_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"

	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/specimen"
)

// TestWithModule has a module sign that keeps its keys itself, with each algorithm; a name
// that is another key's is found out by Prove.
func TestWithModule(t *testing.T) {
	ctx := context.Background()
	m, err := soft.New(soft.Options{Clock: specimen.Clock})
	if err != nil {
		t.Fatal(err)
	}
	bank, ec, rsa := specimen.EC("bank"), specimen.EC("own"), specimen.RSA("own rsa", 2048)
	for name, k := range map[hsm.KeyRef]struct {
		specimen.Identity
		hsm.Algorithm
	}{"own/ec": {ec, hsm.ECDSA}, "own/rsa": {rsa, hsm.RSA}, "other/ec": {bank, hsm.ECDSA}} {
		der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
		if err != nil {
			t.Fatal(err)
		}
		n := hsm.New{As: name, Usage: hsm.SignaturePair, Algorithm: k.Algorithm, Mode: hsm.SignMode, Export: hsm.NotExportable}
		if _, err := m.ImportPair(ctx, n, hsm.NewSecret(der)); err != nil {
			t.Fatal(err)
		}
	}
	digest := sha256.Sum256([]byte("message"))
	for _, c := range []struct {
		own    specimen.Identity
		key    hsm.KeyRef
		with   hsm.SignatureAlgorithm
		proves error
	}{
		{ec, "own/ec", "", nil}, {rsa, "own/rsa", "", nil}, {rsa, "own/rsa", hsm.RS256, nil},
		{ec, "other/ec", "", hsm.ErrKey}, {ec, "own/none", "", hsm.ErrKey}, {ec, "own/rsa", "", hsm.ErrKey},
	} {
		p, err := signer.New(signer.Options{Theirs: []signer.File{bank.File}, Own: c.own.File, Key: c.key, With: c.with, Clock: specimen.Clock}, hsm.ES256, hsm.PS256, hsm.RS256)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Prove(ctx, m); !errors.Is(err, c.proves) {
			t.Errorf("%s: %v, want %v", c.key, err, c.proves)
		}
		if c.proves != nil {
			continue
		}
		signature, err := p.Sign(ctx, m, digest)
		if err != nil || c.own.Certificate.Verify(p.With(), digest[:], signature) != nil {
			t.Errorf("%s: %v", c.key, err)
		}
	}
}
