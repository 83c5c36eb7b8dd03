package payshield

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

// Where a request stands.
type standing uint8

const (
	queued  standing = iota // not written: provably not done
	written                 // written, or being written
	left                    // nobody waits for its answer any more
	probe                   // nobody ever did
)

// request is a command on its way.
type request struct {
	command string
	frame   []byte // the whole of it; wiped when it is written or given up
	number  uint32
	stands  standing // guarded by link.mu
	answer  chan result
}

// result is what a request is answered with, once.
type result struct {
	code wire.Code
	body []byte
	from *link
	err  error
}

// What ends a connection, as metrics name it.
var (
	errStopped = errors.New("the module was stopped")
	errHung    = errors.New("the HSM has stopped answering")
	errWrong   = errors.New("the HSM gave a wrong answer")
)

// errFull is a connection that has no place for another request.
var errFull = errors.New("too many requests are under way")

// batchMax is how many bytes are written at once.
const batchMax = 64 << 10

// link is one connection. Requests and answers meet by the number in the header.
type link struct {
	m    *Module
	conn net.Conn
	wake chan struct{} // there is something to write
	gone chan struct{} // closed at the end

	check string // value of the HSM's LMK; set before calls may use the link

	load atomic.Int32 // len(open), for choosing a link without its lock

	mu       sync.Mutex // guards all below
	open     map[uint32]*request
	queue    []*request
	next     uint32
	answers  uint64 // how many have come
	answered uint64 // how many had, at the last look
	err      error  // why it ended
}

func newLink(m *Module, conn net.Conn) *link {
	return &link{m: m, conn: conn, wake: make(chan struct{}, 1), gone: make(chan struct{}), open: map[uint32]*request{}}
}

// submit queues a request. An error means that nothing was done.
func (l *link) submit(r *request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return l.err
	case len(l.open) >= l.m.o.OpenMax:
		return errFull
	}
	for all := numbers(l.m.o.HeaderLen); ; { // there are more numbers than open requests
		l.next = (l.next + 1) % all
		if l.open[l.next] == nil {
			break
		}
	}
	r.number = l.next
	putHeader(r.frame[wire.LengthSize:wire.LengthSize+l.m.o.HeaderLen], r.number)
	l.open[r.number] = r
	l.queue = append(l.queue, r)
	l.load.Store(int32(len(l.open)))
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// write writes what is queued, as much at once as there is, until the link ends.
func (l *link) write() {
	var buf []byte
	var ends []int
	for {
		select {
		case <-l.gone:
			return
		case <-l.wake:
		}
		for {
			batch := l.take()
			if len(batch) == 0 {
				break
			}
			buf, ends = buf[:0], ends[:0]
			for _, r := range batch {
				buf = append(buf, r.frame...)
				clear(r.frame)
				ends = append(ends, len(buf))
			}
			n, err := l.conn.Write(buf)
			clear(buf)
			if err != nil {
				l.unwritten(batch, ends, n)
				l.end(err)
				return
			}
		}
	}
}

// take takes requests off the queue, batchMax bytes or one more. They count as written
// from here on, since a write that fails may have written them.
func (l *link) take() []*request {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, bytes := 0, 0
	for n < len(l.queue) && bytes < batchMax {
		r := l.queue[n]
		bytes += len(r.frame)
		if r.stands == queued {
			r.stands = written
		}
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
	return batch
}

// unwritten takes back what a failed write did not write whole: the module can do
// nothing of half a command.
func (l *link) unwritten(batch []*request, ends []int, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range batch {
		if ends[i] > n && r.stands == written {
			r.stands = queued
		}
	}
}

// read reads answers until the link ends or gives a wrong one.
func (l *link) read() {
	in := bufio.NewReaderSize(l.conn, 8<<10)
	var buf []byte
	for {
		frame, err := wire.Read(in, buf, l.m.o.FrameMax)
		if errors.Is(err, hsm.ErrBlock) {
			err = fmt.Errorf("%w: %w", errWrong, err)
		}
		if err == nil {
			err = l.deliver(frame)
		}
		if err != nil {
			l.end(err)
			return
		}
		clear(frame)
		buf = frame
	}
}

// deliver gives an answer to who asked for it. One that nobody waits for is dropped; one
// that cannot be an answer to its question is an error.
func (l *link) deliver(frame []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers++
	r, code, body, err := l.match(frame)
	if r == nil || err != nil {
		return err
	}
	delete(l.open, r.number)
	l.load.Store(int32(len(l.open)))
	switch r.stands {
	case probe:
		return l.probed(result{code: code, body: body})
	case left:
		l.m.metrics.late.Inc()
	default:
		r.answer <- result{code: code, body: append([]byte(nil), body...), from: l}
	}
	return nil
}

// probed looks at what the HSM says of itself: it must go on being the one that calls
// were sent to.
func (l *link) probed(got result) error {
	status, err := readStatus(got)
	if err == nil && status.check != l.check {
		err = fmt.Errorf("%w: the LMK was changed, its check value is %s, and was %s", errWrong, status.check, l.check)
	}
	return err
}

// match finds the request of an answer; nil for an answer to nothing that is open.
func (l *link) match(frame []byte) (r *request, code wire.Code, body []byte, err error) {
	f := wire.Take(frame)
	header := f.Bytes(l.m.o.HeaderLen)
	reply, code := f.Command(), wire.Code(f.Command())
	if !f.Good() {
		return nil, "", nil, fmt.Errorf("%w: it has no response code or error code", errWrong)
	}
	if number, ours := headerNumber(header); ours {
		r = l.open[number]
	}
	switch {
	case r == nil:
		l.m.metrics.unknown.Inc()
		return nil, "", nil, nil
	case r.stands == queued:
		return nil, "", nil, fmt.Errorf("%w: to a command that was not sent", errWrong)
	case reply != wire.Reply(r.command):
		return nil, "", nil, fmt.Errorf("%w: %s to the command %s", errWrong, reply, r.command)
	}
	return r, code, f.Bytes(f.Left()), nil
}

// leave gives a request up. If its answer is there it returns it; otherwise the error
// says whether the command can have been done.
func (l *link) leave(ctx context.Context, r *request) result {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case got := <-r.answer:
		return got
	default:
	}
	fault := &hsm.Fault{Kind: hsm.ErrTimeout, Started: r.stands == written, Cause: context.Cause(ctx)}
	if r.stands == written {
		// It keeps its place until the answer comes or the link is seen to hang: an HSM
		// that does not answer must not be asked ever more.
		r.stands = left
		return result{err: fault}
	}
	delete(l.open, r.number)
	l.load.Store(int32(len(l.open)))
	for i, q := range l.queue {
		if q == r {
			l.queue = append(l.queue[:i:i], l.queue[i+1:]...)
			break
		}
	}
	clear(r.frame)
	return result{err: fault}
}

// look closes a link that owes answers and has given none since the last look, and asks
// one that owes nothing whether it is there. It is false when there is nothing more to
// look at.
func (l *link) look() bool {
	l.mu.Lock()
	hung := len(l.open) > 0 && l.answers == l.answered
	idle := len(l.open) == 0
	l.answered = l.answers
	l.mu.Unlock()
	switch {
	case hung:
		l.end(errHung)
		return false
	case idle: // nobody waits for the answer
		return l.submit(&request{command: "NC", frame: l.m.status(), stands: probe}) == nil
	}
	return true
}

// bare is the text of an error alone. What ended a connection can be a kind of package
// hsm: of a frame that was malformed, of an NC that was denied. Of the calls that fail
// with it none was malformed or denied.
func bare(err error) error { return errors.New(err.Error()) }

// end closes the link, once, and answers what is open.
func (l *link) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.err = err
	close(l.gone)
	_ = plain(l.conn).Close()
	for _, r := range l.open {
		if r.stands == queued || r.stands == written {
			r.answer <- result{err: &hsm.Fault{Kind: hsm.ErrDown, Started: r.stands == written, Cause: bare(err)}}
		}
	}
	for _, r := range l.queue { // those that are off it the writer wipes
		clear(r.frame)
	}
	clear(l.open)
	l.queue = nil
	l.load.Store(0)
}

// plain is the connection below TLS, whose own end would wait for an HSM that does not
// read any more.
func plain(conn net.Conn) net.Conn {
	if secured, ok := conn.(*tls.Conn); ok {
		return secured.NetConn()
	}
	return conn
}
