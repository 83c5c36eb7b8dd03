package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Server returns the TLS settings of a listener. Each handshake has what counts
// when it begins; a swap needs no new settings and touches no link.
func (t *Trust) Server() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		SessionTicketsDisabled: true,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			m := t.now.Load()
			if t.peers.Load().mayBeOlder(addressOf(hello)) {
				return m.older, nil
			}
			return m.strict, nil
		},
	}
}

// serverSettings are those of one handshake. Who speaks is known at its end only:
// so is whether TLS 1.2 was right.
func (t *Trust) serverSettings(m *material, oldest uint16) *tls.Config {
	conf := settings(m.own, t.o.Clock)
	conf.MinVersion = oldest
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	conf.ClientCAs = m.pool
	conf.VerifyConnection = func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return ErrNoIdentity
		}
		id, err := Identity(cs.PeerCertificates[0])
		if err != nil {
			return err
		}
		return t.admit(id, &cs)
	}
	return conf
}

// Dial returns the TLS settings of one attempt to reach a participant. The server
// has to be that participant, by a certificate as it must have when it connects.
func (t *Trust) Dial(id string) (*tls.Config, error) {
	peer, known := t.peers.Load().byID[id]
	if !known {
		return nil, fmt.Errorf("dial %s: %w", id, ErrUnknown)
	}
	conf := settings(t.now.Load().own, t.o.Clock)
	if peer.TLS12 {
		conf.MinVersion = tls.VersionTLS12
	}
	// The standard check is replaced, not left out: it insists on a host name.
	conf.InsecureSkipVerify = true
	conf.VerifyConnection = func(cs tls.ConnectionState) error {
		if err := verifyServer(cs, t.now.Load().pool, t.time(), id); err != nil {
			return err
		}
		return t.admit(id, &cs)
	}
	return conf, nil
}

// admit judges a participant whose certificate an authority has signed, at the end
// of a handshake, resumed ones included. The first reason counts, in the order of
// the code.
func (t *Trust) admit(id string, cs *tls.ConnectionState) error {
	m := t.now.Load()
	err := t.standing(m, id, cs)
	if err == nil && m.outdated(cs.PeerCertificates, t.time()) {
		err = ErrListExpired
	}
	switch err {
	case nil:
		t.expiry.note(id, cs.PeerCertificates[0])
	case ErrUnknown: // what a stranger calls itself is not for the log
	default:
		if t.refused.due(id, t.o.Clock()) {
			t.o.Log.Warn("participant refused", "event", "certificate.refused", "participant", id, "reason", err, "serial", serialText(cs.PeerCertificates[0]))
		}
	}
	return err
}

// standing is what has to hold as long as a link lives.
func (t *Trust) standing(m *material, id string, cs *tls.ConnectionState) error {
	peer, known := t.peers.Load().byID[id]
	switch {
	case !known:
		return ErrUnknown
	case !m.anchored(cs):
		return ErrAuthority
	case m.revoked(cs.PeerCertificates):
		return ErrRevoked
	case !peer.pinned(cs.PeerCertificates[0]):
		return ErrPin
	case cs.Version < tls.VersionTLS13 && !peer.TLS12:
		return ErrVersion
	}
	return nil
}

// Reject says why a link that is up must end, "" if it need not. Certificates that
// expire meanwhile end no link: new ones are refused. gnetio calls it on its loops
// (Server.CloseLinks). Links of a participant that is not known any more are not its
// concern: whoever has removed it signs them off, and answers still count meanwhile.
func (t *Trust) Reject(participant string, cs tls.ConnectionState) string {
	switch err := t.standing(t.now.Load(), participant, &cs); {
	case errors.Is(err, ErrUnknown):
		return ""
	case err != nil:
		t.o.Log.Warn("link is closed for its certificate", "event", "certificate.link.closed", "participant", participant, "reason", err, "serial", serialText(cs.PeerCertificates[0]))
		return err.Error()
	}
	t.expiry.note(participant, cs.PeerCertificates[0])
	return ""
}

// refusals has one log line a minute for each participant that is refused: it
// comes again and again, and the counter of handshakes has them all.
type refusals struct {
	mu   sync.Mutex // guards told; handshake workers share it
	told map[string]int64
}

// refusedMax bounds the names; they are configured ones.
const refusedMax = 4096

func (r *refusals) due(id string, now int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, before := r.told[id]; before && now-at < int64(time.Minute) {
		return false
	}
	if r.told == nil || len(r.told) >= refusedMax {
		r.told = map[string]int64{}
	}
	r.told[id] = now
	return true
}
