package certs

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// pinPrefix names the hash of a pin in text.
const pinPrefix = "sha256/"

// pinsMax bounds the pins of a participant: one in use, one for the roll-over, and
// some room.
const pinsMax = 16

// Pin is the SHA-256 of a public key (SubjectPublicKeyInfo in DER). It stays the
// same when a certificate is renewed with its key.
type Pin [sha256.Size]byte

// PinOf is the pin of a certificate's key.
func PinOf(c *x509.Certificate) Pin { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// ParsePin reads "sha256/" and 44 characters of base64, as String writes it.
func ParsePin(text string) (Pin, error) {
	var p Pin
	digits, ok := strings.CutPrefix(text, pinPrefix)
	if !ok {
		return p, fmt.Errorf("pin does not begin with %s", pinPrefix)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(digits)
	if err != nil || len(raw) != len(p) || strings.ContainsAny(digits, "\r\n") {
		return p, fmt.Errorf("pin is not the base64 of %d bytes", len(p))
	}
	copy(p[:], raw)
	return p, nil
}

// String is the pin as ParsePin reads it.
func (p Pin) String() string { return pinPrefix + base64.StdEncoding.EncodeToString(p[:]) }

// pinned says whether a certificate has one of the peer's keys; without pins any
// that the authority has signed.
func (p *Peer) pinned(c *x509.Certificate) bool {
	return len(p.Pins) == 0 || slices.Contains(p.Pins, PinOf(c))
}
