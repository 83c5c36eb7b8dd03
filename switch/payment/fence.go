package payment

// A fence is the reversal of a credit that the payee's bank does not know, or says
// not to have done. A bank that honours it refuses the credit if it comes after
// all; that is what allows the debit to be reversed (I4). Once a fence may have
// left, only its answer decides: a late "posted" may have been overtaken by it.
// If the bank never answers, the credit is deemed and the advice overrules the
// fence: it is the last word, and a fence that comes after it is refused.

func (m *Machine) fence(p *Payment) {
	if p.Legs[LegFence].SentAt != 0 { // it waits for its bank
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
		return
	}
	m.owe(p, LegFence)
	m.plan(p)
}

// fenced says that a fence may have reached the payee's bank.
func (p *Payment) fenced() bool { return p.Legs[LegFence].owed&isSent != 0 }

// takeFence takes the answer to a fence.
func takeFence(m *Machine, p *Payment, e *Event) bool {
	a := &e.Answer
	if p.State != CreditUnknown || !p.fenced() {
		return false
	}
	switch {
	case undecided(a):
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	case a.Outcome == CreditStands:
		m.record(p, a, Approved)
		m.succeed(p, Approved)
	case undoes(a.Outcome) && !p.otherAmount(a):
		m.record(p, a, Approved)
		m.undo(p, Fenced, TimeoutRejected)
	case undoes(a.Outcome): // it has taken back something else
		m.exception(p, AmountDiffers)
		m.record(p, a, Refusal)
		m.deem(p, FenceFailed)
	default:
		m.record(p, a, Refusal)
		m.deem(p, FenceFailed)
	}
	return true
}
