package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"switchd/certs"
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
	scheme, o, err := signatureScheme(p)
	if err == nil {
		err = s.proves(o)
	}
	if err != nil {
		return protection{}, fmt.Errorf("participant %s: signature: %w", p.ID, err)
	}
	return protection{scheme: scheme, fault: payment.Signature, watched: watchedOf(p, scheme)}, nil
}

// signers is a scheme of signatures.
type signers interface {
	guard.Scheme
	// Own is the certificate of the switch, Theirs those of the participant.
	Own() *signer.Certificate
	Theirs() []*signer.Certificate
}

// signatureScheme reads the certificates of a participant.
func signatureScheme(p *config.Participant) (signers, signer.Options, error) {
	o := signer.Options{
		Key: hsm.KeyRef(p.Signature.Key), With: hsm.SignatureAlgorithm(p.Signature.Algorithm),
		Accept: []hsm.SignatureAlgorithm{hsm.SignatureAlgorithm(p.Signature.Algorithm)}, Clock: clock,
	}
	var err error
	if o.Own, err = readCertificate(p.Signature.Certificate); err != nil {
		return nil, o, err
	}
	for _, name := range p.Signature.Certificates {
		theirs, err := readCertificate(name)
		if err != nil {
			return nil, o, err
		}
		o.Theirs = append(o.Theirs, theirs)
	}
	if p.Signature.Kind == "xmldsig" {
		scheme, err := xmldsig.New(xmldsig.Options{Options: o})
		return scheme, o, err
	}
	scheme, err := jws.New(o)
	return scheme, o, err
}

// watchedOf is the certificates of signatures, whose end stops the messages of one side.
func watchedOf(p *config.Participant, s signers) []certs.Watched {
	all := []certs.Watched{{Label: certs.SwitchID + "/signature", Certificate: s.Own().X509()}}
	for _, c := range s.Theirs() {
		all = append(all, certs.Watched{Label: p.ID + "/signature", Certificate: c.X509()})
	}
	return all
}

// checkSignatures reads the certificates of all participants as a start does, but for
// whether the module has the key.
func checkSignatures(cfg *config.Config) (all []certs.Watched, err error) {
	var faults []error
	for i := range cfg.Participants {
		p := &cfg.Participants[i]
		if p.Signature.Kind == "" {
			continue
		}
		scheme, _, err := signatureScheme(p)
		if err != nil {
			faults = append(faults, fmt.Errorf("participant %s: signature: %w", p.ID, err))
			continue
		}
		all = append(all, watchedOf(p, scheme)...)
	}
	return all, errors.Join(faults...)
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
