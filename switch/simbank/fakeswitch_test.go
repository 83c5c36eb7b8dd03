package simbank

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

func wall() int64 { return time.Now().UnixNano() }

// authority makes certificates in memory.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	a := &authority{key: key}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Unix(0, wall()).Add(-time.Hour), NotAfter: time.Unix(0, wall()).Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	must(t, err)
	a.cert, err = x509.ParseCertificate(der)
	must(t, err)
	return a
}

func (a *authority) leaf(t testing.TB, name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, &key.PublicKey, a.key)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// fakeSwitch listens like the switch. What comes is in frames, in order; 0800 is
// answered by itself unless manual.
type fakeSwitch struct {
	t         testing.TB
	spec      []byte
	listener  net.Listener
	codec     *codec
	clientTLS *tls.Config
	frames    chan frameIn // all but 0800 and 0810, unless manual
	network   chan message // 0800 and 0810, best effort
	manual    bool         // set before a participant connects
	signOn    string       // code that sign-ons are answered with
	wire      Options      // Framing and Header; set before a participant connects
	take      func([]byte) // takes all messages, if set before a participant connects

	mu   sync.Mutex // guards conn
	conn net.Conn
}

type frameIn struct {
	message
	body []byte
	on   net.Conn // the link that it came on
}

func newFakeSwitch(t testing.TB) *fakeSwitch { return newFakeSwitchOf(t, "iso87-npci") }

func newFakeSwitchOf(t testing.TB, dialect string) *fakeSwitch {
	a := newAuthority(t)
	spec, err := os.ReadFile("../../codec/iso8583/specs/" + dialect + ".json")
	must(t, err)
	c, err := newCodec(spec, MAC{})
	must(t, err)
	server := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{a.leaf(t, "switch")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool()}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	must(t, err)
	s := &fakeSwitch{
		t: t, spec: spec, listener: listener, codec: c, signOn: "00",
		clientTLS: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: a.pool(), ServerName: "switch", Certificates: []tls.Certificate{a.leaf(t, "BANKA")}},
		frames:    make(chan frameIn, 10_000), network: make(chan message, 100),
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.use(conn)
			served.Go(func() { s.read(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.hangUp()
		served.Wait()
	})
	return s
}

// use makes a connection the one that send writes to.
func (s *fakeSwitch) use(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
}

func (s *fakeSwitch) read(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := newInput(conn, s.wire.Framing)
	for {
		fr, err := in.next()
		if err != nil {
			return
		}
		if !s.wire.addressed(fr.Header) {
			s.t.Errorf("the participant wrote with header %x", fr.Header)
		}
		body := fr.Body
		if s.take != nil {
			s.take(body)
			continue
		}
		m, bad := s.codec.decode(body)
		if bad != nil {
			s.t.Errorf("the participant wrote what cannot be read: %v", bad)
		}
		if m.mti[:2] == "08" {
			select {
			case s.network <- m:
			default:
			}
			if m.mti == "0800" && !s.manual {
				code := "00"
				if m.de[70] == "001" {
					code = s.signOn
				}
				s.sendOn(conn, answerTo(m, code, 7, 11, 70))
			}
			continue
		}
		s.frames <- frameIn{m, append([]byte(nil), body...), conn}
	}
}

func (s *fakeSwitch) send(m message) {
	body, err := s.codec.encode(m)
	must(s.t, err)
	s.sendBytes(body)
}

// sendOn is send on one of several links.
func (s *fakeSwitch) sendOn(conn net.Conn, m message) {
	body, err := s.codec.encode(m)
	must(s.t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	out, _ := s.wire.appendFrame(nil, body)
	_, _ = conn.Write(out)
}

func (s *fakeSwitch) sendBytes(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, _ := s.wire.appendFrame(nil, body)
	_, _ = s.conn.Write(out)
}

func (s *fakeSwitch) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

// next is the next message of the participant, which must have this MTI.
func (s *fakeSwitch) next(mti string) frameIn {
	s.t.Helper()
	select {
	case f := <-s.frames:
		if f.mti != mti {
			s.t.Fatalf("got %s (DE39 %q), want %s", f.mti, f.de[39], mti)
		}
		return f
	case <-time.After(patience):
		s.t.Fatalf("no %s came", mti)
		panic("unreachable")
	}
}

// nothing checks that what was asked was not answered: it asks something that is
// answered in order and expects that answer first.
func (s *fakeSwitch) nothing() {
	s.t.Helper()
	s.send(resolveOf("fence@nowhere"))
	if f := s.next("0110"); f.de[39] != "14" {
		s.t.Fatalf("answer %s before the fence", f.de[39])
	}
}

func (s *fakeSwitch) options() Options {
	return Options{
		ID: "BANKA", Institution: "100001", Handle: "banka", IFSC: "BNKA",
		Address: s.listener.Addr().String(), TLS: s.clientTLS, Spec: s.spec, Clock: wall,
		BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond, Drain: 50 * time.Millisecond,
		OpeningBalance: 1_000_000,
	}
}

// start runs a participant until the test ends, or stop is called, and waits for
// its first sign-on.
func start(t testing.TB, o Options) (b *Bank, stop func()) {
	t.Helper()
	b, stop = launch(t, o)
	select {
	case <-b.Ready():
	case <-time.After(patience):
		t.Fatal("not signed on")
	}
	return b, stop
}

func launch(t testing.TB, o Options) (b *Bank, stop func()) {
	t.Helper()
	b, err := New(o)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return b, stop
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The requests of the switch, as the wire table has them.

func resolveOf(vpa string) message {
	return message{mti: "0100",
		de:  map[int]string{3: "330000", 7: "0102030405", 11: "000001", 32: "200002", 33: "999999", 37: "000000000RES"},
		tag: map[string]string{"001": "VAL", "004": vpa}}
}

func moneyOf(mti, process, kind, ref string, amount int64) message {
	m := message{mti: mti,
		de: map[int]string{3: process, 4: fmt.Sprint(amount), 7: "0102030405", 11: "000002", 32: "200002", 33: "999999",
			37: fmt.Sprintf("%012s", ref), 49: "356", 102: "1000010001", 103: "1000010002"},
		tag: map[string]string{"001": kind, "002": "TXN" + ref}}
	if mti[1] == '4' || mti[2] == '2' {
		m.de[90] = "0200" + "000002" + "0102030405" + "00000200002" + "00000999999"
	}
	if mti[1] == '4' {
		delete(m.de, 103)
	}
	return m
}

func debitOf(ref string, amount int64) message {
	return moneyOf("0200", "401000", "DEBIT", ref, amount)
}
func creditOf(ref string, amount int64) message {
	return moneyOf("0200", "210010", "CREDIT", ref, amount)
}
func reversalOf(ref string, amount int64) message {
	return moneyOf("0420", "401000", "REVERSAL", ref, amount)
}
func adviceOf(ref string, amount int64) message {
	return moneyOf("0220", "210010", "CREDIT", ref, amount)
}

// fenceOf is the reversal of a credit.
func fenceOf(ref string, amount int64) message {
	m := moneyOf("0420", "210010", "REVERSAL", ref, amount)
	m.de[103] = "1000010002"
	return m
}

func statusOf(ref string) message {
	m := moneyOf("0100", "380010", "CHKTXN", ref, 1)
	m.de[90] = "0200" + "000002" + "0102030405" + "00000200002" + "00000999999"
	return m
}

// confirmOf is the last word about the credit that had this STAN. Its own DE37 is
// not the credit's.
func confirmOf(ref, code, stan string) message {
	m := moneyOf("0220", "210010", "CONFIRM", ref, 10)
	m.de[39] = code
	m.de[90] = "0200" + stan + "0102030405" + "00000200002" + "00000999999"
	return m
}
