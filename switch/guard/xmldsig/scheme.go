package xmldsig

import (
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/guard/signer"
)

// Options of the XML signatures to and from one participant.
type Options struct {
	signer.Options
	// Thumbprint has the switch name its certificate by X509Digest (SHA-256); default: by
	// issuer and serial number. Of the participant both are read.
	Thumbprint bool
}

// Scheme signs and checks the messages of one participant. It does not change and is
// safe for concurrent use.
type Scheme struct {
	*signer.Parties
	theirs []named
	own    signature
}

// named is a certificate with how XML names it.
type named struct {
	*signer.Certificate
	issuer, serial string
}

// signature is what all signatures of one key have in common.
type signature struct {
	method  string
	id      string
	keyInfo string // as it stands in a signature
	digest  [sha256.Size]byte
}

// New makes a Scheme, or says all that is wrong with the options.
func New(o Options) (*Scheme, error) {
	p, err := signer.New(o.Options, hsm.ES256, hsm.PS256, hsm.RS256)
	if err != nil {
		return nil, err
	}
	s := &Scheme{Parties: p}
	if s.theirs, err = nameAll(p.Theirs()); err != nil {
		return nil, err
	}
	s.own, err = newSignature(p.With(), p.Own(), o.Thumbprint)
	return s, err
}

// nameAll gives certificates their names, of which no two may be the same.
func nameAll(list []*signer.Certificate) ([]named, error) {
	var all []named
	for _, c := range list {
		n, err := nameOf(c)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.serial == n.serial && sameName(other.issuer, []byte(n.issuer)) {
				return nil, fmt.Errorf("signatures: two certificates of the participant have the issuer %s and the number %s", c.X509().Issuer, n.serial)
			}
		}
		all = append(all, n)
	}
	return all, nil
}

// nameOf gives a certificate its name: the issuer by RFC 4514, in canonical form.
func nameOf(c *signer.Certificate) (named, error) {
	var issuer pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.X509().RawIssuer, &issuer); err != nil {
		return named{}, fmt.Errorf("signatures: the issuer of %s: %w", c.X509().Subject, err)
	}
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "").Replace(issuer.String())
	return named{Certificate: c, issuer: text, serial: c.X509().SerialNumber.String()}, nil
}

// newSignature writes what signatures with a key have in common.
func newSignature(a hsm.SignatureAlgorithm, own *signer.Certificate, thumbprint bool) (signature, error) {
	n, err := nameOf(own)
	if err != nil {
		return signature{}, err
	}
	sum := own.Thumbprint()
	s := signature{id: "_" + hex.EncodeToString(sum[:16])}
	for _, m := range methods {
		if m.algorithm == a {
			s.method = m.uri
		}
	}
	by := `<ds:X509IssuerSerial><ds:X509IssuerName>` + n.issuer + `</ds:X509IssuerName><ds:X509SerialNumber>` + n.serial + `</ds:X509SerialNumber></ds:X509IssuerSerial>`
	if thumbprint {
		by = `<dsig11:X509Digest xmlns:dsig11="` + uriDigest + `" Algorithm="` + algorithmDigest + `">` + base64.StdEncoding.EncodeToString(sum[:]) + `</dsig11:X509Digest>`
	}
	rest := ` Id="` + s.id + `"><ds:X509Data>` + by + `</ds:X509Data></ds:KeyInfo>`
	s.keyInfo = `<ds:KeyInfo` + rest
	s.digest = sha256.Sum256([]byte(`<ds:KeyInfo xmlns:ds="` + uriSignature + `"` + rest))
	return s, nil
}

// Open gives a Guard for one link.
func (s *Scheme) Open() guard.Guard { return s.open() }

func (s *Scheme) open() *linkGuard { return &linkGuard{scheme: s, hash: sha256.New()} }

// linkGuard is the buffers of one link.
type linkGuard struct {
	scheme   *Scheme
	hash     hash.Hash
	parts    parts
	template template
	info     signedInfo
	value    [valueBytesMax]byte
	digest   [sha256.Size]byte
	written  []byte
}

// sum hashes pieces that follow each other.
func (g *linkGuard) sum(pieces ...[]byte) *[sha256.Size]byte {
	g.hash.Reset()
	for _, b := range pieces {
		g.hash.Write(b)
	}
	g.hash.Sum(g.digest[:0])
	return &g.digest
}
