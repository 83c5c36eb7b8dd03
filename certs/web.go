package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Web is the certificate of a port for browsers and programs, which know it by the name
// of its host, and the authorities of those who may show a certificate of their own. Its
// files are read again when they change; one that is not good leaves what was. All
// methods are safe for concurrent use.
type Web struct {
	paths Paths // CA: of clients; empty: they show no certificate
	clock func() int64
	now   atomic.Pointer[tls.Config]

	mu      sync.Mutex // guards the rest: Look looks at the files
	sources []*source
	own     *tls.Certificate
	clients *x509.CertPool
}

// NewWeb reads the files. p.CA are the authorities of clients; empty: none are asked for a
// certificate. clock gives UTC nanoseconds.
func NewWeb(p Paths, clock func() int64) (*Web, error) {
	if clock == nil {
		return nil, errors.New("web TLS: clock is required")
	}
	w := &Web{paths: p, clock: clock}
	w.sources = append(w.sources, &source{what: "certificate", files: []string{p.Cert, p.Key}, max: pemBytesMax, take: w.takeOwn})
	if p.CA != "" {
		w.sources = append(w.sources, &source{what: "authorities of clients", files: []string{p.CA}, max: pemBytesMax, take: w.takeClients})
	}
	if _, err := w.Look(true); err != nil {
		return nil, fmt.Errorf("web TLS: %w", err)
	}
	return w, nil
}

// Look takes what has changed in the files. Without force it must have been the same at
// the look before, so that files are not taken while they are written. The error says what
// is not taken; without force, only the first time.
func (w *Web) Look(force bool) (changed bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var faults []error
	for _, s := range w.sources {
		taken, again, err := s.look(force)
		changed = changed || taken
		if err != nil && (force || !again) {
			faults = append(faults, err)
		}
	}
	if changed && w.own != nil {
		w.now.Store(w.settings())
	}
	return changed, errors.Join(faults...)
}

// Bad says whether what is in force is not what the files have.
func (w *Web) Bad() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.sources, func(s *source) bool { return s.told != "" })
}

func (w *Web) takeOwn(files [][]byte) error {
	own, err := readPair(w.paths, files[0], files[1])
	if err == nil {
		err = valid(w.paths.Cert, own.Leaf, time.Unix(0, w.clock()))
	}
	if err == nil {
		w.own = own
	}
	return err
}

func (w *Web) takeClients(files [][]byte) error {
	all, err := readAuthorities(w.paths.CA, files[0])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	for _, ca := range all {
		pool.AddCert(ca)
	}
	w.clients = pool
	return nil
}

// settings are those of now. w.mu is held.
func (w *Web) settings() *tls.Config {
	conf := settings(w.own, w.clock)
	conf.NextProtos = []string{"h2", "http/1.1"}
	if w.clients != nil {
		conf.ClientCAs, conf.ClientAuth = w.clients, tls.VerifyClientCertIfGiven
	}
	return conf
}

// TLS are settings of a server, for TLS 1.3; each handshake is by what is in force then.
func (w *Web) TLS() *tls.Config {
	conf := w.now.Load().Clone()
	conf.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return w.now.Load(), nil }
	return conf
}

// Covers says whether the certificate has the name or the address of a host.
func (w *Web) Covers(host string) bool {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[" + host + "]"
	}
	return host != "" && w.Certificate().VerifyHostname(host) == nil
}

// Certificate is the one that is shown now. The caller does not change it.
func (w *Web) Certificate() *x509.Certificate { return w.now.Load().Certificates[0].Leaf }
