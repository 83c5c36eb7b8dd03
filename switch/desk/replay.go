package desk

import (
	"cmp"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/view"
)

// The journal has what came in, not what the switch did then. That is found again by
// giving the payment's own events to a machine of their own: equal events give equal
// effects. What else bore on the payment - caps, breakers, what others had paid - that
// machine does not know; whether it mattered is seen by how the payment has ended. If it
// ended in another way than its row says, nothing of it is shown, and what the row itself
// knows of its messages is.

// step is an event and what the machine did then.
type step struct {
	event   *payment.Event // nil: the row knows of the effect alone
	over    []wait         // of a Tick: what has ended
	effects []effect
}

// effect is one of them, with what can be said of it only then.
type effect struct {
	payment.Effect
	message *view.Message
}

// replayed is a payment made again.
type replayed struct {
	steps []step
}

// replay makes a payment again from its history. ok is false when it comes out in another
// way than its row says.
func (d *Desk) replay(p *payment.Payment, h *history, w *messages) (r replayed, ok bool) {
	// What is not there may be what a rule of the machine needs to hold, which is a reason
	// for the machine to stop the process. This one is nobody's.
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	m := payment.New(h.original)
	m.Step(d.world(p), nil)
	for i := range m.Config().Participants {
		m.Step(&payment.Event{Seq: uint64(p.ID) - 1, At: p.CreatedAt, Kind: payment.LinkUp, From: m.Config().Participants[i].Number}, nil)
	}
	var out []payment.Effect
	var running waits
	for _, e := range h.inOrder() {
		if e.At < m.LastAt() {
			continue
		}
		if e.Kind == payment.Tick {
			if at, due := m.NextDeadline(); !due || at > e.At {
				continue
			}
		}
		given := renumbered(asDecided(e, p), p, m)
		out = m.Step(given, out[:0])
		s := step{event: e, over: running.over(e.At)}
		for i := range out {
			if ef := &out[i]; ef.Payment != nil && ef.Payment.ID == p.ID {
				s.effects = append(s.effects, w.effect(ef, p))
			}
		}
		if len(s.effects) > 0 || h.about(e) {
			r.steps = append(r.steps, s)
			m.Look(p.ID, func(again *payment.Payment) { running.look(again, e.At) })
		}
	}
	same := false
	found := m.Look(p.ID, func(again *payment.Payment) { same = alike(again, p) })
	return r, found && same
}

// world is the configuration in force, which no cap and no limit of has been used.
func (d *Desk) world(p *payment.Payment) *payment.Event {
	return &payment.Event{Seq: uint64(p.ID) - 1, At: p.CreatedAt, Kind: payment.ConfigChanged, Config: d.o.Engine.Config()}
}

// inOrder are all events by their numbers.
func (h *history) inOrder() []*payment.Event {
	all := make([]*payment.Event, 0, len(h.events)+len(h.world))
	for i := range h.events {
		all = append(all, &h.events[i])
	}
	for i := range h.world {
		all = append(all, &h.world[i])
	}
	slices.SortFunc(all, func(a, b *payment.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return all
}

// about says that an event is told whatever it did.
func (h *history) about(e *payment.Event) bool {
	switch e.Kind {
	case payment.Tick, payment.LinkUp, payment.LinkDown, payment.Recovered, payment.LoadChanged, payment.ConfigChanged:
		return false
	}
	return true
}

// asDecided is the request as the machine takes it that does not know why it was declined
// at once: then nothing was sent, and the row says why.
func asDecided(e *payment.Event, p *payment.Payment) *payment.Event {
	if e.Seq != uint64(p.ID) || p.State != payment.Declined || e.Request.Refuse != payment.NoOutcome {
		return e
	}
	for leg := range p.Legs {
		if payment.Leg(leg) != payment.LegRequest && p.Legs[leg].SentAt != 0 {
			return e
		}
	}
	own := *e
	own.Request.Refuse = p.Outcome
	return &own
}

// renumbered is an answer with the numbers that its message bears in a machine of its own,
// which counts messages anew.
func renumbered(e *payment.Event, row *payment.Payment, m *payment.Machine) *payment.Event {
	if e.Kind != payment.AnswerArrived && e.Kind != payment.SendFailed || e.Answer.Payment != row.ID {
		return e
	}
	was := &row.Legs[e.Answer.Leg]
	if e.Answer.STAN != was.STAN || e.Answer.Transmitted != was.Transmitted {
		return e
	}
	own := *e
	m.Look(row.ID, func(p *payment.Payment) {
		is := &p.Legs[e.Answer.Leg]
		own.Answer.STAN, own.Answer.Transmitted = is.STAN, is.Transmitted
	})
	return &own
}

// alike says that a payment has come out as its row says.
func alike(a, b *payment.Payment) bool {
	if a.State != b.State || a.Outcome != b.Outcome || a.DeadLetter != b.DeadLetter {
		return false
	}
	for leg := range a.Legs {
		x, y := &a.Legs[leg], &b.Legs[leg]
		if x.SentAt != y.SentAt || x.Tries != y.Tries || x.Answer != y.Answer || x.AnsweredIn != y.AnsweredIn {
			return false
		}
	}
	return true
}

// effect keeps what an effect says beyond its Step. The numbers that messages bore are
// those of the row.
func (w *messages) effect(ef *payment.Effect, row *payment.Payment) effect {
	own := effect{Effect: *ef}
	p := *ef.Payment
	for leg := range p.Legs {
		p.Legs[leg].STAN, p.Legs[leg].Transmitted = row.Legs[leg].STAN, row.Legs[leg].Transmitted
	}
	own.Payment = &p
	if ef.Send && w != nil {
		own.message = w.composed(&own.Effect)
	}
	own.Payment, own.Request, own.Text = nil, nil, nil
	return own
}

// bySight makes steps from the events and from what the row knows of its messages.
func bySight(p *payment.Payment, h *history, w *messages) replayed {
	var r replayed
	for i := range h.events {
		r.steps = append(r.steps, step{event: &h.events[i]})
	}
	for leg := range p.Legs {
		l := &p.Legs[leg]
		if l.SentAt == 0 {
			continue
		}
		ef := payment.Effect{Send: true, To: p.Target(payment.Leg(leg)), Leg: payment.Leg(leg), At: l.SentAt, Payment: p}
		switch payment.Leg(leg) {
		case payment.LegRequest:
			ef.Outcome, ef.Code = p.Reply, p.ReplyCode
		case payment.LegConfirm, payment.LegUpdate:
			ef.Outcome, ef.Code = p.Result()
		}
		own := effect{Effect: ef, message: w.composed(&ef)}
		own.Payment = nil
		at, _ := slices.BinarySearchFunc(r.steps, ef.At, func(s step, at int64) int {
			if s.at() <= at {
				return -1
			}
			return 1
		})
		r.steps = slices.Insert(r.steps, at, step{effects: []effect{own}})
	}
	return r
}

// at is when a step was.
func (s *step) at() int64 {
	if s.event != nil {
		return s.event.At
	}
	return s.effects[0].At
}
