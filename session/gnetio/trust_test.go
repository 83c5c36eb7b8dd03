package gnetio

import (
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/certs"
)

// trusted starts a server over a certs.Trust with a revocation list on which nobody
// is yet.
func trusted(t *testing.T, h Handler, change func(*Options)) (*rig, *certs.Trust) {
	t.Helper()
	dir := pki(t)
	must(t, certs.Revoke(dir, nil, time.Now(), certs.CRLValidity))
	var trust *certs.Trust
	r := start(t, h, func(o *Options) {
		var err error
		trust, err = certs.New(certs.Options{Paths: paths(dir, "switch"), CRLs: []string{filepath.Join(dir, "crl.pem")},
			Peers: map[string]certs.Peer{"BANKA": {}, "BANKB": {}}, Clock: o.Clock, Log: o.Log, Registry: o.Registry})
		must(t, err)
		o.TLS, o.DialTLS = trust.Server(), trust.Dial
		if change != nil {
			change(o)
		}
	})
	r.dir = dir
	return r, trust
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A renewed certificate is shown to whoever connects, while the links of before go
// on; a participant that is revoked loses its links, those that it dialled and
// those that we did, and gets no new ones.
func TestTrustSwapsAndRevokes(t *testing.T) {
	b := listening(t, "127.0.0.1:0")
	r, trust := trusted(t, &handler{}, dialling(map[string]Peer{"BANKB": {Dial: []Target{target(0, 1, b.address)}}}))
	serial := func(c *tls.Conn) string { return c.ConnectionState().PeerCertificates[0].SerialNumber.String() }
	old, called := r.dial("BANKA"), b.link(r.dir, "BANKB")
	exchange(t, old, "before the swap")
	exchange(t, called, "the switch has called")
	for _, name := range []string{"switch.pem", "switch-key.pem"} {
		must(t, os.Remove(filepath.Join(r.dir, name)))
	}
	must(t, certs.Issue(r.dir, []string{"switch"}, time.Now(), certs.LeafValidity))
	must(t, trust.Reload())
	fresh := r.dial("BANKB")
	exchange(t, fresh, "behind the swap")
	r.CloseLinks(trust.Reject)
	exchange(t, old, "the link of before lives")
	exchange(t, called, "this one as well")
	if serial(fresh) == serial(old) {
		t.Error("the old certificate is still shown")
	}
	must(t, certs.Revoke(r.dir, []string{"BANKB"}, time.Now(), certs.CRLValidity))
	must(t, trust.Reload())
	r.CloseLinks(trust.Reject)
	ended(t, fresh)
	ended(t, called)
	exchange(t, old, "is not concerned")
	r.eventually("switchd_links_closed_total", endCertificate, 2)
	refused := tls.Client(r.tcp(), r.client("BANKB"))
	_ = refused.Handshake()
	ended(t, refused)
	r.eventually("switchd_handshakes_total", shakeRevoked, 1)
	r.clock.ahead.Add(int64(time.Minute)) // it is dialled again, in vain
	again := tls.Server(b.tcp(), serverOf(t, r.dir, "BANKB"))
	_ = again.Handshake()
	r.eventually("switchd_handshakes_total", shakeRevoked, 2)
	for _, want := range []string{`msg="link is closed for its certificate" event=certificate.link.closed participant=BANKB reason="certificate is revoked"`,
		`msg="participant refused" event=certificate.refused participant=BANKB reason="certificate is revoked"`, `msg="handshake refused" event=link.handshake.refused reason=revoked`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no line with %s", want)
		}
	}
}

// TLS 1.2, by openssl: refused, allowed for one participant, from its address only.
func TestTLS12WithOpenSSL(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: versions are tested with crypto/tls only")
	}
	r, trust := trusted(t, &handler{}, nil)
	refused := func(id, result, alert string, flags ...string) {
		t.Helper()
		before := r.metric("switchd_handshakes_total", result)
		out, err := sClient(t, tool, append(append([]string{"-connect", r.Addr()}, flags...), certArgs(paths(r.dir, id))...))
		if err == nil || !strings.Contains(out, alert) {
			t.Errorf("%s %v: %v\n%s", id, flags, err, out)
		}
		r.eventually("switchd_handshakes_total", result, before+1)
	}
	refused("BANKA", shakeVersion, "alert protocol version", "-tls1_2")
	must(t, trust.SetPeers(map[string]certs.Peer{"BANKA": {TLS12: true, Allow: prefixes("127.0.0.1/32")}, "BANKB": {}}))
	refused("BANKB", shakeVersion, "alert bad certificate", "-tls1_2")
	refused("BANKA", shakeFailed, "alert handshake failure", "-tls1_2", "-cipher", "AES128-SHA256:ECDHE-ECDSA-AES128-SHA256")
	refused("BANKA", shakeVersion, "alert protocol version", "-tls1_2", "-bind", "127.0.0.2")
	old := r.client("BANKA")
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	c := tls.Client(r.tcp(), old)
	exchange(t, c, "an older link works")
	if cs := c.ConnectionState(); cs.Version != tls.VersionTLS12 {
		t.Errorf("version %x", cs.Version)
	}
	must(t, trust.SetPeers(map[string]certs.Peer{"BANKA": {}, "BANKB": {}}))
	r.CloseLinks(trust.Reject)
	ended(t, c)
}

// A pin that does not fit, and a list that is too old, have labels of their own.
func TestTrustResults(t *testing.T) {
	r, trust := trusted(t, &handler{}, nil)
	try := func(result string) {
		t.Helper()
		c := tls.Client(r.tcp(), r.client("BANKA"))
		_ = c.Handshake()
		ended(t, c)
		r.eventually("switchd_handshakes_total", result, 1)
	}
	must(t, trust.SetPeers(map[string]certs.Peer{"BANKA": {Pins: []certs.Pin{{}}}}))
	try(shakePin)
	must(t, trust.SetPeers(map[string]certs.Peer{"BANKA": {}}))
	up := r.dial("BANKA")
	exchange(t, up, "while the list counts")
	r.clock.ahead.Store(int64(certs.CRLValidity + 48*time.Hour))
	try(shakeListExpired)
	r.CloseLinks(trust.Reject)
	exchange(t, up, "a link that is up stays")
}
