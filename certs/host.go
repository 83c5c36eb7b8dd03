package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
)

// Host is a server that is none of the participants, such as a security module. Its
// certificate need not say an identity: it is accepted by the name of its host.
type Host struct {
	Paths
	Name  string // host name or IP address in its certificate; empty: whoever dials sets tls.Config.ServerName
	TLS12 bool   // TLS 1.2 will do, with ECDHE and an AEAD; otherwise 1.3 only
	Pins  []Pin  // its key must be one of them; none: any that the CA has signed; at most 16
}

// HostConfig makes the TLS settings of a client of such a server, which shows its own
// certificate to who asks for it. Its files are read again for each connection, so that a
// new certificate is shown without a start; the authority's is not. The caller may set the
// server's name on a clone.
func HostConfig(h Host, clock func() int64) (*tls.Config, error) {
	if clock == nil {
		return nil, errors.New("host TLS: clock is required")
	}
	if len(h.Pins) > pinsMax {
		return nil, fmt.Errorf("host TLS: more than %d pins", pinsMax)
	}
	conf, pool, err := baseConfig(h.Paths, clock)
	if err != nil {
		return nil, fmt.Errorf("host TLS: %w", err)
	}
	conf.RootCAs, conf.ServerName, conf.Certificates = pool, h.Name, nil
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		own, err := tls.LoadX509KeyPair(h.Cert, h.Key)
		return &own, err
	}
	if h.TLS12 {
		conf.MinVersion = tls.VersionTLS12
	}
	// No hybrid key exchange: its long first message is more than some devices take.
	conf.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384}
	peer := Peer{Pins: slices.Clone(h.Pins)}
	conf.VerifyConnection = func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return ErrNoIdentity
		}
		if !peer.pinned(cs.PeerCertificates[0]) {
			return ErrPin
		}
		return nil
	}
	return conf, nil
}
