package ingress

import (
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// load is the step of the brown-out ladder that is in force.
func (in *Ingress) load() payment.Load {
	if in.o.Load == nil {
		return payment.LoadNormal
	}
	return in.o.Load()
}

// stepDown is how long a step of the ladder lasts at least, ns. Whoever is shed by
// the second step above calm comes back after two.
const stepDown = 5_000_000_000

// shedding says that the load is too high for a request, and in how many ns it may
// be taken at the soonest.
func (in *Ingress) shedding(r *payment.Request) (wait int64) {
	for step := in.load(); step.Sheds(r.Type, r.Amount.Minor, in.table.Load().small); step-- {
		wait += stepDown
	}
	return wait
}

// welcome says that requests may come on a link. One that was signed on and is to end
// for a change of the configuration takes what crosses our sign-off: its sender would
// be told no otherwise, and find it paid by its repeat on another link.
func (s *link) welcome() bool { return s.automaton.Ready() || s.leaveBy != 0 && s.attached }

// request takes a payment's request, and says whether its event goes on.
func (in *Ingress) request(s *link, now int64, ev *payment.Event) bool {
	// A switch that signs off has the request declined on the record, like any
	// other while it drains.
	if !s.welcome() && !in.draining.Load() {
		// A repeat gets no answer here: its original may be under way or done, and
		// "not signed on" would be mistaken for its outcome.
		if !ev.Request.Repeat {
			in.refuse(s, translate.NotSignedOn)
		}
		return false
	}
	return in.admit(s, now, ev)
}

// admit says whether a request goes on, and what the machine is to decline it with.
// One that is turned away here is told "busy" without a record, and that has a rule:
// of one request no two messages may be told different things. So a repeat, or the
// original that it has overtaken, goes on and is declined by the machine, on the
// record; or, when it is over the rate, hears nothing, because the payment may be
// under way.
func (in *Ingress) admit(s *link, now int64, ev *payment.Event) bool {
	r, st := &ev.Request, s.standing
	held, load := in.Held(), in.shedding(r)
	turned := r.Repeat && (st.memory.repeat(now, &r.Key) || now < in.hold.suspect.Load())
	if in.heldBack(s, now, ev, held, load) {
		return false
	}
	if wait := st.buckets[classRequest].take(now); wait > 0 {
		in.away(s, now, classRequest, causeRate)
		if !r.Repeat && in.mayTurnAway(s, now, &r.Key) {
			s.turnAway(ev, translate.TryAgain(payment.Busy, wait))
		}
		return false
	}
	switch {
	case turned || held != "" || load > 0:
		r.Refuse = payment.Busy
	case in.draining.Load():
		r.Refuse = payment.Closing
	}
	return true
}

// heldBack turns a request away because of what the switch lacks, not its sender: room
// on the disk, or time.
func (in *Ingress) heldBack(s *link, now int64, ev *payment.Event, held Reason, load int64) bool {
	r, st := &ev.Request, s.standing
	switch {
	case r.Repeat && held != "":
		if st.heldRepeats.take(now) == 0 {
			return false
		}
		in.away(s, now, classRequest, causeRate)
		return true
	case r.Repeat:
	case held != "":
		if st.memory.repeated(&r.Key) {
			return false
		}
		in.metrics.held.WithLabelValues(string(held)).Inc()
		s.turnAway(ev, translate.Busy)
		return true
	case load > 0 && in.mayTurnAway(s, now, &r.Key):
		in.away(s, now, classRequest, causeLoad)
		s.turnAway(ev, translate.TryAgain(payment.Busy, load))
		return true
	}
	return false
}

// enquiry takes an enquiry about a payment, and says whether its event goes on. One
// over a limit is told "not decided" and when to ask again, because any other answer
// could be taken for how the payment has ended. The machine has the same limit for
// each payment, on the record; this one keeps a flood out of the queue.
func (in *Ingress) enquiry(s *link, now int64, ev *payment.Event) bool {
	if !s.welcome() {
		return false
	}
	st, about, why := s.standing, in.sum(&ev.Request.Original), causeLoad
	wait := int64(in.load()) * stepDown // LoadNoEnquiries is the first step
	if wait == 0 {
		why, wait = causeGap, st.asked.wait(now, about)
	}
	if wait == 0 {
		why, wait = causeRate, st.buckets[classEnquiry].take(now)
	}
	if wait > 0 {
		in.away(s, now, classEnquiry, why)
		in.refuse(s, translate.TryAgain(payment.Pending, wait))
		return false
	}
	st.asked.note(now, about)
	return true
}

// other answers what is in order but not served.
func (in *Ingress) other(s *link, now int64) {
	r := translate.NotSupported
	if wait := s.standing.buckets[classOther].take(now); wait > 0 {
		in.away(s, now, classOther, causeRate)
		r = translate.TryAgain(payment.Busy, wait)
	}
	in.refuse(s, r)
}
