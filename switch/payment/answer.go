package payment

// answer takes a participant's answer to the leg it belongs to. An answer may
// come on any link of that participant; it belongs to a leg only if it echoes
// what the leg carried.
func (m *Machine) answer(e *Event) {
	a := &e.Answer
	p := m.answered(e)
	if p == nil {
		m.notice(Effect{Notice: Late})
		return
	}
	if !m.asked(p, e) {
		m.notice(Effect{Notice: Unmatched, Payment: p, State: p.State})
		return
	}
	m.touch(p)
	switch {
	case a.Leg == LegResolve && p.State == Resolving:
		m.resolved(p, e)
	case a.Leg == LegDebit && p.State == DebitSent:
		m.debited(p, a)
	case a.Leg == LegCredit && (p.State == CreditSent || p.State == CreditUnknown):
		m.credited(p, a)
	case a.Leg == LegCredit && p.State == Deemed:
		m.deemedAnswer(p, a)
	case a.Leg == p.repairLeg() && p.Repairing:
		m.repaired(p, a)
	default:
		m.late(p, a)
	}
}

// late reports an answer after the payment has gone on without it. A credit that
// is approved after the debit was given up contradicts: money has been made, and
// a person must see it.
func (m *Machine) late(p *Payment, a *Answer) {
	n := Late
	if a.Leg == LegCredit && a.Outcome == OK && (p.State == DebitRevSent || p.State == FailedReversed) {
		n = Exception
	}
	m.notice(Effect{Notice: n, Payment: p, State: p.State})
}

// answered is the payment in memory that an answer is for; nil: none.
func (m *Machine) answered(e *Event) *Payment {
	if e.Answer.Payment == 0 && !m.findByTrace(e) {
		return nil
	}
	return m.open[e.Answer.Payment]
}

// findByTrace names the leg of an answer that carries no reference, in the event
// (after it was journalled: a replay finds it again). It reports false when no
// open leg bears its numbers.
func (m *Machine) findByTrace(e *Event) bool {
	a := &e.Answer
	found, ok := m.traces[trace{e.From, a.STAN, a.Transmitted}]
	posting := a.Leg == LegRequest && (found.leg == LegDebit || found.leg == LegCredit)
	if !ok || (a.Leg != found.leg && !posting) {
		return false
	}
	a.Payment, a.Leg = found.id, found.leg
	return true
}

// asked says whether the answer echoes what its leg carried, and comes from the
// participant that was asked.
func (m *Machine) asked(p *Payment, e *Event) bool {
	a, leg := &e.Answer, &p.Legs[e.Answer.Leg]
	match := m.at(e.From).profile.Match
	if match == (Match{}) {
		match = Match{Reference: true, Transmitted: true, STAN: true}
	}
	return leg.SentAt != 0 && p.target(a.Leg) == e.From &&
		(!match.STAN || leg.STAN == a.STAN) && (!match.Transmitted || leg.Transmitted == a.Transmitted)
}

// verdict sorts an answer into yes, no and "proves nothing". An approval of
// another amount proves nothing: what was posted is not what was asked.
func verdict(p *Payment, a *Answer, ambiguous []Code) Cause {
	switch {
	case a.Outcome == Unreadable || contains(ambiguous, a.Code):
		return Ambiguous
	case a.Outcome != OK:
		return Refusal
	case a.Minor != p.Amount.Minor:
		return Ambiguous
	}
	return Approved
}

// resolved takes the payee's account from its PSP. No money has moved: whatever
// is not a yes declines.
func (m *Machine) resolved(p *Payment, e *Event) {
	a := &e.Answer
	p.BankCode = a.Code
	switch {
	case a.Outcome == Unreadable:
		m.decline(p, Ambiguous, PayeeOffline)
		return
	case a.Outcome != OK:
		m.decline(p, Refusal, a.Outcome)
		return
	}
	p.PayeeBank = p.PayeePSP
	if e.Text.Has(PayeeIFSC) {
		bank, ok := m.routes.IFSC(e.Text.Get(PayeeIFSC))
		if !ok {
			m.decline(p, Refusal, RouteUnknown)
			return
		}
		p.PayeeBank = bank
	}
	for _, f := range [...]TextField{PayeeAccount, PayeeName, PayeeIFSC} {
		if e.Text.Has(f) && !p.Text.Set(f, e.Text.Get(f)) {
			m.decline(p, Ambiguous, Format)
			return
		}
	}
	if !p.Text.Has(PayeeAccount) {
		m.decline(p, Refusal, AccountUnknownPayee)
		return
	}
	p.BankCode = Code{}
	m.clearDeadline(p)
	m.move(p, Approved)
	m.debit(p)
}

// debited takes the answer of the payer's bank.
func (m *Machine) debited(p *Payment, a *Answer) {
	p.BankCode = a.Code
	switch cause := verdict(p, a, m.at(p.PayerBank).profile.AmbiguousDebit); cause {
	case Refusal:
		m.release(p)
		m.decline(p, cause, a.Outcome)
	case Ambiguous:
		m.reverse(p, cause, TimeoutDebit)
		m.reply(p, TimeoutDebit)
	default:
		p.Approval = a.Approval
		m.move(p, Approved)
		m.credit(p)
	}
}

// credit sends the credit of a payment whose debit is durable (I3).
func (m *Machine) credit(p *Payment) {
	p.BankCode = Code{}
	switch {
	case m.now >= p.DeadlineD0:
		m.reverse(p, Refused, TooLate)
	case !m.up(p.PayeeBank):
		m.reverse(p, Refused, PayeeOffline)
	default:
		m.move(p, Go)
		until := m.now + int64(m.at(p.PayeeBank).profile.Timers.Credit)
		m.setDeadline(p, until)
		m.start(p, LegCredit, until)
	}
}

// credited takes the answer of the payee's bank, in time or late. A clear no is
// binding on that bank, so that the debit may be reversed (I4).
func (m *Machine) credited(p *Payment, a *Answer) {
	cause := verdict(p, a, m.at(p.PayeeBank).profile.AmbiguousCredit)
	switch {
	case cause == Approved:
		m.settle(p, cause, OK)
		m.close(p)
	case cause == Refusal:
		p.BankCode = a.Code
		m.reverse(p, cause, a.Outcome)
	case p.State == CreditSent:
		p.BankCode = a.Code
		m.doubt(p, cause)
	default: // in doubt already: an answer that proves nothing changes nothing
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	}
}

// doubt begins the wait for a late credit answer. The payer is told "deemed".
func (m *Machine) doubt(p *Payment, cause Cause) {
	m.move(p, cause)
	m.touch(p)
	m.reply(p, TimeoutCredit)
	m.setDeadline(p, m.now+int64(m.at(p.PayeeBank).profile.Timers.CreditUnknown))
}

// settle makes a payment a success in the ledger.
func (m *Machine) settle(p *Payment, cause Cause, o Outcome) {
	m.book.Post(p.PayerBank, p.PayeeBank, p.Amount.Minor)
	m.at(p.PayerBank).dirty, m.at(p.PayeeBank).dirty = true, true
	p.Outcome = o
	m.move(p, cause)
	m.touch(p)
	m.reply(p, o)
}

// release gives the payer's reservation back.
func (m *Machine) release(p *Payment) {
	m.book.Void(p.PayerBank, p.Amount.Minor)
	m.at(p.PayerBank).dirty = true
}

// sendFailed takes the proof that not one byte of a leg left the switch. A
// repeat that failed says nothing about the sends before it.
func (m *Machine) sendFailed(e *Event) {
	a := &e.Answer
	p, ok := m.open[a.Payment]
	if !ok || p.Legs[a.Leg].STAN != a.STAN || p.Legs[a.Leg].Transmitted != a.Transmitted {
		return
	}
	m.touch(p)
	switch {
	case a.Leg == LegResolve && p.State == Resolving:
		m.decline(p, NotSent, PayeeOffline)
	case a.Leg == LegDebit && p.State == DebitSent:
		m.release(p)
		m.decline(p, NotSent, PayerOffline)
	case a.Leg == LegCredit && p.State == CreditSent:
		m.reverse(p, NotSent, PayeeOffline)
	}
}
