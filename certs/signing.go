package certs

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// signSuffix ends the names of certificates for signatures, before what tells several
// apart.
const signSuffix = "-sign"

// signPattern keeps certificates for signatures apart from those for links by name: no
// id of a configuration has a hyphen.
var signPattern = regexp.MustCompile(`^[A-Za-z0-9]{1,16}` + signSuffix + `(-[A-Za-z0-9]{1,10})?$`)

// documentSigning is id-kp-documentSigning (RFC 9336). A certificate that names no such
// usage would do for any, TLS included.
var documentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}

// signingOf says what the certificate of id for signatures of messages has. Two things
// keep it from any link, and each is enough: it names no participant, and its usage is
// not TLS.
func signingOf(id string) *x509.Certificate {
	return &x509.Certificate{
		Subject:            pkix.Name{CommonName: id},
		KeyUsage:           x509.KeyUsageDigitalSignature,
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{documentSigning},
	}
}

// SigningID names the certificate for signatures of a participant.
func SigningID(id string) string { return id + signSuffix }

// CheckSigningID says what is wrong with the name of a certificate for signatures.
func CheckSigningID(id string) error {
	if signPattern.MatchString(id) {
		return nil
	}
	return fmt.Errorf("id %q: a certificate for signatures has a name such as switch-sign or BANKC-sign-2", id)
}

// Certify adds <id>.pem, for signatures of messages, to the PKI that Init made in dir: a
// certificate of a public key, whose private half stays where it is. It refuses to
// overwrite anything.
func Certify(dir, id string, key crypto.PublicKey, now time.Time, valid time.Duration) error {
	if err := errors.Join(CheckSigningID(id), checkNew(dir, []string{id + certExt})); err != nil {
		return err
	}
	ca, err := loadAuthority(dir)
	if err != nil {
		return err
	}
	der, err := ca.sign(signingOf(id), key, term{now, valid})
	if err != nil {
		return err
	}
	return writeAll(dir, []newFile{certPEM(id+certExt, der)})
}

// IssueSigning adds <id>-sign.pem and <id>-sign-key.pem for each id, for signatures of
// messages, to the PKI that Init made in dir. It refuses to overwrite anything.
func IssueSigning(dir string, ids []string, now time.Time, valid time.Duration) error {
	names := make([]string, len(ids))
	var faults []error
	for i, id := range ids {
		names[i] = SigningID(id)
		faults = append(faults, CheckSigningID(names[i]))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return issue(dir, names, signingOf, term{now, valid})
}
