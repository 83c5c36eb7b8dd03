package gnetio

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/certs"
	"switchd/switch/logtext"
)

// patience is how long a test waits for what must happen; it is no part of any
// outcome.
const patience = 90 * time.Second

// pki makes a CA with the leaves switch, BANKA, BANKB, STRANGER (not known to
// the server) and OLD (expired).
func pki(t testing.TB) string {
	t.Helper()
	dir, now := t.TempDir(), time.Now()
	err := errors.Join(certs.InitAt(dir, []string{"BANKA", "BANKB", "STRANGER"}, now, certs.LeafValidity),
		certs.Issue(dir, []string{"OLD"}, now.Add(-48*time.Hour), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func paths(dir, id string) certs.Paths {
	return certs.Paths{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, id+".pem"), Key: filepath.Join(dir, id+"-key.pem")}
}

// clock is the real time plus what a test adds to it, or that alone.
type clock struct{ ahead, stopped atomic.Int64 }

func (c *clock) now() int64 {
	if at := c.stopped.Load(); at != 0 {
		return at + c.ahead.Load()
	}
	return time.Now().UnixNano() + c.ahead.Load()
}

// stop has time pass only when a test adds to it.
func (c *clock) stop() { c.stopped.Store(time.Now().UnixNano()) }

// handler echoes frames and notes what happens. Its hooks, where set, come first.
type handler struct {
	clings                                 atomic.Bool // to links that are not dialled any more
	up, down, frames, alive, bursts, ticks atomic.Int64

	forget bool // keep no links: memory is weighed

	onUp    func(*Link)
	onFrame func(*Link, []byte) error
	onBurst func()

	mu      sync.Mutex // guards the rest
	wire    Wire       // of the next link
	links   []*Link
	reasons []string
}

// speak sets how the links from here on speak.
func (h *handler) speak(w Wire) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wire = w
}

func (h *handler) LinkUp(l *Link) {
	h.mu.Lock()
	l.Use(h.wire)
	if !h.forget {
		h.links = append(h.links, l)
	}
	h.mu.Unlock()
	l.SetState(new(bytes.Buffer))
	h.up.Add(1)
	if h.onUp != nil {
		h.onUp(l)
	}
}

func (h *handler) Frame(l *Link, body []byte) error {
	h.frames.Add(1)
	if h.onFrame != nil {
		return h.onFrame(l, body)
	}
	out := l.State().(*bytes.Buffer)
	out.Write(l.wire.put(body, l.AppendHeader(nil)))
	return nil
}

func (h *handler) KeepAlive(*Link) { h.alive.Add(1) }

func (h *handler) BurstEnd(l *Link) {
	h.bursts.Add(1)
	if h.onBurst != nil {
		h.onBurst()
	}
	out := l.State().(*bytes.Buffer)
	_ = l.Queue(out.Bytes())
	l.Wake()
	out.Reset()
	if out.Cap() > 4<<10 {
		l.SetState(new(bytes.Buffer)) // idle links are weighed in a test
	}
}

func (h *handler) Tick(l *Link, _ int64) {
	h.ticks.Add(1)
	if l.Unwanted() && !h.clings.Load() {
		l.Close("bye")
	}
}

func (h *handler) LinkDown(l *Link, reason string) {
	h.mu.Lock()
	h.reasons = append(h.reasons, reason)
	h.mu.Unlock()
	h.down.Add(1)
}

// link waits for the server's end of a client's connection.
func (h *handler) link(t testing.TB, c net.Conn) (found *Link) {
	t.Helper()
	eventually(t, "link up", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, l := range h.links {
			if l.Remote() == c.LocalAddr().String() {
				found = l
			}
		}
		return found != nil
	})
	return found
}

func framed(body []byte) []byte { return Wire{}.put(body, nil) }

// put frames a body.
func (w Wire) put(body, header []byte) []byte {
	out, err := w.Framing.BeginHeader(nil, header)
	if err == nil {
		out, err = w.Framing.End(append(out, body...), 0, w.Limits)
	}
	if err != nil {
		panic(err)
	}
	return out
}

// rig is a running server with its parts.
type rig struct {
	*Server
	t     testing.TB
	dir   string
	clock *clock
	reg   *prometheus.Registry
	log   *logtext.Text
	stop  func() // ends Run and waits; called at the end of the test in any case
}

// start runs a server; change may alter its options.
func start(t testing.TB, h Handler, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: pki(t), clock: &clock{}, reg: prometheus.NewRegistry(), log: &logtext.Text{}}
	conf, err := certs.ServerConfig(paths(r.dir, "switch"), func(id string) bool { return id != "STRANGER" }, r.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Address: "127.0.0.1:0", TLS: conf, TickEvery: 10 * time.Millisecond, Clock: r.clock.now, Registry: r.reg,
		HandshakeRate: 100_000, HandshakeBurst: 100_000, // all clients of a test have one address
		Log: slog.New(slog.NewTextHandler(r.log, nil))}
	o.DialTLS = func(id string) (*tls.Config, error) { return certs.DialConfig(paths(r.dir, "switch"), id, r.clock.now) }
	if change != nil {
		change(&o)
	}
	r.Server, err = Listen(o, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

// dial connects a participant over TCP and TLS and shakes hands.
func (r *rig) dial(id string) *tls.Conn {
	r.t.Helper()
	return r.dialFrom(id, "127.0.0.1")
}

// dialFrom is dial from one of the many addresses that a loopback has.
func (r *rig) dialFrom(id, address string) *tls.Conn {
	r.t.Helper()
	c := tls.Client(r.tcpFrom(address), r.client(id))
	if err := c.Handshake(); err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) client(id string) *tls.Config {
	r.t.Helper()
	conf, err := certs.ClientConfig(paths(r.dir, id), func() int64 { return time.Now().UnixNano() })
	if err != nil {
		r.t.Fatal(err)
	}
	return conf
}

func (r *rig) tcp() net.Conn {
	r.t.Helper()
	return r.tcpFrom("127.0.0.1")
}

// tcpFrom connects from one of the many addresses that a loopback has.
func (r *rig) tcpFrom(address string) net.Conn {
	r.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	c, err := d.Dial("tcp", r.Addr())
	if err != nil {
		r.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	r.t.Cleanup(func() { c.Close() })
	return c
}

// metric reads one counter or gauge; the label value picks the child.
func (r *rig) metric(name, label string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	r.t.Fatalf("no metric %s with label %s", name, label)
	return 0
}

func (r *rig) eventually(name, label string, want float64) {
	r.t.Helper()
	eventually(r.t, name+" "+label, func() bool { return r.metric(name, label) == want })
}

// eventually polls: what it waits for has no channel.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain for: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// exchange sends one frame and reads its echo.
func exchange(t testing.TB, c io.ReadWriter, body string) {
	t.Helper()
	if _, err := c.Write(framed([]byte(body))); err != nil {
		t.Fatal(err)
	}
	if got := readFrame(t, c); got != body {
		t.Fatalf("echo %q, want %q", got, body)
	}
}

func readFrame(t testing.TB, c io.Reader) string {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatalf("reading a frame: %v", err)
	}
	body := make([]byte, int(head[0])<<8|int(head[1]))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatalf("reading a frame: %v", err)
	}
	return string(body)
}

func TestEchoOfFrames(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	c := r.dial("BANKA")
	for _, body := range []string{"a body of 20 bytes..", strings.Repeat("x", 12), strings.Repeat("y", 8192)} {
		exchange(t, c, body)
	}
	// A burst of many frames, larger than any buffer on the way, in one write.
	var burst []byte
	for i := range 1000 {
		burst = append(burst, framed(bytes.Repeat([]byte{byte(i)}, 12+i%300))...)
	}
	go func() { _, _ = c.Write(burst) }()
	for i := range 1000 {
		if got, want := readFrame(t, c), strings.Repeat(string([]byte{byte(i)}), 12+i%300); got != want {
			t.Fatalf("frame %d differs", i)
		}
	}
	l := h.link(t, c)
	if l.Participant() != "BANKA" || l.ID() == 0 || l.Remote() != c.LocalAddr().String() {
		t.Errorf("link %q %d %q", l.Participant(), l.ID(), l.Remote())
	}
	if h.bursts.Load() > 500 {
		t.Errorf("%d bursts for 1003 frames", h.bursts.Load())
	}
	r.eventually("switchd_frames_total", "in", 1003)
	r.eventually("switchd_frames_total", "out", 1003)
	r.eventually("switchd_links", "up", 1)
	c.Close()
	r.eventually("switchd_links", "up", 0)
	eventually(t, "link down", func() bool { return h.down.Load() == 1 })
	if r.metric("switchd_links_closed_total", "peer") != 1 || r.metric("switchd_handshakes_total", "ok") != 1 {
		t.Error("counters of the end and the handshake")
	}
	if in := r.metric("switchd_bytes_total", "in"); in < float64(len(burst)) {
		t.Errorf("%v bytes in", in)
	}
	if err := l.Queue(framed(make([]byte, 20))); err != ErrClosed {
		t.Errorf("queue on a closed link: %v", err)
	}
	l.Wake()
	l.Close("again")
}

// Frames queued by other goroutines come out whole, in the order of each
// goroutine, while the link's own traffic goes on and the link is closed in
// the middle. This is a test for the race detector.
func TestConcurrentUse(t *testing.T) {
	h := &handler{}
	r := start(t, h, func(o *Options) { o.Loops = 2 })
	const writers, each = 4, 500
	for range 3 {
		c := r.dial("BANKA")
		l := h.link(t, c)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					body := []byte{byte(w), byte(i >> 8), byte(i), 0, 0, 0, 0, 0, 0, 0, 0, 0}
					if err := l.Queue(framed(body)); err != nil {
						t.Error(err)
						return
					}
					l.Wake()
				}
			})
		}
		var next [writers]int
		for range writers * each {
			b := readFrame(t, c)
			w, i := int(b[0]), int(b[1])<<8|int(b[2])
			if next[w] != i {
				t.Fatalf("writer %d: frame %d, want %d", w, i, next[w])
			}
			next[w]++
		}
		wg.Wait()
		for range writers { // and now against a link that closes
			wg.Go(func() {
				for l.Queue(framed(make([]byte, 12))) == nil {
					l.Wake()
				}
			})
		}
		l.Close("enough")
		wg.Wait()
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Errorf("end of the link: %v", err)
		}
	}
	eventually(t, "links down", func() bool { return h.down.Load() == 3 })
	if got := r.metric("switchd_links_closed_total", "handler"); got != 3 {
		t.Errorf("closed by the handler: %v", got)
	}
}
