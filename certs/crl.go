package certs

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// crlBlock is the PEM block type of a revocation list.
const crlBlock = "X509 CRL"

// GraceForever is the Options.CRLGrace with which a list never becomes too old.
const GraceForever = time.Duration(-1)

// revocations are one revocation list whose signature has been checked. It does not change.
type revocations struct {
	file       string
	signer     *x509.Certificate
	issuer     []byte // name of the authority, in DER
	keyID      []byte
	number     *big.Int // nil: the list has none
	this, next time.Time
	serials    map[string]struct{}
}

// readList reads one CRL, in PEM or DER, that one of the authorities has signed.
func readList(file string, data []byte, authorities []*x509.Certificate) (*revocations, error) {
	der := data
	if bytes.Contains(data, []byte(pemBegin)) {
		blocks, err := blocksOf(file, data, crlBlock)
		if err != nil {
			return nil, err
		}
		if len(blocks) != 1 {
			return nil, fmt.Errorf("%s: %d lists, want one for each file", file, len(blocks))
		}
		der = blocks[0]
	}
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("%s: no revocation list: %w", file, err)
	}
	if err := understood(crl, der); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	signer := signerOf(crl, authorities)
	if signer == nil {
		return nil, fmt.Errorf("%s: no trusted authority has signed it", file)
	}
	l := &revocations{file: file, signer: signer, issuer: crl.RawIssuer, keyID: crl.AuthorityKeyId, number: crl.Number,
		this: crl.ThisUpdate, next: crl.NextUpdate, serials: make(map[string]struct{}, len(crl.RevokedCertificateEntries))}
	for _, e := range crl.RevokedCertificateEntries {
		l.serials[string(e.SerialNumber.Bytes())] = struct{}{}
	}
	return l, nil
}

// understood refuses what would be read wrong: a critical extension makes a list
// one of differences, of other authorities or of a part of the certificates
// (RFC 5280, 5.2: such a list must not be used by who does not know it).
func understood(crl *x509.RevocationList, der []byte) error {
	if len(crl.Raw) != len(der) {
		return errors.New("there is something behind the revocation list")
	}
	if crl.NextUpdate.IsZero() {
		return errors.New("revocation list does not say when the next one comes")
	}
	critical := func(e pkix.Extension) bool { return e.Critical }
	if slices.ContainsFunc(crl.Extensions, critical) {
		return errors.New("revocation list is not a complete one of one authority: it has a critical extension")
	}
	for _, e := range crl.RevokedCertificateEntries {
		if slices.ContainsFunc(e.Extensions, critical) {
			return errors.New("revocation list has an entry with a critical extension")
		}
	}
	return nil
}

// signerOf finds the authority that has signed a list in its own name.
func signerOf(crl *x509.RevocationList, authorities []*x509.Certificate) *x509.Certificate {
	for _, ca := range authorities {
		if bytes.Equal(ca.RawSubject, crl.RawIssuer) && crl.CheckSignatureFrom(ca) == nil {
			return ca
		}
	}
	return nil
}

// follows refuses to replace a list by an older one, or by another authority's:
// both would make certificates good that are revoked.
func (l *revocations) follows(before *revocations, authorities []*x509.Certificate) error {
	switch {
	case before == nil || !before.trusted(authorities):
		return nil
	case !bytes.Equal(l.issuer, before.issuer):
		return fmt.Errorf("%s: it is of another authority than the list that it replaces, which is still trusted", l.file)
	case l.number != nil && before.number != nil && bytes.Equal(l.keyID, before.keyID):
		if l.number.Cmp(before.number) < 0 {
			return fmt.Errorf("%s: its number is lower than that of the list in force", l.file)
		}
	case l.this.Before(before.this):
		return fmt.Errorf("%s: it is older than the list in force", l.file)
	}
	return nil
}

// trusted says whether the list's authority is still one. Its certificate may have
// been renewed.
func (l *revocations) trusted(authorities []*x509.Certificate) bool {
	return slices.ContainsFunc(authorities, func(ca *x509.Certificate) bool { return sameAuthority(ca, l.signer) })
}

// sameAuthority says whether two certificates are of one authority: its name and its
// key.
func sameAuthority(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}

// names says whether a certificate is on the list. Name of the issuer and serial
// number name a certificate, whichever of its keys an authority has used.
func (l *revocations) names(c *x509.Certificate) bool {
	_, there := l.serials[string(c.SerialNumber.Bytes())]
	return there && bytes.Equal(c.RawIssuer, l.issuer)
}

// issued says whether a certificate claims to be of an authority. It proves
// nothing: that is what signatures are for.
func issued(ca, c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, ca.RawSubject) &&
		(len(c.AuthorityKeyId) == 0 || len(ca.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId))
}

// crlPEM writes a list as a file.
func crlPEM(name string, der []byte) newFile {
	return newFile{name, 0o644, pem.EncodeToMemory(&pem.Block{Type: crlBlock, Bytes: der})}
}
