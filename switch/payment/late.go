package payment

// record keeps the answer to a leg as evidence: the first clear one, or the first
// at all.
func (m *Machine) record(p *Payment, a *Answer, cause Cause) {
	l := &p.Legs[a.Leg]
	if l.Answer != NoOutcome && (l.Answer != Pending || cause == Ambiguous) {
		return
	}
	l.AnsweredIn = m.millisSince(l.SentAt)
	switch {
	case cause == Ambiguous:
		l.Answer = Pending
	default:
		l.Answer = a.Outcome
	}
	m.touch(p)
}

// exception reports what reconciliation must look at, and keeps it with the payment:
// a report alone is lost when a crash comes before it is read. It changes nothing
// else.
func (m *Machine) exception(p *Payment, why Recon) {
	if !p.Exceptions.Has(why) {
		p = m.recall(p.ID)
		p.Exceptions |= 1 << why
	}
	m.notice(Effect{Notice: Exception, Recon: why, Payment: p, State: p.State})
}

// late reports an answer after the payment has gone on without it, from memory or
// from the store. It never changes how the payment ended (I6).
func (m *Machine) late(p *Payment, a *Answer) {
	if p.Posting == PostOnConfirm && a.Leg == LegCredit && a.Outcome == OK && p.Legs[LegConfirm].SentAt != 0 && !p.State.settled() {
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
		m.rejectAgain(p)
		return
	}
	if why := m.contradiction(p, a); why != NoRecon {
		m.exception(p, why)
		return
	}
	m.notice(Effect{Notice: Late, Payment: p, State: p.State})
}

// contradiction is what a late answer contradicts: the decision, or what the same
// participant has answered to the same message before.
func (m *Machine) contradiction(p *Payment, a *Answer) Recon {
	cause := m.verdictOf(p, a)
	why := NoRecon
	switch a.Leg {
	case LegCredit, LegStatus:
		why = p.creditContradiction(a, cause)
	case LegFence:
		switch {
		case a.Outcome == CreditStands && p.failed():
			why = CreditAfterFail
		case undoes(a.Outcome) && p.State.settled():
			why = FenceTooLate
		}
	case LegDebit:
		if cause == Approved && (p.State == Declined || p.State == FailedReversed && p.Legs[LegReversal].owed&isSent == 0) {
			why = DebitAfterFail
		}
	}
	if why == NoRecon && p.changed(a, cause) {
		return AnswerChanged
	}
	return why
}

// creditContradiction is what a late answer about the credit contradicts. A bank
// that posts on confirmation has not posted by saying yes.
func (p *Payment) creditContradiction(a *Answer, cause Cause) Recon {
	switch {
	case p.otherAmount(a):
		return AmountDiffers
	case cause == Approved && p.failed() && p.Posting == PostImmediate:
		return CreditAfterFail
	case cause == Refusal && p.State.settled() && (a.Leg == LegCredit || aboutCredit(a.Outcome)):
		return CreditRefused
	}
	return NoRecon
}

// failed says that the payment is not to be posted, whether that is final or not.
func (p *Payment) failed() bool {
	return p.State == DebitRevSent || p.State.Final() && !p.State.settled()
}

// changed says that a participant has given two different clear answers to one
// message.
func (p *Payment) changed(a *Answer, cause Cause) bool {
	switch a.Leg {
	case LegDebit, LegCredit, LegReversal, LegAdvice, LegFence:
	default:
		return false
	}
	first := p.Legs[a.Leg].Answer
	if first == NoOutcome || first == Pending || cause == Ambiguous {
		return false
	}
	return positive(a.Leg, first) != positive(a.Leg, a.Outcome)
}

// positive says that an answer to a leg is a yes.
func positive(leg Leg, o Outcome) bool {
	if leg == LegReversal || leg == LegFence {
		return undoes(o)
	}
	return o == OK
}

// verdictOf is the verdict on an answer by the profile of who gave it.
func (m *Machine) verdictOf(p *Payment, a *Answer) Cause {
	ambiguous := askAgain
	switch a.Leg {
	case LegDebit:
		ambiguous = m.at(p.PayerBank).profile.AmbiguousDebit
	case LegCredit, LegStatus:
		ambiguous = m.at(p.PayeeBank).profile.AmbiguousCredit
	}
	return verdict(p, a, ambiguous)
}
