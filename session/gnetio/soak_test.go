package gnetio

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// abort ends a TCP connection with a reset.
func abort(t testing.TB, c net.Conn) {
	t.Helper()
	if wrapped, ok := c.(*tls.Conn); ok {
		c = wrapped.NetConn()
	}
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// A link that is reset, or closed, after any byte of a frame gives the Handler
// nothing of that frame and all that was whole before it; a link that is reset after
// any byte of a TLS record as well. The next link is served as ever.
func TestCutAtEveryOffset(t *testing.T) {
	whole := framed([]byte("a frame that is cut somewhere"))
	record := len(whole) + 22 // what TLS 1.3 adds to it
	step := 1
	if testing.Short() {
		step = 7
	}
	for _, end := range []struct {
		name  string
		end   func(net.Conn)
		bytes int
		write func(*testing.T, *tls.Conn, int)
	}{
		{"reset in a frame", func(c net.Conn) { abort(t, c) }, len(whole), cutFrame(whole)},
		{"close in a frame", func(c net.Conn) { _ = c.Close() }, len(whole), cutFrame(whole)},
		{"reset in a record", func(c net.Conn) { abort(t, c) }, record, cutRecord(whole)},
	} {
		t.Run(end.name, func(t *testing.T) {
			h := &handler{}
			r := start(t, h, nil)
			links := int64(0)
			for offset := 0; offset < end.bytes; offset += step {
				c := r.dial("BANKA")
				exchange(t, c, "whole before it")
				end.write(t, c, offset)
				end.end(c)
				links++
				eventually(t, "link down", func() bool { return h.down.Load() == links })
			}
			if n := h.frames.Load(); n != links {
				t.Errorf("%d frames on %d links", n, links)
			}
			r.eventually("switchd_links", "up", 0)
			exchange(t, r.dial("BANKA"), "the next is served")
			h.mu.Lock()
			defer h.mu.Unlock()
			for offset, why := range h.reasons {
				if why != "connection lost" && why != "closed by the peer" {
					t.Errorf("offset %d: ended with %q", offset*step, why)
				}
			}
		})
	}
}

// cutFrame sends the first bytes of a frame.
func cutFrame(whole []byte) func(*testing.T, *tls.Conn, int) {
	return func(t *testing.T, c *tls.Conn, n int) {
		t.Helper()
		if n == 0 {
			return
		}
		if _, err := c.Write(whole[:n]); err != nil {
			t.Fatal(err)
		}
	}
}

// cutRecord sends the first bytes of something that has the length of the record of
// a frame: nobody can tell how it would have gone on.
func cutRecord(whole []byte) func(*testing.T, *tls.Conn, int) {
	return func(t *testing.T, c *tls.Conn, n int) {
		t.Helper()
		record := append([]byte{23, 3, 3, 0, byte(len(whole) + 17)}, make([]byte, len(whole)+17)...)
		if _, err := c.NetConn().Write(record[:n]); err != nil {
			t.Fatal(err)
		}
	}
}

// pieces is a connection that sends what is written in pieces of n bytes; with 0 it
// keeps all until push.
type pieces struct {
	net.Conn
	n    int
	kept []byte
}

func (p *pieces) Write(b []byte) (int, error) {
	if p.n == 0 {
		p.kept = append(p.kept, b...)
		return len(b), nil
	}
	for piece := range slices.Chunk(b, p.n) {
		if _, err := p.Conn.Write(piece); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// push sends what was kept in one write.
func (p *pieces) push() error {
	_, err := p.Conn.Write(p.kept)
	p.kept = nil
	return err
}

// Frames come out whole however TCP has cut the records, down to a byte for each
// segment, and however many records one segment holds.
func TestSegments(t *testing.T) {
	r := start(t, &handler{}, nil)
	for _, n := range []int{1, 2, 3, 5, 7, 16, 21, 22, 100} {
		p := &pieces{Conn: r.tcp(), n: n} // the handshake as well
		_ = p.Conn.(*net.TCPConn).SetNoDelay(true)
		c := tls.Client(p, r.client("BANKA"))
		for i := range 20 {
			exchange(t, c, fmt.Sprintf("pieces of %d, frame %d", n, i))
		}
	}
	p := &pieces{Conn: r.tcp(), n: 1 << 20}
	c := tls.Client(p, r.client("BANKA"))
	exchange(t, c, "the handshake")
	p.n = 0
	for i := range 300 { // records of one frame, of parts of frames, of many
		body := framed(fmt.Appendf(nil, "coalesced %06d", i))
		cut := i % len(body)
		for _, part := range [][]byte{body[:cut], body[cut:]} {
			if _, err := c.Write(part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.push(); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		if got, want := readFrame(t, c), fmt.Sprintf("coalesced %06d", i); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

// A thousand slow connections, before and behind the handshake, that send a byte now
// and then: each holds less than 64 KiB, all are closed when their time is over, and
// a good link gets every answer meanwhile.
func TestThousandSlowConnections(t *testing.T) {
	const budget = 64 << 10
	before, behind := 700, 300
	if testing.Short() {
		before, behind = 140, 60
	}
	h := &handler{}
	r := start(t, h, func(o *Options) { o.HalfOpenMax = before })
	r.clock.stop()
	good := r.dialFrom("BANKB", "127.0.0.1")
	exchange(t, good, "before them all")
	hello := r.hello()
	was := memory()
	var slow, links []net.Conn
	for i := range before { // silent, with half a hello, with a whole one and no more
		c := r.tcpFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}).String())
		if _, err := c.Write(hello[:(i%3)*len(hello)/2]); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	for range behind {
		links = append(links, r.dial("BANKA"))
	}
	r.eventually("switchd_links", "handshake", float64(before))
	rounds := 0
	for ; r.clock.ahead.Load() < int64(4*time.Second); r.clock.ahead.Add(int64(time.Second)) {
		for i, c := range slow {
			if i%3 == 1 {
				_, _ = c.Write(hello[len(hello)/2+rounds : len(hello)/2+rounds+1])
			}
		}
		for _, c := range links {
			if _, err := c.Write(framed(make([]byte, 100))[rounds : rounds+1]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 50 {
			exchange(t, good, fmt.Sprintf("answer %d of round %d", i, rounds))
		}
		rounds++
	}
	if per := (memory() - was) / int64(before+behind); per > budget {
		t.Errorf("%d bytes for each, want at most %d", per, budget)
	} else {
		t.Logf("%d bytes for each, both ends", per)
	}
	r.clock.ahead.Add(int64(time.Second)) // the handshakes' time is over
	r.eventually("switchd_links", "handshake", 0)
	r.clock.ahead.Add(int64(5 * time.Second)) // and the frames'
	r.eventually("switchd_links_closed_total", endDeadline, float64(behind))
	exchange(t, good, "it was never touched")
	if n := r.metric("switchd_handshakes_total", shakeTimeout) + r.metric("switchd_handshakes_total", shakeBusy); n != float64(before) {
		t.Errorf("%v handshakes were too late, want %d", n, before)
	}
}

// wave connects many clients at once and waits until each has done its part.
func wave(n int, part func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { part(i) })
	}
	all.Wait()
}

// Two hundred links connect and drop, again and again, in every way there is: no
// goroutine, no descriptor and no memory is left of them.
func TestConnectAndDrop(t *testing.T) {
	links, rounds := 200, 8
	if testing.Short() {
		links, rounds = 50, 4
	}
	h := &handler{forget: true}
	r := start(t, h, func(o *Options) { o.Loops, o.Log = 2, slog.New(slog.DiscardHandler) })
	conf, hello := r.client("BANKA"), r.hello()
	round := func() {
		wave(links, func(i int) {
			raw, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer raw.Close()
			_ = raw.SetDeadline(time.Now().Add(patience))
			switch i % 5 {
			case 0: // in the middle of the handshake
				_, _ = raw.Write(hello[:len(hello)*(i%3)/2])
				return
			case 1: // reset right behind it
				c := tls.Client(raw, conf)
				if err := c.Handshake(); err != nil {
					t.Error(err)
				}
				abort(t, c)
				return
			}
			c := tls.Client(raw, conf)
			_, err = c.Write(framed([]byte("one frame and away")))
			if err == nil {
				_, err = io.ReadFull(c, make([]byte, 2+18))
			}
			if err != nil {
				t.Error(err)
			}
			switch i % 5 {
			case 2: // in a frame
				_, _ = c.Write([]byte{0})
			case 3:
				abort(t, c)
			}
			_ = c.Close()
		})
		for _, state := range phaseNames {
			r.eventually("switchd_links", state, 0)
		}
	}
	// What is left is settled before it is counted: pools, and what gnet keeps.
	round()
	round()
	files, held, ours := openFiles(t), memory(), len(ourGoroutines())
	for range rounds {
		round()
	}
	eventually(t, "no more files than before", func() bool { return openFiles(t) <= files })
	eventually(t, "no more goroutines than before", func() bool { return len(ourGoroutines()) <= ours })
	grown := memory() - held
	t.Logf("%d links: memory has grown by %d bytes", links*rounds, grown)
	if most := int64(256<<10 + links*rounds*256); grown > most { // a link that stays is tens of KiB
		t.Errorf("memory has grown by %d bytes, want at most %d", grown, most)
	}
	if up, down := h.up.Load(), h.down.Load(); up != down || up < int64(links*rounds/2) {
		t.Errorf("%d links came up, %d went down", up, down)
	}
	if len(r.gate.index) > 1 || r.strangers.open.Load()+r.familiar.open.Load()+r.strangers.working.Load()+r.familiar.working.Load() != 0 {
		t.Error("places are still taken")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.up != 0 || len(r.upOf) != 0 {
		t.Errorf("%d links are counted, %v", r.up, r.upOf)
	}
}

// The same for links that we dial: peers take them and drop them, in every way.
func TestDialAndDrop(t *testing.T) {
	links, drops := 60, 600
	if testing.Short() {
		links, drops = 20, 100
	}
	b := listening(t, "127.0.0.1:0")
	h := &handler{forget: true}
	r := start(t, h, func(o *Options) {
		dialling(map[string]Peer{"BANKA": {Dial: []Target{target(0, links, b.address)}}})(o)
		o.Log = slog.New(slog.DiscardHandler)
	})
	r.clock.stop()
	conf := serverOf(t, r.dir, "BANKA")
	waiting := func() bool { return len(b.conns) == 0 && r.metric("switchd_dialed_links", "waiting") == float64(links) }
	drop := func(n int) {
		for i := range n {
			raw := b.tcp()
			switch i % 3 {
			case 0:
				abort(t, raw)
			case 1:
				c := tls.Server(raw, conf)
				if err := c.Handshake(); err != nil {
					t.Fatal(err)
				}
				abort(t, c)
			case 2:
				c := tls.Server(raw, conf)
				exchange(t, c, "one frame and away")
				_ = c.Close()
			}
			if (i+1)%links == 0 { // each has been here once
				eventually(t, "all wait", waiting)
				r.clock.ahead.Add(int64(30 * time.Second)) // the longest wait
			}
		}
	}
	quiet := func() (files, goroutines int, held int64) {
		r.eventually("switchd_dialed_links", "waiting", 0) // they are at it again
		r.eventually("switchd_links", "handshake", float64(links))
		return openFiles(t), len(ourGoroutines()), memory()
	}
	drop(2 * links)
	files, ours, held := quiet()
	drop(drops)
	after, now, holds := quiet()
	t.Logf("%d drops: %d files, %d goroutines, %d bytes more", drops, after-files, now-ours, holds-held)
	// A count is of one moment, at which some handshakes have their goroutine and some
	// wait for a turn. What is looked for is one that stays for each drop of a kind.
	eventually(t, "not many more goroutines than before", func() bool { return len(ourGoroutines()) <= ours+links/4 })
	eventually(t, "no more files than before", func() bool { return openFiles(t) <= files })
	if most := int64(256<<10 + drops*4096); holds-held > most { // the test keeps its ends, some KiB each; a link that stays is tens
		t.Errorf("memory has grown by %d bytes, want at most %d", holds-held, most)
	}
	if up, down := h.up.Load(), h.down.Load(); up != down || up < int64(drops/3) {
		t.Errorf("%d links came up, %d went down", up, down)
	}
}

// Links that were dialled take no more than others while they are idle.
func TestIdleDialedLinks(t *testing.T) {
	const links, budget = 64, 64 << 10
	b := listening(t, "127.0.0.1:0")
	h := &handler{forget: true}
	r := start(t, h, nil)
	burst := bytes.Repeat(framed(make([]byte, 198)), 160)
	before := memory()
	if err := r.SetAccess(Access{Peers: map[string]Peer{"BANKA": {Dial: []Target{target(0, links, b.address)}}}}); err != nil {
		t.Fatal(err)
	}
	conf := serverOf(t, r.dir, "BANKA")
	for range links {
		c := tls.Server(b.tcp(), conf)
		go func() { _, _ = c.Write(burst) }()
		if _, err := io.ReadFull(c, make([]byte, len(burst))); err != nil {
			t.Fatal(err)
		}
	}
	per := (memory() - before) / links
	t.Logf("%d bytes per idle link, peer included", per)
	if per > budget {
		t.Errorf("%d bytes per idle link, want at most %d", per, budget)
	}
}
