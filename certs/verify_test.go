package certs

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestKnownPeers(t *testing.T) {
	r := trusting(t, pki(t), nil)
	l := r.link("BANKA")
	must(t, r.connect("BANKB"), r.SetPeers(map[string]Peer{"BANKB": {}}))
	if err := r.connect("BANKA"); !errors.Is(err, ErrUnknown) {
		t.Errorf("one who has left: %v", err)
	}
	if why := r.Reject("BANKA", l.server.ConnectionState()); why != "" {
		t.Errorf("its link, which is to be signed off: %q", why)
	}
	must(t, r.connect("BANKB"))
	if r.SetPeers(map[string]Peer{"": {}}) == nil {
		t.Error("a participant without a name")
	}
	must(t, r.connect("BANKB"))
}

// A pin names a key; with two of them a participant changes from one to the other
// without a moment at which it is not let in.
func TestPins(t *testing.T) {
	r := trusting(t, pki(t), nil)
	first := PinOf(mustCert(t, r.dir, "BANKA"))
	live := r.link("BANKA")
	pin := func(pins ...Pin) { must(t, r.SetPeers(map[string]Peer{"BANKA": {Pins: pins}})) }
	pin(Pin{1})
	if err := r.connect("BANKA"); !errors.Is(err, ErrPin) {
		t.Errorf("another key: %v", err)
	}
	if why := r.Reject("BANKA", live.server.ConnectionState()); why != ErrPin.Error() {
		t.Errorf("its link: %q", why)
	}
	if err := r.connect("BANKA"); !errors.Is(err, ErrPin) || r.log.Count("participant refused") != 1 {
		t.Errorf("again: %v, %d lines", err, r.log.Count("participant refused"))
	}
	r.at.Add(int64(time.Minute))
	_ = r.connect("BANKA")
	if n := r.log.Count(`participant=BANKA reason="key is not pinned"`); n != 3 { // with that of the link
		t.Errorf("%d lines a minute later", n)
	}
	pin(first)
	must(t, r.connect("BANKA"))
	r.reissue(day0, LeafValidity, "BANKA")
	if err := r.connect("BANKA"); !errors.Is(err, ErrPin) {
		t.Errorf("a new key: %v", err)
	}
	second := PinOf(mustCert(t, r.dir, "BANKA"))
	pin(first, second)
	must(t, r.connect("BANKA"))
	if why := r.Reject("BANKA", live.server.ConnectionState()); why != "" {
		t.Errorf("the link with the first key: %q", why)
	}
	pin(second)
	must(t, r.connect("BANKA"))
	if why := r.Reject("BANKA", live.server.ConnectionState()); why != ErrPin.Error() {
		t.Errorf("the link with the first key: %q", why)
	}
}

func TestParsePin(t *testing.T) {
	p := Pin{1, 2, 3}
	if got, err := ParsePin(p.String()); got != p || err != nil {
		t.Errorf("%v %v", got, err)
	}
	for _, text := range []string{"", "sha256/", p.String()[7:], "sha1/" + p.String()[7:], p.String() + "A", p.String()[:49] + "!=", p.String()[:50], p.String() + "\n",
		p.String()[:49] + "B="} { // bits behind the end
		if _, err := ParsePin(text); err == nil {
			t.Errorf("%q is a pin", text)
		}
	}
}

// at is a connection from an address.
type at struct {
	net.Conn
	remote net.Addr
}

func (c at) RemoteAddr() net.Addr { return c.remote }

// from shakes hands from an address and returns both sides' errors.
func (r *rig) from(address string, client *tls.Config) (serverErr, clientErr error) {
	r.t.Helper()
	a, b := pipe()
	s, c := tls.Server(at{a, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 1))}, r.Server()), tls.Client(b, client)
	done := make(chan error, 1)
	go func() {
		done <- c.Handshake()
		b.Close()
	}()
	serverErr = s.Handshake()
	a.Close()
	return serverErr, <-done
}

// TLS 1.2 is for those who are configured for it, with a modern suite; nobody else
// gets lower, and those who can do better do.
func TestVersions(t *testing.T) {
	r := trusting(t, pki(t), nil)
	old := func(id string, suites ...uint16) *tls.Config {
		c := r.client(id)
		c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		if len(suites) > 0 {
			c.CipherSuites = suites
		}
		return c
	}
	const here, there = "127.0.0.1", "192.0.2.1"
	refused := func(what, address string, client *tls.Config, want string) {
		t.Helper()
		if err, _ := r.from(address, client); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("nobody may", here, old("BANKA"), "unsupported versions")
	must(t, r.SetPeers(map[string]Peer{"BANKA": {TLS12: true}, "BANKB": {}}))
	for _, address := range []string{here, there} {
		if err, said := r.from(address, old("BANKA")); err != nil || said != nil {
			t.Errorf("who may: %v, %v", err, said)
		}
	}
	refused("another", here, old("BANKB"), ErrVersion.Error())
	if n := r.log.Count(`participant=BANKB reason="TLS 1.2 is not allowed"`); n != 1 {
		t.Errorf("%d lines", n)
	}
	refused("a CBC suite", here, old("BANKA", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA), "no cipher suite")
	eleven := old("BANKA")
	eleven.MinVersion, eleven.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	refused("TLS 1.1", here, eleven, "unsupported versions")
	must(t, r.SetPeers(map[string]Peer{"BANKA": {TLS12: true, Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, "BANKB": {}}))
	must(t, first(r.from(there, old("BANKA"))))
	refused("from elsewhere", here, old("BANKB"), "unsupported versions")
	// Who can do 1.3 does, also where 1.2 would be taken.
	both := r.client("BANKA")
	both.MinVersion = tls.VersionTLS12
	if v := r.link("BANKA").server.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Errorf("version %x", v)
	}
	must(t, first(r.from(there, both)))
	// A link of TLS 1.2 does not outlive the permission.
	if why := r.Reject("BANKB", tls.ConnectionState{Version: tls.VersionTLS12, PeerCertificates: r.link("BANKB").server.ConnectionState().PeerCertificates}); why != ErrVersion.Error() {
		t.Errorf("a link of before: %q", why)
	}
}

// downgrader changes what a server gets: a ClientHello without TLS 1.3.
type downgrader struct{ net.Conn }

// Read has supported_versions (43) turned into an extension that nobody knows.
func (d downgrader) Read(b []byte) (int, error) {
	n, err := d.Conn.Read(b)
	for i := range n - 9 {
		if string(b[i:i+9]) == "\x00\x2b\x00\x05\x04\x03\x04\x03\x03" {
			b[i], b[i+1] = 0xfa, 0xfb
		}
	}
	return n, err
}

// Somebody on the wire who takes TLS 1.3 out of the ClientHello gets no link: the
// client sees the mark in the server's random, for which this test is no proof of
// more than that the mark is there.
func TestDowngradeOnTheWire(t *testing.T) {
	r := trusting(t, pki(t), func(o *Options) { o.Peers = map[string]Peer{"BANKA": {TLS12: true}} })
	client := r.client("BANKA")
	client.MinVersion = tls.VersionTLS12
	a, b := pipe()
	s, c := tls.Server(downgrader{a}, r.Server()), tls.Client(b, client)
	done := make(chan error, 1)
	go func() {
		done <- c.Handshake()
		b.Close()
	}()
	serverErr := s.Handshake()
	a.Close()
	if err := <-done; err == nil || serverErr == nil || !strings.Contains(err.Error(), "downgrade") {
		t.Errorf("client %v, server %v", err, serverErr)
	}
}

func first(err, _ error) error { return err }

// The server that the switch has dialled is asked for the same.
func TestDial(t *testing.T) {
	r := trusting(t, pki(t), nil)
	server := func(id string, change func(*tls.Config)) *tls.Config {
		conf, err := ServerConfig(paths(r.dir, id), func(id string) bool { return id == SwitchID }, r.at.Load)
		must(t, err)
		if change != nil {
			change(conf)
		}
		return conf
	}
	old := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }
	dial := func(id string, conf *tls.Config) error {
		t.Helper()
		client, err := r.Dial(id)
		if err != nil {
			return err
		}
		_, err = shake(t, conf, client)
		return err
	}
	must(t, dial("BANKA", server("BANKA", nil)))
	if err := dial("BANKX", nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("one whom nobody knows: %v", err)
	}
	if err := dial("BANKA", server("BANKB", nil)); !errors.Is(err, ErrOther) {
		t.Errorf("another one answers: %v", err)
	}
	if err := dial("BANKA", server("BANKA", old)); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("TLS 1.2: %v", err)
	}
	must(t, r.SetPeers(map[string]Peer{"BANKA": {TLS12: true, Pins: []Pin{PinOf(mustCert(t, r.dir, "BANKA"))}}, "BANKB": {Pins: []Pin{{}}}}))
	must(t, dial("BANKA", server("BANKA", old)), dial("BANKA", server("BANKA", nil)))
	if err := dial("BANKB", server("BANKB", nil)); !errors.Is(err, ErrPin) {
		t.Errorf("another key: %v", err)
	}
	must(t, Revoke(r.dir, []string{"BANKA"}, day0, CRLValidity), r.Reload())
	if err := dial("BANKA", server("BANKA", nil)); !errors.Is(err, ErrRevoked) {
		t.Errorf("revoked: %v", err)
	}
}
