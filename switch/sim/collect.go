package sim

import (
	"fmt"
	"time"

	"switchd/switch/payment"
)

// collect has a participant ask for money that a payer has yet to approve.
func (w *world) collect(b *bank) {
	w.count(faultCollect)
	a := w.newOrder(b)
	a.collect, a.from, a.to = true, w.rng.IntN(len(w.banks)), int(b.number)
	if w.rng.IntN(8) == 0 {
		a.to = w.rng.IntN(len(w.banks)) // the payee's bank is not the one that asks
	}
	a.payee = accountOf(a.to)
	a.vpa = "user@" + profile(a.from).Handles[0]
	if w.rng.IntN(8) > 0 { // else by default, which is long
		a.expires = w.now + int64(time.Second) + w.upTo(3*time.Minute)
	}
	if w.rng.IntN(40) == 0 {
		a.vpa = "user@nowhere"
	}
	b.ask(a)
}

// approve is a payer who says yes or no to a collect, at once or after a while, or
// perhaps too late. Its PSP names its account in any case.
func (b *bank) approve(m *message, v *verdict, after int64) (later int64) {
	w := b.w
	v.result, v.account = "00", fmt.Sprintf("P%03d", w.rng.IntN(w.swarm.payers))
	if w.rng.IntN(4) == 0 {
		v.ifsc = ifscOf(w.rng.IntN(len(w.banks)))
	}
	if w.chance(faultUnapproved) {
		v.result = "17"
	}
	if w.chance(faultTwice) {
		b.answer(m, *v, w.now+after+w.upTo(100*time.Millisecond))
	}
	if w.chance(faultUndecided) {
		b.answer(m, verdict{result: resultPending, minor: m.minor}, w.now+after)
		after += w.upTo(4 * time.Minute)
	}
	return after
}

// refund has a participant give back some of what was credited with it. Only ISO 8583
// has a message for that. false: nothing was.
func (w *world) refund(b *bank) bool {
	if b.book.traits.xml || len(b.book.known) == 0 {
		return false
	}
	ref := b.book.known[w.rng.IntN(len(b.book.known))]
	l := b.book.legs[ref]
	if l.kind != credit || l.minor <= 0 {
		return false
	}
	w.count(faultRefund)
	a := w.newOrder(b)
	a.refund, a.payer = ref, l.account
	a.minor = 1 + w.rng.Int64N(l.minor)
	if w.rng.IntN(4) == 0 {
		a.minor = l.minor + w.upTo(2) // all of it, or more
	}
	b.ask(a)
	return true
}

// expiryOf is until when a payer may approve of a collect.
func expiryOf(ev *payment.Event) int64 {
	if ev.Request.ExpireAt != 0 {
		return ev.Request.ExpireAt
	}
	return ev.At + int64(30*time.Minute)
}
