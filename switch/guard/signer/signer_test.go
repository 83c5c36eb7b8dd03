package signer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/specimen"
)

// TestCertificates: only keys that are strong enough, of certificates that may sign.
func TestCertificates(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	short, _ := rsa.GenerateKey(rand.Reader, 1024)
	three, _ := rsa.GenerateKey(rand.Reader, 2048)
	three.E = 3 // which the check must see before anybody uses it
	usage := func(u x509.KeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.KeyUsage = u }
	}
	good := specimen.EC("good").File.Content
	parse := func(content []byte) error {
		list, err := signer.ParseCertificates(signer.File{Name: "x.pem", Content: content})
		if err != nil && !strings.HasPrefix(err.Error(), "x.pem: ") {
			t.Errorf("%v: it does not name the file", err)
		}
		if (err == nil) != (len(list) > 0) {
			t.Errorf("%v with %d certificates", err, len(list))
		}
		return err
	}
	for want, content := range map[string][]byte{
		"":                         good,
		"curve P-384":              specimen.Issue(p384, "a", nil).File.Content,
		"key is of Ed25519":        specimen.Issue(edwards, "a", nil).File.Content,
		"1024 bits":                specimen.Issue(short, "a", nil).File.Content,
		"digitalSignature":         specimen.Issue(p256, "a", usage(x509.KeyUsageKeyEncipherment|x509.KeyUsageContentCommitment)).File.Content,
		"no certificate":           []byte("hello"),
		"EC PRIVATE KEY":           append(slices.Clone(good), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY"})...),
		"certificate 2: x509":      append(slices.Clone(good), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})...),
		"a signing,O=Specimen & C": specimen.Issue(p384, "a", nil).File.Content,
	} {
		if err := parse(content); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := parse(specimen.Issue(p256, "a", usage(0)).File.Content); err != nil {
		t.Errorf("no key usage at all: %v", err)
	}
	for bits, want := range map[int]string{2047: "2047 bits", 2048: "", 4096: "", 4097: "4097 bits"} {
		n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
		_, err := signer.NewCertificate(&x509.Certificate{PublicKey: &rsa.PublicKey{N: n, E: 65537}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("RSA with %d bits: %v", bits, err)
		}
	}
	if _, err := signer.NewCertificate(&x509.Certificate{PublicKey: &three.PublicKey}); err == nil || !strings.Contains(err.Error(), "exponent 3") {
		t.Errorf("exponent 3: %v", err)
	}
}

// TestOptions: what does not fit together is said before the first message.
func TestOptions(t *testing.T) {
	bank, own, rsa := specimen.EC("bank"), specimen.EC("own"), specimen.RSA("bankr", 2048)
	all := []hsm.SignatureAlgorithm{hsm.ES256, hsm.PS256}
	good := signer.Options{Theirs: []signer.File{bank.File, rsa.File}, Own: own.File, Key: "own/sign", Clock: specimen.Clock}
	for want, change := range map[string]func(*signer.Options){
		"":                                 func(*signer.Options) {},
		"a clock is required":              func(o *signer.Options) { o.Clock = nil },
		"0 certificates":                   func(o *signer.Options) { o.Theirs = nil },
		"is there twice":                   func(o *signer.Options) { o.Theirs = append(o.Theirs, bank.File) },
		`"RS256" is not one of`:            func(o *signer.Options) { o.Accept = []hsm.SignatureAlgorithm{hsm.RS256, hsm.ES256, hsm.PS256} },
		`"none" is not one of`:             func(o *signer.Options) { o.Accept = []hsm.SignatureAlgorithm{"none", hsm.ES256, hsm.PS256} },
		"for none of the algorithms":       func(o *signer.Options) { o.Accept = []hsm.SignatureAlgorithm{hsm.ES256} },
		`the name "" of the signing key`:   func(o *signer.Options) { o.Key = "" },
		`cannot sign with "PS256"`:         func(o *signer.Options) { o.With = hsm.PS256 },
		"own.pem: no certificate":          func(o *signer.Options) { o.Own.Content = nil },
		"also the participant's":           func(o *signer.Options) { o.Own = bank.File },
		"it has 2 certificates; the switc": func(o *signer.Options) { o.Own.Content = append(slices.Clone(own.File.Content), rsa.File.Content...) },
		"9 certificates; 1 to 8": func(o *signer.Options) {
			for _, name := range strings.Split("abcdefg", "") {
				o.Theirs = append(o.Theirs, specimen.EC(name).File)
			}
		},
	} {
		o := good
		o.Theirs = slices.Clone(good.Theirs)
		change(&o)
		if _, err := signer.New(o, all...); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, err := signer.New(signer.Options{}, all...)
	for _, want := range []string{"clock", "0 certificates", "signing key", "no certificate in it"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing at all: %v, want also %s", err, want)
		}
	}
}

// pairHalf is where s begins.
const pairHalf = 32

// TestVerify: each algorithm counts for its own keys and no others, and r and s of any
// length are read.
func TestVerify(t *testing.T) {
	ec, rsa := specimen.EC("bank"), specimen.RSA("bankr", 2048)
	algorithms := []hsm.SignatureAlgorithm{hsm.ES256, hsm.PS256, hsm.RS256}
	for _, i := range []specimen.Identity{ec, rsa} {
		for _, a := range algorithms {
			digest := sha256.Sum256([]byte(a))
			signature, err := i.Module().Sign(context.Background(), hsm.Signing{Algorithm: a, Digest: digest})
			if (err == nil) != i.Certificate.Fits(a) {
				t.Errorf("%s signs %s: %v", i.File.Name, a, err)
			}
			if err != nil {
				continue
			}
			for _, other := range append(algorithms, "none", "") {
				if err := i.Certificate.Verify(other, digest[:], signature); (err == nil) != (other == a) || err != nil && !errors.Is(err, hsm.ErrVerify) {
					t.Errorf("%s of %s as %s: %v", a, i.File.Name, other, err)
				}
			}
		}
	}
	for n := range 600 { // one in 256 has a zero at the beginning of r, one of s
		digest := sha256.Sum256([]byte{byte(n), byte(n >> 8)})
		signature, err := ec.Module().Sign(context.Background(), hsm.Signing{Algorithm: hsm.ES256, Digest: digest})
		if err != nil || ec.Certificate.Verify(hsm.ES256, digest[:], signature) != nil {
			t.Fatalf("%x does not count: %v", signature, err)
		}
		if ec.Certificate.Verify(hsm.ES256, digest[:], slices.Insert(signature, pairHalf, 0)) == nil {
			t.Fatalf("%x counts with a zero more before s", signature)
		}
	}
	for _, wrong := range [][]byte{nil, {}, make([]byte, 63), make([]byte, 64), make([]byte, 65), slices.Repeat([]byte{0xff}, 64)} {
		if err := ec.Certificate.Verify(hsm.ES256, make([]byte, 32), wrong); !errors.Is(err, signer.ErrSignature) {
			t.Errorf("%x: %v", wrong, err)
		}
	}
}

// TestAccept: what a participant is not set up for does not count, although its key could
// have made it.
func TestAccept(t *testing.T) {
	own, rsa := specimen.EC("own"), specimen.RSA("bankr", 2048)
	digest := sha256.Sum256([]byte("message"))
	for _, a := range []hsm.SignatureAlgorithm{hsm.PS256, hsm.RS256} {
		p, err := signer.New(signer.Options{Theirs: []signer.File{rsa.File}, Accept: []hsm.SignatureAlgorithm{a}, Own: own.File, Key: "k", Clock: specimen.Clock}, hsm.ES256, hsm.PS256, hsm.RS256)
		if err != nil {
			t.Fatal(err)
		}
		for _, made := range []hsm.SignatureAlgorithm{hsm.PS256, hsm.RS256} {
			signature, err := rsa.Module().Sign(context.Background(), hsm.Signing{Algorithm: made, Digest: digest})
			if err != nil {
				t.Fatal(err)
			}
			want := signer.ErrAlgorithm
			if a == made {
				want = nil
			}
			if err := p.Check(p.Theirs()[0], made, digest[:], signature); !errors.Is(err, want) {
				t.Errorf("%s of one who is set up for %s: %v", made, a, err)
			}
		}
		if err := p.Check(nil, a, digest[:], nil); !errors.Is(err, signer.ErrUnknown) {
			t.Error(err)
		}
	}
}
