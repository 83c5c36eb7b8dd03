package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"
)

// Paths are the files of one side of a link, in PEM.
type Paths struct {
	CA   string // the authorities that are trusted, one or more
	Cert string // the own certificate
	Key  string // its private key
}

// ServerConfig makes the TLS settings of the switch: TLS 1.3 only, a client
// certificate of the private CA required, its participant asked of known. All
// refusals happen inside the handshake, so that the peer gets an alert. known
// is called on handshake workers and has to be safe for concurrent use; clock
// gives UTC nanoseconds.
func ServerConfig(p Paths, known func(id string) bool, clock func() int64) (*tls.Config, error) {
	if known == nil || clock == nil {
		return nil, errors.New("server TLS: known and clock are required")
	}
	conf, pool, err := baseConfig(p, clock)
	if err != nil {
		return nil, fmt.Errorf("server TLS: %w", err)
	}
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	conf.ClientCAs = pool
	conf.VerifyConnection = func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return ErrNoIdentity
		}
		id, err := Identity(cs.PeerCertificates[0])
		if err != nil {
			return err
		}
		if !known(id) {
			return ErrUnknown
		}
		return nil
	}
	return conf, nil
}

// ClientConfig makes the TLS settings of a participant that connects to the
// switch. The server is accepted by its identity urn:switch:participant:switch,
// not by a host name, since participants reach the switch by many addresses.
func ClientConfig(p Paths, clock func() int64) (*tls.Config, error) {
	return DialConfig(p, SwitchID, clock)
}

// DialConfig makes the TLS settings of a link that is dialled. The server is
// accepted by the identity urn:switch:participant:<id>, as ClientConfig does for
// the switch.
func DialConfig(p Paths, id string, clock func() int64) (*tls.Config, error) {
	if clock == nil {
		return nil, errors.New("client TLS: clock is required")
	}
	conf, pool, err := baseConfig(p, clock)
	if err != nil {
		return nil, fmt.Errorf("client TLS: %w", err)
	}
	// The standard check is replaced, not left out: it insists on a host name.
	conf.InsecureSkipVerify = true
	conf.VerifyConnection = func(cs tls.ConnectionState) error {
		return verifyServer(cs, pool, conf.Time(), id)
	}
	return conf, nil
}

// verifyServer does what crypto/tls would do, with the identity in the place
// of the host name.
func verifyServer(cs tls.ConnectionState, pool *x509.CertPool, now time.Time, want string) error {
	if len(cs.PeerCertificates) == 0 {
		return ErrNoIdentity
	}
	opts := x509.VerifyOptions{
		Roots:         pool,
		CurrentTime:   now,
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	leaf := cs.PeerCertificates[0]
	if _, err := leaf.Verify(opts); err != nil {
		return err
	}
	id, err := Identity(leaf)
	if err != nil {
		return err
	}
	switch {
	case id == want:
		return nil
	case want == SwitchID:
		return ErrNotSwitch
	default:
		return ErrOther
	}
}

// baseConfig is what both ends share, read from files.
func baseConfig(p Paths, clock func() int64) (*tls.Config, *x509.CertPool, error) {
	pem, err := os.ReadFile(p.CA)
	if err != nil {
		return nil, nil, fmt.Errorf("read CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, nil, fmt.Errorf("%s: no certificate in it", p.CA)
	}
	own, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("load own certificate: %w", err)
	}
	return settings(&own, clock), pool, nil
}

// settings are those of every link, for the newest version of TLS only. Session
// tickets are off because a resumed session would skip the check of the
// certificate's dates, and links live for days. Dynamic record sizing is off
// because it cuts a burst into small records for the sake of web pages: here one
// burst is one record.
func settings(own *tls.Certificate, clock func() int64) *tls.Config {
	return &tls.Config{
		MinVersion:                  tls.VersionTLS13,
		MaxVersion:                  tls.VersionTLS13,
		Certificates:                []tls.Certificate{*own},
		CipherSuites:                suites12,
		CurvePreferences:            []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256},
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true,
		Time:                        func() time.Time { return time.Unix(0, clock()) },
	}
}

// suites12 are those of TLS 1.2, where it is allowed: ECDHE and an AEAD. TLS 1.3
// has no others.
var suites12 = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}
