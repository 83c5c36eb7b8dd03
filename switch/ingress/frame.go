package ingress

import (
	"errors"

	"switchd/codec/iso8583"
	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// Classes of MTI digit 2 (ISO 8583:1987).
const (
	classFinancial = 2
	classNetwork   = 8
)

// Frame takes one message. It never asks for the link to be closed: framing was
// good, and a bad message is answered.
func (in *Ingress) Frame(l *gnetio.Link, body []byte) error {
	s := stateOf(l)
	if s == nil {
		return nil
	}
	now := in.o.Clock()
	s.automaton.Traffic(now)
	err := s.msg.Parse(s.Dialect.Spec, body)
	mti := s.msg.MTI()
	switch {
	case err != nil && !mti.IsRequest():
		in.malformed(s, err)
		in.answer(s, false)
	case err != nil:
		in.malformed(s, err)
		in.refuse(s, translate.FormatFault(note(err)))
	case mti.Class() == classNetwork:
		in.management(s, now)
	case !mti.IsRequest():
		in.answer(s, true)
	case mti.Class() == classFinancial && mti.Function() == 0:
		in.request(s)
	default:
		in.refuse(s, translate.NotSupported)
	}
	return nil
}

// malformed counts a bad message and logs where it is bad, never what it holds.
func (in *Ingress) malformed(s *link, err error) {
	in.metrics.malformed.Inc()
	if in.metrics.logMalformed(in.o.Clock()) {
		in.o.Log.Warn("malformed message", "participant", s.Link.Participant(), "link", s.ID(), "reason", note(err))
	}
}

// note is what DE44 says of a parse error.
func note(err error) string {
	var field *iso8583.FieldError
	if errors.As(err, &field) {
		return field.Note()
	}
	return "FORMAT"
}

func (in *Ingress) refuse(s *link, r translate.Refusal) {
	in.metrics.refused.WithLabelValues(r.Code).Inc()
	s.append(func(dst []byte) ([]byte, error) {
		b, ok := s.Dialect.Refuse(&s.writer, dst, &s.msg, r)
		if !ok {
			return b, errors.New("no answer to this message")
		}
		return b, nil
	})
}

// request takes a push payment.
func (in *Ingress) request(s *link) {
	// A switch that signs off has the request declined on the record, like any
	// other while it drains.
	if !s.automaton.Ready() && !in.draining.Load() {
		// A repeat gets no answer here: its original may be under way or done, and
		// "not signed on" would be mistaken for its outcome.
		if s.msg.MTI().Origin()&1 == 0 {
			in.refuse(s, translate.NotSignedOn)
		}
		return
	}
	ev := s.event()
	fault := s.Dialect.Request(&s.msg, ev)
	switch {
	case fault == nil:
		// Declined by the machine, not here: on the record, so that a repeat is
		// told the same, whenever it comes.
		switch {
		case ev.Request.Repeat && in.turned.has(&ev.Request.Key):
			ev.Request.Refuse = payment.Busy
		case in.draining.Load():
			ev.Request.Refuse = payment.Closing
		}
		return
	case fault.Unsupported:
		in.refuse(s, translate.NotSupported)
	default:
		in.metrics.malformed.Inc()
		in.refuse(s, translate.FormatFault(fault.Error()))
	}
	s.used--
}

// answer takes a participant's answer to one of our messages. Answers count also
// after a sign-off: what is open must be able to end.
func (in *Ingress) answer(s *link, readable bool) {
	if !s.Dialect.Answer(&s.msg, readable, s.event()) {
		s.used--
		in.metrics.unmatched.Inc()
	}
}

// management takes an 0800 or an 0810.
func (in *Ingress) management(s *link, now int64) {
	code, ok := s.msg.Uint(70)
	if !ok || !s.msg.Has(7) || !s.msg.Has(11) {
		in.refuse(s, translate.FormatFault("DE70 missing"))
		return
	}
	if !s.msg.MTI().IsRequest() {
		in.change(s, s.automaton.Response(now, int(code), string(s.msg.Value(39)) == "00"))
		return
	}
	answer := s.automaton.Request(now, int(code))
	s.append(func(dst []byte) ([]byte, error) {
		return s.Dialect.NetworkAnswer(&s.writer, dst, &s.msg, answer.Code)
	})
	in.change(s, answer.Change)
}

func (in *Ingress) change(s *link, c session.Change) {
	switch c {
	case session.SignedOn:
		// The 0810 must leave before anything that the sign-on allows.
		s.flush()
		in.attach(s)
	case session.SignedOff:
		in.detach(s)
	}
}
