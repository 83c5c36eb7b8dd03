package admin

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"switchd/switch/access"
)

// Users says who somebody is; *access.Users does.
type Users interface {
	// ByDigest is who has a token, by its digest.
	ByDigest(access.Digest) (access.Caller, bool)
	// ByCertificate is who has shown a certificate that was verified.
	ByCertificate(*x509.Certificate) (access.Caller, bool)
}

// Why somebody is nobody: labels of a metric, and the sentence of the answer.
const (
	whyMissing     = "missing"
	whyScheme      = "scheme"
	whyToken       = "token"
	whySession     = "session"
	whyCertificate = "certificate"
	whyRole        = "role"
	whyThrottled   = "throttled"
)

var whyNot = map[string]string{
	whyMissing:     "say who you are: by Authorization: Bearer TOKEN, a client certificate, or at /login",
	whyScheme:      "only Authorization: Bearer TOKEN is understood",
	whyToken:       "this token is not known",
	whySession:     "the session has ended: log in again at /login",
	whyCertificate: "this client certificate is of no user",
}

// login is somebody who has shown who he is.
type login struct {
	caller  access.Caller
	session string // key of the session he has shown; empty: another way
}

// who finds out who asks. What was shown first counts: a wrong token is not made good by
// a session.
func (p *pages) who(r *http.Request) (l login, why string) {
	if p.Users == nil {
		return login{caller: access.Caller{Roles: access.Anyone}}, ""
	}
	if h := r.Header["Authorization"]; len(h) > 0 {
		scheme, token, _ := strings.Cut(h[0], " ")
		if len(h) > 1 || !strings.EqualFold(scheme, "Bearer") {
			return l, whyScheme
		}
		if c, known := p.byToken(token); known {
			return login{caller: c}, ""
		}
		return l, whyToken
	}
	why = whyMissing
	if key, c, shown, good := p.sessions.shown(r); good {
		return login{c, key}, ""
	} else if shown {
		why = whySession
	}
	if c, shown, good := p.byCertificate(r); good {
		return login{caller: c}, ""
	} else if shown {
		why = whyCertificate
	}
	return l, why
}

// lasts says whether the caller of a request that is still answered is who he was. That
// he is answered is no use of his session: a page that nobody looks at would keep it.
func (p *pages) lasts(r *http.Request, l login) bool {
	if l.session != "" {
		c, good := p.sessions.lasts(l.session)
		return good && c == l.caller
	}
	now, why := p.who(r)
	return why == "" && now.caller == l.caller
}

func (p *pages) byToken(token string) (access.Caller, bool) {
	if len(token) > access.TokenBytesMax {
		return access.Caller{}, false
	}
	return p.Users.ByDigest(access.DigestOf(token))
}

// byCertificate is who has shown a certificate. The handshake has checked it once; a
// connection may outlive it.
func (p *pages) byCertificate(r *http.Request) (c access.Caller, shown, good bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return c, false, false
	}
	leaf := r.TLS.PeerCertificates[0]
	if time.Unix(0, p.Clock()).After(leaf.NotAfter) {
		return c, true, false
	}
	c, good = p.Users.ByCertificate(leaf)
	return c, true, good
}

// stranger answers who is nobody. Failures are counted for each address, and one with too
// many of them is told to wait. That slows only him: whoever shows what is right is let
// in, also from such an address. Nothing is lost by that, since tokens cannot be guessed;
// and nobody can keep others out by failing in their place. A session that has ended is no
// failure: open pages of a browser go on asking by it, and its user must come to the form.
func (p *pages) stranger(w http.ResponseWriter, r *http.Request, why string) {
	ended := why == whyMissing || why == whySession
	if !ended && !p.failures.take(addressOf(r), p.Clock()) {
		p.metrics.refusedLogins.WithLabelValues(whyThrottled).Inc()
		w.Header().Set("Retry-After", "60")
		fail(w, r, http.StatusTooManyRequests, "too many failed logins from this address: wait a minute")
		return
	}
	p.metrics.refusedLogins.WithLabelValues(why).Inc()
	if ended && r.Method == http.MethodGet && accepts(r, "text/html") {
		toLogin(w, r)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="switchd"`)
	fail(w, r, http.StatusUnauthorized, whyNot[why])
}

// addressOf is the address that a request comes from; of IPv6 the network of a customer,
// who has all addresses of it.
func addressOf(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := at.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits) // it has so many bits
	return prefix
}
