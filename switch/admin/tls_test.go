package admin_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/certs"
	"switchd/switch/access"
	"switchd/switch/admin"
)

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

// secured is a server as other machines reach it.
type secured struct {
	t     *testing.T
	dir   string
	web   *certs.Web
	users *access.Users
	srv   *admin.Server
}

func now() int64 { return time.Now().UnixNano() }

func (s *secured) file(name string) string { return filepath.Join(s.dir, name) }

func newSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{t: t, dir: t.TempDir()}
	if err := certs.Init(s.dir, []string{"admin", "asha", "boris"}, now); err != nil {
		t.Fatal(err)
	}
	s.write("asha operator certificate urn:switch:participant:asha\nboris auditor certificate urn:switch:participant:boris\n")
	var err error
	if s.users, err = access.Load(s.file("users")); err != nil {
		t.Fatal(err)
	}
	if s.web, err = certs.NewWeb(certs.Paths{CA: s.file("ca.pem"), Cert: s.file("admin.pem"), Key: s.file("admin-key.pem")}, now); err != nil {
		t.Fatal(err)
	}
	s.srv, err = admin.Listen(admin.Options{
		Address: "0.0.0.0:0", Clock: now, Users: s.users, TLS: s.web.TLS(), Hosts: func(host string) bool { return host == "switch.example" }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.srv.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *secured) write(text string) {
	s.t.Helper()
	d := access.DigestOf("a token")
	if err := os.WriteFile(s.file("users"), []byte("tess viewer token "+hex.EncodeToString(d[:])+"\n"+text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// client shows the certificate of a name; empty: none.
func (s *secured) client(name string, change func(*tls.Config)) *http.Client {
	s.t.Helper()
	pem, err := os.ReadFile(s.file("ca.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	conf := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	conf.RootCAs.AppendCertsFromPEM(pem)
	if name != "" {
		own, err := tls.LoadX509KeyPair(s.file(name+".pem"), s.file(name+"-key.pem"))
		if err != nil {
			s.t.Fatal(err)
		}
		conf.Certificates = []tls.Certificate{own}
	}
	if change != nil {
		change(conf)
	}
	transport := &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: patience, Transport: transport}
}

func (s *secured) ask(c *http.Client, path string, change func(*http.Request)) (status int, text string, err error) {
	s.t.Helper()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.srv.Addr(), "[::]"), ":")
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "https://127.0.0.1:"+port+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Proto + " " + string(data), err
}

// TestSecured: users are known by certificates and tokens, over TLS 1.3 only, and a user
// that the file has no more is nobody at once, on a connection that is open.
func TestSecured(t *testing.T) {
	s := newSecured(t)
	f := func(c *http.Client, status int, want string, change func(*http.Request)) {
		t.Helper()
		got, text, err := s.ask(c, "/api/v1/me", change)
		if err != nil || got != status || !strings.Contains(text, want) {
			t.Errorf("%d %q %v, want %d %q", got, text, err, status, want)
		}
	}
	asha := s.client("asha", nil)
	f(asha, 200, `"name": "asha"`, nil)
	f(asha, 200, "HTTP/2.0", nil)
	f(s.client("boris", nil), 200, `"auditor"`, nil)
	f(s.client("switch", nil), 401, "this client certificate is of no user", nil)
	f(s.client("", nil), 401, "say who you are", nil)
	f(s.client("", nil), 200, `"name": "tess"`, func(r *http.Request) { r.Header.Set("Authorization", "Bearer a token") })
	f(asha, 401, "this token is not known", func(r *http.Request) { r.Header.Set("Authorization", "Bearer another") })
	f(asha, 200, "asha", func(r *http.Request) { r.Host = "switch.example:9583" })
	f(asha, 421, "a name of the certificate", func(r *http.Request) { r.Host = "evil.example" })
	if _, _, err := s.ask(s.client("asha", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }), "/livez", nil); err == nil {
		t.Error("TLS 1.2 is taken")
	}
	s.write("boris auditor certificate urn:switch:participant:boris\n")
	if changed, err := s.users.Reload(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	f(asha, 401, "this client certificate is of no user", nil)
	plain := &http.Client{Timeout: patience}
	answer, err := plain.Get("http://" + strings.Replace(s.srv.Addr(), "[::]", "127.0.0.1", 1) + "/livez")
	if err != nil || answer.StatusCode != 400 {
		t.Errorf("plain HTTP: %v %v", answer, err)
	} else {
		answer.Body.Close()
	}
	if !strings.HasPrefix(s.srv.URL(), "https://") {
		t.Error(s.srv.URL())
	}
}

// TestSecuredNeedsBoth: TLS without users, or users without TLS, is for this machine only.
func TestSecuredNeedsBoth(t *testing.T) {
	s := newSecured(t)
	for name, o := range map[string]admin.Options{"TLS": {TLS: s.web.TLS()}, "users": {Users: s.users}} {
		o.Address, o.Clock = "0.0.0.0:0", now
		l, err := admin.Listen(o)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "it needs a certificate and users") {
			t.Errorf("%s alone: %v", name, err)
		}
		o.Address = "127.0.0.1:0"
		if l, err = admin.Listen(o); err != nil {
			t.Errorf("%s on this machine: %v", name, err)
		} else {
			l.Close()
		}
	}
	old := s.web.TLS()
	old.MinVersion = tls.VersionTLS12
	if l, err := admin.Listen(admin.Options{Address: "127.0.0.1:0", Clock: now, TLS: old}); err == nil {
		l.Close()
		t.Error("TLS 1.2 is taken")
	} else if !strings.Contains(err.Error(), "TLS must be 1.3") {
		t.Error(err)
	}
	if _, err := admin.Listen(admin.Options{Address: "127.0.0.1:0"}); err == nil || fmt.Sprint(err) != "admin: there is no Clock" {
		t.Error(err)
	}
}
