package payment

// sendFailed takes the proof that not one byte of a leg left the switch. It is one
// only for a message that was sent once: a repeat that failed says nothing about
// the sends before it.
func (m *Machine) sendFailed(e *Event) {
	a := &e.Answer
	p := m.byID(a.Payment)
	if p == nil {
		return
	}
	l := &p.Legs[a.Leg]
	switch {
	case l.STAN != a.STAN || l.Transmitted != a.Transmitted || l.SentAt == 0:
	case a.Leg == LegUpdate || a.Leg == LegConfirm:
		m.anotherChance(p, a.Leg)
	case p.live && l.Tries == 0:
		m.touch(p)
		m.notSent(p, a)
		m.rest(p)
	}
}

// notSent does what a message that has not left asks for in the state that waits
// for its answer. Its outcome says why, if it is not that nobody was there.
func (m *Machine) notSent(p *Payment, a *Answer) {
	leg, payer, payee := a.Leg, PayerOffline, PayeeOffline
	if a.Outcome != NoOutcome {
		payer, payee = a.Outcome, a.Outcome
	}
	switch {
	case leg == LegReversal || leg == LegFence:
		p.Legs[leg].owed &^= isSent
	case leg == LegResolve && p.State == Resolving:
		m.decline(p, NotSent, payee)
	case leg == LegResolve && p.State == AwaitAuth:
		m.decline(p, NotSent, payer)
	case leg == LegDebit && p.State == DebitSent:
		m.release(p)
		m.decline(p, NotSent, payer)
	case leg == LegCredit && p.State == CreditSent:
		m.undo(p, NotSent, payee)
	}
}

// anotherChance has a confirmation or an update that nothing acknowledges, and that
// has not left, sent later, or when its participant is back. Its payment may be
// finished.
func (m *Machine) anotherChance(p *Payment, leg Leg) {
	if !m.once(p, leg) || p.Legs[leg].Owed() {
		return
	}
	p = m.recall(p.ID)
	p.Legs[leg].owed &^= isSent
	m.revive(p)
	m.mark(p, leg)
	p.Legs[leg].Due = m.now + m.at(p.Target(leg)).profile.Timers.repeatGap(p.Legs[leg].Tries)
	m.rest(p)
}
