package payment

// expiriesMax bounds what one Tick does. The rest keeps its deadline in the
// past, so that the driver logs the next Tick at once.
const expiriesMax = 512

// tick fires the deadlines that have passed, earliest first.
func (m *Machine) tick() {
	for range expiriesMax {
		if len(m.due) == 0 || m.due[0].deadline > m.now {
			return
		}
		m.expire(m.due[0])
	}
}

// expire does what the passed deadline of p's state asks for. Each branch moves
// the deadline or clears it, so that a Tick always ends.
func (m *Machine) expire(p *Payment) {
	switch {
	case p.Repairing:
		m.repairDue(p)
	case p.State == Resolving:
		m.decline(p, Timeout, TimeoutResolve)
	case p.State == DebitSent:
		m.reverse(p, Timeout, TimeoutDebit)
		m.reply(p, TimeoutDebit)
	case p.State == CreditSent:
		m.doubt(p, Timeout)
	case p.State == CreditUnknown:
		m.deem(p)
	default:
		panic("payment: a deadline without a meaning in state " + p.State.String())
	}
}
