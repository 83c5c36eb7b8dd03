package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/switch/view"
)

// notary signs certificates for an admin port and for people.
type notary struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issued is a certificate: of an authority, of this machine, or of who has a URI.
func (n *notary) issued(name string, c *x509.Certificate) tls.Certificate {
	n.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		n.t.Fatal(err)
	}
	if n.cert == nil {
		n.cert, n.key = c, key
	}
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, c, n.cert, &key.PublicKey, n.key)
	if err != nil {
		n.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		n.t.Fatal(err)
	}
	cert, private := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	for ending, text := range map[string][]byte{".pem": cert, "-key.pem": private} {
		if err := os.WriteFile(filepath.Join(n.dir, name+ending), text, 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(cert, private)
	if err != nil {
		n.t.Fatal(err)
	}
	return pair
}

// browser is who asks an admin port over TLS, with what he has.
type browser struct {
	t      *testing.T
	http   *http.Client
	url    string
	token  string
	cookie *http.Cookie
}

func (b *browser) ask(method, page, body string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+page, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Origin", b.url)
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	a, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { a.Body.Close() })
	return a
}

// me is who the switch takes him for; "401" when for nobody.
func (b *browser) me() string {
	b.t.Helper()
	a := b.ask(http.MethodGet, "/api/v1/me", "")
	text, err := io.ReadAll(a.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Sprint(a.StatusCode)
	}
	return unmarshal[view.Caller](b.t, string(text)).Name
}

// login fills in the form.
func (b *browser) login(token string) {
	b.t.Helper()
	form := url.Values{"token": {token + "x"}, "next": {"/console/payments?state=SUCCESS"}}
	if a := b.ask(http.MethodPost, "/login", form.Encode()); a.StatusCode != http.StatusUnauthorized || len(a.Cookies()) != 0 {
		b.t.Fatalf("with a wrong token: %d, cookies %v", a.StatusCode, a.Cookies())
	}
	form.Set("token", token)
	a := b.ask(http.MethodPost, "/login", form.Encode())
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != form.Get("next") || len(a.Cookies()) != 1 {
		b.t.Fatalf("with the token: %d to %q, cookies %v", a.StatusCode, a.Header.Get("Location"), a.Cookies())
	}
	if b.cookie = a.Cookies()[0]; b.cookie.Name != "__Host-switchd" || !b.cookie.Secure || !b.cookie.HttpOnly || b.cookie.SameSite != http.SameSiteStrictMode {
		b.t.Errorf("the cookie is %v", b.cookie)
	}
}

// follow opens a stream; what it gives returns when that has ended in order.
func (b *browser) follow(page string) (ended func()) {
	b.t.Helper()
	a := b.ask(http.MethodGet, page, "")
	in := bufio.NewReader(a.Body)
	if line, err := in.ReadString('\n'); err != nil || a.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d %q %v", page, a.StatusCode, line, err)
	}
	return func() {
		b.t.Helper()
		if _, err := io.Copy(io.Discard, in); err != nil {
			b.t.Errorf("%s was cut: %v", page, err)
		}
	}
}

// TestSessionsOverTLS: a real switch over TLS. A session begins by the form and ends by
// logging out, by the user's going out of the file, and with the switch; a certificate does
// without; what is shown live ends, in order, with who has asked for it.
func TestSessionsOverTLS(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 1)
	n := &notary{t: t, dir: s.dir}
	n.issued("people-ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	n.issued("admin", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	uri, err := url.Parse("urn:switch:operator:cora")
	if err != nil {
		t.Fatal(err)
	}
	own := n.issued("cora", &x509.Certificate{URIs: []*url.URL{uri}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	sam := usersOf("sam")
	s.people(sam + usersOf("olga") + "cora operator certificate " + uri.String() + "\n")
	s.edit("admin: "+s.admin+"\n", "admin: "+s.admin+"\nadmin_access: {users: admin.users, cert: admin.pem, key: admin-key.pem, client_ca: people-ca.pem}\n")
	begin := func() *process {
		p := start(t, "serve", "--config", s.config, "--drain", "100ms")
		p.says(patience, "switchd: serving "+s.listen)
		return p
	}
	p := begin()
	roots := x509.NewCertPool()
	roots.AddCert(n.read("people-ca"))
	person := func(token string, with ...tls.Certificate) *browser {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: with}}
		t.Cleanup(transport.CloseIdleConnections)
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return &browser{t: t, http: &http.Client{Transport: transport, CheckRedirect: stay}, url: "https://" + s.admin, token: token}
	}
	olga, cora, officer := person(""), person("", own), person(tokenOfUser("sam"))
	if who := olga.me(); who != "401" {
		t.Errorf("nobody is %s", who)
	}
	olga.login(tokenOfUser("olga"))
	if who := olga.me() + " " + cora.me() + " " + officer.me(); who != "olga cora sam" {
		t.Errorf("they are %s", who)
	}
	page := "/v1/events?participant=" + s.ids[0]
	ended := olga.follow(page)
	before := *olga.cookie
	if a := olga.ask(http.MethodPost, "/logout", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("logout: %d", a.StatusCode)
	}
	ended()
	if olga.cookie = &before; olga.me() != "401" {
		t.Error("the cookie is good after the logout")
	}
	olga.login(tokenOfUser("olga"))
	other := person("")
	other.login(tokenOfUser("olga"))
	all := []func(){olga.follow(page), other.follow(page), cora.follow(page)}
	staying := officer.follow(page)
	s.people(sam)
	if a := officer.ask(http.MethodPost, "/api/v1/reload", `{"reason": "they have left"}`); a.StatusCode != http.StatusOK {
		t.Fatalf("reload: %d", a.StatusCode)
	}
	for _, ended := range all {
		ended()
	}
	if who := olga.me() + " " + other.me() + " " + cora.me() + " " + officer.me(); who != "401 401 401 sam" {
		t.Errorf("after the reload they are %s", who)
	}
	officer.token = ""
	officer.login(tokenOfUser("sam"))
	s.stopClean(p)
	staying()
	p = begin()
	if who := officer.me(); who != "401" {
		t.Errorf("after a start a session of before is %s", who)
	}
	s.stopClean(p)
}

func (n *notary) read(name string) *x509.Certificate {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, name+".pem"))
	if err != nil {
		n.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}
