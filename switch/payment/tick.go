package payment

import "switchd/switch/mutant"

// expiriesMax bounds what one Tick does. The rest keeps its deadline in the
// past, so that the driver logs the next Tick at once.
const expiriesMax = 512

// tick fires the deadlines that have passed, earliest first.
func (m *Machine) tick() {
	for range expiriesMax {
		if len(m.due) == 0 || m.due[0].at > m.now {
			return
		}
		m.expire(m.due[0].p)
	}
}

// expire does what the passed deadlines of p ask for. Each branch moves its
// deadline or clears it, so that a Tick always ends.
func (m *Machine) expire(p *Payment) {
	m.touch(p)
	if p.due != 0 && p.due <= m.now {
		m.stateDue(p)
	}
	for leg := range p.Legs {
		if l := &p.Legs[leg]; l.Owed() && l.Due <= m.now {
			m.legDue(p, Leg(leg))
		}
	}
	m.rest(p)
}

// stateDue does what the end of a state's time asks for.
func (m *Machine) stateDue(p *Payment) {
	switch p.State {
	case Resolving:
		m.decline(p, Timeout, TimeoutResolve)
	case AwaitAuth:
		m.decline(p, Timeout, Expired)
	case DebitSent:
		m.debitDue(p)
	case CreditSent:
		if mutant.Is(mutant.ReverseUnknown) {
			m.undo(p, Refusal, TimeoutCredit)
			return
		}
		m.creditDue(p)
	case CreditUnknown:
		m.doubtDue(p)
	case DebitRevSent: // the reversal goes on; the payer's PSP waits no longer
		p.due = 0
		m.reply(p, p.Outcome)
	default:
		panic("payment: a deadline without a meaning in state " + p.State.String())
	}
}

// creditDue takes a credit that got no clear answer in time. A bank that posts on
// confirmation may not post without it, so that the switch decides at once; any
// other may have posted.
func (m *Machine) creditDue(p *Payment) {
	if p.Posting == PostOnConfirm {
		m.reject(p)
		return
	}
	m.doubt(p, Timeout)
}

// debitDue takes a debit that was not answered in time. Only a bank that is known
// to take a repeat as one is asked again, and only while a credit could still
// follow; a new debit would be a second one.
func (m *Machine) debitDue(p *Payment) {
	bank := m.at(p.PayerBank)
	if !p.repeatable(&bank.profile) || bank.links == 0 || m.now >= p.DeadlineD0 {
		m.reverse(p, Timeout, TimeoutDebit)
		m.reply(p, TimeoutDebit)
		return
	}
	p.Legs[LegDebit].Tries++
	p.due = min(m.now+int64(bank.profile.Timers.Debit), p.DeadlineD0)
	m.sendLeg(p, LegDebit)
}
