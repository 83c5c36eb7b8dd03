package gnetio

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"switchd/certs"
)

// A flood of handshakes (reliability, row 15) from many addresses, each costing the
// switch a signature: every address gets its burst and no more, all of them are
// counted, and a good link has every answer meanwhile.
func TestHandshakeFlood(t *testing.T) {
	const burst = 10
	addresses, each := 50, 100
	if testing.Short() {
		addresses, each = 10, 30
	}
	r := start(t, &handler{}, func(o *Options) { o.HandshakeRate, o.HandshakeBurst, o.Loops = burst, burst, 2 })
	r.clock.stop()
	good := r.dialFrom("BANKB", "127.0.0.1")
	exchange(t, good, "before the flood")
	var quiet, flooded []time.Duration
	answers := func(n int) (took []time.Duration) {
		for i := range n {
			began := time.Now()
			exchange(t, good, fmt.Sprintf("answer number %06d", i))
			took = append(took, time.Since(began))
		}
		return took
	}
	quiet = answers(2000)
	nobody := r.client("BANKA")
	nobody.Certificates = nil
	var shook atomic.Int64
	over := make(chan struct{})
	go func() {
		defer close(over)
		wave(addresses, func(i int) {
			from := netip.AddrFrom4([4]byte{127, 2, 0, byte(i)}).String()
			for range each {
				c := tls.Client(r.tcpFrom(from), nobody)
				if c.Handshake() == nil { // the refusal comes behind it
					shook.Add(1)
				}
				_, _ = c.Read(make([]byte, 1))
				_ = c.Close()
			}
		})
	}()
	for done := false; !done; {
		select {
		case <-over:
			done = true
		default:
			flooded = append(flooded, answers(50)...)
		}
	}
	began := int64(addresses * burst)
	r.eventually("switchd_handshakes_total", shakeNoCertificate, float64(began))
	r.eventually("switchd_links_closed_total", endRate, float64(int64(addresses*each)-began))
	if n := shook.Load(); n != began {
		t.Errorf("%d handshakes were begun, want %d", n, began)
	}
	exchange(t, good, "behind the flood")
	p99 := func(all []time.Duration) time.Duration { slices.Sort(all); return all[len(all)*99/100] }
	t.Logf("%d connections, %d handshakes; p99 of a good link: quiet %v, flooded %v (%d answers)", addresses*each, began, p99(quiet), p99(flooded), len(flooded))
}

// A certificate for servers only (row 16) lets nobody in as a participant.
func TestWrongUsage(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	conf := r.client("BANKA")
	conf.Certificates = []tls.Certificate{serverOnly(t, r.dir, "BANKA")}
	c := tls.Client(r.tcp(), conf)
	_, werr := c.Write(framed([]byte("as if I were one")))
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error()+fmt.Sprint(werr), "bad certificate") {
		t.Errorf("client sees %v, %v", werr, err)
	}
	r.eventually("switchd_handshakes_total", shakeFailed, 1)
	if h.up.Load() != 0 {
		t.Error("it has come up")
	}
}

// serverOnly is a certificate of the CA in dir that names a participant and is for
// servers.
func serverOnly(t *testing.T, dir, id string) tls.Certificate {
	t.Helper()
	ca, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem"))
	must(t, err)
	own, err := tls.LoadX509KeyPair(paths(dir, id).Cert, paths(dir, id).Key)
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: own.Leaf.Subject, NotBefore: own.Leaf.NotBefore, NotAfter: own.Leaf.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, URIs: []*url.URL{own.Leaf.URIs[0]},
	}, ca.Leaf, &key.PublicKey, ca.PrivateKey)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Older versions (row 16) are refused, one by one, also of a participant that may speak
// TLS 1.2.
func TestOlderVersions(t *testing.T) {
	r, trust := trusted(t, &handler{}, nil)
	try := func(id string, version uint16, want string) {
		t.Helper()
		conf := r.client(id)
		conf.MinVersion, conf.MaxVersion = version, version
		c := tls.Client(r.tcp(), conf)
		if err := c.Handshake(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s with %s: %v", id, tls.VersionName(version), err)
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
		try("BANKA", version, "protocol version")
	}
	must(t, trust.SetPeers(map[string]certs.Peer{"BANKA": {TLS12: true}, "BANKB": {}}))
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		try("BANKA", version, "protocol version")
	}
	r.eventually("switchd_handshakes_total", shakeVersion, 5)
}

// typist is openssl that types what a test says: a second implementation which can do
// to a link what ours cannot.
type typist struct {
	t    *testing.T
	in   io.WriteCloser
	out  *bufio.Reader
	over func()
}

func newTypist(t *testing.T, r *rig, id string, flags ...string) *typist {
	t.Helper()
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: renegotiation and key updates are not tested")
	}
	cmd := exec.CommandContext(t.Context(), tool, append(append([]string{"s_client", "-connect", r.Addr()}, flags...), certArgs(paths(r.dir, id))...)...)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = cmd.Stdout
	must(t, cmd.Start())
	return &typist{t: t, in: in, out: bufio.NewReader(out), over: func() { _ = cmd.Wait() }}
}

// types writes text and reads until a line ends with want; false at the end of all.
func (y *typist) types(text, want string) bool {
	y.t.Helper()
	if _, err := io.WriteString(y.in, text); err != nil {
		return false
	}
	for {
		line, err := y.out.ReadString('\n')
		if strings.HasSuffix(strings.TrimSpace(line), want) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// Keys may be updated as often as there is something to say (row 16); a storm of
// updates and nothing else ends its link and hurts nobody.
func TestKeyUpdateStorm(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	good := r.dial("BANKB")
	y := newTypist(t, r, "BANKA", "-tls1_3")
	said := "said between the keys"
	frame := string(framed([]byte(said + "\n")))
	for i := range 40 {
		if !y.types(frame, said) || !y.types("K\n", "KEYUPDATE") {
			t.Fatalf("the link has ended at update %d", i)
		}
		exchange(t, good, "others do not notice")
	}
	updates := 0
	for ; updates < 100 && y.types("K\n", "KEYUPDATE"); updates++ {
		exchange(t, good, "not of the storm either")
	}
	y.over()
	t.Logf("%d updates in a row", updates)
	if updates == 100 {
		t.Error("nothing ends a storm of key updates")
	}
	r.eventually("switchd_links_closed_total", endTLS, 1)
	r.eventually("switchd_links", "up", 1)
	exchange(t, good, "behind the storm")
}

// A link of TLS 1.2 cannot be negotiated anew (row 16).
func TestNoRenegotiation(t *testing.T) {
	r, trust := trusted(t, &handler{}, nil)
	must(t, trust.SetPeers(map[string]certs.Peer{"BANKA": {TLS12: true}, "BANKB": {}}))
	good := r.dial("BANKB")
	y := newTypist(t, r, "BANKA", "-tls1_2")
	said := "said in the older version"
	if !y.types(string(framed([]byte(said+"\n"))), said) {
		t.Fatal("the older version does not work")
	}
	if y.types("R\n", "RENEGOTIATING") && y.types(string(framed([]byte(said+"\n"))), said) {
		t.Error("the link goes on behind a renegotiation")
	}
	y.over()
	r.eventually("switchd_links_closed_total", endTLS, 1)
	exchange(t, good, "others do not notice")
}
