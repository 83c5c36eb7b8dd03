package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func paths(dir, id string) Paths {
	return Paths{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, id+".pem"), Key: filepath.Join(dir, id+"-key.pem")}
}

func clockAt(t time.Time) func() int64 { return func() int64 { return t.UnixNano() } }

// behind is an end of a pipe whose writes do not wait for a reader: in TLS 1.2 both
// sides may write at the same time.
type behind struct {
	net.Conn
	out  chan []byte
	once sync.Once
}

func pipe() (a, b net.Conn) {
	a, b = net.Pipe()
	return newBehind(a), newBehind(b)
}

func newBehind(c net.Conn) *behind {
	b := &behind{Conn: c, out: make(chan []byte, 100)}
	go func() {
		for p := range b.out {
			_, _ = c.Write(p) // fails when the other end has gone
		}
		c.Close()
	}()
	return b
}

func (b *behind) Write(p []byte) (int, error) {
	b.out <- append([]byte(nil), p...)
	return len(p), nil
}

func (b *behind) Close() error {
	b.once.Do(func() { close(b.out) })
	return nil
}

// shake runs one handshake over a pipe and returns both sides' errors.
func shake(t testing.TB, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	a, b := pipe()
	s, c := tls.Server(a, server), tls.Client(b, client)
	done := make(chan error, 1)
	go func() {
		err := c.Handshake()
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // an alert for a refused certificate comes after the client's last flight
		}
		done <- err
	}()
	serverErr = s.Handshake()
	if serverErr == nil {
		if _, err := s.Write([]byte{1}); err != nil {
			t.Error(err)
		}
	}
	a.Close()
	return serverErr, <-done
}

func TestMutualTLS(t *testing.T) {
	dir, foreign := t.TempDir(), t.TempDir()
	if err := errors.Join(InitAt(dir, []string{"BANKA", "BANKB"}, day0, LeafValidity), InitAt(foreign, []string{"BANKA"}, day0, LeafValidity),
		Issue(dir, []string{"OLD"}, day0, 24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	known := func(id string) bool { return id == "BANKA" || id == "OLD" }
	mixed := Paths{CA: paths(dir, "").CA, Cert: paths(foreign, "BANKA").Cert, Key: paths(foreign, "BANKA").Key}
	for _, c := range []struct {
		name    string
		server  string // identity the server runs under
		client  Paths
		at      time.Time
		server2 string // part of the server's error, "" when accepted
		client2 string
	}{
		{"good", "switch", paths(dir, "BANKA"), day0, "", ""},
		{"unknown identity", "switch", paths(dir, "BANKB"), day0, ErrUnknown.Error(), "bad certificate"},
		{"other CA", "switch", mixed, day0, "unknown authority", ""},
		{"expired", "switch", paths(dir, "OLD"), day0.Add(48 * time.Hour), "expired", "expired"},
		{"not yet valid", "switch", paths(dir, "BANKA"), day0.Add(-48 * time.Hour), "", "not yet valid"},
		{"server is not the switch", "BANKB", paths(dir, "BANKA"), day0, "bad certificate", ErrNotSwitch.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, err := ServerConfig(paths(dir, c.server), known, clockAt(c.at))
			if err != nil {
				t.Fatal(err)
			}
			client, err := ClientConfig(c.client, clockAt(c.at))
			if err != nil {
				t.Fatal(err)
			}
			serverErr, clientErr := shake(t, server, client)
			refused := c.server2+c.client2 != ""
			if refused != (serverErr != nil) || (serverErr != nil && !strings.Contains(serverErr.Error(), c.server2)) {
				t.Errorf("server: %v", serverErr)
			}
			if refused != (clientErr != nil) || (clientErr != nil && !strings.Contains(clientErr.Error(), c.client2)) {
				t.Errorf("client: %v", clientErr)
			}
		})
	}
}

// The switch dials a participant: it is accepted by its own name and no other.
func TestDialConfig(t *testing.T) {
	dir := t.TempDir()
	if err := InitAt(dir, []string{"BANKA", "BANKB"}, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	server, err := ServerConfig(paths(dir, "BANKA"), func(id string) bool { return id == SwitchID }, clockAt(day0))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{"BANKA": nil, "BANKB": ErrOther, SwitchID: ErrNotSwitch} {
		client, err := DialConfig(paths(dir, SwitchID), id, clockAt(day0))
		if err != nil {
			t.Fatal(err)
		}
		serverErr, clientErr := shake(t, server, client)
		if !errors.Is(clientErr, want) || (want == nil) != (clientErr == nil && serverErr == nil) {
			t.Errorf("%s: client %v, server %v", id, clientErr, serverErr)
		}
	}
}

func TestServerRefusesOldTLSAndNoCertificate(t *testing.T) {
	dir := t.TempDir()
	if err := InitAt(dir, []string{"A"}, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	server, err := ServerConfig(paths(dir, "switch"), func(string) bool { return true }, clockAt(day0))
	if err != nil {
		t.Fatal(err)
	}
	client, err := ClientConfig(paths(dir, "A"), clockAt(day0))
	if err != nil {
		t.Fatal(err)
	}
	none := client.Clone()
	none.Certificates = nil
	if err, _ := shake(t, server, none); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("no certificate: %v", err)
	}
	old := client.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if err, _ := shake(t, server, old); err == nil {
		t.Error("TLS 1.2 accepted")
	}
	if !server.SessionTicketsDisabled || !server.DynamicRecordSizingDisabled || server.ClientAuth != tls.RequireAndVerifyClientCert {
		t.Errorf("settings %+v", server)
	}
}

func TestConfigFaults(t *testing.T) {
	dir := t.TempDir()
	if err := InitAt(dir, []string{"A"}, day0, LeafValidity); err != nil {
		t.Fatal(err)
	}
	junk := filepath.Join(dir, "junk")
	if err := os.WriteFile(junk, []byte("SECRETSECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := paths(dir, "A")
	for _, p := range []Paths{{good.Key, good.Cert, good.Key}, {junk, good.Cert, good.Key}, {good.CA, good.CA, good.Key},
		{good.CA, good.Cert, junk}, {filepath.Join(dir, "none"), good.Cert, good.Key}} {
		if _, err := ClientConfig(p, clockAt(day0)); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%v: %v", p, err)
		}
	}
	if _, err := ServerConfig(good, nil, clockAt(day0)); err == nil {
		t.Error("server without known")
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		uris []string
		want string
	}{
		{[]string{"urn:switch:participant:BANKA"}, "BANKA"},
		{[]string{"https://example.test/", "URN:switch:participant:b-1"}, "b-1"},
		{nil, ""},
		{[]string{"urn:other:participant:BANKA"}, ""},
		{[]string{"urn:switch:participant:"}, ""},
		{[]string{"urn:switch:participant:A%42"}, ""},
		{[]string{"urn:switch:participant:A/B"}, ""},
		{[]string{"urn:switch:participant:A?x"}, ""},
		{[]string{"urn:switch:participant:A#x"}, ""},
		{[]string{"urn:switch:participant:A", "urn:switch:participant:B"}, ""},
		{[]string{"urn:switch:participant:A", "urn:switch:participant:A"}, ""},
	} {
		cert := &x509.Certificate{}
		for _, raw := range c.uris {
			u, err := url.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			cert.URIs = append(cert.URIs, u)
		}
		got, err := Identity(cert)
		if got != c.want || (err == nil) != (c.want != "") || (err != nil && !errors.Is(err, ErrNoIdentity)) {
			t.Errorf("%v: %q %v", c.uris, got, err)
		}
	}
	if _, err := Identity(nil); err == nil {
		t.Error("nil certificate")
	}
}
