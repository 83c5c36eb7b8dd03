package mtls

import (
	"io"
	"net"
	"sync"
	"time"
)

// emptyError is what crypto/tls takes for "try again": see readRecordOrCCS,
// which makes every error sticky except a net.Error that is Temporary.
type emptyError struct{}

func (emptyError) Error() string   { return "no whole record yet" }
func (emptyError) Timeout() bool   { return false }
func (emptyError) Temporary() bool { return true }

// pipe is the connection in memory under a tls.Conn.
type pipe struct {
	opt Options

	// mu guards the rest while a worker shakes hands. Afterwards only the loop
	// is here; it still locks, which costs a few nanoseconds and no thought.
	mu      sync.Mutex
	arrived sync.Cond // bytes, settle or Close; the worker waits here
	in      []byte    // unread ciphertext: the front of store, or a view of the last Feed
	store   []byte    // own memory for input that has to outlive its Feed
	out     []byte    // collected ciphertext
	done    bool      // the handshake is over: Read does not wait any more
	good    bool      // and it has succeeded
	closed  bool
}

func newPipe(o Options) *pipe {
	p := &pipe{opt: o}
	p.arrived.L = &p.mu
	return p
}

// feed adds b to the unread input, as a copy or as a view.
func (p *pipe) feed(b []byte, keep bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !keep && len(p.in) == 0 {
		p.in = b
		return nil
	}
	if len(p.in)+len(b) > p.opt.PendingMax {
		return ErrPending
	}
	// in is the tail of store: move it to the front before adding, so that the
	// memory is bounded by what is unread, not by what has ever come.
	p.store = append(append(p.store[:0], p.in...), b...)
	p.in = p.store
	p.arrived.Signal()
	return nil
}

// compute waits for a turn of the worker's, rest gives it up. Turns come soon: only
// those have one who need nothing but a processor.
func (p *pipe) compute() {
	if p.opt.Turns != nil {
		p.opt.Turns <- struct{}{}
	}
}

func (p *pipe) rest() {
	if p.opt.Turns != nil {
		<-p.opt.Turns
	}
}

// await waits, on the worker, for what it has asked for, and lets others compute
// meanwhile. p.mu is held.
func (p *pipe) await() {
	p.rest()
	for p.idle() {
		p.arrived.Wait()
	}
	p.mu.Unlock() // the loop must not wait for a turn
	p.compute()
	p.mu.Lock()
}

// idle says whether the worker has nothing to go on with. p.mu is held.
func (p *pipe) idle() bool { return len(p.in) == 0 && !p.closed && !p.done }

// Read is called by crypto/tls: on the worker it waits, on the loop it does not.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle() {
		p.await()
	}
	if len(p.in) == 0 {
		if p.closed {
			return 0, ErrClosed
		}
		return 0, ErrEmpty
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	if len(p.in) == 0 && p.done {
		p.in, p.store = nil, nil // an idle link keeps nothing of its handshake
	}
	return n, nil
}

// Write is called by crypto/tls and never fails: the link's own limit is on
// what it queues, and a closed link drops what is collected.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.out = append(p.out, b...)
	shaking := !p.done
	p.mu.Unlock()
	if shaking {
		p.opt.Notify()
	}
	return len(b), nil
}

// settle ends the handshake phase.
func (p *pipe) settle(good bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = true
	p.good = good
}

func (p *pipe) settled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.good
}

func (p *pipe) hello() (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return helloReady(p.in)
}

func (p *pipe) lend(buf []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = append(buf[:0], p.out...)
}

func (p *pipe) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.out
	p.out = nil
	return out
}

// Close ends a handshake that waits for input. It is also how crypto/tls
// reports a cancelled context.
func (p *pipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.arrived.Broadcast()
	return nil
}

// The remaining methods make a pipe a net.Conn. Deadlines are the link's
// matter: its loop aborts what takes too long.

func (p *pipe) LocalAddr() net.Addr              { return memory{} }
func (p *pipe) RemoteAddr() net.Addr             { return p.opt.Remote }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// memory is the address of an end of a pipe that nobody has named.
type memory struct{}

func (memory) Network() string { return "memory" }
func (memory) String() string  { return "memory" }

var (
	_ net.Conn  = (*pipe)(nil)
	_ net.Error = emptyError{}
	_ io.Reader = (*Conn)(nil)
)
