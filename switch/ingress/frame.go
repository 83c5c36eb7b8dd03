package ingress

import (
	"errors"

	"switchd/session/gnetio"
	"switchd/switch/translate"
)

// Frame takes one message. It never asks for the link to be closed: framing was
// good, and a bad message is answered.
func (in *Ingress) Frame(l *gnetio.Link, body []byte) error {
	s := stateOf(l)
	switch {
	case s == nil:
	case s.in != nil: // it is read when it is known to be its sender's
		now := in.o.Clock()
		s.automaton.Traffic(now)
		in.receive(s, now, body)
	default:
		in.message(s, body)
	}
	return nil
}

// message takes one message that is its sender's.
func (in *Ingress) message(s *link, body []byte) {
	now := in.o.Clock()
	s.automaton.Traffic(now)
	ev := s.event()
	msg := s.interpreter.Read(body, ev)
	in.look(s, now)
	in.arrived(s, &msg)
	if msg.Fault != nil {
		in.malformed(s, now, &msg)
	} else {
		s.understood = true
	}
	taken := false
	switch msg.Kind {
	case translate.Request:
		if taken = in.request(s, now, ev); taken {
			in.keepPIN(s, ev, msg.PINBlock)
		}
	case translate.Answer:
		// Answers count also after a sign-off: what is open must be able to end. And
		// on whatever link they come.
		taken = in.answer(s, now, ev)
	case translate.Enquiry:
		taken = in.enquiry(s, now, ev)
	case translate.Unmatched:
		in.unmatched(s, now, &msg, &ev.Answer)
	case translate.NetworkRequest:
		s.used-- // the sign-on has an event of its own
		in.managed(s, now, &msg, body)
		return
	case translate.NetworkAnswer:
		s.used--
		in.answered(s, now, &msg)
		return
	case translate.Unsupported:
		in.other(s, now)
	case translate.Malformed:
		in.refuse(s, translate.FormatFault(msg.Note))
	}
	if !taken {
		s.used--
	}
}

// KeepAlive takes a sign of life: the link needs no echo now.
func (in *Ingress) KeepAlive(l *gnetio.Link) {
	if s := stateOf(l); s != nil {
		s.automaton.Traffic(in.o.Clock())
	}
}

// malformed counts and notes a bad message and logs where it is bad, never what it
// holds.
func (in *Ingress) malformed(s *link, now int64, msg *translate.Inbound) {
	in.metrics.malformed.Inc()
	n := &s.standing.noted
	n.mu.Lock()
	n.malformed.add(fault{now, s.ID(), msg.Note}, malformedMax)
	n.mu.Unlock()
	if !s.understood {
		s.Diagnose() // it may be how the link is read, and not this message
	}
	if times, due := s.standing.bad.tell(now, malformedGap); due {
		in.o.Log.Warn("malformed message", "event", "message.malformed", "participant", s.Link.Participant(), "link", s.ID(), "reason", msg.Note, "times", times)
	}
}

func (in *Ingress) refuse(s *link, r translate.Refusal) {
	in.metrics.refused.WithLabelValues(translate.ResultOf(r.Why).Code).Inc()
	s.append(func(dst []byte) ([]byte, error) {
		b, ok := s.interpreter.Refuse(dst, r)
		if !ok {
			return b, errors.New("no answer to this message")
		}
		return b, nil
	})
}
