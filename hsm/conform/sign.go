package conform

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"testing"

	"switchd/hsm"
)

// pair is one of the suite's pairs.
func (s *suite) pair(t *testing.T, ref hsm.KeyRef) any {
	t.Helper()
	p, err := x509.ParsePKCS8PrivateKey(s.keys[ref].Bytes.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var digest = sha256.Sum256([]byte("pacs.008"))

// es256: what the module signs others verify, and the other way round; the two halves
// stand one after the other.
func (s *suite) es256(t *testing.T) {
	private := s.pair(t, pairEC).(*ecdsa.PrivateKey)
	signing := hsm.Signing{By: pairEC, Algorithm: hsm.ES256, Digest: digest}
	for range 20 {
		got, err := s.m.Sign(background, signing)
		if err != nil || len(got) != 64 {
			t.Fatalf("%x, %v", got, err)
		}
		if !ecdsa.Verify(&private.PublicKey, digest[:], new(big.Int).SetBytes(got[:32]), new(big.Int).SetBytes(got[32:])) {
			t.Errorf("nobody else verifies it: %x", got)
		}
	}
	r, v, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	s.verifies(t, signing, signature, pairEC, seesEC)
	der, err := ecdsa.SignASN1(rand.Reader, private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	order := private.Curve.Params().N.FillBytes(make([]byte, 32))
	for what, wrong := range map[string][]byte{
		"DER": der, "zeros": make([]byte, 64), "the order of the curve": append(bytes.Clone(order), order...),
		"the first half twice": append(bytes.Clone(signature[:32]), signature[:32]...),
		"halves exchanged":     append(bytes.Clone(signature[32:]), signature[:32]...),
	} {
		s.refused(t, what, s.m.Verify(background, signing, wrong), hsm.ErrVerify)
	}
}

// rsa: the same with both paddings; a salt of another length than the hash's is refused.
func (s *suite) rsa(t *testing.T) {
	private := s.pair(t, pairRSA).(*rsa.PrivateKey)
	pss := &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}
	signing := hsm.Signing{By: pairRSA, Algorithm: hsm.PS256, Digest: digest}
	got, err := s.m.Sign(background, signing)
	if err != nil || rsa.VerifyPSS(&private.PublicKey, crypto.SHA256, digest[:], got, pss) != nil {
		t.Errorf("PS256: nobody else verifies it: %v", err)
	}
	signature, err := rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest[:], pss)
	if err != nil {
		t.Fatal(err)
	}
	s.verifies(t, signing, signature, pairRSA, seesRSA)
	for _, salt := range []int{0, 20, 64} {
		other, err := rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256})
		if salt == 0 { // the library takes 0 for as much as there is room
			other, err = rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256})
		}
		if err != nil {
			t.Fatal(err)
		}
		s.refused(t, "salt of another length", s.m.Verify(background, signing, other), hsm.ErrVerify)
	}

	signing.Algorithm = hsm.RS256
	got, err = s.m.Sign(background, signing)
	if err != nil || rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest[:], got) != nil {
		t.Errorf("RS256: nobody else verifies it: %v", err)
	}
	if signature, err = rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:]); err != nil {
		t.Fatal(err)
	}
	s.verifies(t, signing, signature, pairRSA, seesRSA)
	signing.Algorithm = hsm.PS256
	s.refused(t, "RS256 taken for PS256", s.m.Verify(background, signing, signature), hsm.ErrVerify)
}

// verifies: a signature that others have made is good, with the pair and with the public
// half; changed anywhere, or of another message, it is not.
func (s *suite) verifies(t *testing.T, signing hsm.Signing, signature []byte, pair, public hsm.KeyRef) {
	t.Helper()
	for _, by := range []hsm.KeyRef{pair, public} {
		signing.By = by
		if err := s.m.Verify(background, signing, signature); err != nil {
			t.Errorf("%s by %s: %v", signing.Algorithm, by, err)
		}
	}
	for i := 0; i < len(signature); i += 7 {
		changed := bytes.Clone(signature)
		changed[i] ^= 1
		s.refused(t, "a bit changed", s.m.Verify(background, signing, changed), hsm.ErrVerify)
	}
	for _, n := range []int{0, 1, len(signature) - 1} {
		s.refused(t, "cut", s.m.Verify(background, signing, signature[:n]), hsm.ErrVerify)
	}
	s.refused(t, "a byte more", s.m.Verify(background, signing, append(bytes.Clone(signature), 0)), hsm.ErrVerify)
	signing.Digest[31] ^= 1
	s.refused(t, "another message", s.m.Verify(background, signing, signature), hsm.ErrVerify)
}

// signatureConfusion: the key says which algorithms are its own, not the message.
func (s *suite) signatureConfusion(t *testing.T) {
	for _, c := range []struct {
		what      string
		by        hsm.KeyRef
		algorithm hsm.SignatureAlgorithm
		kind      error
		signs     error
	}{
		{"ES256 with RSA", pairRSA, hsm.ES256, hsm.ErrKey, hsm.ErrKey},
		{"PS256 with ECDSA", pairEC, hsm.PS256, hsm.ErrKey, hsm.ErrKey},
		{"RS256 with ECDSA", pairEC, hsm.RS256, hsm.ErrKey, hsm.ErrKey},
		{"none", pairEC, "none", hsm.ErrDenied, hsm.ErrDenied},
		{"no algorithm", pairRSA, "", hsm.ErrDenied, hsm.ErrDenied},
		{"HS256 with a public key", seesRSA, "HS256", hsm.ErrDenied, nil},
		{"nobody", nobody, hsm.ES256, hsm.ErrKey, hsm.ErrKey},
		{"a public key signs", seesEC, hsm.ES256, nil, hsm.ErrKey},
		{"a public key signs", seesRSA, hsm.PS256, nil, hsm.ErrKey},
	} {
		signing := hsm.Signing{By: c.by, Algorithm: c.algorithm, Digest: digest}
		if c.kind != nil {
			s.refused(t, "verifying, "+c.what, s.m.Verify(background, signing, make([]byte, 64)), c.kind)
		}
		if c.signs != nil {
			got, err := s.m.Sign(background, signing)
			s.refused(t, "signing, "+c.what, err, c.signs)
			if len(got) > 0 {
				t.Errorf("%s: there is a signature all the same", c.what)
			}
		}
	}
	for ref, k := range s.keys {
		if k.Usage != hsm.SignaturePair {
			_, err := s.m.Sign(background, hsm.Signing{By: ref, Algorithm: hsm.ES256, Digest: digest})
			s.refused(t, "signing with "+string(ref), err, hsm.ErrKey)
			s.refused(t, "verifying with "+string(ref), s.m.Verify(background, hsm.Signing{By: ref, Algorithm: hsm.ES256, Digest: digest}, make([]byte, 64)), hsm.ErrKey)
		}
	}
}
