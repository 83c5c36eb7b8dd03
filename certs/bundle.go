package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"
)

// pemBegin begins every PEM block.
const pemBegin = "-----BEGIN "

// authoritiesMax bounds a bundle: each is tried when a list's signature is checked.
const authoritiesMax = 64

// blocksOf returns all blocks of a kind. A block that is begun and cannot be read
// is a fault: encoding/pem would pass over it, and half a bundle would look like a
// whole one.
func blocksOf(file string, data []byte, kind string) ([][]byte, error) {
	var found [][]byte
	all := 0
	for rest := data; ; all++ {
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type == kind {
			found = append(found, block.Bytes)
		}
		rest = more
	}
	// Each block has two lines of this kind; more are those of a block, or of the
	// beginning of one, that cannot be read.
	if lines := bytes.Count(append([]byte("\n"), data...), []byte("\n-")); lines != 2*all {
		return nil, fmt.Errorf("%s: a PEM block cannot be read: the file is not complete, or damaged", file)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no PEM block %q", file, kind)
	}
	return found, nil
}

// readAuthorities reads a bundle.
func readAuthorities(file string, data []byte) ([]*x509.Certificate, error) {
	blocks, err := blocksOf(file, data, certBlock)
	if err != nil {
		return nil, err
	}
	if len(blocks) > authoritiesMax {
		return nil, fmt.Errorf("%s: more than %d authorities", file, authoritiesMax)
	}
	var all []*x509.Certificate
	for i, der := range blocks {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", file, i+1, err)
		}
		if !c.BasicConstraintsValid || !c.IsCA {
			return nil, fmt.Errorf("%s: certificate %d is not that of an authority", file, i+1)
		}
		all = append(all, c)
	}
	return all, nil
}

// readOwn reads our own certificate, which says whose it is, and its key. What no peer
// would take is refused, so that it does not replace what they take.
func readOwn(p Paths, cert, key []byte, id string, now time.Time) (*tls.Certificate, error) {
	own, err := readPair(p, cert, key)
	if err != nil {
		return nil, err
	}
	is, err := Identity(own.Leaf)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.Cert, err)
	case is != id:
		return nil, fmt.Errorf("%s: a certificate of %s, not of %s", p.Cert, is, id)
	}
	return own, valid(p.Cert, own.Leaf, now)
}

// readPair reads a certificate, with those between it and the authority, and its key.
func readPair(p Paths, cert, key []byte) (*tls.Certificate, error) {
	if _, err := blocksOf(p.Cert, cert, certBlock); err != nil {
		return nil, err
	}
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", p.Cert, p.Key, err)
	}
	return &own, nil
}

// valid says why a certificate is not good at a time.
func valid(file string, c *x509.Certificate, now time.Time) error {
	switch {
	case now.Before(c.NotBefore):
		return fmt.Errorf("%s: not valid before %s", file, shown(c.NotBefore))
	case now.After(c.NotAfter):
		return fmt.Errorf("%s: expired on %s", file, shown(c.NotAfter))
	}
	return nil
}

// shown is a time as operators read it.
func shown(t time.Time) string { return t.UTC().Format(time.RFC3339) }
