package payshield

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// dial connects, with TLS if that is asked for.
func (m *Module) dial(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, m.o.DialMax)
	defer cancel()
	conn, err := m.o.Dial(ctx, address)
	if err != nil || m.o.TLS == nil {
		return conn, err
	}
	secured := tls.Client(conn, m.secured(address))
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if shown := secured.ConnectionState().PeerCertificates; len(shown) > 0 {
		m.ends.keep(address, shown[0].NotAfter)
	}
	return secured, nil
}

// secured is the settings for a connection: the module must be the host of the address,
// unless another name is set.
func (m *Module) secured(address string) *tls.Config {
	cfg := m.o.TLS.Clone()
	if host, _, err := net.SplitHostPort(address); err == nil && cfg.ServerName == "" {
		cfg.ServerName = host
	}
	if show := cfg.GetClientCertificate; show != nil {
		cfg.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			own, err := show(asked)
			if err == nil && own.Leaf != nil {
				m.ends.keep("", own.Leaf.NotAfter)
			}
			return own, err
		}
	}
	return cfg
}

// ends is when certificates that were shown end: by the address of the module that has
// shown it, the switch's own by none.
type ends struct {
	mu sync.Mutex // guards at
	at map[string]time.Time
}

func (e *ends) keep(whose string, at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at == nil {
		e.at = map[string]time.Time{}
	}
	e.at[whose] = at
}

// first is the first end in seconds since 1970, of the switch's own or of the modules';
// 0 while none was shown.
func (e *ends) first(own bool) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	var first time.Time
	for whose, at := range e.at {
		if (whose == "") == own && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() {
		return 0
	}
	return float64(first.Unix())
}
