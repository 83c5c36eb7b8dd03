package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"time"
)

// material is what is shown and trusted at one moment. It does not change.
type material struct {
	own         *tls.Certificate
	authorities []*x509.Certificate
	pool        *x509.CertPool // of authorities
	lists       []*revocations // of authorities
	grace       time.Duration
	strict      *tls.Config // of the server: TLS 1.3
	older       *tls.Config // and TLS 1.2
}

func newMaterial(own *tls.Certificate, authorities []*x509.Certificate, lists []*revocations, grace time.Duration) *material {
	m := &material{own: own, authorities: authorities, pool: x509.NewCertPool(), grace: grace}
	for _, ca := range authorities {
		m.pool.AddCert(ca)
	}
	for _, l := range lists {
		if l.trusted(authorities) {
			m.lists = append(m.lists, l)
		}
	}
	return m
}

// revoked says whether one of the certificates that a peer has shown is revoked.
func (m *material) revoked(presented []*x509.Certificate) bool {
	return slices.ContainsFunc(presented, func(c *x509.Certificate) bool {
		return slices.ContainsFunc(m.lists, func(l *revocations) bool { return l.names(c) })
	})
}

// outdated says whether a list that one of the certificates depends on is too old.
func (m *material) outdated(presented []*x509.Certificate, now time.Time) bool {
	if m.grace == GraceForever {
		return false
	}
	return slices.ContainsFunc(presented, func(c *x509.Certificate) bool {
		return slices.ContainsFunc(m.lists, func(l *revocations) bool { return issued(l.signer, c) && now.After(l.next.Add(m.grace)) })
	})
}

// anchored says whether an authority of now stands behind a peer's certificate.
// This is for links that outlive a change of the bundle. What was verified in the
// handshake counts first; who was dialled, or was signed by another authority as
// well, is followed anew. Whatever else the peer has shown proves nothing.
func (m *material) anchored(cs *tls.ConnectionState) bool {
	for _, chain := range cs.VerifiedChains {
		if slices.ContainsFunc(chain[1:], m.trusts) {
			return true
		}
	}
	shown := cs.PeerCertificates
	return m.signs(shown[0], shown[1:min(len(shown), presentedMax)])
}

// presentedMax bounds the certificates of a peer that are looked at for a chain:
// each costs signature checks.
const presentedMax = 8

// trusts says whether a certificate is that of an authority, which may have been
// renewed.
func (m *material) trusts(c *x509.Certificate) bool {
	return slices.ContainsFunc(m.authorities, func(ca *x509.Certificate) bool { return sameAuthority(ca, c) })
}

// signs says whether an authority has signed a certificate, itself or by way of
// others. Their dates do not count: those were checked in the handshake.
func (m *material) signs(c *x509.Certificate, between []*x509.Certificate) bool {
	if slices.ContainsFunc(m.authorities, func(ca *x509.Certificate) bool { return issued(ca, c) && c.CheckSignatureFrom(ca) == nil }) {
		return true
	}
	for i, up := range between {
		if issued(up, c) && c.CheckSignatureFrom(up) == nil {
			return m.signs(up, slices.Delete(slices.Clone(between), i, i+1))
		}
	}
	return false
}

// unlisted are the authorities of which there is no list.
func (m *material) unlisted() (names []string) {
	for _, ca := range m.authorities {
		if !slices.ContainsFunc(m.lists, func(l *revocations) bool {
			return bytes.Equal(l.signer.RawSubjectPublicKeyInfo, ca.RawSubjectPublicKeyInfo)
		}) {
			names = append(names, ca.Subject.String())
		}
	}
	return names
}
