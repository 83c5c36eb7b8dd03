package gnetio

import (
	"errors"
	"io"

	"switchd/codec/frame"
	"switchd/session/mtls"
)

// restKeep is the largest buffer for unfinished frames that an idle link keeps.
const restKeep = 1 << 10

// receive decrypts b, and what was there before, and gives the Handler every
// whole frame. It returns why the link has to end, if it does. On the loop.
func (l *Link) receive(b []byte) (why ending) {
	if len(b) > 0 {
		if err := l.tls.Feed(b); err != nil {
			return ending{endTLS, err.Error()}
		}
	}
	plain := l.loop.plain
	n := copy(plain, l.rest)
	frames := 0
	for why.label == "" {
		k, err := l.tls.Read(plain[n:])
		n += k
		if err == nil && len(plain)-n >= recordMax {
			continue // read on: the more frames in a burst the better
		}
		used, cut, bad := l.cut(plain[:n])
		frames += cut
		n = copy(plain, plain[used:n])
		if bad.label != "" {
			why = bad
		} else if err != nil {
			if err == mtls.ErrEmpty {
				break
			}
			why = readEnding(err)
		}
	}
	if frames > 0 {
		l.server.metrics.framesIn.Add(float64(frames))
		l.server.handler.BurstEnd(l)
	}
	l.remember(plain[:n], frames > 0)
	return why
}

// readEnding tells the peer's goodbye from a broken stream.
func readEnding(err error) ending {
	if err == io.EOF {
		return ending{endPeer, "closed by the peer"}
	}
	return ending{endTLS, "TLS record refused"}
}

// cut gives the Handler the whole frames of b and says how many bytes and
// frames that were.
func (l *Link) cut(b []byte) (used, frames int, why ending) {
	o := &l.server.opt
	for !l.asked.Load() {
		body, n, err := o.Framing.Next(b[used:], o.Limits)
		if err != nil {
			return used, frames, l.badFrame(err)
		}
		if n == 0 {
			return used, frames, why
		}
		used += n
		frames++
		if err := l.server.handler.Frame(l, body); err != nil {
			return used, frames, ending{endHandler, err.Error()}
		}
	}
	// Somebody asked to end the link: what follows is not wanted any more.
	return len(b), frames, why
}

// badFrame counts and logs a malformed frame, by its reason only.
func (l *Link) badFrame(err error) ending {
	reason := frame.ReasonHeader
	if fe, ok := errors.AsType[*frame.Error](err); ok {
		reason = fe.Reason
	}
	if c := l.server.metrics.badFrames[reason]; c != nil {
		c.Inc()
	}
	l.server.opt.Log.Warn("malformed frame", "reason", reason, "participant", l.participant, "link", l.id)
	return ending{endFrame, "malformed frame: " + reason}
}

// remember keeps the unfinished frame and since when there is one. The time
// starts again with every frame that was completed, for then the rest is of
// another one.
func (l *Link) remember(rest []byte, progress bool) {
	if len(rest) == 0 && cap(l.rest) > restKeep {
		l.rest = nil
	} else {
		l.rest = append(l.rest[:0], rest...)
	}
	switch {
	case len(rest) == 0 && !l.tls.Partial():
		l.partialSince = 0
	case l.partialSince == 0 || progress:
		l.partialSince = l.server.opt.Clock()
	}
}

// countFrames says how many frames b is, and whether it is nothing else.
func (s *Server) countFrames(b []byte) (count int, ok bool) {
	for len(b) > 0 {
		_, n, err := s.opt.Framing.Next(b, s.opt.Limits)
		if err != nil || n == 0 {
			return 0, false
		}
		b = b[n:]
		count++
	}
	return count, true
}
