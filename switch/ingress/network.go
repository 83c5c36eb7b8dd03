package ingress

import (
	"bytes"
	"cmp"
	"sync/atomic"
	"time"

	"switchd/session"
	"switchd/session/gnetio"
	"switchd/switch/translate"
)

// Tick does a link's upkeep: echo, missed echoes, sign-on and sign-off, keys.
func (in *Ingress) Tick(l *gnetio.Link, now int64) {
	s := stateOf(l)
	if s == nil {
		return
	}
	in.review(s, now)
	s.standing.mu.Lock()
	action := s.automaton.Tick(now)
	s.standing.mu.Unlock()
	if (in.leaving.Load() || s.leaveBy != 0) && !s.leaving {
		s.leaving = true
		action = s.automaton.Drain(now)
	}
	if action != session.Close || !s.awaits(now) {
		in.act(s, now, action)
	}
	in.submit(s)
	s.flush()
}

// act does what the automaton asks for.
func (in *Ingress) act(s *link, now int64, action session.Action) {
	in.acted(s, action)
	switch action {
	case session.Echo:
		s.echoAt = now
		in.network(s, now, session.CodeEcho)
	case session.SignOn:
		in.network(s, now, session.CodeSignOn)
	case session.SignOff:
		in.network(s, now, session.CodeSignOff)
	case session.Close:
		s.Close("session over: " + cmp.Or(s.ending, "no answers, or signed off"))
	case session.KeyLapsed:
		in.o.Log.Warn("key change came to nothing", "event", "link.key.failed", "participant", s.Link.Participant(), "link", s.ID())
	case session.RetireKey:
		in.o.Hook.KeyRetired(s.Link.Participant(), now)
	}
}

// network sends a network management request.
func (in *Ingress) network(s *link, now int64, code int) {
	s.stan = s.stan%999_999 + 1
	s.append(func(dst []byte) ([]byte, error) {
		return s.interpreter.Network(dst, now, s.stan, code)
	})
}

// managed takes a network management request and its message.
func (in *Ingress) managed(s *link, now int64, msg *translate.Inbound, body []byte) {
	s.standing.mu.Lock()
	answer := s.automaton.Request(now, msg.Code)
	s.standing.mu.Unlock()
	if answer.Change == session.KeyOffered {
		in.offered(s, now, msg, body)
		return
	}
	s.append(func(dst []byte) ([]byte, error) {
		return s.interpreter.NetworkAnswer(dst, answer.Code)
	})
	in.change(s, now, answer.Change)
}

// offered has the hook look at a key, which may take a while; the link goes on
// meanwhile, so that the offer is read again for its answer.
func (in *Ingress) offered(s *link, now int64, msg *translate.Inbound, body []byte) {
	o := &offer{message: bytes.Clone(body), header: bytes.Clone(s.reply)}
	if o.header == nil {
		o.header = s.AppendHeader(nil)
	}
	s.offer = o
	l := s.Link
	in.o.Hook.KeyOffered(l.Participant(), now, session.KeyOffer(msg.Offer), func(v session.KeyVerdict) {
		o.verdict.Store(&v)
		l.Ring()
	})
}

// offer is a key that the hook looks at.
type offer struct {
	message []byte
	header  []byte                             // that answers it
	verdict atomic.Pointer[session.KeyVerdict] // nil: not yet
}

// settle answers the offer of a key when the hook has. One that has lapsed meanwhile
// gets no answer: the peer counts on the key before.
func (in *Ingress) settle(s *link) {
	if s.offer == nil || s.offer.verdict.Load() == nil {
		return
	}
	o, now := s.offer, in.o.Clock()
	s.offer = nil
	s.standing.mu.Lock()
	answer := s.automaton.KeySettled(now, *o.verdict.Load())
	s.standing.mu.Unlock()
	if answer.Code == "" {
		return
	}
	s.interpreter.Read(o.message, s.event())
	s.used--
	s.reply = o.header
	s.append(func(dst []byte) ([]byte, error) {
		return s.interpreter.NetworkAnswer(dst, answer.Code)
	})
	s.reply = nil
	in.change(s, now, answer.Change)
}

// answered takes the answer to a network management request of ours.
func (in *Ingress) answered(s *link, now int64, msg *translate.Inbound) {
	s.standing.mu.Lock()
	in.echoed(s, now, msg)
	change := s.automaton.Response(now, msg.Code, msg.Accepted)
	s.standing.mu.Unlock()
	in.change(s, now, change)
}

// change does what a link's new standing means for the others.
func (in *Ingress) change(s *link, now int64, c session.Change) {
	id := s.Link.Participant()
	switch c {
	case session.SignedOn:
		// The answer must leave before anything that the sign-on allows.
		s.flush()
		in.attach(s)
	case session.SignedOff:
		if s.leaveBy == 0 { // else it is held for what is unanswered on it
			in.detach(s)
		}
	case session.HeldOff:
		in.metrics.heldOff.Inc()
		in.o.Log.Warn("link held off: its participant signs on too often", "event", "link.held_off", "participant", id, "link", s.ID(),
			"wait", time.Duration(s.automaton.HeldUntil()-now))
	case session.KeyChanged:
		s.standing.mu.Lock()
		until := s.standing.shared.KeyUntil()
		s.standing.mu.Unlock()
		in.o.Log.Info("key changed", "event", "link.key.changed", "participant", id, "link", s.ID())
		in.o.Hook.KeyChanged(id, now, until)
	case session.DayCut:
		in.o.Log.Info("cut-over", "event", "link.cut_over", "participant", id, "link", s.ID())
		if in.o.Hook != nil {
			in.o.Hook.DayCut(id, now)
		}
	}
}
