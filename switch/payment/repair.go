package payment

// reverse begins the reversal of a debit that was, or may have been, made. The
// reservation stays until the reversal is closed (I10). why is what the payer
// will be told.
func (m *Machine) reverse(p *Payment, cause Cause, why Outcome) {
	p.Outcome = why
	m.move(p, cause)
	// The payer's PSP waits no longer than the first try.
	p.due = m.now + m.at(p.PayerBank).profile.Timers.repeatGap(0)
	m.owe(p, LegReversal)
}

// undo ends a payment whose credit will not be posted. The debit is reversed; in
// model B the payer's bank undoes it itself when it is told no. One who was told
// "deemed" learns that it is not.
func (m *Machine) undo(p *Payment, cause Cause, why Outcome) {
	if p.Model == ModelA {
		m.reverse(p, cause, why)
		m.update(p)
		return
	}
	m.release(p)
	p.Outcome = why
	m.move(p, cause)
	m.tell(p, why)
}

// takeReversal takes the answer to a reversal. Reversed, nothing to reverse and
// not found all mean the same: the payer's account is whole, and a bank that has
// not seen the debit will refuse it when it comes.
func takeReversal(m *Machine, p *Payment, e *Event) bool {
	a := &e.Answer
	if !p.Legs[LegReversal].Owed() {
		return false
	}
	switch {
	case undecided(a): // proves nothing: the next repeat asks again
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	case p.otherAmount(a):
		m.exception(p, AmountDiffers)
		m.giveUp(p, LegReversal, Refusal)
	case !undoes(a.Outcome):
		m.record(p, a, Refusal)
		m.giveUp(p, LegReversal, Refusal)
	case p.State == ReversalStuck: // a dead letter that was sent again
		m.record(p, a, Approved)
		p.Confirmed = true
		m.ended(p, LegReversal)
	default:
		m.record(p, a, Approved)
		m.release(p)
		m.move(p, Approved)
		m.tell(p, Reversed)
	}
	return true
}

// undoes says that after this answer to a reversal or a fence the money is not,
// and will not be, where the original message would have put it.
func undoes(o Outcome) bool { return o == OK || o == OriginalNotFound || o == NotDone }

// undecided says that an answer to a reversal, a fence or an advice means "not
// now": in progress, too late, not reachable. 96 and the rest refuse it (domain
// reference 7.3).
func undecided(a *Answer) bool {
	return a.Outcome == Unreadable || a.Outcome == Pending || contains(askAgain, a.Code)
}

var askAgain = []Code{CodeOf("09"), CodeOf("68"), CodeOf("91")}

// otherAmount says that an answer names another amount than it was asked for.
func (p *Payment) otherAmount(a *Answer) bool { return a.Minor >= 0 && a.Minor != p.Amount.Minor }

// giveUp ends a message that was refused or never answered. What moves money is a
// dead letter then: a person must decide. A reversal that is stuck stays failed
// for settlement: the payer's bank owes its customer.
func (m *Machine) giveUp(p *Payment, leg Leg, cause Cause) {
	switch {
	case leg == LegReversal:
		if p.State == DebitRevSent {
			m.release(p)
			m.move(p, cause)
			m.tell(p, p.Outcome)
		}
		m.die(p, leg)
		m.exception(p, ReversalStuckAt)
	case leg == LegAdvice:
		m.die(p, leg)
		m.exception(p, AdviceRefused)
	case leg == LegConfirm || leg == LegRequest || leg == LegUpdate:
		if leg == LegConfirm && p.Posting == PostOnConfirm {
			m.die(p, leg)
		}
		m.exception(p, NoReceipt)
	}
	m.ended(p, leg)
	m.touch(p)
}

// takeAdvice takes the answer to a deemed credit advice.
func takeAdvice(m *Machine, p *Payment, e *Event) bool {
	a := &e.Answer
	if !p.Legs[LegAdvice].Owed() {
		return false
	}
	switch {
	case a.Outcome == OK:
		m.record(p, a, Approved)
		p.Confirmed = true
		m.ended(p, LegAdvice)
	case undecided(a): // proves nothing: the next repeat asks again
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	default: // an advice reports a done fact: it cannot be declined
		m.record(p, a, Refusal)
		m.giveUp(p, LegAdvice, Refusal)
	}
	return true
}
