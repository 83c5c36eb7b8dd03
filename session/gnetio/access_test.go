package gnetio

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// ended waits for the end of a connection on which nothing must come.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("the connection was answered")
	}
}

// Who is not on the list is closed before a byte is read; a participant that comes
// from a wrong place, after its name is known. A new list counts at once, also for
// links that are up.
func TestAllowLists(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) {
		o.Access = Access{Allow: prefixes("127.0.0.0/28", "2001:db8::/32"), Peers: map[string]Peer{"BANKA": {Allow: prefixes("127.0.0.1/32", "127.0.0.2/32")}}}
	})
	for range 3 {
		ended(t, r.tcpFrom("127.0.0.99"))
	}
	r.eventually("switchd_links_closed_total", endAddress, 3)
	wrong := r.dialFrom("BANKA", "127.0.0.3")
	ended(t, wrong)
	r.eventually("switchd_handshakes_total", shakeAddress, 1)
	eventually(t, "who it was", func() bool {
		return r.log.Count("handshake refused\" participant=BANKA event=link.handshake.refused reason=address") == 1
	})
	a, b := r.dialFrom("BANKA", "127.0.0.2"), r.dialFrom("BANKB", "127.0.0.3")
	exchange(t, a, "from its place")
	exchange(t, b, "from any place")
	if n := r.log.Count("connection refused\" event=listen.refused reason=\"address is not allowed\" remote=127.0.0.99:"); n != 1 {
		t.Errorf("%d lines for one cause: %s", n, r.log.String())
	}
	if err := r.SetAccess(Access{Allow: prefixes("127.0.0.3/32")}); err != nil {
		t.Fatal(err)
	}
	ended(t, a)
	exchange(t, b, "is still welcome")
	ended(t, r.tcpFrom("127.0.0.2"))
	if err := r.SetAccess(Access{Peers: map[string]Peer{"BANKB": {Allow: prefixes("127.0.0.9/32")}}}); err != nil {
		t.Fatal(err)
	}
	ended(t, b)
	exchange(t, r.dialFrom("BANKA", "127.0.0.99"), "nobody is shut out")
	if h.up.Load() != 3 {
		t.Errorf("%d links came up", h.up.Load())
	}
	if err := r.CheckAccess(Access{Allow: make([]netip.Prefix, 1)}); err == nil {
		t.Error("an address that is none was let through")
	}
	if err := r.SetAccess(Access{Allow: make([]netip.Prefix, 1)}); err == nil {
		t.Error("a list that is none")
	}
	exchange(t, r.dialFrom("BANKA", "127.0.0.98"), "a bad list changes nothing")
}

// One address begins so many handshakes and no more, until time gives it new ones;
// others are served meanwhile.
func TestHandshakeRate(t *testing.T) {
	r := start(t, &handler{}, func(o *Options) { o.HandshakeRate, o.HandshakeBurst = 1, 5 })
	r.clock.stop()
	for range 5 {
		exchange(t, r.dialFrom("BANKA", "127.0.0.7"), "within the burst")
	}
	for range 20 {
		ended(t, r.tcpFrom("127.0.0.7"))
	}
	r.eventually("switchd_links_closed_total", endRate, 20)
	exchange(t, r.dialFrom("BANKA", "127.0.0.8"), "another address")
	r.clock.ahead.Add(int64(2 * time.Second))
	for range 2 {
		exchange(t, r.dialFrom("BANKA", "127.0.0.7"), "time has passed")
	}
	ended(t, r.tcpFrom("127.0.0.7"))
	if n := r.log.Count("too many handshakes from its address"); n != 1 {
		t.Errorf("%d lines for one cause", n)
	}
}

// Strangers who connect and do nothing fill their own places only: participants
// come in from where they are known, by a link or by the configuration, and those
// who are up are not touched.
func TestStrangersKeepNobodyOut(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) {
		o.HalfOpenMax, o.HandshakesMax, o.LinksMax = 20, 10, 4
		o.Access.Peers = map[string]Peer{"BANKB": {Allow: prefixes("127.0.0.2/32")}}
	})
	before := r.dialFrom("BANKA", "127.0.0.1")
	exchange(t, before, "before the flood")
	hello := r.hello()
	var flood []net.Conn
	for i := range 30 {
		c := r.tcpFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}).String())
		if i < 20 {
			if _, err := c.Write(hello); err != nil { // takes a worker, if there is one
				t.Fatal(err)
			}
		}
		flood = append(flood, c)
	}
	r.eventually("switchd_links", "handshake", 20)
	r.eventually("switchd_links_closed_total", endHalfOpen, 10)
	for _, c := range flood[20:] {
		ended(t, c)
	}
	exchange(t, before, "during the flood")
	exchange(t, r.dialFrom("BANKA", "127.0.0.1"), "from where a link was")
	exchange(t, r.dialFrom("BANKB", "127.0.0.2"), "from where it is configured")
	ended(t, r.tcpFrom("127.0.0.50"))
	r.clock.ahead.Add(int64(6 * time.Second)) // their handshakes take too long
	r.eventually("switchd_links", "handshake", 0)
	r.clock.ahead.Add(int64(2 * lingerTime))
	r.eventually("switchd_links", "closing", 0)
	exchange(t, r.dialFrom("BANKA", "127.0.0.50"), "room again for strangers")
	// The limit of links counts links, not connections.
	last := r.dialFrom("BANKA", "127.0.0.1")
	ended(t, last)
	r.eventually("switchd_handshakes_total", shakeLinks, 1)
	if h.up.Load() != 4 {
		t.Errorf("%d links came up, want 4", h.up.Load())
	}
}

// Links are closed by their certificates, whenever somebody has a reason.
func TestCloseLinks(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) { o.Loops = 2 })
	a, b := r.dial("BANKA"), r.dial("BANKB")
	serial := h.link(t, a).tls.State().PeerCertificates[0].SerialNumber
	r.CloseLinks(func(participant string, peer tls.ConnectionState) string {
		if peer.PeerCertificates[0].SerialNumber.Cmp(serial) == 0 {
			return "revoked: " + participant
		}
		return ""
	})
	ended(t, a)
	exchange(t, b, "has another one")
	r.eventually("switchd_links_closed_total", endCertificate, 1)
	eventually(t, "link down", func() bool { return h.down.Load() == 1 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reasons[0] != "revoked: BANKA" {
		t.Errorf("reasons %q", h.reasons)
	}
}

// A participant has its own limits of links and of unsent bytes.
func TestLimitsOfAParticipant(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) {
		o.Access.Peers = map[string]Peer{"BANKA": {LinksMax: 2, OutboxBytesMax: 1000}}
	})
	a, b := r.dial("BANKA"), r.dial("BANKA")
	exchange(t, a, "first of two")
	exchange(t, b, "second of two")
	ended(t, r.dial("BANKA"))
	exchange(t, r.dial("BANKB"), "is not concerned")
	a.Close()
	r.eventually("switchd_links", "up", 2)
	again := r.dial("BANKA")
	exchange(t, again, "a place was free")
	if err := h.link(t, again).Queue(framed(make([]byte, 999))); err != ErrOutbox {
		t.Errorf("over its outbox: %v", err)
	}
	if err := h.link(t, r.dial("BANKB")).Queue(framed(make([]byte, 999))); err != nil {
		t.Errorf("another's outbox: %v", err)
	}
	if rest, err := io.ReadAll(again); len(rest) > 0 {
		t.Errorf("%d bytes of what was dropped, %v", len(rest), err)
	}
}
