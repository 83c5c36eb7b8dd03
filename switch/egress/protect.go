package egress

import (
	"errors"
	"time"

	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// posting is what is known of a parcel while a link's guard has it.
type posting struct {
	lane     *lane
	outlet   *outlet
	messages []message
	lost     func(i int, why error)
	gone     func()
}

// postingKeep is for how many messages an empty posting keeps room.
const postingKeep = 4096

// newPosting makes one for any parcel; it comes back to the others when the parcel is
// gone.
func (e *Egress) newPosting() *posting {
	p := &posting{}
	p.lost = func(i int, why error) { e.lost(p.lane, p.outlet, &p.messages[i], why) }
	p.gone = func() {
		clear(p.messages)
		p.lane, p.outlet, p.messages = nil, nil, p.messages[:0]
		if cap(p.messages) <= postingKeep {
			e.postings.Put(p)
		}
	}
	return p
}

// protect gives a parcel to a link that protects its messages; false when there is no
// room for it. What becomes of it there is told later, on the link's goroutine or those of
// the module's pool.
func (e *Egress) protect(l *lane, p *parcel) bool {
	w, _ := e.postings.Get().(*posting)
	if w == nil {
		w = e.newPosting()
	}
	w.lane, w.outlet, w.messages = l, p.outlet, append(w.messages, p.messages...)
	e.outgoing = e.outgoing[:0]
	for i := range p.messages {
		e.outgoing = append(e.outgoing, guard.Message{End: p.messages[i].end, Token: p.messages[i].token, NotAfter: p.messages[i].until})
	}
	if p.outlet.guard.Post(guard.Parcel{Bytes: p.frames, Messages: e.outgoing, Lost: w.lost, Gone: w.gone}) != nil {
		w.gone()
		return false
	}
	return true
}

// lost takes a message of which not one byte has left.
func (e *Egress) lost(l *lane, o *outlet, m *message, why error) {
	outcome, reason := verdict(why)
	e.metrics.unprotected.WithLabelValues(reason).Inc()
	if reason == reasonKey {
		e.tellKey(why)
	}
	e.o.Drop(m.token) // it may not have been taken
	if m.tracked {
		l.mu.Lock()
		l.flights.withdraw(m.name, o, m.at)
		l.mu.Unlock()
	}
	if !m.report {
		return // it comes again when it is asked for
	}
	leg := m.leg
	leg.Outcome = outcome
	if _, err := e.o.Submit([]payment.Event{{Kind: payment.SendFailed, From: route.Nobody, Answer: leg}}); err != nil {
		now, last := e.o.Clock(), e.unreported.Load()
		if now-last >= int64(time.Second) && e.unreported.CompareAndSwap(last, now) { // the engine may be full of them
			e.o.Log.Warn("failed sends could not be reported", "event", "message.unreported", "reason", err) // as in submit
		}
	}
}

// tellKey says that the module refuses a key, which only people can mend.
func (e *Egress) tellKey(why error) {
	now, last := e.o.Clock(), e.keyTold.Load()
	if (last == 0 || now-last >= int64(keyTellEvery)) && e.keyTold.CompareAndSwap(last, now) { // else every payment would say it
		e.o.Log.Error("the security module refuses a key that messages need: payments are declined", "event", "hsm.key.refused", "reason", why)
	}
}

// keyTellEvery is how often a line says that a key is refused.
const keyTellEvery = 10 * time.Second

// reasons why messages are not protected, as metrics call them.
const (
	reasonModule = "module" // it gives no answer
	reasonPIN    = "pin"    // there is no PIN block, or none that fits
	reasonKey    = "key"    // the module has no such key, or refuses it
	reasonLink   = "link"   // it is gone
	reasonLate   = "late"   // the module has taken too long
)

// verdict is what a payment says of a message that was not protected: nothing of one
// that found its link gone.
func verdict(why error) (o payment.Outcome, reason string) {
	_, down := errors.AsType[*hsm.Fault](why)
	switch {
	case down:
		return payment.HSMDown, reasonModule
	case errors.Is(why, guard.ErrPIN):
		return payment.PINBlock, reasonPIN
	case errors.Is(why, guard.ErrLate):
		return payment.HSMDown, reasonLate // the participant was never asked
	case errors.Is(why, hsm.ErrKey), errors.Is(why, hsm.ErrDenied), errors.Is(why, hsm.ErrBlock):
		return payment.HSMDown, reasonKey
	}
	return payment.NoOutcome, reasonLink
}
