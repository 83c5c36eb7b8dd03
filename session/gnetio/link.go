package gnetio

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/panjf2000/gnet/v2"

	"switchd/codec/frame"
	"switchd/session/mtls"
)

var (
	// ErrClosed says that a link takes nothing more.
	ErrClosed = errors.New("link is closed")
	// ErrOutbox says that a link has more unsent bytes than allowed; it is being closed.
	ErrOutbox = errors.New("outbox of the link is full")
	// ErrNotFrames says that what was queued is not a row of whole frames: a
	// fault of the caller's, found before it could damage the stream.
	ErrNotFrames = errors.New("not a row of whole frames")
)

// phase is where a link is in its life.
type phase uint8

const (
	phaseNone    phase = iota // not counted yet
	phaseShaking              // TCP is up, TLS is not
	phaseUp                   // the Handler has it
	phaseClosing              // ended by us; lingers until deadline for the peer to read why
	phaseGone                 // gnet has closed it
)

// phaseNames are the label values of switchd_links.
var phaseNames = map[phase]string{phaseShaking: "handshake", phaseUp: "up", phaseClosing: "closing"}

// ending is why a link ends: a label of the fixed set, and words for the log.
type ending struct{ label, text string }

// Link is one connection of one participant.
type Link struct {
	id     uint64
	server *Server
	loop   *loop
	conn   gnet.Conn
	remote string

	address  netip.Addr  // of the peer
	pool     *pool       // that it has a place in; nil once it is up
	slot     *slot       // of the dialer; nil: accepted
	settings *tls.Config // of a link that was dialled
	group    int

	// The loop's own.
	participant  string       // set before LinkUp, then constant; of a link that was dialled, who is expected
	state        any          // the Handler's
	phase        phase        //
	tls          *mtls.Conn   // nil once closing: idle or ended links hold no buffers
	working      bool         // a handshake worker was started
	established  bool         // the handshake has succeeded
	deadline     int64        // of the handshake, or of the lingering; 0 while closing means now
	wire         Wire         // set in LinkUp, then constant
	frameMax     int          // bytes of the longest frame of wire
	reader       frame.Reader // of wire
	headerIn     []byte       // of the latest frame that carried one
	alive        []byte       // the answer to a keep-alive, if it gets one
	aliveSince   int64        // when reader began to count keep-alives
	burst        []byte       // what is being cut, while it is
	spoken       bool         // a whole frame with a message has come
	diagnosed    bool         //
	rest         []byte       // plaintext of an unfinished frame
	partialSince int64        // when the first byte of the unfinished frame or record came; 0: none
	index        int          // in loop.links
	begun        int64        // when it got its connection
	unwanted     int64        // since when it is to end in good order; 0: it is not

	seen seen // what others than the loop may look at

	// woken says that a turn on the loop is coming, or is under way and will
	// look at the outbox again: no further wake-up is needed.
	woken atomic.Bool
	// rung says that the Handler wants a BurstEnd.
	rung atomic.Bool
	// asked mirrors ask.label != "", for a look without the lock per frame.
	asked atomic.Bool

	mu        sync.Mutex // guards the rest: the outbox is filled by any goroutine
	outbox    *box       // whole frames to send; nil when empty
	outboxMax int        // bytes of it and of unsent together
	header    []byte     // for messages to the peer, where the framing has one
	unsent    int        // bytes that gnet held for the kernel at the last look
	ask       ending     // somebody wants the link to end
	closed    bool       // Queue refuses
	gone      bool       // gnet has closed the connection: it must not be touched
	shook     bool       // the handshake worker is done
	shookErr  error
	counted   bool // the refusal is in the metrics
}

// A box is a buffer of frames on its way to the loop.
type box struct{ b []byte }

// boxKeep is the largest box that goes back to the pool.
const boxKeep = 64 << 10

// Participant returns the identity in the peer's certificate, set before LinkUp.
func (l *Link) Participant() string { return l.participant }

// ID returns a number that no other link of this Server has or had.
func (l *Link) ID() uint64 { return l.id }

// Remote returns the peer's address, for logs.
func (l *Link) Remote() string { return l.remote }

// Unwanted says that the switch does not dial the peer there any more, or that
// somebody has dismissed the link: the Handler ends it in good order; who does not is
// ended after unwantedMax. On the loop only.
func (l *Link) Unwanted() bool { return l.unwanted != 0 }

// State returns what SetState put there. On the loop only.
func (l *Link) State() any { return l.state }

// SetState keeps a value of the Handler's with the link. On the loop only.
func (l *Link) SetState(v any) { l.state = v }

// Queue copies whole frames to the outbox; it wakes nobody. Safe for concurrent
// use, and the frames of one call stay together. What the link's Wire would not
// take from the peer, it does not send either. A link whose unsent bytes
// would exceed its OutboxBytesMax is closed and what it holds is dropped:
// a peer that does not read would get answers too late to be of use.
func (l *Link) Queue(frames []byte) error {
	count, ok := l.countFrames(frames)
	if !ok {
		return ErrNotFrames
	}
	if err := l.enqueue(frames); err != nil {
		if err == ErrOutbox {
			l.Wake()
		}
		return err
	}
	l.seen.out.Add(uint64(count))
	l.server.metrics.framesOut.Add(float64(count))
	return nil
}

func (l *Link) enqueue(frames []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if l.outbox == nil {
		l.outbox = l.server.boxes.Get().(*box)
	}
	if len(l.outbox.b)+len(frames)+l.unsent > l.outboxMax {
		l.askLocked(ending{endOutbox, ErrOutbox.Error()})
		return ErrOutbox
	}
	l.outbox.b = append(l.outbox.b, frames...)
	return nil
}

// Wake has the link's loop drain the outbox, in one TLS write and one socket
// write. Safe for concurrent use; many calls before the loop comes cost one
// wake-up, and calls from the Handler's callbacks cost none.
func (l *Link) Wake() {
	if l.woken.Swap(true) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// After the engine has stopped gnet would write to a closed event
	// descriptor, whose number may be that of another file by then. Holding mu
	// from here to the wake-up keeps OnClose, which each link gets before that,
	// from passing us.
	if !l.gone {
		// The only fault is a failed write to the event descriptor; the next
		// tick drains the outbox all the same.
		_ = l.conn.Wake(nil)
	}
}

// Ring has the Handler called (BurstEnd) on the link's loop, soon and once for many
// calls, and lets the outbox leave. Safe for concurrent use.
func (l *Link) Ring() {
	l.rung.Store(true)
	l.Wake()
}

// Close ends the link after what is queued has been sent. Safe for concurrent
// use; the first reason counts. Queue fails from here on.
func (l *Link) Close(reason string) {
	l.mu.Lock()
	l.askLocked(ending{endHandler, reason})
	l.mu.Unlock()
	l.Wake()
}

// bound sets how much may wait on the link; 0: what is usual.
func (l *Link) bound(outboxMax int) {
	if outboxMax == 0 {
		outboxMax = l.server.opt.OutboxBytesMax
	}
	l.mu.Lock()
	l.outboxMax = outboxMax
	l.mu.Unlock()
}

// askLocked notes the first wish to end the link. l.mu is held.
func (l *Link) askLocked(e ending) {
	if !l.closed {
		l.ask = e
		l.closed = true
		l.asked.Store(true)
	}
}

// enter moves the link to another phase. On the loop.
func (l *Link) enter(p phase) {
	l.server.metrics.move(l.phase, p)
	l.phase = p
}
