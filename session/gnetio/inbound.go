package gnetio

import (
	"errors"
	"io"
	"net"

	"switchd/codec/frame"
	"switchd/session/mtls"
)

// restKeep is the largest buffer for unfinished frames that an idle link keeps.
const restKeep = 1 << 10

// restCopy is the longest unfinished frame that is copied into the loop's buffer
// at the next input. A longer one is worked on in a buffer of the link's own: a
// peer that sends a large frame in small pieces must not have all of it copied
// for each piece.
const restCopy = 16 << 10

// receive decrypts b, and what was there before, and gives the Handler every
// whole frame. It returns why the link has to end, if it does. On the loop.
func (l *Link) receive(b []byte) (why ending) {
	if len(b) > 0 {
		if err := l.tls.Feed(b); err != nil {
			return ending{endTLS, err.Error()}
		}
	}
	buf, n, own := l.room()
	frames, moved := 0, false
	for why.label == "" {
		k, err := l.tls.Read(buf[n:])
		n += k
		if err == nil && len(buf)-n >= recordMax {
			continue // read on: the more frames in a burst the better
		}
		used, cut, bad := l.cut(buf[:n])
		frames += cut
		moved = moved || used > 0
		n = copy(buf, buf[used:n])
		if bad.label != "" {
			why = bad
		} else if err != nil {
			if err == mtls.ErrEmpty {
				break
			}
			why = readEnding(err)
		} else if len(buf)-n < recordMax {
			buf, own = l.larger(buf[:n]), true
		}
	}
	rung := l.rung.Swap(false)
	if frames > 0 {
		l.server.metrics.framesIn.Add(float64(frames))
		l.heard(frames)
	}
	if frames > 0 || rung {
		l.server.handler.BurstEnd(l)
	}
	l.remember(buf[:n], own, moved)
	return why
}

// room gives the buffer to read into, with the unfinished frame as its first n
// bytes: the loop's, or the link's own (own) once the frame is long. There is
// room for two records behind n, so that reading always gets on.
func (l *Link) room() (buf []byte, n int, own bool) {
	n = len(l.rest)
	switch {
	case n <= restCopy:
		return l.loop.plain, copy(l.loop.plain, l.rest), false
	case cap(l.rest)-n < 2*recordMax:
		return l.larger(l.rest), n, true
	}
	return l.rest[:cap(l.rest)], n, true
}

// larger is a copy of an unfinished frame with room behind it. Buffers grow with
// what has come, at most twofold, and never with what a length announces.
func (l *Link) larger(rest []byte) []byte {
	n := len(rest)
	buf := make([]byte, max(n, min(2*n, l.frameMax))+2*recordMax)
	copy(buf, rest)
	return buf
}

// readEnding tells the peer's goodbye from a broken stream.
func readEnding(err error) ending {
	if err == io.EOF {
		return ending{endPeer, "closed by the peer"}
	}
	// To a client of TLS 1.3 the server's refusal comes behind the handshake.
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return ending{endTLS, "refused by the peer: " + alert.Err.Error()}
	}
	return ending{endTLS, "TLS record refused"}
}

// cut gives the Handler the whole frames of b and says how many bytes and
// messages that were. Keep-alives are answered here.
func (l *Link) cut(b []byte) (used, frames int, why ending) {
	l.burst = b
	defer func() { l.burst = nil }()
	for !l.asked.Load() {
		fr, err := l.reader.Next(b[used:])
		if err != nil {
			return used, frames, l.badFrame(err)
		}
		used += fr.Bytes
		switch fr.Kind {
		case frame.Incomplete:
			return used, frames, why
		case frame.KeepAlive:
			l.keepAlive()
			continue
		}
		frames++
		l.spoken = true
		if len(fr.Header) > 0 {
			l.noteHeader(fr.Header)
		}
		if err := l.server.handler.Frame(l, fr.Body); err != nil {
			return used, frames, ending{endHandler, err.Error()}
		}
	}
	// Somebody asked to end the link: what follows is not wanted any more.
	return len(b), frames, why
}

// badFrame counts and logs a malformed frame, by its reason only. When nothing
// came before it on the link, it is most likely one of another framing.
func (l *Link) badFrame(err error) ending {
	reason := frame.ReasonHeader
	if fe, ok := errors.AsType[*frame.Error](err); ok {
		reason = fe.Reason
	}
	if c := l.server.metrics.badFrames[reason]; c != nil {
		c.Inc()
	}
	if times, due := l.server.causes.tell("frame "+reason+" "+l.participant, l.server.opt.Clock()); due {
		l.server.opt.Log.Warn("malformed frame", "event", "link.frame.malformed", "reason", reason, "framing", l.wire.Framing.String(), "participant", l.participant, "link", l.id, "times", times)
	}
	if !l.spoken && reason != frame.ReasonKeepAlives {
		l.diagnose(l.burst)
	}
	return ending{endFrame, "malformed frame: " + reason}
}

// remember keeps the unfinished frame and since when there is one. The time
// starts again with every frame that was completed, keep-alives included, for
// then the rest is of another one.
func (l *Link) remember(rest []byte, own, moved bool) {
	switch {
	case own && len(rest) > restCopy:
		l.rest = rest
	case len(rest) == 0 && cap(l.rest) > restKeep, cap(l.rest) > 2*restCopy:
		l.rest = append([]byte(nil), rest...)
	default:
		l.rest = append(l.rest[:0], rest...)
	}
	switch {
	case len(rest) == 0 && !l.tls.Partial():
		l.partialSince = 0
	case l.partialSince == 0 || moved:
		l.partialSince = l.server.opt.Clock()
	}
}
