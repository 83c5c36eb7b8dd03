package simbank

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"switchd/codec/frame"
)

// writeDeadline bounds one write: a switch that does not read for so long is not
// there.
const writeDeadline = 10 * time.Second

// link is one connection to the switch. Three goroutines serve it, all started
// and awaited by run: a reader, a writer, and a keeper of its idle time.
type link struct {
	bank  *Bank
	conn  net.Conn
	heard atomic.Int64 // when the last frame came
	phase atomic.Int32 // connecting, signedOn or signedOff
	since atomic.Int64 // when the phase began
	lived atomic.Bool  // it was signed on
	wake  chan struct{}
	gone  chan struct{} // closed when the link is
	bye   chan struct{} // closed when the sign-off is answered

	mu     sync.Mutex // guards all below
	outbox []byte
	closed bool
	reason string
	asked  map[string]event // own network management without an answer, by number
}

func newLink(b *Bank, conn net.Conn) *link {
	l := &link{
		bank: b, conn: conn,
		wake: make(chan struct{}, 1), gone: make(chan struct{}), bye: make(chan struct{}),
		asked: make(map[string]event),
	}
	l.heard.Store(b.opts.Clock())
	l.enter(connecting)
	return l
}

// The phases of a link. Own payments need signedOn. Answers still go out on a
// link that the switch has signed off: it may have asked before.
const (
	connecting int32 = iota
	signedOn
	signedOff
)

func (l *link) enter(phase int32) {
	l.since.Store(l.bank.opts.Clock())
	l.phase.Store(phase)
}

// run signs on, if it is for us to do that, and serves the link until it is closed;
// it says why it was.
func (l *link) run(ctx context.Context, calling bool) string {
	stop := context.AfterFunc(ctx, func() { l.close("stopped") })
	defer stop()
	var others sync.WaitGroup
	others.Go(l.write)
	others.Go(l.keep)
	if calling {
		l.ask(signOn)
	}
	l.close(l.read())
	others.Wait()
	return l.reason
}

// read dispatches frames until the connection ends and says why.
func (l *link) read() string {
	o := &l.bank.opts
	in := newInput(l.conn, o.Framing)
	for {
		fr, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return "closed by the switch"
		case alert(err) != nil:
			o.Log.Warn("refused by the switch", "participant", o.ID, "reason", alert(err))
			return "refused by the switch"
		case errors.As(err, new(net.Error)), errors.Is(err, net.ErrClosed):
			return "connection lost"
		case err != nil:
			return "bad frame or broken record"
		}
		// Any traffic counts against idleness, so a busy link has no echoes.
		l.heard.Store(o.Clock())
		if fr.Kind == frame.KeepAlive {
			continue // not answered: two sides that answer would never stop
		}
		if !o.addressed(fr.Header) {
			l.bank.complain("message for another", &fault{"header", "addresses"})
		}
		l.dispatch(fr.Body)
	}
}

// alert is the one with which the switch has ended a link, or nil. To a client of
// TLS 1.3 it comes behind the handshake.
func alert(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return op.Err
	}
	return nil
}

// dispatch sorts a message by its class: network, request, answer. It runs on the
// reader and never waits: what takes time goes to the schedule.
func (l *link) dispatch(body []byte) {
	b := l.bank
	h := b.speech.hear(body)
	if h.unproven {
		b.stats.unproven.Add(1)
	}
	switch {
	case h.act == eventAsked:
		l.answer(&h)
	case h.act == eventDone:
		l.answered(&h)
	case h.act == request:
		b.serve(&h)
	case h.act == opposed:
		b.opposed(&h)
	case h.bad != nil:
		b.complain("message unreadable", h.bad)
		answer, err := b.speech.refuse(&h)
		b.send(answer, err, manner{})
	case h.act == result:
		b.settle(&h.told)
	case h.act == ruling:
		b.ruled(&h)
	default:
		b.stats.unmatched.Add(1)
	}
}

// answer answers network management of the switch. Faults never reach it.
func (l *link) answer(h *heard) {
	if h.bad != nil {
		l.bank.complain("network management refused", h.bad)
	}
	if h.event == signOff {
		l.enter(signedOff)
	}
	if body, err := l.bank.speech.confirm(h); err == nil {
		l.queue(body, agreed)
	}
	if h.event == signOn && h.bad == nil {
		l.bank.up(l)
	}
}

// answered takes the switch's answer to own network management.
func (l *link) answered(h *heard) {
	l.mu.Lock()
	asked, known := l.asked[h.number]
	delete(l.asked, h.number)
	l.mu.Unlock()
	switch {
	case !known || asked != h.event:
		l.bank.stats.unmatched.Add(1)
	case asked == signOn && h.ok:
		l.bank.up(l)
	case asked == signOn:
		l.close("sign-on refused")
	case asked == signOff: // asked once, by signOff, so closed once
		close(l.bye)
	}
}

// ask sends own network management: sign-on, sign-off or echo.
func (l *link) ask(e event) {
	number := l.bank.payments.stanNext()
	body, err := l.bank.speech.ask(e, number)
	if err != nil {
		l.close("spec cannot write network management")
		return
	}
	// Noted before it is sent: the answer may come before queue returns. The
	// map stays small, as the keeper closes a link after MissesMax echoes.
	l.mu.Lock()
	l.asked[number] = e
	l.mu.Unlock()
	l.queue(body, agreed)
}

// keep closes a link that is not signed on in time or has gone quiet, and sends
// the echoes before that.
func (l *link) keep() {
	o := l.bank.opts
	tick := time.NewTicker(max(min(o.Idle, o.EchoTimeout)/4, time.Millisecond))
	defer tick.Stop()
	misses := 0
	for {
		select {
		case <-l.gone:
			return
		case <-tick.C:
		}
		now := o.Clock()
		quiet, phase, age := now-l.heard.Load(), l.phase.Load(), now-l.since.Load()
		switch {
		case phase == connecting && age > int64(o.EchoTimeout):
			l.close("not signed on in time")
		case phase == signedOff && age > int64(o.Idle):
			l.close("signed off")
		case quiet < int64(o.Idle):
			misses = 0
		case misses >= o.MissesMax && quiet >= int64(o.Idle)+int64(misses)*int64(o.EchoTimeout):
			l.close("no echo")
		case quiet >= int64(o.Idle)+int64(misses)*int64(o.EchoTimeout):
			misses++
			l.ask(echo)
		}
	}
}

// queue puts a message on its way; false when the link is closed. It never
// blocks: a link that cannot drain its outbox is closed.
func (l *link) queue(body []byte, how proof) bool {
	body, err := l.bank.speech.seal(body, how)
	if err != nil {
		l.bank.opts.Log.Warn("message cannot be proven", "participant", l.bank.opts.ID)
		return false
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	out, ok := l.bank.opts.appendFrame(l.outbox, body)
	if !ok {
		l.mu.Unlock()
		l.bank.opts.Log.Warn("message does not fit the framing", "participant", l.bank.opts.ID, "bytes", len(body))
		return false
	}
	if len(out) > l.bank.opts.OutboxBytesMax {
		l.mu.Unlock()
		l.close("outbox full")
		return false
	}
	l.outbox = out
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// write drains the outbox, all that waits in one write.
func (l *link) write() {
	// Two buffers take turns: one is filled while the other is written, and
	// under load one TLS record carries many messages.
	var spare []byte
	for {
		select {
		case <-l.gone:
			return
		case <-l.wake:
		}
		l.mu.Lock()
		out := l.outbox
		l.outbox = spare[:0]
		l.mu.Unlock()
		_ = l.conn.SetWriteDeadline(time.Unix(0, l.bank.opts.Clock()).Add(writeDeadline))
		if _, err := l.conn.Write(out); err != nil {
			l.close("write failed")
			return
		}
		spare = out
	}
}

// close ends the link; the first reason counts.
func (l *link) close(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed, l.reason = true, reason
	close(l.gone)
	_ = l.conn.Close()
}
