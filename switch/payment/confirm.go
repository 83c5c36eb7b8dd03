package payment

// confirm tells the payee's bank that the payment is final. A bank that posts on
// confirmation needs it, and acknowledges it whatever its profile says of other
// messages; others get it if their profile says that they take it.
func (m *Machine) confirm(p *Payment) {
	to := m.at(p.PayeeBank)
	switch {
	case p.Posting == PostOnConfirm, to.profile.Updates && !m.crowded(to.outbox):
		m.owe(p, LegConfirm)
	case to.profile.Updates && to.links > 0: // its outbox is full: once is better than not at all
		m.start(p, LegConfirm, 0)
	}
}

// reject decides that a bank which posts on confirmation, and has not accepted in
// time, may not post. Both sides are told; nothing is deemed, because without the
// confirmation that bank cannot have posted (domain reference 7.6).
func (m *Machine) reject(p *Payment) {
	m.undo(p, Rejected, TimeoutRejected)
	m.reply(p, TimeoutRejected)
	m.owe(p, LegConfirm)
}

// rejectAgain answers an acceptance that came after the rejection.
func (m *Machine) rejectAgain(p *Payment) {
	if m.up(p.PayeeBank) {
		m.send(p, LegConfirm, true, 0)
	}
}

// reply answers the sender, once. What it is told is kept: a repeat of the
// request gets the same bytes.
func (m *Machine) reply(p *Payment, o Outcome) {
	if p.Reply != NoOutcome {
		return
	}
	p.Reply, p.ReplyCode = o, p.BankCode
	m.touch(p)
	to := m.at(p.Key.From)
	// "Duplicate" names no payment of ours that a receipt could name.
	if to.profile.Receipts && o != Duplicate && !m.crowded(to.outbox) {
		m.owe(p, LegRequest)
		return
	}
	m.send(p, LegRequest, false, 0)
}

// tell answers the sender, or updates what it was told.
func (m *Machine) tell(p *Payment, o Outcome) {
	if p.Reply == NoOutcome {
		m.reply(p, o)
		return
	}
	m.update(p)
}

// update sends the sender the decision, once, if it was told something that was
// not one, or has asked. In model B its customer's money hangs on it, so that it
// goes out whatever the profile says.
func (m *Machine) update(p *Payment) {
	deemed := p.Reply == TimeoutCredit
	if p.Reply == NoOutcome || p.Legs[LegUpdate].SentAt != 0 || !deemed && !(p.Watched && p.State.Final()) {
		return
	}
	to := m.at(p.Key.From)
	switch {
	case p.Model == ModelB, to.profile.Updates && !m.crowded(to.outbox):
		m.owe(p, LegUpdate)
	case to.profile.Updates && to.links > 0: // its outbox is full: once is better than not at all
		m.start(p, LegUpdate, 0)
	}
}

// Result is what is true of p now, for confirmations, updates and enquiries. Once
// it is decided it does not change: a repeat says the same. TimeoutCredit of a
// payment in state Deemed is final and counts as success.
func (p *Payment) Result() (Outcome, Code) {
	switch p.State {
	case Success:
		return OK, Code{}
	case Declined, DebitRevSent, FailedReversed, ReversalStuck, CollectExpired:
		return p.Outcome, p.BankCode
	case CreditUnknown, Deemed:
		if p.NoReversal {
			return OK, Code{}
		}
		return TimeoutCredit, Code{}
	}
	return Pending, Code{}
}

// takeReceipt takes the acknowledgement of an answer, a confirmation or an update.
func takeReceipt(m *Machine, p *Payment, e *Event) bool {
	leg := e.Answer.Leg
	if !p.Legs[leg].Owed() {
		return false
	}
	if e.Answer.Outcome != OK { // refused or not understood: it goes on being repeated
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
		return true
	}
	m.record(p, &e.Answer, Approved)
	m.ended(p, leg)
	return true
}
