package mtls

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"switchd/certs"
)

// day0 is the date of all certificates in these tests.
var day0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() int64 { return day0.UnixNano() }

// pki makes a CA with the leaves switch, BANKA, STRANGER (unknown to the
// server) and OLD (expired).
func pki(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	err := errors.Join(certs.InitAt(dir, []string{"BANKA", "STRANGER"}, day0, certs.LeafValidity),
		certs.Issue(dir, []string{"OLD"}, day0.Add(-48*time.Hour), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func paths(dir, id string) certs.Paths {
	return certs.Paths{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, id+".pem"), Key: filepath.Join(dir, id+"-key.pem")}
}

func serverConf(t testing.TB, dir string) *tls.Config {
	t.Helper()
	conf, err := certs.ServerConfig(paths(dir, "switch"), func(id string) bool { return id != "STRANGER" }, clock)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func clientConf(t testing.TB, dir, id string) *tls.Config {
	t.Helper()
	conf, err := certs.ClientConfig(paths(dir, id), clock)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// loop plays the event loop for one link: it alone touches conn, feeds it in
// chunks of a fixed size, and echoes what it reads.
type loop struct {
	conn   *Conn
	peer   net.Conn
	chunk  int
	wake   chan struct{}
	feeds  chan []byte
	worker sync.WaitGroup
	shook  error // the handshake's error, after worker is done
	err    error // why the loop ended
	begun  bool
	onUp   func(*Conn)
}

// serve starts a loop and returns it with a function that waits for its end.
func serve(conf *tls.Config, peer net.Conn, chunk int) (*loop, func()) {
	return drive(Server, conf, peer, chunk)
}

// drive starts a loop for either side.
func drive(side func(*tls.Config, Options) *Conn, conf *tls.Config, peer net.Conn, chunk int) (*loop, func()) {
	l := &loop{peer: peer, chunk: chunk, wake: make(chan struct{}, 1), feeds: make(chan []byte)}
	l.conn = side(conf, Options{Notify: func() {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}})
	ended := make(chan struct{})
	go l.pump()
	go func() {
		defer close(ended)
		l.run()
		l.conn.Abort()
		l.worker.Wait()
		l.peer.Close()
	}()
	return l, func() {
		<-ended
		for range l.feeds { // let the pump see the end of its connection
		}
	}
}

// pump reads the network and cuts what came into chunks.
func (l *loop) pump() {
	defer close(l.feeds)
	buf := make([]byte, 64<<10)
	for {
		n, err := l.peer.Read(buf)
		for b := buf[:n]; len(b) > 0; {
			k := min(l.chunk, len(b))
			l.feeds <- b[:k]
			l.feeds <- nil // wait until the loop has dropped its view
			b = b[k:]
		}
		if err != nil {
			return
		}
	}
}

func (l *loop) run() {
	plain := make([]byte, 20<<10)
	l.begin() // the client side needs no input for that
	for l.err == nil {
		select {
		case b, ok := <-l.feeds:
			if !ok {
				l.err = io.ErrUnexpectedEOF
				return
			}
			if b == nil {
				continue
			}
			l.err = l.conn.Feed(b)
		case <-l.wake:
		}
		if l.err == nil && !l.begun {
			l.begin()
		}
		if l.conn.Established() {
			l.echo(plain)
		}
		l.flush()
	}
}

func (l *loop) begin() {
	ready, err := l.conn.Hello()
	if err != nil {
		l.err = err
		return
	}
	if !ready {
		return
	}
	l.begun = true
	l.worker.Go(func() { l.shook = l.conn.Handshake(context.Background()) })
}

func (l *loop) echo(plain []byte) {
	if l.onUp != nil {
		l.onUp(l.conn)
		l.onUp = nil
	}
	for l.err == nil {
		n, err := l.conn.Read(plain)
		if n > 0 {
			if _, werr := l.conn.Write(plain[:n]); werr != nil {
				l.err = werr
			}
		}
		if err == ErrEmpty {
			return
		}
		if err != nil {
			l.err = err
			l.conn.CloseNotify()
		}
	}
}

func (l *loop) flush() {
	if out := l.conn.Take(); len(out) > 0 {
		if _, err := l.peer.Write(out); err != nil && l.err == nil {
			l.err = err
		}
	}
}

// tcpPair is a connected pair over loopback: unlike net.Pipe it has buffers, so
// that neither side has to read before the other may write.
func tcpPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return server, client
}
