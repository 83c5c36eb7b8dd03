package payment

import (
	"bytes"
	"time"

	"switchd/ledger"
	"switchd/switch/mutant"
	"switchd/switch/route"
)

// The time that a payer's bank which has accepted a payment allows for it, less
// what the payee's bank keeps for itself, and how wrong its clock may be (domain
// reference 2.6).
const (
	acceptWindow  = int64(15*time.Second - 5*time.Second)
	acceptSkew    = int64(2 * time.Second)
	debitFraction = 3 // of the debit's timer must be left before the total deadline
)

// request handles a new or repeated request. The checks run in this order, and the
// first that fails decides: known request, refused by the rim, duplicate, capacity,
// deadline, amount, original, payer's bank, payee, reachability. Nothing here moves money.
func (m *Machine) request(e *Event) {
	if prior := m.find(&e.Request.Key); prior != nil && !mutant.Is(mutant.SkipDuplicate) {
		m.repeated(prior, e)
		return
	}
	full := m.active >= m.config.OpenMax || m.at(e.From).asksTooMuch()
	p := m.take()
	p.begin(e)
	prior := m.twin(e)
	if prior != nil { // on the record, so that a repeat is told the same, but not by the name of the other
		m.notice(Effect{Notice: Conflict, Payment: prior, State: prior.State})
		p.Business = Business{}
	}
	m.open[p.ID], m.keys[p.Key] = p, p.ID
	if p.Business != (Business{}) {
		m.business[p.Business] = p.ID
	}
	m.revive(p)
	m.move(p, NewRequest)
	why := e.Request.Refuse
	if why == Busy {
		p.turn()
	}
	switch {
	case why != NoOutcome: // first: the rim may have told the sender so
	case prior != nil:
		why = Duplicate
	case full, m.load.Sheds(p.Type, p.Amount.Minor, m.config.BrownOut):
		why = Busy
	default:
		if why = m.admit(p, &e.Request); m.mixes(p) {
			why = RouteUnknown
		}
	}
	switch {
	case why != OK:
		m.decline(p, Refused, why)
	case p.Type == Collect:
		m.ask(p, PayerAsked, p.ExpireAt)
	case p.PayeePSP != route.Nobody:
		m.ask(p, PayeeByAddress, min(m.now+int64(m.at(p.PayeePSP).profile.Timers.Resolve), p.DeadlineD0))
	default:
		m.move(p, PayeeByAccount)
		m.pay(p)
	}
	m.rest(p)
}

// ask asks a PSP about one of the parties.
func (m *Machine) ask(p *Payment, cause Cause, until int64) {
	m.move(p, cause)
	if p.State == Resolving {
		m.try(p.PayeePSP, ClassResolve)
	}
	p.due = until
	m.start(p, LegResolve, until)
}

// twin returns a payment with the business identity of a new request that is under
// way or done. One that has failed does not stand in the way of another attempt.
func (m *Machine) twin(e *Event) *Payment {
	if e.Request.Business == (Business{}) {
		return nil
	}
	p := m.byBusiness(&e.Request.Business)
	if p == nil || p.State == Declined || p.State == FailedReversed || p.State == CollectExpired {
		return nil
	}
	return p
}

// twin says that p was declined because its business identity was another's.
func (p *Payment) twin() bool { return p.State == Declined && p.Outcome == Duplicate }

// repeated answers a request that was seen before: the same content gets the
// same answer, byte for byte (none while it is in flight); other content under a
// known reference is refused and changes nothing.
func (m *Machine) repeated(prior *Payment, e *Event) {
	if prior.Hash != e.Request.Hash {
		m.conflict(prior, e)
		return
	}
	m.notice(Effect{Notice: Repeated, Payment: prior, State: prior.State})
	if mutant.Is(mutant.AnswerAnew) {
		prior.Reply, prior.ReplyCode = prior.Result()
	}
	if prior.Reply != NoOutcome {
		m.send(prior, LegRequest, false, 0)
	}
}

// conflict refuses a request that stands in the way of another.
func (m *Machine) conflict(prior *Payment, e *Event) {
	m.notice(Effect{Notice: Conflict, Payment: prior, State: prior.State})
	m.refusal.begin(e)
	m.refusal.Reply = Duplicate
	m.send(&m.refusal, LegRequest, false, 0)
}

// admit sets the total deadline, checks what can be checked of the request alone
// and finds the parties.
func (m *Machine) admit(p *Payment, q *Request) Outcome {
	p.DeadlineD0 = m.now + int64(m.at(p.Key.From).profile.Timers.Total)
	if at := q.AcceptedAt; at != 0 {
		if at > m.now+acceptSkew {
			return Format // a clock that far ahead would stretch every deadline
		}
		p.DeadlineD0 = min(p.DeadlineD0, at+acceptWindow+acceptSkew)
	}
	switch {
	case !m.at(p.Key.From).profile.Listed(): // its last links are on their way down
		return NotMember
	case m.barred(p.Key.From):
		return senderBarred(p.Type)
	case m.now >= p.DeadlineD0:
		return TooLate
	case p.Amount.Minor <= 0 || !m.accepts(p.Amount.Currency):
		return AmountInvalid
	case m.aboveLimit(p):
		return LimitAmount
	case p.Type == Refund:
		return m.admitRefund(p, &q.Original)
	case p.Type == Collect:
		return m.admitCollect(p)
	}
	return m.locate(p)
}

// locate finds who serves payer and payee, and whether they can be reached now.
func (m *Machine) locate(p *Payment) Outcome {
	bank, ok := m.bankOf(&p.Text, payerSide, p.AccountTypes, p.Key.From)
	if !ok || p.Model == ModelB && bank != p.Key.From { // only the payer's bank itself can have taken the money
		return RouteUnknown
	}
	if p.PayerBank = bank; bank != p.Key.From && m.at(p.Key.From).profile.NotPSP {
		return TypeNotPermitted
	}
	next := Outcome(OK)
	if p.Text.Has(PayeeVPA) {
		psp, ok := m.routes.VPA(p.Text.Get(PayeeVPA))
		if !ok {
			return AddressUnknown
		}
		p.PayeePSP = psp
		switch {
		case !m.takes(psp):
			next = PayeeOffline
		case m.blocked(psp, ClassResolve):
			next = UnhealthyPayee
		case m.full(psp, ClassResolve):
			next = BankThrottledPSP
		}
	} else if p.PayeeBank, ok = m.bankOf(&p.Text, payeeSide, p.AccountTypes, route.Nobody); !ok {
		return RouteUnknown
	}
	if p.Model == ModelA {
		if why := m.mayDebit(p); why != OK {
			return why
		}
	}
	return next
}

// mayDebit says whether the payer's bank can be asked now.
func (m *Machine) mayDebit(p *Payment) Outcome {
	switch {
	case !m.takes(p.PayerBank):
		return PayerOffline
	case m.blocked(p.PayerBank, ClassDebit):
		return UnhealthyPayer
	case m.full(p.PayerBank, ClassDebit):
		return BankThrottledPayer
	}
	return OK
}

// mayCredit says whether the payee's bank can be asked now. What it would not
// answer is not debited first.
func (m *Machine) mayCredit(p *Payment) Outcome {
	switch {
	case !m.takes(p.PayeeBank):
		return PayeeOffline
	case m.blocked(p.PayeeBank, ClassCredit):
		return UnhealthyPayee
	case m.full(p.PayeeBank, ClassCredit):
		return BankThrottledPayee
	case m.at(p.PayeeBank).profile.Posting == PostOnConfirm && m.crowded(m.at(p.PayeeBank).outbox):
		return UnhealthyPayee // it takes payments and acknowledges no confirmation
	}
	return OK
}

// pay begins to move the money of a payment whose accounts are both known: the
// last checks, then the reservation, then the first message. In model B that is
// the credit: the payer's bank has the money already.
func (m *Machine) pay(p *Payment) {
	why := m.mayPay(p)
	if why == OK {
		why = m.withinLimits(p)
	}
	if why == OK {
		switch m.reserve(p) {
		case ledger.OK:
			m.countLimits(p)
		case ledger.OverCap:
			why = NetDebitCap
		default:
			why = AmountInvalid
		}
	}
	if why != OK {
		m.decline(p, Refused, why)
		return
	}
	m.at(p.PayerBank).dirty = true
	m.warn(p.PayerBank, p.Amount.Currency)
	m.try(p.PayeeBank, ClassCredit)
	if p.Model == ModelB {
		m.sendCredit(p)
		return
	}
	m.move(p, Go)
	m.try(p.PayerBank, ClassDebit)
	p.due = m.now + int64(m.at(p.PayerBank).profile.Timers.Debit)
	m.start(p, LegDebit, p.due)
	if mutant.Is(mutant.ForgetTimer) {
		p.due = 0
	}
	if mutant.Is(mutant.CreditFirst) {
		m.start(p, LegCredit, 0)
	}
}

// mayPay refuses what could not be finished: a debit must leave time to be
// answered before the total deadline, after which no credit starts.
func (m *Machine) mayPay(p *Payment) Outcome {
	left := p.DeadlineD0 - m.now
	need := int64(0)
	if p.Model == ModelA {
		need = int64(m.at(p.PayerBank).profile.Timers.Debit) / debitFraction
	}
	switch {
	case m.mixes(p):
		return RouteUnknown
	case left <= 0 || left < need:
		return TooLate
	case p.PayerBank == p.PayeeBank && bytes.Equal(p.Text.Get(PayerAccount), p.Text.Get(PayeeAccount)):
		return SameAccount
	case p.Model == ModelA && !m.at(p.PayerBank).profile.says(p.Amount.Minor), !m.at(p.PayeeBank).profile.says(p.Amount.Minor):
		return LimitScheme
	}
	if p.Model == ModelA {
		if why := m.mayDebit(p); why != OK {
			return why
		}
	}
	return m.mayCredit(p)
}

// decline ends a payment that moved no money.
func (m *Machine) decline(p *Payment, cause Cause, why Outcome) {
	p.Outcome = why
	m.move(p, cause)
	m.tell(p, why)
}

// rest leaves p for now: until its next deadline, or for good. Every event that may
// have changed a payment ends here, so that no change misses the store.
func (m *Machine) rest(p *Payment) {
	if !p.live {
		return
	}
	m.touch(p)
	if p.Open() {
		m.schedule(p)
		return
	}
	m.active--
	m.clearDeadline(p)
	p.live = false
}

// reserve sets the amount aside at the payer's bank.
func (m *Machine) reserve(p *Payment) ledger.Reason {
	if mutant.Is(mutant.SkipReserve) {
		return ledger.OK
	}
	return m.book.Reserve(p.PayerBank, p.Amount)
}
