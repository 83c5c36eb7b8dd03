package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"

	"switchd/hsm"
	"switchd/switch/config"
	"switchd/switch/guard"
	"switchd/switch/guard/jws"
	"switchd/switch/guard/signer"
	"switchd/switch/guard/xmldsig"
	"switchd/switch/payment"
)

// certificateBytesMax bounds a file with certificates.
const certificateBytesMax = 1 << 20

// signed makes the protection of a participant whose messages are signed. The switch
// signs and verifies once, because a certificate of another key would only show when
// the participant says no.
func (s *security) signed(p *config.Participant) (protection, error) {
	o := signer.Options{
		Key: hsm.KeyRef(p.Signature.Key), With: hsm.SignatureAlgorithm(p.Signature.Algorithm),
		Accept: []hsm.SignatureAlgorithm{hsm.SignatureAlgorithm(p.Signature.Algorithm)}, Clock: clock,
	}
	own, err := readCertificate(p.Signature.Certificate)
	if err != nil {
		return protection{}, fmt.Errorf("participant %s: signature: %w", p.ID, err)
	}
	o.Own = own
	for _, name := range p.Signature.Certificates {
		theirs, err := readCertificate(name)
		if err != nil {
			return protection{}, fmt.Errorf("participant %s: signature: %w", p.ID, err)
		}
		o.Theirs = append(o.Theirs, theirs)
	}
	scheme, err := signatureScheme(p.Signature.Kind, o)
	if err == nil {
		err = s.proves(o)
	}
	if err != nil {
		return protection{}, fmt.Errorf("participant %s: signature: %w", p.ID, err)
	}
	return protection{scheme: scheme, fault: payment.Signature}, nil
}

func signatureScheme(kind string, o signer.Options) (guard.Scheme, error) {
	if kind == "xmldsig" {
		return xmldsig.New(xmldsig.Options{Options: o})
	}
	return jws.New(o)
}

// proves says whether the module's key is that of the switch's certificate.
func (s *security) proves(o signer.Options) error {
	parties, err := signer.New(o, hsm.ES256, hsm.PS256)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), modulePatience)
	defer cancel()
	return parties.Prove(ctx, s.module)
}

// readCertificate reads a file with certificates.
func readCertificate(name string) (signer.File, error) {
	info, err := os.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > certificateBytesMax) {
		err = fmt.Errorf("%s is no file of up to %d bytes", name, certificateBytesMax)
	}
	if err != nil {
		return signer.File{}, err
	}
	content, err := os.ReadFile(name)
	return signer.File{Name: name, Content: content}, err
}

// signatureFiles tells the content of a participant's files with certificates from any
// other: a certificate that is taken out of its file ends the links that count it.
func signatureFiles(p *config.Participant) (sum [32]byte) {
	if p.Signature.Kind == "" {
		return sum
	}
	h := sha256.New()
	for _, name := range append([]string{p.Signature.Certificate}, p.Signature.Certificates...) {
		f, _ := readCertificate(name) // signed says what is wrong with it
		fmt.Fprintf(h, "%d:%s", len(f.Content), f.Content)
	}
	return [32]byte(h.Sum(nil))
}
