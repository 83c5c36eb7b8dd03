package ingress

import (
	"errors"

	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// shed answers the requests that found no room. A repeat gets no answer: its
// original may be under way, and "busy" would be mistaken for its outcome. A
// stopped engine answers nobody: what is said now could not be kept to.
func (in *Ingress) shed(s *link, events []payment.Event, why error) {
	now := in.o.Clock()
	for i := range events {
		ev := &events[i]
		// The first that did not fit may have been too low in priority; try the
		// rest one by one, so that an answer never waits behind a request.
		if i > 0 {
			var n int
			if n, why = in.o.Engine.Submit(events[i : i+1]); n == 1 {
				continue
			}
		}
		in.metrics.shed.Inc()
		in.dropPIN(ev)
		switch {
		case errors.Is(why, engine.ErrShare):
			in.away(s, now, classAnswer, causeShare)
		case ev.Kind == payment.EnquiryArrived: // not answered: it may be asked again at once
			s.standing.asked.forget(in.sum(&ev.Request.Original))
		case ev.Kind != payment.RequestArrived || ev.Request.Repeat || !errors.Is(why, engine.ErrBusy):
		case in.mayTurnAway(s, now, &ev.Request.Key):
			s.turnAway(ev, translate.Busy)
		}
	}
}

// turnAway tells the sender of a request no, without a record.
func (s *link) turnAway(ev *payment.Event, r translate.Refusal) {
	s.append(func(dst []byte) ([]byte, error) {
		return s.interpreter.RefuseRequest(dst, ev, r)
	})
}
