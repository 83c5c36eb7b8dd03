package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// SwitchID is the identity of the switch itself; Init always makes a leaf of
// this name and ClientConfig accepts no other server.
const SwitchID = "switch"

// urnSpace is the part of the SAN URI between the scheme "urn:" and the id.
const urnSpace = "switch:participant:"

// idPattern keeps identities safe as file names, metric labels and log fields.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

var (
	// ErrNoIdentity says that a certificate does not name exactly one participant.
	ErrNoIdentity = errors.New("certificate names no participant")
	// ErrUnknown says that a certificate is good, but its participant is not configured.
	ErrUnknown = errors.New("participant is not known")
	// ErrNotSwitch says that the server answered with another identity than the switch's.
	ErrNotSwitch = errors.New("server is not the switch")
	// ErrOther says that the server is another participant than the one that was dialled.
	ErrOther = errors.New("server is another participant")
)

// Identity reads the participant id from c's SAN URI
// urn:switch:participant:<id>. A certificate with none, or with several, has no
// identity: a second name would let one participant speak for another.
// It does not verify the certificate. Safe for concurrent use.
func Identity(c *x509.Certificate) (string, error) {
	if c == nil {
		return "", ErrNoIdentity
	}
	id := ""
	for _, u := range c.URIs {
		if !strings.EqualFold(u.Scheme, "urn") || !strings.HasPrefix(u.Opaque, urnSpace) {
			continue
		}
		if id != "" {
			return "", fmt.Errorf("%w: more than one", ErrNoIdentity)
		}
		id = u.Opaque[len(urnSpace):]
		// A query or fragment would make two different URIs read as one id.
		if !idPattern.MatchString(id) || u.RawQuery != "" || u.Fragment != "" {
			return "", fmt.Errorf("%w: malformed id", ErrNoIdentity)
		}
	}
	if id == "" {
		return "", ErrNoIdentity
	}
	return id, nil
}
