package payment

import (
	"time"

	"switchd/switch/mutant"
)

// checkShares are when the payee's bank is asked about a credit in doubt, in
// percent of Timers.CreditUnknown: +90, +180 and +600 s by default.
var checkShares = [...]int64{15, 30, 100}

// doubt begins the wait for the truth about a credit. The payer is told "deemed";
// the payer of a merchant whose bank is its PSP is told success, and the debit is
// then never reversed.
func (m *Machine) doubt(p *Payment, cause Cause) {
	m.move(p, cause)
	p.DoubtAt = m.now
	p.NoReversal = p.Merchant && p.PayeePSP == p.PayeeBank
	if p.NoReversal {
		m.reply(p, OK)
	} else {
		m.reply(p, TimeoutCredit)
	}
	m.plan(p)
}

// doubtEnd is when the last check is due.
func (m *Machine) doubtEnd(p *Payment) int64 {
	return p.DoubtAt + int64(m.at(p.PayeeBank).profile.Timers.CreditUnknown)
}

// checkAt is when a check is due, by its share of the wait.
func (m *Machine) checkAt(p *Payment, share int64) int64 {
	return p.DoubtAt + (m.doubtEnd(p)-p.DoubtAt)/100*share
}

// plan sets the next deadline of a credit in doubt: the next check, or, when
// there is none, the end of the wait for the last answer.
func (m *Machine) plan(p *Payment) {
	profile := &m.at(p.PayeeBank).profile
	end := m.doubtEnd(p)
	p.due = max(end, m.now+int64(profile.Timers.Reversal))
	switch {
	case !profile.Checks:
		p.due = max(end, m.now)
	case p.Legs[LegFence].SentAt != 0: // its answer decides
	default:
		for _, share := range checkShares {
			if at := m.checkAt(p, share); at > m.now {
				p.due = at
				break
			}
		}
	}
	m.schedule(p)
}

// doubtDue makes the check that is due, or deems the credit done when all that
// could be asked was asked. A configuration may have made the wait longer, or
// shorter, or taken the checks away: then nothing is deemed before its time, and
// not without the last check.
func (m *Machine) doubtDue(p *Payment) {
	last := m.checkAt(p, checkShares[len(checkShares)-1])
	switch {
	case p.Legs[LegFence].SentAt != 0:
		m.deem(p, Timeout)
	case !m.at(p.PayeeBank).profile.Checks:
		if m.now >= last {
			m.deem(p, Timeout)
			return
		}
		m.plan(p)
	case p.Legs[LegStatus].SentAt >= last:
		m.deem(p, Timeout)
	default:
		m.check(p)
		m.plan(p)
	}
}

// check asks the payee's bank what became of the credit. Each check is a message
// of its own.
func (m *Machine) check(p *Payment) {
	m.unanswered(p, LegStatus)
	m.renumber(p, LegStatus)
	if m.up(p.PayeeBank) && !m.blocked(p.PayeeBank, ClassCheck) {
		m.sendLeg(p, LegStatus)
	}
}

// renumber begins the next message of a leg that has several.
func (m *Machine) renumber(p *Payment, leg Leg) {
	was := p.Legs[leg]
	m.ended(p, leg)
	m.unfollowLeg(p, leg)
	m.number(p, leg)
	if was.SentAt != 0 {
		p.Legs[leg].Tries = was.Tries + 1
	}
	m.touch(p)
}

// checkOnReturn has a check made as soon as the payee's bank is back: a restart
// has made the doubt, not the bank.
func (m *Machine) checkOnReturn(p *Payment) {
	if !m.at(p.PayeeBank).profile.Checks {
		return
	}
	m.renumber(p, LegStatus)
	m.mark(p, LegStatus)
	p.Legs[LegStatus].Due = m.now + m.patience(p, LegStatus)
	m.schedule(p)
}

// takeStatus takes the answer to a check. "Done" settles. "Not found" and "not
// done" are not enough to give the money back, unless the bank guarantees that it
// will not post later: the credit may still be on its way. A fence makes sure.
func takeStatus(m *Machine, p *Payment, e *Event) bool {
	a := &e.Answer
	if p.State != CreditUnknown || p.fenced() {
		return false // with a fence under way only its answer counts
	}
	profile := &m.at(p.PayeeBank).profile
	cause := verdict(p, a, profile.AmbiguousCredit)
	m.record(p, a, cause)
	if a.Outcome == OK && p.otherAmount(a) {
		m.exception(p, AmountDiffers)
	}
	switch {
	case cause == Approved:
		m.succeed(p, Approved)
	case cause == Ambiguous || !aboutCredit(a.Outcome):
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	case p.NoReversal && a.Outcome != OriginalNotFound:
		m.deem(p, Bound)
	case p.NoReversal: // whatever a fence would say, the payment stands
		m.notice(Effect{Notice: Late, Payment: p, State: p.State})
	case profile.Binding && a.Outcome != OriginalNotFound, mutant.Is(mutant.NotFoundProves):
		p.BankCode = a.Code
		m.undo(p, Refusal, a.Outcome)
	default:
		p.BankCode = a.Code
		m.fence(p)
	}
	return true
}

// aboutCredit says that a "no" to a check is about the credit. The rest is about
// the enquiry itself, and proves nothing.
func aboutCredit(o Outcome) bool {
	switch o {
	case Format, FunctionUnsupported, Busy, Closing, RouteUnknown, NotMember, PayerOffline, PayeeOffline, ErrBank, ErrBankPayee,
		ErrSwitch, TimeoutResolve, TimeoutDebit, TimeoutCredit, TimeoutAuth, ReversalTimeoutDebit, ReversalTimeoutCredit, ReversalFailed,
		LateResponse, Cutoff, CryptoMAC, PINBlock, Signature, HSMDown, BankThrottledPayer, BankThrottledPayee, BankThrottledPSP,
		UnhealthyPayer, UnhealthyPayee, LimitCount, CreditStands:
		return false
	}
	return true
}

// deem decides that an unconfirmed credit settles as success, and tells the
// payee's bank so until it answers.
func (m *Machine) deem(p *Payment, cause Cause) {
	m.settle(p, cause, TimeoutCredit)
	if !mutant.Is(mutant.DeemSilently) {
		m.owe(p, LegAdvice)
	}
	m.tell(p, TimeoutCredit)
}

// settle makes a payment count in the ledger.
func (m *Machine) settle(p *Payment, cause Cause, o Outcome) {
	m.book.Post(p.PayerBank, p.PayeeBank, p.Amount)
	m.book.Warn(p.PayeeBank, p.Amount.Currency) // its use has fallen
	m.at(p.PayerBank).dirty, m.at(p.PayeeBank).dirty = true, true
	p.Outcome = o
	m.move(p, cause)
}

// succeed settles a credit that the payee's bank has confirmed.
func (m *Machine) succeed(p *Payment, cause Cause) {
	p.BankCode = Code{}
	m.settle(p, cause, OK)
	m.tell(p, OK)
	m.confirm(p)
}

// millisSince is the whole milliseconds from a time to now, 1 at least.
func (m *Machine) millisSince(at int64) uint32 {
	return uint32(min(max((m.now-at)/int64(time.Millisecond), 1), 1<<32-1))
}
