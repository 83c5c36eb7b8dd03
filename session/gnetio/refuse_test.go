package gnetio

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"switchd/certs"
)

// Whoever is not a configured participant is refused inside the handshake, is
// counted by reason, and gets to read the alert.
func TestRefusedIdentities(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	foreign := pki(t)
	none := r.client("BANKA")
	none.Certificates = nil
	other, err := certs.ClientConfig(paths(foreign, "BANKA"), r.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	other.RootCAs, other.VerifyConnection = nil, nil // it does not mind whom it talks to
	old := r.client("BANKA")
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for _, c := range []struct {
		result string
		conf   *tls.Config
		alert  string
	}{
		{shakeNoCertificate, none, "certificate required"},
		{shakeUnknownCA, other, "unknown certificate authority"},
		{shakeExpired, r.client("OLD"), "expired certificate"},
		{shakeUnknownIdentity, r.client("STRANGER"), "bad certificate"},
		{shakeVersion, old, "protocol version not supported"},
	} {
		conn := tls.Client(r.tcp(), c.conf)
		// Data behind the handshake must not turn the alert into a reset.
		_, werr := conn.Write(framed([]byte("too early for money")))
		_, rerr := conn.Read(make([]byte, 1))
		if err := errors.Join(werr, rerr); err == nil || !strings.Contains(err.Error(), c.alert) {
			t.Errorf("%s: client sees %v", c.result, err)
		}
		conn.Close()
		r.eventually("switchd_handshakes_total", c.result, 1)
	}
	plain := r.tcp()
	if _, err := io.WriteString(plain, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(plain); len(got) != 0 || err != nil {
		t.Errorf("plain HTTP: %q %v", got, err)
	}
	r.eventually("switchd_handshakes_total", shakeNotTLS, 1)
	gone := r.tcp()
	if _, err := gone.Write(r.hello()); err != nil {
		t.Fatal(err)
	}
	gone.Close()
	r.eventually("switchd_handshakes_total", shakeClosed, 1)
	r.eventually("switchd_links_closed_total", endHandshake, 7)
	r.eventually("switchd_links", "closing", 0)
	if h.up.Load() != 0 || h.frames.Load() != 0 || h.down.Load() != 0 {
		t.Error("the handler has heard of it")
	}
	if strings.Contains(r.log.String(), "STRANGER") {
		t.Error("the log holds what a stranger chose")
	}
}

// The same with the real openssl, which is a second implementation.
func TestRefusedWithOpenSSL(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: refusals are tested with crypto/tls only")
	}
	h := &handler{}
	r := start(t, h, nil)
	foreign := pki(t)
	for _, c := range []struct {
		result, alert string
		args          []string
	}{
		{shakeNoCertificate, "alert certificate required", nil},
		{shakeUnknownCA, "alert unknown ca", certArgs(paths(foreign, "BANKA"))},
		{shakeExpired, "alert certificate expired", certArgs(paths(r.dir, "OLD"))},
	} {
		out, err := sClient(t, tool, append([]string{"-connect", r.Addr(), "-tls1_3"}, c.args...))
		if err == nil || !strings.Contains(out, c.alert) {
			t.Errorf("%s: %v\n%s", c.result, err, out)
		}
		r.eventually("switchd_handshakes_total", c.result, 1)
	}
	if h.up.Load() != 0 {
		t.Error("a refused client came up")
	}
	exchange(t, r.dial("BANKA"), "others are served")
}

func certArgs(p certs.Paths) []string { return []string{"-cert", p.Cert, "-key", p.Key} }

// sClient runs openssl s_client until the server ends the connection. Its input
// stays open meanwhile: at the end of it openssl would leave by itself.
func sClient(t *testing.T, tool string, args []string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, append([]string{"s_client"}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestLinksLimit(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) { o.LinksMax = 2 })
	a, b := r.dial("BANKA"), r.dial("BANKA")
	exchange(t, a, "first of two")
	exchange(t, b, "second of two")
	third := r.dial("BANKA")
	if _, err := third.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a third link: %v", err)
	}
	r.eventually("switchd_handshakes_total", shakeLinks, 1)
	if h.up.Load() != 2 {
		t.Errorf("%d links came up", h.up.Load())
	}
	a.Close()
	r.eventually("switchd_links", "up", 1)
	exchange(t, r.dial("BANKA"), "there is room again")
}

// Handshakes beyond the limit wait for a place; those that get none within
// their deadline are counted as busy.
func TestHandshakesLimit(t *testing.T) {
	r := start(t, &handler{}, func(o *Options) { o.HandshakesMax = 1 })
	hello := r.hello()
	holder := r.tcp()
	if _, err := holder.Write(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Read(make([]byte, 1)); err != nil { // the worker is at it
		t.Fatal(err)
	}
	waiter := r.tcp()
	if _, err := waiter.Write(hello); err != nil {
		t.Fatal(err)
	}
	r.eventually("switchd_bytes_total", "in", float64(2*len(hello)))
	r.clock.ahead.Add(int64(6 * time.Second))
	r.eventually("switchd_handshakes_total", shakeBusy, 1)
	r.eventually("switchd_handshakes_total", shakeTimeout, 1)

	holder = r.tcp()
	if _, err := holder.Write(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		exchange(t, r.dial("BANKA"), "the next in the queue")
	}()
	r.eventually("switchd_links", "handshake", 2)
	holder.Close()
	<-done
}
