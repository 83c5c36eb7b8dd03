package admin

import (
	"net"
	"sync"
	"sync/atomic"
)

// full is the whole answer of a connection over the bound. It fits into any
// socket's send buffer, so that writing it cannot block the accept loop.
const full = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\ntoo many connections\n"

// bounded is a listener that holds at most so many open connections. One more
// is answered and closed at once: waiting in the kernel's queue would look like
// a hanging switch.
type bounded struct {
	net.Listener
	max     int64
	open    atomic.Int64
	metrics *metrics
	plain   bool // without TLS, so that an answer can be read
}

func newBounded(l net.Listener, connectionsMax int, m *metrics, plain bool) *bounded {
	return &bounded{Listener: l, max: int64(connectionsMax), metrics: m, plain: plain}
}

// Accept returns the next connection within the bound. net/http calls it from
// one goroutine.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if b.open.Add(1) <= b.max {
			return &counted{Conn: c, release: sync.OnceFunc(func() { b.open.Add(-1) })}, nil
		}
		b.open.Add(-1)
		b.metrics.refused.Inc()
		if b.plain {
			_, _ = c.Write([]byte(full)) // the client may be gone already: nothing to do about it
		}
		c.Close()
	}
}

// counted gives its place back when it is closed.
type counted struct {
	net.Conn
	release func()
}

// Close closes the connection; only the first call gives the place back.
func (c *counted) Close() error {
	defer c.release()
	return c.Conn.Close()
}
