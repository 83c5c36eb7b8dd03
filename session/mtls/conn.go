package mtls

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// PendingMaxDefault is how many unread bytes a Conn keeps when Options say nothing.
const PendingMaxDefault = 64 << 10

var (
	// ErrEmpty says that Read needs more ciphertext; it is no fault.
	ErrEmpty error = emptyError{}
	// ErrPending says that the peer sent more than Options.PendingMax bytes
	// before the handshake took them.
	ErrPending = errors.New("too many bytes before the handshake is done")
	// ErrNotTLS says that the first bytes are no TLS ClientHello.
	ErrNotTLS = errors.New("not a TLS client hello")
	// ErrClosed is what the handshake gets after Abort.
	ErrClosed = errors.New("link is closed")
)

// Options of a Conn.
type Options struct {
	PendingMax int      // bytes fed but not yet taken by the handshake; 64 KiB
	Notify     func()   // called on the worker when there is something to send, and when it is done; must not block
	Remote     net.Addr // of the peer, for tls.Config.GetConfigForClient; unknown

	// Turns has a place for each handshake that may compute at a time. One that
	// waits for its peer has none, so that no peer holds up others. No bound.
	Turns chan struct{}
}

func (o Options) withDefaults() Options {
	if o.PendingMax <= 0 {
		o.PendingMax = PendingMaxDefault
	}
	if o.Notify == nil {
		o.Notify = func() {}
	}
	if o.Remote == nil {
		o.Remote = memory{}
	}
	return o
}

// Conn is one TLS session of a link. All methods belong to the link's loop,
// except Handshake, which runs on one worker goroutine, and Abort, which is
// safe for concurrent use.
type Conn struct {
	tls    *tls.Conn
	client bool
	pipe   *pipe
	border border // where the records of the input end
	up     bool   // the loop has seen that the handshake succeeded
}

// Server returns the server side of a session that is still to be shaken.
func Server(conf *tls.Config, o Options) *Conn {
	p := newPipe(o.withDefaults())
	return &Conn{tls: tls.Server(p, conf), pipe: p}
}

// Client returns the client side of a session that is still to be shaken.
func Client(conf *tls.Config, o Options) *Conn {
	p := newPipe(o.withDefaults())
	return &Conn{tls: tls.Client(p, conf), pipe: p, client: true}
}

// Feed hands ciphertext to the session. Until Established has returned true b
// is copied; afterwards the Conn keeps a view of it, and the loop has to Read
// until ErrEmpty (or drop the Conn) before b changes.
func (c *Conn) Feed(b []byte) error {
	c.border.feed(b)
	return c.pipe.feed(b, !c.up)
}

// Hello says whether the first record with the start of a ClientHello is
// complete. Only then is a handshake worth a worker: a client that connects
// and says nothing, or dribbles, costs none. The client side, which speaks first,
// is ready from the start.
func (c *Conn) Hello() (ready bool, err error) {
	if c.client {
		return true, nil
	}
	return c.pipe.hello()
}

// Handshake runs the handshake to its end. It blocks, on a worker goroutine of
// the caller's, and ends with the peer's last flight, with ctx, or with Abort.
// On an error the alert for the peer is there to Take.
func (c *Conn) Handshake(ctx context.Context) error {
	c.pipe.compute()
	defer c.pipe.rest()
	err := c.tls.HandshakeContext(ctx)
	c.pipe.settle(err == nil)
	c.pipe.opt.Notify()
	return err
}

// Established says whether the handshake has succeeded. From the first true on
// the Conn belongs to the loop alone, and there may be something to Read even
// if nothing was fed since.
func (c *Conn) Established() bool {
	if !c.up {
		c.up = c.pipe.settled()
	}
	return c.up
}

// State returns what the handshake agreed on, with the peer's certificates.
func (c *Conn) State() tls.ConnectionState { return c.tls.ConnectionState() }

// Read decrypts into p. It returns ErrEmpty when the next record is not whole
// yet, and io.EOF once the peer has closed its side. Bytes may come together
// with an error; they count. After an error there may be an alert to Take.
func (c *Conn) Read(p []byte) (int, error) {
	if !c.up {
		return 0, ErrEmpty
	}
	return c.tls.Read(p)
}

// Write encrypts p as one burst, in records of up to 16 KiB. The ciphertext is
// there to Take.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.up {
		return 0, ErrEmpty
	}
	return c.tls.Write(p)
}

// Partial says whether the input ends inside a record, so that a peer that
// never completes it can be held to a deadline.
func (c *Conn) Partial() bool { return c.border.inside() }

// Lend gives the Conn a buffer to collect ciphertext in, so that an idle Conn
// needs none of its own. What was already collected moves into it.
func (c *Conn) Lend(buf []byte) { c.pipe.lend(buf) }

// Take hands over the collected ciphertext, nil when there is none. The slice
// is the caller's: the lent buffer comes back here, perhaps grown.
func (c *Conn) Take() []byte { return c.pipe.take() }

// CloseNotify tells the peer that nothing more will be written. The alert is
// there to Take.
func (c *Conn) CloseNotify() {
	if c.up {
		// The only error is that of an earlier failed write, which in memory
		// means that an alert has been sent already.
		_ = c.tls.CloseWrite()
	}
}

// Abort ends a running handshake: its worker returns soon. Safe for concurrent use.
func (c *Conn) Abort() { _ = c.pipe.Close() }
