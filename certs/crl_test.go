package certs

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Who is on the list is not let in, nor kept; others are.
func TestRevoked(t *testing.T) {
	r := trusting(t, pki(t), nil)
	a, b := r.link("BANKA"), r.link("BANKB")
	must(t, Revoke(r.dir, []string{"BANKA"}, day0, CRLValidity))
	sweeps := 0
	for range 2 {
		r.turn(func() { sweeps++ })
	}
	if sweeps != 2 { // the first look sweeps for New
		t.Errorf("%d sweeps", sweeps)
	}
	if err := r.connect("BANKA"); !errors.Is(err, ErrRevoked) {
		t.Errorf("handshake: %v", err)
	}
	if why := r.Reject("BANKA", a.server.ConnectionState()); why != ErrRevoked.Error() {
		t.Errorf("link: %q", why)
	}
	if why := r.Reject("BANKB", b.server.ConnectionState()); why != "" || r.connect("BANKB") != nil {
		t.Errorf("another one: %q", why)
	}
	r.reissue(day0, LeafValidity, "BANKA")
	must(t, r.connect("BANKA")) // a new certificate, under the same name
	// The list as DER, and without what was on it: it is no newer one.
	block, _ := pem.Decode(r.read("crl.pem"))
	r.write("crl.pem", block.Bytes)
	must(t, r.Reload())
	if why := r.Reject("BANKA", a.server.ConnectionState()); why != ErrRevoked.Error() {
		t.Errorf("link, by a list in DER: %q", why)
	}
	r.looks(3 * sweepLooks)
	sweeps = 0
	for range 3 * sweepLooks {
		r.turn(func() { sweeps++ })
	}
	if sweeps != 3 {
		t.Errorf("%d sweeps in %d looks without a change", sweeps, 3*sweepLooks)
	}
}

// A session from before cannot be resumed, were tickets ever turned on.
func TestRevokedCannotResume(t *testing.T) {
	r := trusting(t, pki(t), nil)
	conf, err := r.Server().GetConfigForClient(&tls.ClientHelloInfo{})
	must(t, err)
	if !conf.SessionTicketsDisabled {
		t.Error("tickets are on")
	}
	conf = conf.Clone()
	conf.SessionTicketsDisabled = false
	server := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return conf, nil }}
	client := r.client("BANKA")
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	client.ServerName = "switch" // the cache's key
	client.SessionTicketsDisabled = false
	resumed := false
	verify := conf.VerifyConnection
	conf.VerifyConnection = func(cs tls.ConnectionState) error {
		resumed = cs.DidResume
		return verify(cs)
	}
	for i := range 2 {
		if err, said := shake(t, server, client); err != nil || said != nil || resumed != (i == 1) {
			t.Fatalf("handshake %d: %v, %v, resumed %v", i, err, said, resumed)
		}
	}
	must(t, Revoke(r.dir, []string{"BANKA"}, day0, CRLValidity), r.Reload())
	if err, _ := shake(t, server, client); !errors.Is(err, ErrRevoked) || !resumed {
		t.Errorf("a ticket of before: %v, resumed %v", err, resumed)
	}
}

// signed makes a list of a PKI.
func signed(t *testing.T, dir string, number int64, made time.Time, extra ...pkix.Extension) []byte {
	t.Helper()
	ca, err := loadAuthority(dir)
	must(t, err)
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: made, NextUpdate: made.Add(CRLValidity), ExtraExtensions: extra}, ca.cert, ca.key)
	must(t, err)
	return der
}

// A list that is not to be believed, or not understood, changes nothing.
func TestListRefused(t *testing.T) {
	dir := pki(t)
	must(t, Revoke(dir, []string{"BANKA"}, day0, CRLValidity)) // number 2
	r := trusting(t, dir, nil)
	foreign := pki(t)
	delta, err := asn1.Marshal(1)
	must(t, err)
	bad := signed(t, dir, 3, day0)
	bad[len(bad)-1] ^= 1
	for _, c := range []struct {
		what string
		der  []byte
		want string
	}{
		{"of another CA of the same name", signed(t, foreign, 9, day0), "no trusted authority"},
		{"with a bad signature", bad, "no trusted authority"},
		{"of differences", signed(t, dir, 3, day0, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: delta}), "critical extension"},
		{"with something behind it", append(signed(t, dir, 3, day0), 0), "revocation list"},
		{"an older one", signed(t, dir, 1, day0.Add(time.Hour)), "number is lower"},
	} {
		r.write("crl.pem", c.der)
		err := r.Reload()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.what, err)
		}
		if err := r.connect("BANKA"); !errors.Is(err, ErrRevoked) {
			t.Errorf("%s: the list in force has gone: %v", c.what, err)
		}
	}
	r.wants("switchd_cert_reloads_total", "refused", 5)
	r.wants("switchd_cert_files_refused", "", 1)
	if n := r.log.Count("certificate files not taken, the old ones stay"); n != 5 {
		t.Errorf("%d lines", n)
	}
	r.write("crl.pem", signed(t, dir, 3, day0))
	must(t, r.Reload(), r.connect("BANKA")) // the authority has taken it back
}

// A list stays in its file as long as its authority is trusted.
func TestListOfAnotherAuthority(t *testing.T) {
	dir, other := pki(t), t.TempDir()
	ca, err := loadAuthority(dir)
	must(t, err)
	// A second authority with a name of its own.
	tmpl := *ca.cert
	second, _, err := newAuthority(day0)
	must(t, err)
	tmpl.Subject, tmpl.RawSubject, tmpl.SubjectKeyId, tmpl.PublicKey = pkix.Name{CommonName: "another CA"}, nil, nil, &second.key.PublicKey
	der, err := x509.CreateCertificate(rand.Reader, &tmpl, &tmpl, &second.key.PublicKey, second.key)
	must(t, err)
	key, err := keyPEM("ca-key.pem", second.key)
	must(t, err, writeAll(other, []newFile{certPEM("ca.pem", der), key}))
	r := trusting(t, dir, nil)
	both := append(r.read("ca.pem"), certPEM("", der).data...)
	r.write("ca.pem", both)
	must(t, r.Reload())
	r.write("crl.pem", signed(t, other, 1, day0))
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), "of another authority") {
		t.Errorf("both are trusted: %v", err)
	}
	r.write("ca.pem", certPEM("", der).data)
	must(t, r.Reload())
	if m := r.now.Load(); len(m.lists) != 1 || m.lists[0].signer.Subject.CommonName != "another CA" {
		t.Errorf("lists of the second authority: %d", len(m.lists))
	}
}

// A list that is too old still refuses who is on it; the others are let in for a
// grace, and their links stay.
func TestListExpired(t *testing.T) {
	dir := pki(t)
	must(t, Revoke(dir, []string{"BANKB"}, day0, 10*day))
	r := trusting(t, dir, nil)
	for _, c := range []struct {
		grace time.Duration
		after time.Duration
		want  error
	}{
		{24 * time.Hour, 10 * day, nil},
		{24 * time.Hour, 11 * day, nil},
		{24 * time.Hour, 11*day + time.Second, ErrListExpired},
		{time.Nanosecond, 10*day + time.Second, ErrListExpired},
		{GraceForever, 300 * day, nil},
	} {
		r := trusting(t, dir, func(o *Options) { o.CRLGrace = c.grace })
		l := r.link("BANKA")
		r.at.Store(day0.Add(c.after).UnixNano())
		if err := r.connect("BANKA"); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("grace %v, after %v: %v", c.grace, c.after, err)
		}
		if err := r.connect("BANKB"); !errors.Is(err, ErrRevoked) {
			t.Errorf("grace %v, after %v: one who is on the list: %v", c.grace, c.after, err)
		}
		if why := r.Reject("BANKA", l.server.ConnectionState()); why != "" {
			t.Errorf("a link that is up: %s", why)
		}
	}
	r.at.Store(day0.Add(12 * day).UnixNano())
	r.looks(3)
	if n := r.log.Count(`msg="certificate has expired" certificate=crl`); n != 1 {
		t.Errorf("%d lines about the end of the list", n)
	}
	must(t, Revoke(dir, nil, day0.Add(12*day), CRLValidity), r.Reload(), r.connect("BANKA"))
}

// Revoke makes lists that openssl takes, each newer than the one before.
func TestRevoke(t *testing.T) {
	dir := pki(t)
	must(t, Revoke(dir, []string{"BANKA", "BANKA"}, day0, CRLValidity), Revoke(dir, []string{"BANKA", "BANKB"}, day0.Add(time.Hour), CRLValidity))
	all, err := Describe(filepath.Join(dir, "crl.pem"))
	must(t, err)
	if d := all[0]; len(all) != 1 || d.Kind != "crl" || d.Number != "3" || len(d.Revoked) != 2 || d.Revoked[0].Serial != serialText(mustCert(t, dir, "BANKA")) ||
		!d.Revoked[0].At.Equal(day0) || !d.Revoked[1].At.Equal(day0.Add(time.Hour)) || !d.NotAfter.Equal(day0.Add(time.Hour+CRLValidity)) {
		t.Errorf("%+v", all)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".crl*")); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v", left)
	}
	foreign := pki(t)
	before, err := os.ReadFile(filepath.Join(dir, "crl.pem"))
	must(t, err)
	b, err := os.ReadFile(filepath.Join(foreign, "BANKA.pem"))
	must(t, err, os.WriteFile(filepath.Join(dir, "ALIEN.pem"), b, 0o600))
	for _, id := range []string{"NOBODY", "../BANKA", "ALIEN"} {
		if Revoke(dir, []string{id}, day0, CRLValidity) == nil {
			t.Errorf("%s is revoked", id)
		}
	}
	must(t, os.WriteFile(filepath.Join(foreign, "crl.pem"), before, 0o600))
	if Revoke(foreign, nil, day0, CRLValidity) == nil {
		t.Error("the list of another authority is replaced")
	}
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: no second opinion on the list")
	}
	out, err := exec.Command(tool, "crl", "-in", filepath.Join(dir, "crl.pem"), "-CAfile", filepath.Join(dir, "ca.pem"), "-noout", "-text").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "verify OK") || strings.Count(string(out), "Serial Number:") != 2 {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func TestDescribe(t *testing.T) {
	dir := pki(t)
	all, err := Describe(filepath.Join(dir, "BANKA.pem"))
	must(t, err)
	d := all[0]
	if d.Kind != "certificate" || d.ID != "BANKA" || d.Subject != "CN=BANKA" || d.Issuer != "CN=switchd development CA" || d.Key != "ECDSA" ||
		strings.Join(d.Names, " ") != "urn:switch:participant:BANKA localhost 127.0.0.1 ::1" || len(d.Uses) != 2 || !d.NotAfter.Equal(day0.Add(LeafValidity)) {
		t.Errorf("%+v", d)
	}
	if tool, err := exec.LookPath("openssl"); err == nil {
		sh := exec.Command("sh", "-c", tool+" x509 -in BANKA.pem -noout -pubkey | "+tool+" pkey -pubin -outform DER | "+tool+" dgst -sha256 -binary | "+tool+" base64")
		sh.Dir = dir
		out, err := sh.Output()
		must(t, err)
		if d.Pin != pinPrefix+strings.TrimSpace(string(out)) {
			t.Errorf("pin %s, openssl says %s", d.Pin, out)
		}
	}
	ca, err := Describe(filepath.Join(dir, "ca.pem"))
	must(t, err)
	if ca[0].Kind != "authority" || ca[0].ID != "" {
		t.Errorf("%+v", ca)
	}
	for _, name := range []string{"BANKA-key.pem", "none"} {
		if _, err := Describe(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is described", name)
		}
	}
}
