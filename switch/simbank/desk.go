package simbank

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// serve takes a request of the switch: what is wrong with it is answered at
// once, what is right goes the way that fate has for it.
func (b *Bank) serve(h *heard) {
	if h.bad != nil {
		b.complain("request refused", h.bad)
		body, err := b.speech.refuse(h)
		b.send(body, err, manner{})
		return
	}
	b.stats.requests[h.duty].Add(1)
	b.stats.judged(h.pin)
	b.follow(b.chance.cast(b.opts.Faults, h.duty), h)
}

// follow does and answers a request as its fate says.
func (b *Bank) follow(f fate, h *heard) {
	if f.swallow {
		b.stats.silences.Add(1)
		return
	}
	// What is done late may find its own reversal or advice there; the book
	// sorts that out, and these are the races worth having.
	if f.late && f.doLate && !f.mute {
		b.timers.after(b.opts.Faults.LateBy, func() { b.reply(h, b.perform(h, f.verdict), f.duplicate) })
		return
	}
	r := b.perform(h, f.verdict)
	switch {
	case f.mute:
		b.stats.silences.Add(1)
	case f.late:
		// Asked again when it is due, the book answers as it stands then: an
		// advice may have overruled a decline meanwhile.
		b.timers.after(b.opts.Faults.LateBy, func() { b.reply(h, b.perform(h, Verdict{}), f.duplicate) })
	default:
		b.timers.after(f.delay, func() { b.reply(h, r, f.duplicate) })
	}
}

// perform does what the request asks and says what came of it.
func (b *Bank) perform(h *heard, v Verdict) reply {
	switch h.duty {
	case dutyResolve:
		return reply{holder: b.resolve(h.address)}
	case dutyDebit:
		if h.pin != Approved && h.pin != (Code{}) {
			v = Verdict{Decline: h.pin}
		}
		return reply{Answer: b.book.Debit(h.leg, v)}
	case dutyCredit:
		return b.credit(h, v)
	case dutyReversal:
		return reply{Answer: b.book.ReverseDebit(h.leg)}
	case dutyAdvice:
		return reply{Answer: b.book.AdviseCredit(h.leg)}
	case dutyStatus:
		return reply{Answer: b.book.Status(h.leg.Key)}
	case dutyFence:
		return reply{Answer: b.book.Fence(h.leg)}
	case dutyConfirm:
		return reply{Answer: b.book.Confirm(h.leg, h.final == endDone)}
	default: // dutyUpdate
		b.settle(&h.told)
		return reply{}
	}
}

// credit books a credit, or accepts it until the switch confirms. The switch is
// asked when it does not.
func (b *Bank) credit(h *heard, v Verdict) reply {
	v.Hold = b.opts.PostOnConfirm
	said := b.book.Credit(h.leg, v)
	if said.State == Held && !said.Repeat {
		key := h.leg.Key
		b.chase(h.subject, b.opts.ConfirmTimeout, b.opts.RepeatsMax, func() bool { return b.book.Status(key).State == Held })
	}
	return reply{Answer: said}
}

// ruled takes the switch's answer about a credit that it was asked about.
func (b *Bank) ruled(h *heard) {
	if h.final != endOpen {
		b.book.Confirm(h.leg, h.final == endDone)
	}
}

// chase asks the switch about a payment after a while, and again and again while
// it is open.
func (b *Bank) chase(s *subject, every time.Duration, left int, open func() bool) {
	if s == nil || left <= 0 {
		return
	}
	b.timers.add(b.opts.Clock()+int64(every), func() {
		if !open() {
			return
		}
		if body, err := b.speech.enquire(s); err == nil && body != nil && b.transmit(body) {
			b.stats.enquiries.Add(1)
		}
		b.chase(s, every, left-1, open)
	})
}

// resolve says who stands behind a VPA. The name must differ from account to
// account, so that a mix-up in the switch shows in the answer to the payer.
func (b *Bank) resolve(vpa string) *holder {
	n, known := b.userOf(vpa)
	if !known {
		return nil
	}
	return &holder{
		address: vpa, name: nameOf(b.opts.Handle, n),
		account: accountNumber(b.opts.Institution, n), branch: branch(b.opts.IFSC),
	}
}

// nameOf is the name of the n-th user of a handle.
func nameOf(handle string, n int) string {
	return fmt.Sprintf("USER %d %s", n, strings.ToUpper(handle))
}

// userOf is the number of the account behind user<n>@<own handle>. A VPA is
// compared without case.
func (b *Bank) userOf(vpa string) (int, bool) {
	name, handle, _ := strings.Cut(strings.ToLower(vpa), "@")
	if handle != b.opts.Handle {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimPrefix(name, "user"))
	// Written back it must be the same: "user+1" and "user01" are nobody.
	if err != nil || n < 1 || n > b.opts.Accounts || address(handle, n) != name+"@"+handle {
		return 0, false
	}
	return n, true
}

// reply answers a request, or answers it twice with the same bytes.
func (b *Bank) reply(h *heard, r reply, twice bool) {
	body, err := b.speech.answer(h, &r)
	b.send(body, err, manner{twice, b.proof(b.forging())})
}

// manner is how an answer is sent.
type manner struct {
	twice bool
	proof proof
}

// send puts an answer on the link that is up now: any link of a participant will
// do. Without a link the answer is lost, not kept: to the switch that is one more
// silence, and it must repair those anyway. Nil is no answer.
func (b *Bank) send(body []byte, err error, m manner) {
	if err != nil {
		// Only what came malformed can fail to be echoed.
		b.stats.unanswerable.Add(1)
		return
	}
	if body == nil {
		return
	}
	copies := 1
	if m.twice {
		copies = 2
	}
	for range copies {
		if b.transmitAs(body, m.proof) {
			b.stats.answers.Add(1)
		} else {
			b.stats.unanswerable.Add(1)
		}
	}
}

// complain counts a message that is not right and logs the 1st, 2nd, 4th, 8th
// and so on: if all are wrong, the log must not drown in it.
func (b *Bank) complain(what string, bad *fault) {
	if n := b.stats.malformed.Add(1); n&(n-1) == 0 {
		b.opts.Log.Warn(what, "participant", b.opts.ID, "field", bad.field, "reason", bad.reason, "count", n)
	}
}

func clip(s string, max int) string {
	if len(s) > max {
		return s[:max]
	}
	return s
}
