package simbank

import (
	"fmt"
	"strconv"
	"strings"
)

// serve takes a request of the switch: what is wrong with it is answered at
// once, what is right goes the way that fate has for it.
func (b *Bank) serve(m message, bad *fault) {
	code := "30"
	var r *rule
	if bad == nil {
		r, code, bad = examine(m)
	}
	if bad != nil {
		b.complain("request refused", bad)
		a := answerTo(m, code, echoMoney...)
		a.de[44] = clip(bad.Error(), 25)
		b.reply(a, false)
		return
	}
	b.stats.requests[r.duty].Add(1)
	b.follow(b.chance.cast(b.opts.Faults, r.duty), r, m)
}

// follow does and answers a request as its fate says.
func (b *Bank) follow(f fate, r *rule, m message) {
	if f.swallow {
		b.stats.silences.Add(1)
		return
	}
	// What is done late may find its own reversal or advice there; the book
	// sorts that out, and these are the races worth having.
	if f.late && f.doLate && !f.mute {
		b.timers.after(b.opts.Faults.LateBy, func() { b.reply(b.perform(r, m, f.verdict), f.duplicate) })
		return
	}
	a := b.perform(r, m, f.verdict)
	switch {
	case f.mute:
		b.stats.silences.Add(1)
	case f.late:
		// Asked again when it is due, the book answers as it stands then: an
		// advice may have overruled a decline meanwhile.
		b.timers.after(b.opts.Faults.LateBy, func() { b.reply(b.perform(r, m, Verdict{}), f.duplicate) })
	default:
		b.timers.after(f.delay, func() { b.reply(a, f.duplicate) })
	}
}

// perform does what the request asks and makes the answer.
func (b *Bank) perform(r *rule, m message, v Verdict) message {
	if r.duty == dutyResolve {
		return b.resolve(m)
	}
	l := Leg{
		Key:    KeyOf(m.de[32], m.de[37]),
		TxnID:  TxnOf(m.tag["002"]),
		Amount: amountOf(m.de[4]),
	}
	var said Answer
	switch r.duty {
	case dutyDebit:
		l.Account = AccountOf(m.de[102])
		said = b.book.Debit(l, v)
	case dutyCredit:
		l.Account = AccountOf(m.de[103])
		said = b.book.Credit(l, v)
	case dutyReversal:
		l.Account = AccountOf(m.de[102])
		said = b.book.ReverseDebit(l)
	case dutyAdvice:
		l.Account = AccountOf(m.de[103])
		said = b.book.AdviseCredit(l)
	}
	a := answerTo(m, said.Code.String(), r.echo...)
	// The wire table gives an approval code to a 0210 alone, not to a 0230.
	if said.Approval != (Approval{}) && r.duty != dutyAdvice {
		a.de[38] = said.Approval.String()
	}
	return a
}

// resolve answers who stands behind a VPA. The name must differ from account to
// account, so that a mix-up in the switch shows in the answer to the payer.
func (b *Bank) resolve(m message) message {
	n, known := b.userOf(m.tag["004"])
	if !known {
		a := answerTo(m, "14", echoResolve...)
		return a.with(map[string]string{"013": "ZH"})
	}
	a := answerTo(m, "00", echoResolve...)
	a.de[103] = accountNumber(b.opts.Institution, n)
	return a.with(map[string]string{
		"004": m.tag["004"],
		"006": fmt.Sprintf("USER %d %s", n, strings.ToUpper(b.opts.Handle)),
		"017": branch(b.opts.IFSC),
	})
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

// reply sends an answer, or the same one twice, on the link that is up now: any
// link of a participant will do. Without a link the answer is lost, not kept: to
// the switch that is one more silence, and it must repair those anyway.
func (b *Bank) reply(a message, twice bool) {
	body, err := b.codec.encode(a)
	if err != nil {
		// Only what came malformed can fail to be echoed.
		b.stats.unanswerable.Add(1)
		return
	}
	copies := 1
	if twice {
		copies = 2
	}
	for range copies {
		if b.transmit(body) {
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
