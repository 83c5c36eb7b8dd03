package desk

import (
	"context"
	"time"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// Timeline is all that happened to a payment, by its number or transaction id.
func (d *Desk) Timeline(ctx context.Context, c access.Caller, id string) (view.Timeline, error) {
	number, ok := translate.ParsePayment(id)
	if !ok {
		return view.Timeline{}, fault(view.ErrNotFound, "no such payment")
	}
	select {
	case d.reads <- struct{}{}:
		defer func() { <-d.reads }()
	default:
		return view.Timeline{}, fault(view.ErrBusy, "%d timelines are being read: try again", readsMax)
	}
	p, err := d.lookAt(ctx, number)
	if err != nil {
		return view.Timeline{}, err
	}
	var h history
	err = d.reading(func() error {
		var err error
		if h, err = d.read(ctx, p); err != nil {
			return err
		}
		decided, err := d.decisionsOf(p)
		h.add(decided)
		return err
	})
	if err != nil {
		return view.Timeline{}, err
	}
	if p.Original != 0 {
		if o, err := d.lookAt(ctx, p.Original); err == nil { // it may be forgotten
			h.original = originalOf(o)
		}
	}
	return d.tell(ctx, c, p, &h), nil
}

// lookAt copies a payment.
func (d *Desk) lookAt(ctx context.Context, id payment.ID) (*payment.Payment, error) {
	p, found, err := d.o.Look(ctx, id)
	if err == nil && !found {
		err = fault(view.ErrNotFound, "no such payment")
	}
	return p, err
}

// askEngine copies a payment of a running switch.
func askEngine(ctx context.Context, e Engine, id payment.ID) (own *payment.Payment, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*inspectMax)
	defer cancel()
	err = e.Inspect(ctx, func(m *payment.Machine) {
		found = m.Look(id, func(p *payment.Payment) { own = Copy(p) })
	})
	if err != nil {
		return nil, false, fault(view.ErrBusy, "the engine has not answered: %w", err)
	}
	return own, found, nil
}

// Copy is a payment that nobody changes any more.
func Copy(p *payment.Payment) *payment.Payment {
	own := *p
	own.Text = payment.Text{}
	own.Text.CopyFrom(&p.Text)
	return &own
}

// tell puts a timeline together.
func (d *Desk) tell(ctx context.Context, c access.Caller, p *payment.Payment, h *history) view.Timeline {
	names, texts := d.names(), textsFor(&p.Text, c.Roles)
	v := view.Timeline{
		Payment: headOf(p, names, c.Roles), Told: p.Reply.String(), Model: "A",
		Reason: ReasonFor(texts[payment.Reason], c.Roles), Operator: texts[payment.Operator],
		Legs: legsOf(p, names), Timers: []view.Timer{}, Related: d.related(ctx, c, p, h), Whole: h.whole, Why: h.why,
	}
	if p.Model == payment.ModelB {
		v.Model = "B"
	}
	w := &messages{d: d, roles: c.Roles}
	r, same := d.replay(p, h, w)
	if !same {
		r = bySight(p, h, w)
		if v.Whole && v.Why == "" {
			v.Why = "What bore on it beside its own records is not known any more: its messages are told by their latest sends."
		}
		v.Whole = false
	}
	s := scribe{p: p, names: names, messages: w, began: p.CreatedAt}
	for i := range r.steps {
		s.step(&r.steps[i])
	}
	v.Moments = s.moments
	if v.Moments == nil {
		v.Moments = []view.Moment{}
	}
	v.Timers = append(v.Timers, timersOf(p)...)
	return v
}

// related are the payment that is given back, and the refunds that were found.
func (d *Desk) related(ctx context.Context, c access.Caller, p *payment.Payment, h *history) []view.Head {
	all := []view.Head{}
	ids := h.refunds
	if p.Original != 0 {
		ids = append([]payment.ID{p.Original}, ids...)
	}
	const most = 20
	names := d.names()
	for _, id := range ids[:min(len(ids), most)] {
		if other, err := d.lookAt(ctx, id); err == nil { // it may be forgotten
			all = append(all, headOf(other, names, c.Roles))
		}
	}
	return all
}

// legsOf are the bars of a timeline. The request's own lasts from when it came until it
// was answered.
func legsOf(p *payment.Payment, names func(route.Participant) string) []view.Leg {
	all := []view.Leg{}
	var room [payment.LegCount]payment.Exchange
	for _, x := range p.Exchanges(room[:0]) {
		v := view.Leg{
			Leg: x.Leg.String(), Participant: names(x.With), StartMicros: (x.SentAt - p.CreatedAt) / int64(time.Microsecond), Tries: int(x.Tries), Owed: x.Owed,
		}
		if x.EndedAt != 0 {
			v.EndMicros, v.Outcome = (x.EndedAt-p.CreatedAt)/int64(time.Microsecond), "no answer"
		}
		if x.Answered {
			v.Outcome = x.Answer.String()
		}
		all = append(all, v)
	}
	return all
}

// scribe writes the moments of a timeline.
type scribe struct {
	*messages
	p       *payment.Payment
	names   func(route.Participant) string
	began   int64
	before  int64 // time of the moment before; 0: there was none
	state   payment.State
	moments []view.Moment
}

func (s *scribe) moment(at int64, m view.Moment) {
	if s.before == 0 {
		s.before = at
	}
	m.At = time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z")
	m.AfterMicros, m.GapMicros = (at-s.began)/int64(time.Microsecond), (at-s.before)/int64(time.Microsecond)
	s.before = at
	s.moments = append(s.moments, m)
}

// step tells an event and what it did. What has come says the state that it found.
func (s *scribe) step(st *step) {
	if st.event != nil {
		m := s.event(st.event)
		if st.event.Kind == payment.Tick {
			timed(st.over, &m)
		}
		if m.Seq = st.event.Seq; s.state != payment.StateNone {
			m.State = s.state.String()
		}
		s.moment(st.event.At, m)
	}
	for i := range st.effects {
		ef := &st.effects[i]
		if ef.Notice == payment.Moved {
			s.state = ef.State
		}
		if m, told := s.effect(ef); told {
			if st.event == nil {
				m.Leg = ef.Leg.String()
			}
			s.moment(st.at(), m)
		}
	}
}
