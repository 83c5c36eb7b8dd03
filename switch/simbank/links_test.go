package simbank

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
)

// TestSeveralLinks: answers go out on all links in turn, whichever the request came
// on, and on what is left when one is lost.
func TestSeveralLinks(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Links = 3
	b, stop := launch(t, o)
	eventually(t, "three links signed on", func() bool { return b.Stats().SignOns == 3 })
	on := map[net.Conn]int{}
	for i := range 30 {
		s.send(debitOf("D"+string(rune('A'+i)), 10)) // all on one link
		on[s.next("0210").on]++
	}
	if len(on) != 3 {
		t.Errorf("answers came on %d links", len(on))
	}
	s.mu.Lock()
	kept := s.conn
	s.mu.Unlock()
	for conn, n := range on {
		if n != 10 {
			t.Errorf("%d answers on one of three links", n)
		}
		if conn != kept {
			_ = conn.Close()
		}
	}
	eventually(t, "two links again", func() bool { return b.Stats().SignOns == 5 })
	s.send(creditOf("C1", 5))
	s.next("0210")
	stop()
	for range 3 {
		s.nextNetwork("0800", "002")
	}
	if st := b.Stats(); st.Ready || st.Unanswerable != 0 || b.Book().Net() != -295 {
		t.Errorf("stats %+v, net %d", st, b.Book().Net())
	}
}

// TestListens: the switch connects, signs on, asks, and comes again after a loss;
// who has no certificate of the scheme does not.
func TestListens(t *testing.T) {
	s := newFakeSwitch(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	o := s.options()
	o.Address, o.Listener = "", ln
	as := s.clientTLS.Clone()
	// The authority that has signed the bank is the one that it trusts.
	o.TLS = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: as.Certificates, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: as.RootCAs}
	as.InsecureSkipVerify = true // its name is BANKA, and whose it is is seen to below
	as.VerifyConnection = func(cs tls.ConnectionState) error {
		_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: as.RootCAs, DNSName: "BANKA"})
		return err
	}
	b, stop := launch(t, o)
	stranger := as.Clone()
	stranger.Certificates = []tls.Certificate{newAuthority(t).leaf(t, "switch")}
	if c, err := tls.Dial("tcp", ln.Addr().String(), stranger); err == nil {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a stranger is served")
		}
		_ = c.Close()
	}
	for round := range int64(3) {
		c, err := tls.Dial("tcp", ln.Addr().String(), as)
		must(t, err)
		s.use(c)
		go s.read(c)
		s.send(message{mti: "0800", de: map[int]string{7: "0102030405", 11: "000078", 70: "001"}})
		if m := s.network0810("000078"); m.de[39] != "00" {
			t.Errorf("sign-on answered %s", m.de[39])
		}
		eventually(t, "signed on", func() bool { return b.Stats().SignOns == round+1 })
		s.send(debitOf("D"+string(rune('1'+round)), 10))
		if f := s.next("0210"); f.de[39] != "00" || f.on != c {
			t.Errorf("debit answered %s", f.de[39])
		}
		if round < 2 {
			_ = c.Close()
			eventually(t, "it is lost", func() bool { return !b.Stats().Ready })
		}
	}
	stop()
	s.nextNetwork("0800", "002")
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("it still listens")
	}
	o.Links, o.Address = 65, "127.0.0.1:1"
	if _, err := New(o); err == nil {
		t.Error("both a listener and an address, and 65 links")
	}
}
