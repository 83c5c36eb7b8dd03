package gnetio

import (
	"bytes"
	"time"

	"switchd/codec/frame"
)

// Wire is how frames stand on one link. The zero value is BIN2 with the default
// limits, and keep-alives are answered.
type Wire struct {
	Framing frame.Framing // how frames are marked
	Limits  frame.Limits  // bounds of a frame's body in bytes, sent or received; 12 to 8192
	Swallow bool          // keep-alives are counted, but not answered
	Header  []byte        // TPDU or BASE I header to send until the peer has sent one; the plain one
	Dialect string        // what messages are written in; the log compares it with what comes
}

// keepAliveWindow is within what time Limits.KeepAlivesMax keep-alives without a
// message are too many. A count alone would close a healthy link in a quiet
// night: keep-alives are signs of life, so no echo puts a message between them.
const keepAliveWindow = 10 * time.Second

// Use says how frames stand on the link. The Handler calls it in LinkUp, once it
// knows the participant: no byte of a frame has been looked at before.
func (l *Link) Use(w Wire) {
	l.wire = w
	l.reader = frame.Reader{Framing: w.Framing, Limits: w.Limits}
	l.frameMax = w.Framing.BytesMax(w.Limits)
	if l.alive = nil; !w.Swallow {
		l.alive, _ = w.Framing.AppendKeepAlive(nil)
	}
	l.mu.Lock()
	l.header = append(l.header[:0], w.Header...)
	l.mu.Unlock()
}

// AppendHeader appends the header that messages to the peer carry: the reply to
// the latest one that came, else Wire.Header. It appends nothing where the
// framing has none. Inside Handler.Frame that is the header which answers this
// very frame. Safe for concurrent use after LinkUp.
func (l *Link) AppendHeader(dst []byte) []byte {
	if !l.wire.Framing.HasHeader() {
		return dst
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(dst, l.header...)
}

// noteHeader turns the header of a frame into the one to answer with. Most links
// carry the same one all day, which costs no lock.
func (l *Link) noteHeader(h []byte) {
	if bytes.Equal(h, l.headerIn) {
		return
	}
	l.headerIn = append(l.headerIn[:0], h...)
	l.mu.Lock()
	l.header = l.wire.Framing.AppendReply(l.header[:0], h)
	l.mu.Unlock()
}

// keepAlive takes a frame that is only a sign of life. The answer leaves with the
// burst, and is no longer than what it answers.
func (l *Link) keepAlive() {
	s := l.server
	s.metrics.keepAlivesIn.Inc()
	if now := s.opt.Clock(); now-l.aliveSince >= int64(keepAliveWindow) {
		l.aliveSince = now
		l.reader = frame.Reader{Framing: l.wire.Framing, Limits: l.wire.Limits} // counts anew
	}
	s.handler.KeepAlive(l)
	if len(l.alive) > 0 && l.enqueue(l.alive) == nil {
		s.metrics.keepAlivesOut.Inc()
	}
}

// countFrames says how many messages b is, and whether it is nothing else.
func (l *Link) countFrames(b []byte) (count int, ok bool) {
	for len(b) > 0 {
		body, n, err := l.wire.Framing.Next(b, l.wire.Limits)
		if err != nil || n == 0 || len(body) == 0 {
			return 0, false
		}
		b = b[n:]
		count++
	}
	return count, true
}
