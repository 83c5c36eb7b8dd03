package mtls

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"switchd/certs"
)

// Both directions are byte-exact for every way the network may cut the stream
// and for writes of every size.
func TestEchoByteExact(t *testing.T) {
	dir := pki(t)
	server, client := serverConf(t, dir), clientConf(t, dir, "BANKA")
	for _, chunk := range []int{1, 2, 5, 7, 100, 1 << 10, 16<<10 + 5, 64 << 10} {
		t.Run(fmt.Sprint(chunk), func(t *testing.T) {
			total := 1 << 20
			if chunk < 100 {
				total = 64 << 10 // each chunk is two channel operations
			}
			a, b := tcpPair(t)
			l, wait := serve(server, a, chunk)
			c := tls.Client(b, client)
			up := &signal{c: make(chan struct{})}
			sent := writeRandom(c, total, up.c)
			got := sha256.New()
			if n, err := io.Copy(io.MultiWriter(got, up), c); err != nil || n != int64(total) {
				t.Errorf("echoed %d of %d bytes: %v", n, total, err)
			}
			up.fire() // if nothing came back, the writer must still end
			if want := <-sent; want != [32]byte(got.Sum(nil)) {
				t.Error("echo differs")
			}
			wait()
			if l.err != io.EOF || l.shook != nil {
				t.Errorf("loop ended with %v, handshake with %v", l.err, l.shook)
			}
			if l.conn.Partial() {
				t.Error("input ends inside a record")
			}
			if id, err := certs.Identity(l.conn.State().PeerCertificates[0]); id != "BANKA" {
				t.Errorf("identity %q %v", id, err)
			}
		})
	}
}

// The client side is as exact, also when the server sends session tickets behind
// the handshake, as most do.
func TestClientSideByteExact(t *testing.T) {
	dir := pki(t)
	server, client := serverConf(t, dir).Clone(), clientConf(t, dir, "BANKA")
	server.SessionTicketsDisabled = false
	for _, chunk := range []int{1, 7, 1 << 10, 64 << 10} {
		a, b := tcpPair(t)
		l, wait := drive(Client, client, a, chunk)
		c := tls.Server(b, server)
		up := make(chan struct{})
		close(up)
		const total = 40 << 10 // all of it may come before the handshake is known to be done
		sent := writeRandom(c, total, up)
		got := sha256.New()
		if n, err := io.Copy(got, c); err != nil || n != total {
			t.Errorf("chunk %d: echoed %d bytes: %v", chunk, n, err)
		}
		if want := <-sent; want != [32]byte(got.Sum(nil)) {
			t.Errorf("chunk %d: echo differs", chunk)
		}
		wait()
		if l.err != io.EOF || l.shook != nil || l.conn.Partial() {
			t.Errorf("chunk %d: loop ended with %v, handshake with %v", chunk, l.err, l.shook)
		}
		if id, err := certs.Identity(l.conn.State().PeerCertificates[0]); id != "switch" {
			t.Errorf("identity %q %v", id, err)
		}
	}
}

// A client refuses a server that is not who was called, and the server learns why.
func TestClientSideRefuses(t *testing.T) {
	dir := pki(t)
	wrong, err := certs.DialConfig(paths(dir, "switch"), "BANKB", clock)
	if err != nil {
		t.Fatal(err)
	}
	a, b := tcpPair(t)
	l, wait := drive(Client, wrong, a, 1<<10)
	if err := tls.Server(b, serverConf(t, dir)).Handshake(); err == nil || !strings.Contains(err.Error(), "bad certificate") {
		t.Errorf("the server sees %v", err)
	}
	b.Close()
	wait()
	if !errors.Is(l.shook, certs.ErrOther) || l.conn.Established() {
		t.Errorf("handshake: %v", l.shook)
	}
}

// signal closes c with the first bytes written to it.
type signal struct {
	c    chan struct{}
	sent bool
}

func (s *signal) Write(p []byte) (int, error) {
	s.fire()
	return len(p), nil
}

func (s *signal) fire() {
	if !s.sent {
		s.sent = true
		close(s.c)
	}
}

// writeRandom writes total bytes in pieces of 1 byte to 40 KiB, then
// close_notify, and sends the hash of all. After the first piece it waits for up:
// a client may write as soon as its own side of the handshake is done, but what
// the server holds before its side is done is bounded.
func writeRandom(c *tls.Conn, total int, up <-chan struct{}) <-chan [32]byte {
	done := make(chan [32]byte, 1)
	go func() {
		rnd := rand.New(rand.NewPCG(1, uint64(total)))
		all := make([]byte, total)
		for i := range all {
			all[i] = byte(rnd.Uint32())
		}
		for b := all; len(b) > 0; {
			n := min(len(b), 1+rnd.IntN(1<<rnd.IntN(16)))
			if _, err := c.Write(b[:n]); err != nil {
				break
			}
			b = b[n:]
			<-up
		}
		_ = c.CloseWrite()
		done <- sha256.Sum256(all)
	}()
	return done
}

// What a client sends right behind its last handshake flight is not lost, and
// needs no further input to come out.
func TestDataBehindTheHandshake(t *testing.T) {
	dir := pki(t)
	server, client := serverConf(t, dir), clientConf(t, dir, "BANKA")
	for range 20 {
		a, b := tcpPair(t)
		_, wait := serve(server, a, 64<<10)
		c := tls.Client(b, client)
		if _, err := c.Write([]byte("first")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "first" {
			t.Fatalf("%q %v", got, err)
		}
		c.Close()
		wait()
	}
}

// The server speaks first, and both sides may close.
func TestServerClosesFirst(t *testing.T) {
	dir := pki(t)
	a, b := tcpPair(t)
	l, wait := serve(serverConf(t, dir), a, 64<<10)
	l.onUp = func(c *Conn) {
		_, _ = c.Write([]byte("bye"))
		c.CloseNotify()
		c.CloseNotify() // once is enough, twice is harmless
	}
	c := tls.Client(b, clientConf(t, dir, "BANKA"))
	if got, err := io.ReadAll(c); string(got) != "bye" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	c.Close()
	wait()
}

// Refusals happen in the handshake, and the alert reaches the client.
func TestRefusedInHandshake(t *testing.T) {
	dir, foreign := pki(t), pki(t)
	server := serverConf(t, dir)
	none := clientConf(t, dir, "BANKA")
	none.Certificates = nil
	other := clientConf(t, dir, "BANKA")
	other.Certificates = clientConf(t, foreign, "BANKA").Certificates
	old := clientConf(t, dir, "BANKA")
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for _, c := range []struct {
		name   string
		client *tls.Config
		isErr  func(error) bool
		alert  string
	}{
		{"no certificate", none, func(err error) bool { return strings.Contains(err.Error(), "didn't provide a certificate") }, "certificate required"},
		{"unknown CA", other, func(err error) bool { _, ok := errors.AsType[x509.UnknownAuthorityError](err); return ok }, "unknown certificate authority"},
		{"expired", clientConf(t, dir, "OLD"), func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired
		}, "expired certificate"},
		{"unknown identity", clientConf(t, dir, "STRANGER"), func(err error) bool { return errors.Is(err, certs.ErrUnknown) }, "bad certificate"},
		{"TLS 1.2", old, func(err error) bool { return strings.Contains(err.Error(), "version") }, "protocol version not supported"},
	} {
		for _, chunk := range []int{1, 64 << 10} {
			t.Run(fmt.Sprint(c.name, " ", chunk), func(t *testing.T) {
				a, b := tcpPair(t)
				l, wait := serve(server, a, chunk)
				conn := tls.Client(b, c.client)
				_, err := conn.Read(make([]byte, 1))
				if err == nil || !strings.Contains(err.Error(), c.alert) {
					t.Errorf("client sees %v, want %q", err, c.alert)
				}
				conn.Close()
				wait()
				if l.shook == nil || !c.isErr(l.shook) {
					t.Errorf("handshake error %v", l.shook)
				}
				if l.conn.Established() {
					t.Error("established all the same")
				}
			})
		}
	}
}

func TestAbortEndsHandshake(t *testing.T) {
	dir := pki(t)
	a, b := tcpPair(t)
	l, wait := serve(serverConf(t, dir), a, 64<<10)
	// The client sends its hello and then says nothing more.
	hello := tls.Client(onlyWrites{b, t.Context().Done()}, clientConf(t, dir, "BANKA"))
	go func() { _ = hello.Handshake() }()
	if _, err := b.Read(make([]byte, 1)); err != nil { // the server has answered: its worker runs
		t.Fatal(err)
	}
	l.conn.Abort()
	b.Close()
	wait()
	if l.shook == nil {
		t.Error("handshake succeeded")
	}
}

func TestPendingIsBounded(t *testing.T) {
	c := Server(serverConf(t, pki(t)), Options{PendingMax: 1000})
	if err := c.Feed(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := c.Feed([]byte{0}); err != ErrPending {
		t.Errorf("%v", err)
	}
}

func TestHello(t *testing.T) {
	for _, c := range []struct {
		in    string
		ready bool
		err   error
	}{
		{"", false, nil},
		{"\x16", false, nil},
		{"\x16\x03\x01\x00", false, nil},
		{"\x16\x03\x01\x00\x03\x01", false, nil},
		{"\x16\x03\x01\x00\x03\x01ab", true, nil},
		{"\x16\x03\x01\x00\x03\x01abcdef", true, nil},
		{"G", false, ErrNotTLS},
		{"GET / HTTP/1.1", false, ErrNotTLS},
		{"\x80\x2e", false, ErrNotTLS},             // SSLv2
		{"\x17\x03\x03\x00\x01", false, ErrNotTLS}, // data first
		{"\x16\x02", false, ErrNotTLS},
		{"\x16\x03\x01\x00\x00", false, ErrNotTLS},
		{"\x16\x03\x01\x40\x01", false, ErrNotTLS}, // longer than a record may be
		{"\x16\x03\x01\x00\x03\x02", false, ErrNotTLS},
	} {
		if ready, err := helloReady([]byte(c.in)); ready != c.ready || err != c.err {
			t.Errorf("%q: %v %v", c.in, ready, err)
		}
	}
}

func TestBorder(t *testing.T) {
	stream := []byte("\x17\x03\x03\x00\x02ab\x17\x03\x03\x00\x00\x17\x03\x03\x01\x00" + strings.Repeat("x", 256))
	ends := map[int]bool{0: true, 7: true, 12: true, len(stream): true}
	for chunk := 1; chunk <= len(stream); chunk++ {
		var r border
		for at := 0; at < len(stream); {
			n := min(chunk, len(stream)-at)
			r.feed(stream[at : at+n])
			at += n
			if r.inside() == ends[at] {
				t.Fatalf("chunk %d: at %d inside=%v", chunk, at, r.inside())
			}
		}
	}
}

// Before the handshake is done nothing can be read or written, and a leftover
// of an earlier Feed comes before the next.
func TestOrderOfFeeds(t *testing.T) {
	p := newPipe(Options{PendingMax: 10}.withDefaults())
	_ = p.feed([]byte("abc"), true)
	buf := make([]byte, 2)
	_, _ = p.Read(buf)
	_ = p.feed([]byte("def"), true)
	p.settle(true)
	_ = p.feed([]byte("ghi"), false)
	if err := p.feed([]byte("0123"), false); err != ErrPending {
		t.Errorf("bound: %v", err)
	}
	got, err := io.ReadAll(p)
	if all := string(buf) + string(got); all != "abcdefghi" || err != ErrEmpty {
		t.Errorf("%q %v", all, err)
	}
	c := &Conn{pipe: p}
	if _, err := c.Read(buf); err != ErrEmpty {
		t.Error(err)
	}
	if _, err := c.Write(buf); err != ErrEmpty {
		t.Error(err)
	}
	c.CloseNotify()
}

func TestLendKeepsWhatWasCollected(t *testing.T) {
	p := newPipe(Options{}.withDefaults())
	_, _ = p.Write([]byte("abc"))
	big := make([]byte, 5, 100)
	p.lend(big)
	_, _ = p.Write([]byte("def"))
	got := p.take()
	if !bytes.Equal(got, []byte("abcdef")) || &got[0] != &big[0] {
		t.Errorf("%q", got)
	}
	if p.take() != nil {
		t.Error("taken twice")
	}
}
