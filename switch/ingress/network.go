package ingress

import (
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
	switch action {
	case session.Echo:
		in.network(s, now, session.CodeEcho)
	case session.SignOn:
		in.network(s, now, session.CodeSignOn)
	case session.SignOff:
		in.network(s, now, session.CodeSignOff)
	case session.Close:
		s.Close("session over: no answers, or signed off")
	case session.KeyLapsed:
		in.o.Log.Warn("key change came to nothing", "participant", s.Link.Participant(), "link", s.ID())
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

// managed takes a network management request, and its message for the hook.
func (in *Ingress) managed(s *link, now int64, code int, message []byte) {
	s.standing.mu.Lock()
	answer := s.automaton.Request(now, code)
	s.standing.mu.Unlock()
	if answer.Change == session.KeyOffered {
		verdict := in.o.Hook.KeyOffered(s.Link.Participant(), now, message)
		s.standing.mu.Lock()
		answer = s.automaton.KeySettled(now, verdict)
		s.standing.mu.Unlock()
	}
	s.append(func(dst []byte) ([]byte, error) {
		return s.interpreter.NetworkAnswer(dst, answer.Code)
	})
	in.change(s, now, answer.Change)
}

// answered takes the answer to a network management request of ours.
func (in *Ingress) answered(s *link, now int64, msg *translate.Inbound) {
	s.standing.mu.Lock()
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
		in.o.Log.Warn("link held off: its participant signs on too often", "participant", id, "link", s.ID(),
			"wait", time.Duration(s.automaton.HeldUntil()-now))
	case session.KeyChanged:
		s.standing.mu.Lock()
		until := s.standing.shared.KeyUntil()
		s.standing.mu.Unlock()
		in.o.Log.Info("key changed", "participant", id, "link", s.ID())
		in.o.Hook.KeyChanged(id, now, until)
	case session.DayCut:
		in.o.Log.Info("cut-over", "participant", id, "link", s.ID())
		if in.o.Hook != nil {
			in.o.Hook.DayCut(id, now)
		}
	}
}
