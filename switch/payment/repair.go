package payment

// A repair is a message that a bank must answer for the books to agree: the
// reversal of a debit, or the advice of a deemed credit. It is state, not a
// timer callback: it is repeated at growing gaps, across restarts, until the
// bank answers or the profile's GiveUp is over.

// reverse begins the reversal of a debit that was, or may have been, made. The
// reservation stays until the reversal is closed (I10). why is what the payer
// will be told.
func (m *Machine) reverse(p *Payment, cause Cause, why Outcome) {
	p.Outcome = why
	m.move(p, cause)
	m.repair(p, LegReversal)
}

// repair makes the first send of a repair.
func (m *Machine) repair(p *Payment, leg Leg) {
	p.Repairing = true
	m.touch(p)
	to := p.target(leg)
	m.setDeadline(p, m.now+m.at(to).profile.Timers.repeatGap(0))
	if m.up(to) {
		m.start(p, leg, 0)
		return
	}
	// Not sent now; the message gets its numbers all the same, because every
	// later send is a repeat of it.
	m.number(p, leg)
}

// repairLeg is the repair that p owes.
func (p *Payment) repairLeg() Leg {
	if p.State == Deemed {
		return LegAdvice
	}
	return LegReversal
}

// repairDue repeats a repair that was not answered in time, or gives up.
func (m *Machine) repairDue(p *Payment) {
	leg := p.repairLeg()
	if leg == LegReversal {
		m.reply(p, p.Outcome) // the payer's PSP waits no longer than the first try
	}
	state := &p.Legs[leg]
	timers := &m.at(p.target(leg)).profile.Timers
	m.touch(p)
	if m.now-state.SentAt >= int64(timers.GiveUp) {
		m.giveUp(p, Timeout)
		return
	}
	if state.Tries < 1<<16-1 {
		state.Tries++
	}
	m.setDeadline(p, m.now+timers.repeatGap(state.Tries))
	if m.up(p.target(leg)) {
		m.send(p, leg, true, 0)
	}
}

// giveUp ends a repair that the bank refused or never answered. A reversal that
// is stuck stays failed for settlement: the payer's bank owes its customer.
func (m *Machine) giveUp(p *Payment, cause Cause) {
	if p.State == DebitRevSent {
		m.release(p)
		m.move(p, cause)
		m.reply(p, p.Outcome)
	}
	m.notice(Effect{Notice: Exception, Payment: p, State: p.State})
	m.close(p)
}

// repaired takes the answer to the repair that p owes.
func (m *Machine) repaired(p *Payment, a *Answer) {
	if p.State == Deemed {
		m.advised(p, a)
		return
	}
	m.reversed(p, a)
}

// reversed takes the answer to a reversal. Reversed, nothing to reverse and not
// found all mean the same: the payer's account is whole, and a bank that has not
// seen the debit will refuse it when it comes.
func (m *Machine) reversed(p *Payment, a *Answer) {
	switch {
	case a.Outcome == OK || a.Outcome == OriginalNotFound || a.Outcome == NotDone:
		m.release(p)
		m.move(p, Approved)
		m.reply(p, Reversed)
		m.close(p)
	case a.Outcome == Unreadable || contains(askAgain, a.Code): // proves nothing: the next repeat asks again
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	default:
		m.giveUp(p, Refusal)
	}
}

// askAgain are answers to a reversal that say "not now": in progress, too late,
// not reachable. 96 and the rest refuse it (domain reference 7.3).
var askAgain = []Code{CodeOf("09"), CodeOf("68"), CodeOf("91")}

// deem decides that an unconfirmed credit settles as success, and tells the
// payee's bank so until it answers.
func (m *Machine) deem(p *Payment) {
	m.settle(p, Timeout, TimeoutCredit)
	m.repair(p, LegAdvice)
}

// deemedAnswer takes a credit answer that came after the decision. A yes
// confirms it and makes the advice needless; a no contradicts it: the bank is
// bound by the decision and the advice goes on.
func (m *Machine) deemedAnswer(p *Payment, a *Answer) {
	if !p.Repairing || verdict(p, a, m.at(p.PayeeBank).profile.AmbiguousCredit) != Approved {
		m.notice(Effect{Notice: Exception, Payment: p, State: p.State})
		return
	}
	p.Confirmed = true
	m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	m.close(p)
}

// advised takes the answer to a deemed credit advice.
func (m *Machine) advised(p *Payment, a *Answer) {
	switch a.Outcome {
	case OK:
		p.Confirmed = true
		m.close(p)
	case Unreadable:
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	default: // an advice reports a done fact: it cannot be declined
		m.giveUp(p, Refusal)
	}
}
