package signer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"switchd/hsm"
	"switchd/switch/guard"
)

// theirsMax bounds the certificates of one participant.
const theirsMax = 8

// ErrPIN: a message of ISO 20022 was to carry a PIN block.
var ErrPIN = fmt.Errorf("%w: messages of ISO 20022 carry none: %w", guard.ErrPIN, hsm.ErrDenied)

// Options of the signatures to and from one participant.
type Options struct {
	// Theirs is the files with the participant's certificates, 1 to 8 in all: several,
	// so that the one that ends and the one that follows it both count.
	Theirs []File
	// Accept is the algorithms of the participant's signatures; default: ES256 and
	// PS256, whichever its keys are for.
	Accept []hsm.SignatureAlgorithm

	// Own is the file with the certificate of the switch's key.
	Own File
	// Key names that key in the module, and With is the algorithm that it signs with;
	// default: ES256 or PS256, whichever it is for.
	Key  hsm.KeyRef
	With hsm.SignatureAlgorithm

	Clock func() int64 // required: UTC nanoseconds, for the validity of certificates
}

// Parties is the two who sign: a participant and the switch. It does not change and is
// safe for concurrent use.
type Parties struct {
	theirs []*Certificate
	accept []hsm.SignatureAlgorithm
	own    *Certificate
	key    hsm.KeyRef
	with   hsm.SignatureAlgorithm
	clock  func() int64
}

// New reads the certificates and checks that all fits together, with all faults at
// once. known is the algorithms that the caller can write.
func New(o Options, known ...hsm.SignatureAlgorithm) (*Parties, error) {
	p := &Parties{accept: o.Accept, key: o.Key, with: o.With, clock: o.Clock}
	if len(p.accept) == 0 {
		p.accept = []hsm.SignatureAlgorithm{hsm.ES256, hsm.PS256}
	}
	var faults []error
	if o.Clock == nil {
		faults = append(faults, errors.New("a clock is required"))
	}
	faults = append(faults, p.takeTheirs(o.Theirs, known)...)
	faults = append(faults, p.takeOwn(o.Own, known)...)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	return p, nil
}

// Only is a participant with one certificate, seen at one time, in UTC nanoseconds, by
// somebody who does not sign.
func Only(by *Certificate, at int64, accept ...hsm.SignatureAlgorithm) *Parties {
	return &Parties{theirs: []*Certificate{by}, accept: accept, clock: func() int64 { return at }}
}

// takeTheirs reads the participant's certificates.
func (p *Parties) takeTheirs(files []File, known []hsm.SignatureAlgorithm) (faults []error) {
	for _, a := range p.accept {
		if !slices.Contains(known, a) {
			faults = append(faults, fmt.Errorf("the algorithm %q is not one of %v", a, known))
		}
	}
	for _, f := range files {
		list, err := ParseCertificates(f)
		if err != nil {
			faults = append(faults, err)
		}
		for _, c := range list {
			if p.find(c.thumbprint) != nil {
				faults = append(faults, fmt.Errorf("%s: the certificate of %s is there twice", f.Name, c.x509.Subject))
			}
			if !slices.ContainsFunc(p.accept, c.Fits) {
				faults = append(faults, fmt.Errorf("%s: the key of %s is for none of the algorithms %v", f.Name, c.x509.Subject, p.accept))
			}
			p.theirs = append(p.theirs, c)
		}
	}
	if len(faults) == 0 && (len(p.theirs) == 0 || len(p.theirs) > theirsMax) {
		faults = append(faults, fmt.Errorf("the participant has %d certificates; 1 to %d are possible", len(p.theirs), theirsMax))
	}
	return faults
}

// takeOwn reads the switch's certificate.
func (p *Parties) takeOwn(f File, known []hsm.SignatureAlgorithm) (faults []error) {
	if !p.key.Valid() {
		faults = append(faults, fmt.Errorf("the name %q of the signing key must be 1 to 64 of a-z, 0-9, '.', '-', '/'", p.key))
	}
	list, err := ParseCertificates(f)
	switch {
	case err != nil:
		return append(faults, err)
	case len(list) != 1:
		return append(faults, fmt.Errorf("%s: it has %d certificates; the switch signs with one, without its chain", f.Name, len(list)))
	}
	p.own = list[0]
	if p.with == "" {
		p.with = p.own.Algorithm()
	}
	if !slices.Contains(known, p.with) || !p.own.Fits(p.with) {
		faults = append(faults, fmt.Errorf("%s: its key cannot sign with %q", f.Name, p.with))
	}
	if p.find(p.own.thumbprint) != nil {
		faults = append(faults, fmt.Errorf("%s: the switch's certificate is also the participant's: what the switch signed would count as signed by the participant", f.Name))
	}
	return faults
}

func (p *Parties) find(thumbprint [sha256.Size]byte) *Certificate {
	for _, c := range p.theirs {
		if c.thumbprint == thumbprint {
			return c
		}
	}
	return nil
}

// Theirs are the participant's certificates. The slice is not to be changed.
func (p *Parties) Theirs() []*Certificate { return p.theirs }

// Own is the switch's certificate, With what it signs with.
func (p *Parties) Own() *Certificate { return p.own }

// With is the algorithm that the switch signs with.
func (p *Parties) With() hsm.SignatureAlgorithm { return p.with }

// Accepts tells whether the participant is set up for an algorithm.
func (p *Parties) Accepts(a hsm.SignatureAlgorithm) bool { return slices.Contains(p.accept, a) }

// Check tells whether a signature of the participant's counts now. by is the
// certificate that the message names, nil for one that is not there.
func (p *Parties) Check(by *Certificate, a hsm.SignatureAlgorithm, digest, signature []byte) error {
	switch {
	case by == nil:
		return ErrUnknown
	case !p.Accepts(a):
		return ErrAlgorithm
	case !by.Valid(p.clock()):
		return ErrInvalid
	}
	return by.Verify(a, digest, signature)
}

// Sign has the module sign a hash with the switch's key.
func (p *Parties) Sign(ctx context.Context, m Module, digest [sha256.Size]byte) ([]byte, error) {
	if !p.own.Valid(p.clock()) {
		return nil, fmt.Errorf("%w: the switch's own certificate for signatures is not valid now", hsm.ErrKey)
	}
	signature, err := m.Sign(ctx, hsm.Signing{By: p.key, Algorithm: p.with, Digest: digest})
	if err != nil {
		return nil, err
	}
	if len(signature) != p.own.SignatureBytes() {
		return nil, fmt.Errorf("%w: the signature has %d bytes and not the %d of the certificate's key", hsm.ErrKey, len(signature), p.own.SignatureBytes())
	}
	return signature, nil
}

// Prove has the module sign something and checks it with the switch's certificate: that
// the key of that name is the certificate's shows in no other way before a participant
// refuses all messages.
func (p *Parties) Prove(ctx context.Context, m Module) error {
	digest := sha256.Sum256([]byte("switchd: is this the key of the certificate?"))
	signature, err := p.Sign(ctx, m, digest)
	if err != nil {
		return err
	}
	if p.own.Verify(p.with, digest[:], signature) != nil {
		return fmt.Errorf("%w: %s is not the key of the certificate of %s", hsm.ErrKey, p.key, p.own.x509.Subject)
	}
	return nil
}
