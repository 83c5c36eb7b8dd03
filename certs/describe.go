package certs

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"
)

// Description is what a person wants to know of a certificate or a revocation
// list. Its JSON names are a contract.
type Description struct {
	Kind      string    `json:"kind"` // certificate, authority, crl
	Subject   string    `json:"subject,omitempty"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial,omitempty"` // hexadecimal
	ID        string    `json:"participant,omitempty"`
	Names     []string  `json:"names,omitempty"` // SAN: URIs, hosts, addresses
	Uses      []string  `json:"uses,omitempty"`
	Key       string    `json:"key,omitempty"`
	Pin       string    `json:"pin,omitempty"`
	NotBefore time.Time `json:"not_before"` // of a list: when it was made
	NotAfter  time.Time `json:"not_after"`  // of a list: when the next one comes
	Number    string    `json:"number,omitempty"`
	Revoked   []Revoked `json:"revoked,omitempty"`
}

// Revoked is an entry of a revocation list.
type Revoked struct {
	Serial string    `json:"serial"`
	At     time.Time `json:"at"`
}

// Describe reads a file with certificates (PEM) or a revocation list (PEM or DER).
// It verifies no signature.
func Describe(file string) ([]Description, error) {
	data, err := readBounded(file, crlBytesMax)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(data, []byte(pemBegin+certBlock+"-----")) {
		return describeCertificates(file, data)
	}
	der := data
	if bytes.Contains(data, []byte(pemBegin)) {
		blocks, err := blocksOf(file, data, crlBlock)
		if err != nil {
			return nil, fmt.Errorf("%s: neither a certificate nor a revocation list", file)
		}
		der = blocks[0]
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		return []Description{describe(c)}, nil
	}
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("%s: neither a certificate nor a revocation list", file)
	}
	return []Description{describeList(crl)}, nil
}

func describeCertificates(file string, data []byte) (all []Description, err error) {
	blocks, err := blocksOf(file, data, certBlock)
	if err != nil {
		return nil, err
	}
	for i, der := range blocks {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", file, i+1, err)
		}
		all = append(all, describe(c))
	}
	return all, nil
}

func describe(c *x509.Certificate) Description {
	d := Description{
		Kind: "certificate", Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: serialText(c),
		Key: c.PublicKeyAlgorithm.String(), Pin: PinOf(c).String(), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
	}
	if c.IsCA {
		d.Kind = "authority"
	}
	d.ID, _ = Identity(c) // "" says that there is none
	for _, u := range c.URIs {
		d.Names = append(d.Names, u.String())
	}
	d.Names = append(d.Names, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		d.Names = append(d.Names, ip.String())
	}
	for _, use := range c.ExtKeyUsage {
		d.Uses = append(d.Uses, use.String())
	}
	for _, use := range c.UnknownExtKeyUsage {
		d.Uses = append(d.Uses, use.String())
	}
	return d
}

func describeList(crl *x509.RevocationList) Description {
	d := Description{Kind: "crl", Issuer: crl.Issuer.String(), NotBefore: crl.ThisUpdate.UTC(), NotAfter: crl.NextUpdate.UTC()}
	if crl.Number != nil {
		d.Number = crl.Number.String()
	}
	for _, e := range crl.RevokedCertificateEntries {
		d.Revoked = append(d.Revoked, Revoked{Serial: hexText(e.SerialNumber), At: e.RevocationTime.UTC()})
	}
	return d
}

// serialText is a serial number as openssl shows it, but in lower case.
func serialText(c *x509.Certificate) string { return hexText(c.SerialNumber) }

func hexText(n *big.Int) string { return fmt.Sprintf("%x", n) }
