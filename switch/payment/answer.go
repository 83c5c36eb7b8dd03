package payment

import "switchd/switch/mutant"

// takes are what an answer to each leg does. False: it came too late to do
// anything. Only open payments are changed: what happens to a finished one must not
// depend on whether it is still in memory.
var takes = [legCount]func(m *Machine, p *Payment, e *Event) bool{
	LegRequest:  takeReceipt,
	LegResolve:  takeResolution,
	LegDebit:    takeDebit,
	LegCredit:   takeCredit,
	LegReversal: takeReversal,
	LegAdvice:   takeAdvice,
	LegStatus:   takeStatus,
	LegFence:    takeFence,
	LegConfirm:  takeReceipt,
	LegUpdate:   takeReceipt,
	LegEnquiry:  takeNothing,
}

func takeNothing(*Machine, *Payment, *Event) bool { return false }

// answer takes a participant's answer to the leg it belongs to. An answer may
// come on any link of that participant; it belongs to a leg only if it echoes
// what the leg carried.
func (m *Machine) answer(e *Event) {
	a := &e.Answer
	if a.Payment == 0 && !m.findByTrace(e) {
		m.notice(Effect{Notice: Late})
		return
	}
	p := m.byID(a.Payment)
	matches := p != nil && m.echoes(p, e)
	if matches && p.live {
		m.heard(p, a)
	}
	switch {
	case p == nil:
		m.notice(Effect{Notice: Late})
	case !matches:
		m.notice(Effect{Notice: Unmatched, Payment: p, State: p.State})
	case !p.live || !takes[a.Leg](m, p, e):
		m.late(p, a)
	}
	if p != nil {
		m.rest(p)
	}
}

// findByTrace names the leg of an answer that carries no reference, in the event
// (after it was journalled: a replay finds it again). It reports false when no
// leg bears its numbers.
func (m *Machine) findByTrace(e *Event) bool {
	a := &e.Answer
	found, ok := m.findTraced(trace{e.From, a.STAN, a.Transmitted})
	if !ok || kin[found.leg] != a.Leg && found.leg != a.Leg {
		return false
	}
	a.Payment, a.Leg = found.id, found.leg
	return true
}

// kin is what a message type alone says of an answer: the numbers tell which of
// the legs with that type it is. LegRequest stands for a debit or a credit.
var kin = [legCount]Leg{
	LegResolve: LegResolve, LegStatus: LegResolve, LegReversal: LegReversal, LegFence: LegReversal,
	LegAdvice: LegAdvice, LegConfirm: LegAdvice, LegUpdate: LegAdvice, LegEnquiry: LegEnquiry,
}

// echoes says whether the answer echoes what its leg carried, and comes from the
// participant that was asked.
func (m *Machine) echoes(p *Payment, e *Event) bool {
	a, leg := &e.Answer, &p.Legs[e.Answer.Leg]
	match := m.matchOf(e.From)
	return leg.SentAt != 0 && p.Target(a.Leg) == e.From &&
		(!match.STAN || leg.STAN == a.STAN) && (!match.Transmitted || leg.Transmitted == a.Transmitted)
}

// verdict sorts an answer into yes, no and "proves nothing". An approval of
// another amount proves nothing: what was posted is not what was asked. Nor does
// "duplicate": the first may have been posted.
func verdict(p *Payment, a *Answer, ambiguous []Code) Cause {
	switch {
	case a.Outcome == Unreadable || a.Outcome == Pending || a.Outcome == Duplicate || contains(ambiguous, a.Code):
		if mutant.Is(mutant.AmbiguousIsNo) {
			return Refusal
		}
		return Ambiguous
	case a.Outcome != OK:
		return Refusal
	case a.Minor != p.Amount.Minor && a.Minor != AmountNotStated && !mutant.Is(mutant.SkipAmount):
		return Ambiguous
	}
	return Approved
}

// takeResolution takes what a PSP says about one of the parties.
func takeResolution(m *Machine, p *Payment, e *Event) bool {
	if mutant.Is(mutant.PayTwice) && p.Type == Collect && p.State == DebitSent {
		m.start(p, LegDebit, p.due)
	}
	switch {
	case p.State != Resolving && p.State != AwaitAuth:
		return false
	case e.Answer.Outcome == Pending: // it will say more, or not in time
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	case p.State == AwaitAuth:
		m.record(p, &e.Answer, Approved)
		m.authorised(p, e)
	default:
		m.record(p, &e.Answer, Approved)
		m.resolved(p, e)
	}
	return true
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
	bank, ok := m.bankOf(&e.Text, payeeSide, p.AccountTypes, p.PayeePSP)
	if !ok {
		m.decline(p, Refusal, RouteUnknown)
		return
	}
	p.PayeeBank = bank
	if !m.adopt(p, e, PayeeAccount, PayeeName, PayeeIFSC) {
		return
	}
	if !p.Text.Has(PayeeAccount) {
		m.decline(p, Refusal, AccountUnknownPayee)
		return
	}
	p.BankCode = Code{}
	m.move(p, Approved)
	m.pay(p)
}

// adopt keeps what a PSP has said of a party. If there is no room, the payment is
// declined.
func (m *Machine) adopt(p *Payment, e *Event, fields ...TextField) bool {
	for _, f := range fields {
		if e.Text.Has(f) && !p.Text.Set(f, e.Text.Get(f)) {
			m.decline(p, Ambiguous, Format)
			return false
		}
	}
	return true
}

// takeDebit takes the answer of the payer's bank.
func takeDebit(m *Machine, p *Payment, e *Event) bool {
	a := &e.Answer
	cause := m.verdictOf(p, a)
	if p.State == DebitRevSent && cause == Refusal && p.Legs[LegReversal].owed&isSent == 0 && p.Legs[LegDebit].Answer != OK {
		m.record(p, a, cause) // it was never debited, and nobody was told to reverse it
		m.release(p)
		m.move(p, NeverDebited)
		m.tell(p, p.Outcome)
		return true
	}
	if mutant.Is(mutant.AcceptLate) && p.State == DebitRevSent && cause == Approved {
		p.State = DebitSent
	}
	if p.State != DebitSent {
		return false
	}
	m.record(p, a, cause)
	p.BankCode = a.Code
	switch cause {
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
	return true
}

// credit sends the credit of a payment whose debit is durable (I3).
func (m *Machine) credit(p *Payment) {
	p.BankCode = Code{}
	switch {
	case m.now >= p.DeadlineD0:
		m.reverse(p, Refused, TooLate)
	case !m.up(p.PayeeBank):
		m.reverse(p, Refused, PayeeOffline)
	case m.at(p.PayeeBank).breakers[ClassCredit].state == BreakerOpen && m.blocked(p.PayeeBank, ClassCredit):
		m.reverse(p, Refused, UnhealthyPayee) // it has opened since: nothing was credited, so nothing is in doubt
	default:
		m.sendCredit(p)
	}
}

func (m *Machine) sendCredit(p *Payment) {
	profile := &m.at(p.PayeeBank).profile
	p.Posting = profile.Posting
	m.move(p, Go)
	p.due = m.now + int64(profile.Timers.Credit)
	m.start(p, LegCredit, p.due)
}

// takeCredit takes the answer of the payee's bank, in time or late. A clear no is
// binding on that bank, so that the debit may be reversed (I4), unless the payer
// was told success already.
func takeCredit(m *Machine, p *Payment, e *Event) bool {
	a := &e.Answer
	cause := m.verdictOf(p, a)
	if p.State != CreditSent && p.State != CreditUnknown {
		return p.State == Deemed && cause == Approved && m.confirmDeemed(p, a)
	}
	m.record(p, a, cause)
	if a.Outcome == OK && p.otherAmount(a) {
		m.exception(p, AmountDiffers)
	}
	switch {
	case cause == Approved && p.fenced():
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	case cause == Approved:
		m.succeed(p, cause)
	case cause == Refusal && p.NoReversal:
		m.deem(p, Bound)
	case cause == Refusal:
		p.BankCode = a.Code
		m.undo(p, cause, a.Outcome)
	case p.State == CreditSent && p.Posting == PostImmediate:
		p.BankCode = a.Code
		m.doubt(p, cause)
	default: // an answer that proves nothing changes no doubt; on confirmation the timer decides
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	}
	return true
}

// confirmDeemed takes a yes to a credit that was deemed meanwhile: the advice is
// needless, unless a fence may still undo what the bank has posted.
func (m *Machine) confirmDeemed(p *Payment, a *Answer) bool {
	if !p.Legs[LegAdvice].Owed() || p.fenced() {
		return false
	}
	m.record(p, a, Approved)
	p.Confirmed = true
	m.ended(p, LegAdvice)
	m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	return true
}

// release gives the payer's reservation back.
func (m *Machine) release(p *Payment) {
	m.book.Void(p.PayerBank, p.Amount)
	m.book.Warn(p.PayerBank, p.Amount.Currency) // its use has fallen
	m.at(p.PayerBank).dirty = true
}
