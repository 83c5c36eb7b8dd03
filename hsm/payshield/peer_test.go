package payshield_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm/payshield"
	"switchd/hsm/payshield/wire"
)

// patience is far more than anything here takes.
const patience = 90 * time.Second

// within is a context that ends with the test, or when something hangs.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// checkLMK is the check value that peers answer NC with.
const checkLMK = "2686047595482307"

// peer is the other end of a connection, played by a test.
type peer struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func newReader(conn net.Conn) *bufio.Reader { return bufio.NewReader(conn) }

// next reads a command and gives its header; "" when the connection has ended.
func (p *peer) next() (header, command string) {
	frame, err := wire.Read(p.in, nil, wire.FrameMax)
	if err != nil {
		return "", ""
	}
	return string(frame[:4]), string(frame[4:])
}

// send sends an answer.
func (p *peer) send(header, text string) {
	frame := append(make([]byte, wire.LengthSize), header+text...)
	wire.PutLength(frame)
	_, _ = p.conn.Write(frame) // a connection that has ended shows at the other end
}

// greet answers the NC that a connection begins with.
func (p *peer) greet() {
	header, command := p.next()
	if command != "NC" && command != "NC%01" && command != "" {
		p.t.Errorf("a connection begins with %q", command)
	}
	p.send(header, "ND00"+checkLMK+"1234-0001")
}

// gate is a connection whose writes wait to be let through, after the first.
type gate struct {
	net.Conn
	first   sync.Once
	writing chan struct{} // a write has begun
	through chan struct{} // lets one through
	shut    chan struct{}
	closing sync.Once
}

// gated is a pipe with a gate, and its other end.
func gated() (*gate, net.Conn) {
	ours, theirs := net.Pipe()
	return &gate{Conn: ours, writing: make(chan struct{}), through: make(chan struct{}), shut: make(chan struct{})}, theirs
}

func (g *gate) Write(b []byte) (int, error) {
	wait := true
	g.first.Do(func() { wait = false })
	if wait {
		g.writing <- struct{}{}
		select {
		case <-g.through:
		case <-g.shut:
			return 0, net.ErrClosed
		}
	}
	return g.Conn.Write(b)
}

func (g *gate) Close() error {
	g.closing.Do(func() { close(g.shut) })
	return g.Conn.Close()
}

// dialOnce dials one connection and no other.
func dialOnce(conn net.Conn) func(context.Context, string) (net.Conn, error) {
	one := make(chan net.Conn, 1)
	one <- conn
	return func(context.Context, string) (net.Conn, error) {
		select {
		case conn := <-one:
			return conn, nil
		default:
			return nil, net.ErrClosed
		}
	}
}

// hand is a module under test with what it hangs on.
type hand struct {
	*payshield.Module
	reg  *prometheus.Registry
	done chan error
	stop context.CancelFunc

	// waits are the waits of the module: those for look and retry take one each.
	waits chan time.Duration
	goOn  chan struct{}
}

// begin starts a module whose connections are pipes to play. Waits last until the test
// sends on goOn.
func begin(t testing.TB, o payshield.Options, play func(p *peer)) *hand {
	t.Helper()
	var peers sync.WaitGroup
	if o.Dial == nil {
		o.Addresses = []string{"pipe:1"}
		o.Dial = func(context.Context, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			peers.Go(func() {
				defer func() { _ = theirs.Close() }()
				p := &peer{t: t, conn: theirs, in: newReader(theirs)}
				play(p)
			})
			return ours, nil
		}
	}
	if o.Conns == 0 {
		o.Conns = 1
	}
	o.DialMax = patience
	h := &hand{reg: prometheus.NewRegistry(), done: make(chan error, 1), waits: make(chan time.Duration, 1024), goOn: make(chan struct{})}
	o.Registry = h.reg
	if o.Wait == nil {
		o.Wait = func(ctx context.Context, d time.Duration) bool {
			select {
			case h.waits <- d:
			default:
			}
			select {
			case <-h.goOn:
				return true
			case <-ctx.Done():
				return false
			}
		}
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return 1 }
	}
	if o.Table == "" {
		o.Table = keyFile(t, goldenKeys)
	}
	m, err := payshield.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.Module = m
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	go func() { h.done <- m.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-h.done; err != nil {
			t.Error(err)
		}
		h.done <- nil
		peers.Wait()
	})
	return h
}

// beginGated starts a module with one connection, which has answered: its writes wait at
// a gate, and the test plays its other end.
func beginGated(t testing.TB) (*hand, *gate, *peer) {
	t.Helper()
	ours, theirs := gated()
	h := begin(t, payshield.Options{Addresses: []string{"pipe:1"}, Dial: dialOnce(ours)}, nil)
	p := &peer{t: t, conn: theirs, in: newReader(theirs)}
	p.greet()
	return h.up(t), ours, p
}

// up waits until a connection has answered.
func (h *hand) up(t testing.TB) *hand {
	t.Helper()
	if err := h.Up(within(t)); err != nil {
		t.Fatal(err)
	}
	return h
}

// connected waits until so many connections can be used.
func (h *hand) connected(t testing.TB, want float64) {
	t.Helper()
	for ctx := within(t); h.value(t, "switchd_hsm_payshield_connections", "") != want; runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatalf("never %v connections", want)
		}
	}
}

// again ends the wait before the next connection, once it has begun.
func (h *hand) again() {
	for d := range h.waits {
		if d < time.Second { // the other waits are for looks
			h.goOn <- struct{}{}
			return
		}
	}
}

// value of a metric with a label, or without one.
func (h *hand) value(t testing.TB, name, label string) float64 {
	t.Helper()
	families, err := h.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				if g := m.GetGauge(); g != nil {
					return g.GetValue()
				}
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
	return 0
}

// keyFile writes a key table.
func keyFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
