package raw

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"time"

	"switchd/certs"
	"switchd/codec/frame"
	"switchd/session/gnetio"
)

// Echo is what a message costs that comes over a link and goes back: TLS, system calls,
// framing, the loop. One client sends a burst and waits until all of it is back.
type Echo struct {
	Burst     int      `json:"burst"`         // messages of a burst
	Messages  int      `json:"messages"`      // measured
	PerSecond float64  `json:"per_second"`    // messages, of one client that waits for each burst
	CPU       *float64 `json:"cpu_us"`        // of a message, both ends
	SwitchCPU *float64 `json:"switch_cpu_us"` // of a message, without the client's thread
}

// messageBytes is the length of a message, header included.
const messageBytes = 200

var bursts = [...]int{1, 16, 64}

// identity of the only participant.
const clientID = "RAW"

// echoHandler sends each frame back.
type echoHandler struct{ scratch []byte }

func (*echoHandler) LinkUp(l *gnetio.Link) { l.Use(gnetio.Wire{Framing: frame.BIN2}) }

func (h *echoHandler) Frame(l *gnetio.Link, body []byte) error { // one loop, so one scratch
	h.scratch = frame.BIN2.Begin(h.scratch[:0])
	b, err := frame.BIN2.End(append(h.scratch, body...), 0, frame.Limits{})
	if err != nil {
		return err
	}
	h.scratch = b
	return l.Queue(b)
}

func (*echoHandler) KeepAlive(*gnetio.Link)        {}
func (*echoHandler) BurstEnd(*gnetio.Link)         {}
func (*echoHandler) Tick(*gnetio.Link, int64)      {}
func (*echoHandler) LinkDown(*gnetio.Link, string) {}

// echoes measures all bursts, each for its share of the time.
func echoes(ctx context.Context, o *Options) (version string, all []Echo, err error) {
	server, conf, err := echoServer(o)
	if err != nil {
		return "", nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }() // ends with ctx, below
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	// The client's thread is its own, so that its CPU time can be told apart.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c, err := dial(ctx, server.Addr(), conf)
	if err != nil {
		return "", nil, err
	}
	defer c.Close()
	state := c.ConnectionState()
	version = tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
	for _, burst := range bursts {
		e, err := echo(ctx, o, c, burst, o.Duration/time.Duration(len(bursts)))
		if err != nil {
			return "", nil, err
		}
		all = append(all, e)
	}
	return version, all, nil
}

// echoServer is bound, and not run.
func echoServer(o *Options) (*gnetio.Server, *tls.Config, error) {
	dir := filepath.Join(o.Dir, "certs")
	if err := certs.InitAt(dir, []string{clientID}, time.Unix(0, o.Clock()), certs.LeafValidity); err != nil {
		return nil, nil, err
	}
	of := func(id string) certs.Paths {
		return certs.Paths{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, id+".pem"), Key: filepath.Join(dir, id+"-key.pem")}
	}
	conf, err := certs.ServerConfig(of(certs.SwitchID), func(id string) bool { return id == clientID }, o.Clock)
	if err != nil {
		return nil, nil, err
	}
	client, err := certs.ClientConfig(of(clientID), o.Clock)
	if err != nil {
		return nil, nil, err
	}
	server, err := gnetio.Listen(gnetio.Options{Address: "127.0.0.1:0", TLS: conf, Loops: 1, Clock: o.Clock}, &echoHandler{})
	return server, client, err
}

func dial(ctx context.Context, address string, conf *tls.Config) (*tls.Conn, error) {
	plain, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	tcp, ok := plain.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(errors.New("no TCP"), plain.Close())
	}
	over, err := block(tcp)
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	c := tls.Client(over, conf)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, over.Close())
	}
	return c, nil
}

// echo measures one length of bursts.
func echo(ctx context.Context, o *Options, c *tls.Conn, burst int, length time.Duration) (Echo, error) {
	one, err := frame.BIN2.End(append(frame.BIN2.Begin(nil), make([]byte, messageBytes-2)...), 0, frame.Limits{})
	if err != nil {
		return Echo{}, err
	}
	out := bytes.Repeat(one, burst)
	in := make([]byte, len(out))
	turn := func() error {
		if _, err := c.Write(out); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, in); err != nil {
			return fmt.Errorf("no echo: %w", err)
		}
		return ctx.Err()
	}
	for range 16 { // buffers grow
		if err := turn(); err != nil {
			return Echo{}, err
		}
	}
	e := Echo{Burst: burst}
	whole, known := processCPU()
	own, _ := threadCPU()
	begin := o.Clock()
	for o.Clock()-begin < int64(length) || e.Messages == 0 {
		if err := turn(); err != nil {
			return Echo{}, err
		}
		e.Messages += burst
	}
	e.PerSecond = float64(e.Messages) / (float64(max(o.Clock()-begin, 1)) / 1e9)
	wholeEnd, _ := processCPU()
	ownEnd, _ := threadCPU()
	e.CPU = per(wholeEnd-whole, known, e.Messages)
	e.SwitchCPU = per(wholeEnd-whole-(ownEnd-own), known, e.Messages)
	return e, nil
}
