package certs

import (
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"time"
)

// TestHost: a server is accepted by its name, its authority, its dates, its version of TLS
// and its pin, and by nothing less.
func TestHost(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if err := InitAt(d, []string{"HSM"}, now, LeafValidity); err != nil {
			t.Fatal(err)
		}
	}
	leaf, err := readCert(paths(dir, "HSM").Cert)
	if err != nil {
		t.Fatal(err)
	}
	own, err := tls.LoadX509KeyPair(paths(dir, "HSM").Cert, paths(dir, "HSM").Key)
	if err != nil {
		t.Fatal(err)
	}
	mine := paths(dir, SwitchID)
	stranger := mine
	stranger.CA = paths(other, SwitchID).CA
	for name, c := range map[string]struct {
		h     Host
		late  time.Duration
		older bool // the server speaks TLS 1.2 at most
		want  string
	}{
		"by name":         {h: Host{Paths: mine, Name: "localhost"}},
		"by address":      {h: Host{Paths: mine, Name: "127.0.0.1"}},
		"pinned":          {h: Host{Paths: mine, Name: "localhost", Pins: []Pin{{1}, PinOf(leaf)}}},
		"TLS 1.2":         {h: Host{Paths: mine, Name: "localhost", TLS12: true}, older: true},
		"TLS 1.2 refused": {h: Host{Paths: mine, Name: "localhost"}, older: true, want: "protocol version"},
		"another name":    {h: Host{Paths: mine, Name: "hsm.example"}, want: "not hsm.example"},
		"another address": {h: Host{Paths: mine, Name: "127.0.0.2"}, want: "not 127.0.0.2"},
		"another CA":      {h: Host{Paths: stranger, Name: "localhost"}, want: "unknown authority"},
		"another pin":     {h: Host{Paths: mine, Name: "localhost", Pins: []Pin{{1}}}, want: "not pinned"},
		"expired":         {h: Host{Paths: mine, Name: "localhost"}, late: 2 * LeafValidity, want: "expired"},
	} {
		client, err := HostConfig(c.h, clockAt(now.Add(c.late)))
		if err != nil {
			t.Fatal(name, err)
		}
		server := &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert}
		if c.older {
			server.MaxVersion = tls.VersionTLS12
		}
		_, err = shake(t, server, client)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", name, err, c.want)
		}
	}
	for _, h := range []Host{{Paths: Paths{CA: "none"}}, {Paths: mine, Pins: make([]Pin, pinsMax+1)}} {
		if _, err := HostConfig(h, clockAt(now)); err == nil {
			t.Errorf("%+v is taken", h)
		}
	}
	if _, err := HostConfig(Host{Paths: mine}, nil); err == nil {
		t.Error("without a clock")
	}
}

// TestHostRenews: a new certificate is shown on the next connection.
func TestHostRenews(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	if err := InitAt(dir, []string{"HSM", "OLD"}, now, LeafValidity); err != nil {
		t.Fatal(err)
	}
	own, err := tls.LoadX509KeyPair(paths(dir, "HSM").Cert, paths(dir, "HSM").Key)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := HostConfig(Host{Paths: paths(dir, "OLD"), Name: "localhost"}, clockAt(now))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"OLD", SwitchID} {
		var shown string
		server := &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, VerifyConnection: func(cs tls.ConnectionState) (err error) {
			shown, err = Identity(cs.PeerCertificates[0])
			return err
		}}
		if serverErr, err := shake(t, server, conf); serverErr != nil || err != nil || shown != want {
			t.Errorf("%s, not %s: %v, %v", shown, want, serverErr, err)
		}
		for fresh, old := range map[string]string{paths(dir, SwitchID).Cert: paths(dir, "OLD").Cert, paths(dir, SwitchID).Key: paths(dir, "OLD").Key} {
			b, err := os.ReadFile(fresh)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(old, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
