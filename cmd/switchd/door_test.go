package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/certs"
)

// visitor is somebody who must not come in.
type visitor struct {
	name   string
	paths  certs.Paths // certificate to show; none when empty
	result string      // label of switchd_handshakes_total
	alert  string      // what openssl says of the alert
}

// visitors makes the certificates of all visitors.
func visitors(t *testing.T, s *scheme) []visitor {
	t.Helper()
	other, expired, stranger := t.TempDir(), t.TempDir(), t.TempDir()
	now := time.Now()
	for _, err := range []error{
		certs.InitAt(other, []string{"BANKA"}, now, certs.LeafValidity),
		copyCA(s.certs(), expired), certs.Issue(expired, []string{"BANKA"}, now.Add(-48*time.Hour), 24*time.Hour),
		copyCA(s.certs(), stranger), certs.Issue(stranger, []string{"BANKX"}, now, certs.LeafValidity),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return []visitor{
		{"without a certificate", certs.Paths{}, "no_certificate", "alert certificate required"},
		{"of another CA", leafPaths(other, "BANKA"), "unknown_ca", "alert unknown ca"},
		{"with an expired one", leafPaths(expired, "BANKA"), "expired", "alert certificate expired"},
		{"nobody we know", leafPaths(stranger, "BANKX"), "unknown_identity", "alert bad certificate"},
	}
}

func copyCA(from, to string) error {
	var faults []error
	for _, name := range []string{"ca.pem", "ca-key.pem"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		faults = append(faults, err, os.WriteFile(filepath.Join(to, name), text, 0o600))
	}
	return errors.Join(faults...)
}

// counted runs visit and wants the counter of a handshake result one higher.
func (s *scheme) counted(t *testing.T, result string, visit func()) {
	t.Helper()
	name := fmt.Sprintf("switchd_handshakes_total{result=%q}", result)
	before := s.metric(name)
	visit()
	until(t, patience, name+" counts it", func() bool { return s.metric(name) >= before+1 })
	if got := s.metric(name); got != before+1 {
		t.Errorf("%s went from %v to %v", name, before, got)
	}
}

// TestDoor: whoever is not a configured participant with a good certificate is
// refused in the handshake and counted, by openssl's account too.
func TestDoor(t *testing.T) {
	s := newScheme(t, shortTimers, 3)
	p := s.serve()
	for _, v := range visitors(t, s) {
		t.Run("openssl "+v.name, func(t *testing.T) {
			s.counted(t, v.result, func() {
				if out := openssl(t, s, v.paths, "-tls1_3"); !strings.Contains(out, v.alert) {
					t.Errorf("openssl says\n%s\nwant %q", tail(out), v.alert)
				}
			})
		})
		t.Run("crypto/tls "+v.name, func(t *testing.T) {
			s.counted(t, v.result, func() { s.refused(t, v.paths) })
		})
	}
	t.Run("openssl with TLS 1.2", func(t *testing.T) {
		s.counted(t, "tls_version", func() {
			if out := openssl(t, s, leafPaths(s.certs(), "BANKA"), "-tls1_2"); !strings.Contains(out, "alert protocol version") {
				t.Errorf("openssl says\n%s", tail(out))
			}
		})
	})
	t.Run("in clear", func(t *testing.T) {
		s.counted(t, "not_tls", func() {
			conn, err := net.DialTimeout("tcp", s.listen, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the link was not closed")
			}
		})
	})
	if said := p.err.String(); !strings.Contains(said, `msg="handshake refused" event=link.handshake.refused reason=no_certificate`) {
		t.Errorf("no word of it in the log:\n%s", tail(said))
	}
	c := s.connect("BANKC")
	c.signOn() // and one who may
	s.counted(t, "ok", func() { s.connect("BANKC").signOn() })
}

// refused connects with crypto/tls and wants the link closed by an alert.
func (s *scheme) refused(t *testing.T, paths certs.Paths) {
	t.Helper()
	settings := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13} // it is the server's judgement that is tested
	if paths.Cert != "" {
		own, err := tls.LoadX509KeyPair(paths.Cert, paths.Key)
		if err != nil {
			t.Fatal(err)
		}
		// Without this crypto/tls keeps back what the server's CA list excludes.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", s.listen, settings)
	if err == nil {
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, err = conn.Read(make([]byte, 1)) // in TLS 1.3 the alert comes after the handshake
	}
	if !errors.As(err, new(tls.AlertError)) && (err == nil || !strings.Contains(err.Error(), "remote error: tls:")) {
		t.Errorf("got %v, want an alert", err)
	}
}

// openssl runs s_client until the switch has closed the link.
func openssl(t *testing.T, s *scheme, paths certs.Paths, flags ...string) string {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: the cases with crypto/tls have to do")
	}
	args := append([]string{"s_client", "-connect", s.listen, "-CAfile", filepath.Join(s.certs(), "ca.pem")}, flags...)
	if paths.Cert != "" {
		args = append(args, "-cert", paths.Cert, "-key", paths.Key)
	}
	c := exec.Command(program, args...)
	var out output
	c.Stdout, c.Stderr = &out, &out
	stdin, err := c.StdinPipe() // an open end keeps it waiting for the switch
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = c.Wait() // it fails, as it should; what it said counts
	}()
	select {
	case <-over:
	case <-time.After(patience):
		_ = c.Process.Kill()
		<-over
		t.Error("the switch has not closed the link")
	}
	return out.String()
}
