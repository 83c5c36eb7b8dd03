package admin

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"switchd/switch/access"
)

// TestFormsAreBounded: what a form sends is read up to a bound, before and behind the login.
func TestFormsAreBounded(t *testing.T) {
	read := make(chan error, 1)
	console := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		read <- err
	})
	b := browser{t, serve(t, Options{Users: someone(), Console: console})}
	if r := b.do("POST", "/login", "token=x&next="+strings.Repeat("x", commandBytesMax), nil); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a long form before the login: %d", r.StatusCode)
	}
	omar := b.login(officerToken)
	for length, want := range map[int]bool{formBytesMax: true, formBytesMax + 1: false} {
		b.do("POST", "/console/orders", strings.Repeat("x", length), omar)
		if err := <-read; (err == nil) != want {
			t.Errorf("a form of %d bytes: %v", length, err)
		}
	}
}

// TestLogoutEndsStreams: before it is answered, and not at the next look.
func TestLogoutEndsStreams(t *testing.T) {
	asked := make(chan context.Context, 1)
	b := browser{t, serve(t, Options{Users: someone(), Routes: []Route{{
		Method: http.MethodGet, Path: "/v1/events", May: access.Anyone, Summary: "Lines.", Stream: func(c *Call, w http.ResponseWriter) error {
			w.WriteHeader(http.StatusOK)
			err := http.NewResponseController(w).Flush()
			asked <- c.Context
			<-c.Context.Done()
			return err
		},
	}}})}
	vera := b.login(viewerToken)
	r := b.do("GET", "/v1/events", "", vera)
	stream := <-asked
	if b.do("POST", "/logout", "", vera); !errors.Is(stream.Err(), context.Canceled) {
		t.Error("the stream lasts when the logout has been answered")
	}
	if _, err := bufio.NewReader(r.Body).ReadByte(); err != io.EOF {
		t.Errorf("it has ended with %v", err)
	}
}

// TestOtherRolesEndStreams: of who is a user still, and is not what he was.
func TestOtherRolesEndStreams(t *testing.T) {
	asked, users := make(chan context.Context, 1), someone()
	s := serve(t, Options{Users: users, Routes: []Route{{
		Method: http.MethodGet, Path: "/v1/events", May: access.Anyone, Summary: "Lines.", Stream: func(c *Call, w http.ResponseWriter) error {
			w.WriteHeader(http.StatusOK)
			err := http.NewResponseController(w).Flush()
			asked <- c.Context
			<-c.Context.Done()
			return err
		},
	}}})
	b := browser{t, s}
	vera := b.login(viewerToken)
	b.do("GET", "/v1/events", "", vera)
	bySession := <-asked
	b.do("GET", "/v1/events", "", nil, bearer(viewerToken))
	byToken := <-asked
	s.Recheck()
	if bySession.Err() != nil || byToken.Err() != nil {
		t.Error("a stream has ended of who is what he was")
	}
	users.set(map[string]access.Caller{viewerToken: {Name: "vera", Roles: access.Auditor}})
	s.Recheck()
	if bySession.Err() == nil || byToken.Err() == nil {
		t.Errorf("streams of who has other roles: %v, %v", bySession.Err(), byToken.Err())
	}
}

// anyCertificate is a Users that knows everybody who shows a certificate.
type anyCertificate struct{ Users }

func (anyCertificate) ByCertificate(*x509.Certificate) (access.Caller, bool) {
	return access.Caller{Name: "cora", Roles: access.Operator}, true
}

// TestCertificatesThatDoNotCount: one that the handshake has not verified, and one that has
// ended since.
func TestCertificatesThatDoNotCount(t *testing.T) {
	now := time.Unix(0, still())
	p := &pages{Options: Options{Users: anyCertificate{}, Clock: still}}
	for name, c := range map[string]struct {
		ends           time.Time
		verified, good bool
	}{"good": {now.Add(time.Second), true, true}, "not verified": {now.Add(time.Second), false, false}, "ended": {now.Add(-time.Second), true, false}} {
		leaf := &x509.Certificate{NotAfter: c.ends}
		state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
		if c.verified {
			state.VerifiedChains = [][]*x509.Certificate{{leaf}}
		}
		who, shown, good := p.byCertificate(&http.Request{TLS: state})
		if good != c.good || shown != c.verified || (who.Name == "cora") != c.good {
			t.Errorf("%s: %+v, shown %v, good %v", name, who, shown, good)
		}
	}
}
