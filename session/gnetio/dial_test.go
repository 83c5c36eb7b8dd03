package gnetio

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchd/certs"
)

// bank is a participant that listens. What it accepts goes through shake, in a
// test's own time.
type bank struct {
	t       testing.TB
	ln      net.Listener
	address string
	conns   chan net.Conn
	count   atomic.Int64
}

// listening starts a bank at an address; port 0 lets the system choose.
func listening(t testing.TB, address string) *bank {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	b := &bank{t: t, ln: ln, address: ln.Addr().String(), conns: make(chan net.Conn, 1000)}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			b.count.Add(1)
			b.conns <- c
		}
	})
	t.Cleanup(func() {
		ln.Close()
		done.Wait()
		for len(b.conns) > 0 {
			(<-b.conns).Close()
		}
	})
	return b
}

// tcp waits for the next connection of the switch.
func (b *bank) tcp() net.Conn {
	b.t.Helper()
	select {
	case c := <-b.conns:
		b.t.Cleanup(func() { c.Close() })
		return c
	case <-time.After(patience):
		b.t.Fatal("the switch does not dial")
		return nil
	}
}

// link waits for the next connection and shakes hands as a participant.
func (b *bank) link(dir, id string) *tls.Conn {
	b.t.Helper()
	c := tls.Server(b.tcp(), serverOf(b.t, dir, id))
	if err := c.Handshake(); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// serverOf are the settings of a participant that listens for the switch.
func serverOf(t testing.TB, dir, id string) *tls.Config {
	t.Helper()
	conf, err := certs.ServerConfig(paths(dir, id), func(id string) bool { return id == certs.SwitchID }, func() int64 { return time.Now().UnixNano() })
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// dialing are options of a switch that dials, with a clock that stands still.
func dialling(peers map[string]Peer) func(*Options) {
	return func(o *Options) {
		o.Access.Peers = peers
		o.Chance = func() uint64 { return 0 } // waits of their full length
	}
}

func target(group, links int, addresses ...string) Target {
	return Target{Group: group, Addresses: addresses, Links: links}
}

// A link that we dial carries frames both ways, is dialled again when it is lost,
// and again from the beginning of patience when it had lived.
func TestDial(t *testing.T) {
	b := listening(t, "127.0.0.1:0")
	h := &handler{}
	r := start(t, h, dialling(map[string]Peer{"BANKA": {Dial: []Target{target(3, 1, b.address)}}}))
	r.clock.stop()
	c := b.link(r.dir, "BANKA")
	exchange(t, c, "over a link that was dialled")
	h.mu.Lock()
	l := h.links[0]
	h.mu.Unlock()
	if !l.Dialed() || l.Group() != 3 || l.Participant() != "BANKA" || l.Remote() != b.address {
		t.Errorf("dialed %v, group %d, participant %s, remote %s", l.Dialed(), l.Group(), l.Participant(), l.Remote())
	}
	r.eventually("switchd_dialed_links", "up", 1)
	// What was not dialled is told apart.
	in := r.dial("BANKA")
	exchange(t, in, "an accepted link")
	if got := h.link(t, in); got.Dialed() || got.Group() != 0 {
		t.Error("an accepted link says that it was dialled")
	}
	for _, step := range []struct{ live, wait time.Duration }{
		{0, 500 * time.Millisecond}, {0, time.Second}, {0, 2 * time.Second}, {time.Minute, 500 * time.Millisecond}, {0, time.Second},
	} {
		r.clock.ahead.Add(int64(step.live))
		c.Close()
		r.eventually("switchd_dialed_links", "waiting", 1)
		r.clock.ahead.Add(int64(step.wait) - 1)
		ticks := h.ticks.Load()
		eventually(t, "some ticks", func() bool { return h.ticks.Load() > ticks+5 })
		if n := len(b.conns); n != 0 {
			t.Errorf("dialled before %v are over", step.wait)
		}
		r.clock.ahead.Add(1)
		c = b.link(r.dir, "BANKA")
		exchange(t, c, "and back again")
	}
	if n := r.metric("switchd_dials_total", dialUp); n != 6 {
		t.Errorf("%v times up", n)
	}
}

// Nobody listens, then somebody does. Waits grow to their limit, the log has one
// line a minute.
func TestDialPeerComesBack(t *testing.T) {
	b := listening(t, "127.0.0.1:0")
	b.ln.Close()
	r := start(t, &handler{}, dialling(map[string]Peer{"BANKA": {Dial: []Target{target(0, 1, b.address)}}}))
	r.clock.stop()
	var waits []time.Duration
	for n := 1.0; n <= 10; n++ {
		r.eventually("switchd_dials_total", dialUnreachable, n)
		r.eventually("switchd_dialed_links", "waiting", 1)
		r.dialer.mu.Lock()
		wait := time.Duration(r.dialer.slots[0].at - r.clock.now())
		r.dialer.mu.Unlock()
		if waits = append(waits, wait); n < 10 {
			r.clock.ahead.Add(int64(wait))
		}
	}
	want := []time.Duration{500 * time.Millisecond}
	for len(want) < 10 {
		want = append(want, min(2*want[len(want)-1], 30*time.Second))
	}
	if !slices.Equal(waits, want) {
		t.Errorf("waits %v", waits)
	}
	if n := r.log.Count("link not reached\" event=link.unreached participant=BANKA"); n != 3 { // of 121.5 seconds
		t.Errorf("%d lines: %s", n, r.log.String())
	}
	again := listening(t, b.address)
	r.clock.ahead.Add(int64(30 * time.Second))
	exchange(t, again.link(r.dir, "BANKA"), "it has come back")
}

// Whoever answers as somebody else, not at all, or refuses us, is no link; each
// is counted by its reason, and dialled again.
func TestDialRefusals(t *testing.T) {
	foreign := pki(t)
	speak := func(id string) func(*rig, net.Conn) error {
		return func(r *rig, c net.Conn) error { return tls.Server(c, serverOf(t, r.dir, id)).Handshake() }
	}
	for _, c := range []struct {
		name, result string
		play         func(r *rig, c net.Conn) error
	}{
		{"another participant", shakeUnknownIdentity, speak("BANKB")},
		{"expired", shakeExpired, speak("OLD")},
		{"another CA", shakeUnknownCA, func(r *rig, c net.Conn) error {
			return tls.Server(c, serverOf(t, foreign, "BANKA")).Handshake()
		}},
		{"another protocol", shakeNotTLS, func(_ *rig, c net.Conn) error {
			_, err := c.Write([]byte("220 mail.example.org ESMTP\r\n"))
			return err
		}},
		{"closes", shakeClosed, func(_ *rig, c net.Conn) error { return c.Close() }},
		{"hangs", shakeTimeout, func(r *rig, c net.Conn) error {
			if _, err := c.Read(make([]byte, 1)); err != nil { // the client hello
				return err
			}
			r.clock.ahead.Add(int64(5 * time.Second))
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := listening(t, "127.0.0.1:0")
			h := &handler{}
			r := start(t, h, dialling(map[string]Peer{"BANKA": {Dial: []Target{target(0, 1, b.address)}}}))
			r.clock.stop()
			conn := b.tcp()
			_ = c.play(r, conn)
			r.eventually("switchd_handshakes_total", c.result, 1)
			// The switch closes the connection, after a while if need be.
			r.clock.ahead.Add(int64(lingerTime))
			if _, err := io.Copy(io.Discard, conn); err == nil {
				conn.Close()
			}
			r.eventually("switchd_dials_total", dialHandshake, 1)
			if h.up.Load() != 0 || !strings.Contains(r.log.String(), "reason="+c.result) || !strings.Contains(r.log.String(), "dialed=BANKA") {
				t.Errorf("%d links came up; log: %s", h.up.Load(), r.log.String())
			}
			r.clock.ahead.Add(int64(time.Minute))
			exchange(t, b.link(r.dir, "BANKA"), "right in the end")
		})
	}
}

// A peer that refuses our certificate does so behind our handshake: the link comes
// up and is gone, with the peer's reason, and patience grows all the same.
func TestDialRefusedByThePeer(t *testing.T) {
	b := listening(t, "127.0.0.1:0")
	h := &handler{}
	r := start(t, h, dialling(map[string]Peer{"BANKA": {Dial: []Target{target(0, 1, b.address)}}}))
	r.clock.stop()
	conf := serverOf(t, r.dir, "BANKA")
	conf.VerifyConnection = func(tls.ConnectionState) error { return certs.ErrUnknown }
	for n, wait := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
		c := tls.Server(b.tcp(), conf)
		if err := c.Handshake(); err == nil {
			t.Fatal("the bank takes us")
		}
		eventually(t, "link down", func() bool { return h.down.Load() == int64(n+1) })
		c.Close()
		r.eventually("switchd_dialed_links", "waiting", 1)
		r.clock.ahead.Add(int64(wait))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if want := "refused by the peer: tls: bad certificate"; slices.ContainsFunc(h.reasons, func(got string) bool { return got != want }) {
		t.Errorf("reasons %q, want %q", h.reasons, want)
	}
}

// Several links begin at several addresses; one that does not answer is left for
// the next, and a link that had lived comes back to its own.
func TestDialSeveralAddresses(t *testing.T) {
	a, b := listening(t, "127.0.0.1:0"), listening(t, "127.0.0.1:0")
	h := &handler{}
	r := start(t, h, dialling(map[string]Peer{"BANKA": {Dial: []Target{target(1, 2, a.address, b.address)}}}))
	r.clock.stop()
	first, second := a.link(r.dir, "BANKA"), b.link(r.dir, "BANKA")
	exchange(t, first, "one at the first")
	exchange(t, second, "one at the second")
	r.clock.ahead.Add(int64(time.Minute))
	a.ln.Close()
	first.Close()
	r.eventually("switchd_dialed_links", "waiting", 1)
	r.clock.ahead.Add(int64(time.Second)) // it tries its own address once
	r.eventually("switchd_dials_total", dialUnreachable, 1)
	r.clock.ahead.Add(int64(time.Second))
	third := b.link(r.dir, "BANKA")
	exchange(t, third, "then the other")
	r.clock.ahead.Add(int64(time.Minute))
	again := listening(t, a.address)
	third.Close()
	r.eventually("switchd_dialed_links", "waiting", 1)
	r.clock.ahead.Add(int64(time.Second))
	exchange(t, again.link(r.dir, "BANKA"), "and back to its own")
	exchange(t, second, "nothing of this concerns")
}

// Targets come and go while links that stay live on.
func TestDialTargetsChange(t *testing.T) {
	a, b := listening(t, "127.0.0.1:0"), listening(t, "127.0.0.1:0")
	h := &handler{}
	r := start(t, h, dialling(map[string]Peer{"BANKA": {Dial: []Target{target(0, 2, a.address)}}}))
	r.clock.stop()
	kept, lost := a.link(r.dir, "BANKA"), a.link(r.dir, "BANKA")
	r.eventually("switchd_dialed_links", "up", 2)
	if err := r.SetAccess(Access{Peers: map[string]Peer{
		"BANKA": {Dial: []Target{target(0, 1, a.address)}}, "BANKB": {Dial: []Target{target(0, 1, b.address)}},
	}}); err != nil {
		t.Fatal(err)
	}
	other := b.link(r.dir, "BANKB")
	exchange(t, other, "a new target")
	r.eventually("switchd_dialed_links", "up", 2)
	// Which of the two was given up is a matter of who came first.
	eventually(t, "one link down", func() bool { return h.down.Load() == 1 })
	h.mu.Lock()
	port := h.links[0].conn.LocalAddr()
	if h.links[0].slot.n == 1 {
		port = h.links[1].conn.LocalAddr()
	}
	h.mu.Unlock()
	if port == nil || lost.RemoteAddr().String() == port.String() {
		kept, lost = lost, kept
	}
	exchange(t, kept, "stays where it is")
	ended(t, lost)
	r.clock.ahead.Add(int64(time.Hour))
	h.clings.Store(true)
	if err := r.SetAccess(Access{}); err != nil {
		t.Fatal(err)
	}
	exchange(t, kept, "the last words on it")
	r.clock.ahead.Add(int64(unwantedMax))
	ended(t, kept)
	ended(t, other)
	for _, state := range slotNames {
		r.eventually("switchd_dialed_links", state, 0)
	}
	if n := a.count.Load() + b.count.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// Whoever has been due for longest is dialled first: with more dead targets than may be
// dialled at a time, those at the head of the list must not take every turn.
func TestDialTurns(t *testing.T) {
	const dead, most = 10, 2
	d := &dialer{}
	for n := range dead + 1 {
		d.slots = append(d.slots, &slot{slotKey: slotKey{n: n}})
	}
	turns := make([]int, dead+1)
	for now := int64(1); now <= 100; now++ {
		for range most {
			s := d.next(now)
			if s == nil {
				break
			}
			turns[s.n]++
			s.at = now + 2 // it is due again long before all have had a turn
		}
	}
	for n, got := range turns {
		if got < 100*most/(dead+1)/2 {
			t.Errorf("slot %d has had %d turns: %v", n, got, turns)
		}
	}
	d.slots = d.slots[:1]
	if d.slots[0].at = 5; d.next(4) != nil || d.next(5) == nil {
		t.Error("a slot is dialled before its time, or not when it has come")
	}
	if d.slots[0].state = slotDialing; d.next(5) != nil {
		t.Error("a slot is dialled twice")
	}
}

// The switch ends while links are up, wait, connect and shake hands; nothing is
// left of any.
func TestDialShutdown(t *testing.T) {
	warm := listening(t, "127.0.0.1:0")
	hangs, gone := listening(t, "127.0.0.1:0"), listening(t, "127.0.0.1:0")
	gone.ln.Close()
	files := openFiles(t)
	r := start(t, &handler{}, dialling(map[string]Peer{
		"BANKA": {Dial: []Target{target(0, 3, warm.address), target(1, 3, hangs.address), target(2, 3, gone.address)}},
	}))
	for range 3 {
		exchange(t, warm.link(r.dir, "BANKA"), "this one is up")
		if _, err := hangs.tcp().Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
	for _, state := range phaseNames {
		if n := r.metric("switchd_links", state); n != 0 {
			t.Errorf("%v links in state %s", n, state)
		}
	}
	nothingLeft(t)
	for _, b := range []*bank{warm, hangs} {
		b.ln.Close()
	}
	eventually(t, "files closed", func() bool { return openFiles(t) <= files+6 }) // the banks' ends, closed at the end of the test
}

// Leave lets no new link come up, neither way, and keeps those that are.
func TestLeave(t *testing.T) {
	b := listening(t, "127.0.0.1:0")
	r := start(t, &handler{}, dialling(map[string]Peer{"BANKB": {Dial: []Target{target(0, 1, b.address)}}}))
	r.clock.stop()
	up, dialed := r.dial("BANKA"), b.link(r.dir, "BANKB")
	exchange(t, up, "before the end")
	exchange(t, dialed, "before it too")
	r.Leave()
	ended(t, r.tcp())
	exchange(t, up, "lives on after")
	dialed.Close()
	r.eventually("switchd_dialed_links", "waiting", 1)
	r.clock.ahead.Add(int64(time.Hour))
	exchange(t, up, "lives on still")
	if b.count.Load() != 1 {
		t.Error("dialled after Leave")
	}
}

func TestDialOptions(t *testing.T) {
	var many []Target
	for i := range targetsMax + 1 {
		many = append(many, target(0, 1, fmt.Sprintf("192.0.2.1:%d", i+1)))
	}
	_, err := Listen(Options{DialTimeout: -1, DialsMax: 2000, Access: Access{Peers: map[string]Peer{
		"BANKA": {Dial: []Target{target(16, 65), target(0, -1, "nowhere", ":1", "192.0.2.1:0")}},
		"BANKB": {Dial: many},
		"BANKC": {Dial: []Target{target(1, 1, "192.0.2.1:1"), target(1, 2, "192.0.2.1:1")}},
	}}}, nil)
	for _, want := range []string{"DialTimeout", "DialsMax", "DialTLS", "group 16", "65 links", "-1 links", "0 addresses", `"nowhere"`, `":1"`, `"192.0.2.1:0"`,
		"BANKB: more than 16 targets", "BANKC: group 1 has the same addresses twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
}
