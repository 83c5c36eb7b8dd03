package payment

import (
	"switchd/switch/mutant"
	"switchd/switch/route"
)

// A drained participant takes part in no payment whose money has not begun to move:
// what it would send, or be asked for, is declined as if it had no links. What has
// begun goes on to its end: credits of what is debited, reversals, advices, checks,
// confirmations, answers and their repeats. It stays so, whatever starts or reloads
// come, until an operator has it resume.

// drain carries out Drain and Resume.
func (m *Machine) drain(c *Command) bool {
	to := c.Kind == Drain
	if int(c.Participant) >= len(m.participants) || m.at(c.Participant).drained == to {
		return false
	}
	m.at(c.Participant).drained, m.at(c.Participant).dirty = to, true
	m.notice(Effect{Notice: Commanded, To: c.Participant})
	return true
}

// Drained says that a participant takes part in no new payment.
func (m *Machine) Drained(n route.Participant) bool {
	return int(n) < len(m.participants) && m.at(n).drained
}

// takes says that something new can be begun with a participant.
func (m *Machine) takes(n route.Participant) bool { return m.up(n) && !m.barred(n) }

// barred is Drained, where it has an effect.
func (m *Machine) barred(n route.Participant) bool {
	return m.at(n).drained && !mutant.Is(mutant.IgnoreDrain)
}

// senderBarred is what a payment of a drained sender is declined with: its own side is
// not there.
func senderBarred(t Type) Outcome {
	if t == Collect {
		return PayeeOffline
	}
	return PayerOffline
}
