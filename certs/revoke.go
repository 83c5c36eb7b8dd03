package certs

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

const (
	crlFile = "crl.pem"
	// CRLValidity is how long a list made by Revoke counts.
	CRLValidity = 30 * day
)

// Revoke puts the certificates <id>.pem of the PKI that Init made in dir on its
// revocation list crl.pem, which it makes or replaces by a newer one. Without ids
// the list only gets a later end.
func Revoke(dir string, ids []string, now time.Time, valid time.Duration) error {
	if err := checkIDs(ids); err != nil {
		return err
	}
	ca, err := loadAuthority(dir)
	if err != nil {
		return err
	}
	tmpl, err := nextList(filepath.Join(dir, crlFile), ca.cert)
	if err != nil {
		return err
	}
	tmpl.ThisUpdate, tmpl.NextUpdate = now, now.Add(valid)
	for _, id := range ids {
		c, err := readCert(filepath.Join(dir, id+certExt))
		if err != nil {
			return err
		}
		if err := c.CheckSignatureFrom(ca.cert); err != nil {
			return fmt.Errorf("%s: not a certificate of %s", filepath.Join(dir, id+certExt), caFile)
		}
		if !listed(tmpl, c.SerialNumber) {
			tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: now})
		}
	}
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, ca.cert, ca.key)
	if err != nil {
		return fmt.Errorf("sign revocation list: %w", err)
	}
	return replace(dir, crlPEM(crlFile, der))
}

// nextList is a template with what the list in a file has, if there is one.
func nextList(file string, ca *x509.Certificate) (*x509.RevocationList, error) {
	next := &x509.RevocationList{Number: big.NewInt(1)}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return next, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read revocation list: %w", err)
	}
	der, err := decodePEM(file, data, crlBlock)
	if err != nil {
		return nil, err
	}
	old, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := old.CheckSignatureFrom(ca); err != nil {
		return nil, fmt.Errorf("%s: not a list of %s", file, caFile)
	}
	if old.Number != nil {
		next.Number.Add(next.Number, old.Number)
	}
	next.RevokedCertificateEntries = old.RevokedCertificateEntries
	return next, nil
}

func listed(crl *x509.RevocationList, serial *big.Int) bool {
	for _, e := range crl.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(serial) == 0 {
			return true
		}
	}
	return false
}

// replace writes a file beside its place and moves it there, so that who watches it
// never sees half of it.
func replace(dir string, f newFile) error {
	w, err := os.CreateTemp(dir, "."+f.name+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	_, err = w.Write(f.data)
	err = errors.Join(err, w.Chmod(f.mode), w.Close())
	if err == nil {
		err = os.Rename(w.Name(), filepath.Join(dir, f.name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.name, err), os.Remove(w.Name()))
	}
	return nil
}
