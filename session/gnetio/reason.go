package gnetio

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"switchd/certs"
	"switchd/session/mtls"
)

// Results of a handshake: the label values of switchd_handshakes_total.
const (
	shakeOK              = "ok"
	shakeNoCertificate   = "no_certificate"
	shakeUnknownCA       = "unknown_ca"
	shakeExpired         = "expired"
	shakeUnknownIdentity = "unknown_identity"
	shakeNoIdentity      = "no_identity"
	shakeNotTLS          = "not_tls"
	shakeOverflow        = "overflow" // more bytes than a handshake has
	shakeTimeout         = "timeout"
	shakeBusy            = "busy"   // no worker became free within the deadline
	shakeClosed          = "closed" // the peer, or our shutdown, came first
	shakeFailed          = "failed" // anything else, for example no common cipher
	shakeRevoked         = "revoked"
	shakeListExpired     = "crl_expired" // nobody can say whether it is revoked
	shakePin             = "pin"         // its key is none of the participant's
	shakeVersion         = "tls_version" // no version that both know, or TLS 1.2 of a participant that may not speak it
	shakeAddress         = "address"     // a participant, but not from where it may come
	shakeLinks           = "links_max"   // a participant, but it has too many links, or all have
)

var shakeResults = []string{shakeOK, shakeNoCertificate, shakeUnknownCA, shakeExpired, shakeUnknownIdentity, shakeNoIdentity,
	shakeNotTLS, shakeOverflow, shakeTimeout, shakeBusy, shakeClosed, shakeFailed, shakeRevoked, shakeListExpired, shakePin, shakeVersion, shakeAddress, shakeLinks}

// Reasons for the end of a link: the label values of switchd_links_closed_total.
const (
	endPeer        = "peer"           // the peer closed, or its host did
	endHandshake   = "handshake"      // see switchd_handshakes_total
	endFrame       = "frame"          // malformed, see switchd_frame_errors_total
	endDeadline    = "frame_deadline" // a frame took too long
	endTLS         = "tls"            // a record that is not authentic, or an alert
	endOutbox      = "outbox"         // more unsent bytes than allowed
	endHandler     = "handler"        // Handler.Frame failed, or Link.Close was called
	endAddress     = "address"        // where it came from is not allowed, or not any more
	endRate        = "handshake_rate" // too many handshakes from its address
	endHalfOpen    = "half_open"      // too many connections without a handshake
	endCertificate = "certificate"    // it does not count any more
	endShutdown    = "shutdown"
)

var endReasons = []string{endPeer, endHandshake, endFrame, endDeadline, endTLS, endOutbox, endHandler,
	endAddress, endRate, endHalfOpen, endCertificate, endShutdown}

// shakeErrors are the errors with a value of their own.
var shakeErrors = []struct {
	err    error
	result string
}{
	{certs.ErrUnknown, shakeUnknownIdentity}, {certs.ErrOther, shakeUnknownIdentity}, {certs.ErrNoIdentity, shakeNoIdentity},
	{certs.ErrRevoked, shakeRevoked}, {certs.ErrListExpired, shakeListExpired}, {certs.ErrPin, shakePin}, {certs.ErrVersion, shakeVersion},
	{certs.ErrAuthority, shakeUnknownCA},
	{mtls.ErrNotTLS, shakeNotTLS}, {mtls.ErrPending, shakeOverflow}, {mtls.ErrClosed, shakeClosed}, {context.Canceled, shakeClosed},
}

// shakeResult sorts an error of the handshake. The error's own text is not
// used further: parts of it are chosen by the peer.
func shakeResult(err error) string {
	if err == nil {
		return shakeClosed // it had succeeded, but the peer was gone
	}
	for _, known := range shakeErrors {
		if errors.Is(err, known.err) {
			return known.result
		}
	}
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(tls.RecordHeaderError)):
		return shakeNotTLS
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return shakeExpired
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return shakeUnknownCA
	// crypto/tls has no values for these; tests hold the texts.
	case strings.Contains(err.Error(), "didn't provide a certificate"):
		return shakeNoCertificate
	case strings.Contains(err.Error(), "unsupported version"), strings.Contains(err.Error(), "protocol version not supported"):
		return shakeVersion
	}
	return shakeFailed
}
