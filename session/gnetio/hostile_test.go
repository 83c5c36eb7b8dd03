package gnetio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"switchd/codec/frame"
)

// dribble sends every byte on its own.
type dribble struct{ net.Conn }

func (d dribble) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// hello is the first flight of a real client.
func (r *rig) hello() []byte {
	r.t.Helper()
	a, b := net.Pipe()
	defer b.Close()
	go func() { _ = tls.Client(a, r.client("BANKA")).Handshake(); a.Close() }()
	buf := make([]byte, 16<<10)
	n, err := b.Read(buf)
	if err != nil {
		r.t.Fatal(err)
	}
	return buf[:n]
}

// Clients that connect and say nothing, that stop half-way, and that send byte
// by byte do not stall anybody: the others get every answer meanwhile, and the
// slow one gets its own. Progress is counted in answers.
func TestSlowAndHalfOpenClientsStallNobody(t *testing.T) {
	r := start(t, &handler{}, nil)
	hello := r.hello()
	for i := range 60 {
		c := r.tcp()
		switch i % 3 {
		case 1: // half of the first message
			_, _ = c.Write(hello[:len(hello)/2])
		case 2: // the handshake half-way: a worker waits for the rest
			_, _ = c.Write(hello)
		}
	}
	stuck := r.dial("BANKB") // a frame that never ends
	if _, err := stuck.Write(framed(make([]byte, 100))[:50]); err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() {
		c := tls.Client(dribble{r.tcp()}, r.client("BANKB"))
		_, err := c.Write(framed([]byte("slow but complete")))
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, 2+17))
		}
		slow <- err
	}()
	for range 5 {
		c := r.dial("BANKA")
		for i := range 200 {
			exchange(t, c, fmt.Sprintf("answer number %06d", i))
		}
	}
	if err := <-slow; err != nil {
		t.Errorf("slow client: %v", err)
	}
	r.eventually("switchd_links", "handshake", 60)
	// Their time is up: all are closed and counted, the others stay.
	r.clock.ahead.Add(int64(6 * time.Second))
	r.eventually("switchd_links", "handshake", 0)
	if n := r.metric("switchd_handshakes_total", "timeout"); n != 60 {
		t.Errorf("%v timeouts", n)
	}
	if n := r.metric("switchd_links", "up"); n < 6 {
		t.Errorf("%v links are left", n)
	}
	if n := r.log.Count("handshake refused"); n != 1 {
		t.Errorf("%d log lines", n)
	}
}

func TestFrameDeadline(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	good, bad, record := r.dial("BANKA"), r.dial("BANKA"), r.dial("BANKB")
	exchange(t, good, "a complete frame")
	// bad completes one frame and begins another; record begins a TLS record.
	whole := framed([]byte("a complete frame"))
	if _, err := bad.Write(append(whole, whole[:5]...)); err != nil {
		t.Fatal(err)
	}
	readFrame(t, bad)
	if _, err := record.NetConn().Write([]byte{23, 3, 3}); err != nil {
		t.Fatal(err)
	}
	l, lr := h.link(t, bad), h.link(t, record)
	for _, l := range []*Link{l, lr} {
		eventually(t, "frame begun", func() bool { return onLoop(l, func() bool { return l.partialSince != 0 }) })
	}
	r.clock.ahead.Add(int64(9 * time.Second))
	exchange(t, good, "still here before")
	// The frame is completed within its time, and a new one is begun: the time
	// starts again.
	if _, err := bad.Write(append(whole[5:], whole[:5]...)); err != nil {
		t.Fatal(err)
	}
	readFrame(t, bad)
	r.clock.ahead.Add(int64(2 * time.Second))
	r.eventually("switchd_links_closed_total", "frame_deadline", 1)
	if _, err := record.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("unfinished record: %v", err)
	}
	r.clock.ahead.Add(int64(9 * time.Second))
	r.eventually("switchd_links_closed_total", "frame_deadline", 2)
	if _, err := bad.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("unfinished frame: %v", err)
	}
	exchange(t, good, "still here after")
}

// onLoop runs f on the link's loop and waits for it.
func onLoop(l *Link, f func() bool) bool {
	res := make(chan bool, 1)
	_ = l.loop.el.Execute(context.Background(), runnable(func() { res <- f() }))
	return <-res
}

// A malformed frame is counted and logged by reason, without content, and
// closes its link after the answers to the good frames before it.
func TestMalformedFrame(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	for _, c := range []struct{ reason, bytes string }{
		{frame.ReasonShort, "\x00\x00"},
		{frame.ReasonShort, "\x00\x0bSECRETSECRE"},
		{frame.ReasonLong, "\x20\x01SECRETSECRETSECRET"},
		{frame.ReasonLong, "GET / HTTP/1.1\r\n"},
	} {
		before := r.metric("switchd_frame_errors_total", c.reason)
		conn := r.dial("BANKA")
		if _, err := conn.Write(append(framed([]byte("good before bad")), c.bytes...)); err != nil {
			t.Fatal(err)
		}
		if got := readFrame(t, conn); got != "good before bad" {
			t.Errorf("%q", got)
		}
		if rest, err := io.ReadAll(conn); err != nil || len(rest) != 0 {
			t.Errorf("%s: %q %v, want a clean end", c.reason, rest, err)
		}
		r.eventually("switchd_frame_errors_total", c.reason, before+1)
	}
	eventually(t, "links down", func() bool { return h.down.Load() == 4 })
	text := r.log.String()
	if strings.Count(text, "malformed frame\" event=link.frame.malformed reason=too_long framing=BIN2 participant=BANKA link=") != 1 || strings.Contains(text, "SECRET") { // one a minute
		t.Errorf("log: %s", text)
	}
}

func TestHandlerErrorClosesLink(t *testing.T) {
	h := &handler{}
	h.onFrame = func(l *Link, body []byte) error {
		l.State().(io.Writer).Write(framed(body))
		if string(body) == "refuse this one" {
			return errors.New("not wanted")
		}
		return nil
	}
	r := start(t, h, nil)
	c := r.dial("BANKA")
	burst := append(framed([]byte("take this one..")), framed([]byte("refuse this one"))...)
	if _, err := c.Write(append(burst, framed([]byte("never seen this one"))...)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if string(got) != string(burst) || err != nil {
		t.Errorf("%q %v", got, err)
	}
	eventually(t, "link down", func() bool { return h.down.Load() == 1 })
	if h.frames.Load() != 2 || h.reasons[0] != "not wanted" || h.bursts.Load() != 1 {
		t.Errorf("%d frames, %d bursts, reasons %q", h.frames.Load(), h.bursts.Load(), h.reasons)
	}
}

// A record that was damaged on the way ends the link; nothing of it is used.
func TestDamagedRecordEndsLink(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	c := r.dial("BANKA")
	exchange(t, c, "one good frame")
	record := append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...)
	if _, err := c.NetConn().Write(record); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("client sees %v", err)
	}
	r.eventually("switchd_links_closed_total", "tls", 1)
	eventually(t, "link down", func() bool { return h.down.Load() == 1 })
}

// A peer that does not read is closed when its outbox is over the limit, which
// counts what gnet holds for the kernel as well.
func TestOutboxOverflow(t *testing.T) {
	h := &handler{}
	const limit = 256 << 10
	r := start(t, h, func(o *Options) { o.OutboxBytesMax = limit })
	c, other := r.dial("BANKA"), r.dial("BANKB")
	l := h.link(t, c)
	burst := framed(make([]byte, 8000))
	var err error
	for range 10_000 { // the kernel's buffers take some megabytes first
		if err = l.Queue(burst); err != nil {
			break
		}
		l.Wake()
		exchange(t, other, "meanwhile others") // lets the loop have its turns
	}
	if err != ErrOutbox && err != ErrClosed {
		t.Fatalf("queue: %v", err)
	}
	r.eventually("switchd_links_closed_total", "outbox", 1)
	eventually(t, "link down", func() bool { return h.down.Load() == 1 })
	if l.Queue(burst) != ErrClosed {
		t.Error("queue after the end")
	}
	exchange(t, other, "others go on")
}

// One call beyond the limit is refused without any wake-up by the loop.
func TestQueueRefusesAtOnce(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) { o.OutboxBytesMax = 1000 })
	c := r.dial("BANKA")
	l := h.link(t, c)
	for _, bad := range []string{"x", "\x00", "\x00\x0c0123456789", "\x00\x020123456789ab", string(framed(make([]byte, 12))) + "\x00"} {
		if err := l.Queue([]byte(bad)); err != ErrNotFrames {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := l.Queue(nil); err != nil {
		t.Error(err)
	}
	if err := l.Queue(framed(make([]byte, 999))); err != ErrOutbox {
		t.Error(err)
	}
	if _, err := io.ReadAll(c); err == nil {
		r.eventually("switchd_links_closed_total", "outbox", 1)
	}
}
