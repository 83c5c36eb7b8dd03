package payment

import (
	"time"

	"switchd/switch/mutant"
)

const (
	collectDefault = 30 * time.Minute
	collectMax     = 64_800 * time.Minute
)

// admitCollect checks a collect: the payee's PSP asks for money that the payer has
// yet to approve at its own PSP.
func (m *Machine) admitCollect(p *Payment) Outcome {
	if p.ExpireAt == 0 {
		p.ExpireAt = m.now + int64(collectDefault)
	}
	switch {
	case p.Model != ModelA:
		return FunctionUnsupported
	case m.at(p.Key.From).profile.NotPSP:
		return TypeNotPermitted
	case p.ExpireAt <= m.now:
		return Expired
	case p.ExpireAt > m.now+int64(collectMax):
		return Format
	case !p.Text.Has(PayeeAccount):
		return AccountUnknownPayee
	case !p.Text.Has(PayerVPA):
		return AddressUnknown
	}
	bank, ok := m.bankOf(&p.Text, payeeSide, p.AccountTypes, p.Key.From)
	if !ok {
		return RouteUnknown
	}
	p.PayeeBank = bank
	psp, ok := m.routes.VPA(p.Text.Get(PayerVPA))
	if !ok {
		return AddressUnknown
	}
	p.PayerPSP = psp
	p.DeadlineD0 = p.ExpireAt
	if m.crowded(m.at(p.Key.From).collects) {
		p.turn()
		return Busy
	}
	if !m.takes(psp) {
		return PayerOffline
	}
	return OK
}

// countCollect keeps count of a PSP's collects that wait for approval. That may take
// weeks: without a bound they would crowd out all payments.
func (m *Machine) countCollect(p *Payment, from, to State) {
	if from == AwaitAuth {
		m.at(p.Key.From).collects--
	}
	if to == AwaitAuth {
		m.at(p.Key.From).collects++
	}
}

// authorised takes what the payer's PSP says about a collect. No money has moved:
// what is not a yes in time, to this amount, declines.
func (m *Machine) authorised(p *Payment, e *Event) {
	a := &e.Answer
	switch {
	case m.now >= p.ExpireAt:
		m.decline(p, Timeout, Expired)
		return
	case a.Outcome == Unreadable:
		p.BankCode = a.Code
		m.decline(p, Ambiguous, PayerOffline)
		return
	case a.Outcome != OK && !mutant.Is(mutant.PayUnapproved):
		p.BankCode = a.Code
		m.decline(p, Refusal, a.Outcome)
		return
	case a.Minor != p.Amount.Minor && a.Minor != AmountNotStated:
		m.decline(p, Refusal, AmountMismatch)
		return
	}
	bank, ok := m.bankOf(&e.Text, payerSide, p.AccountTypes, p.PayerPSP)
	if !ok {
		m.decline(p, Refusal, RouteUnknown)
		return
	}
	p.PayerBank = bank
	if !m.adopt(p, e, PayerAccount, PayerName, PayerIFSC) {
		return
	}
	if !p.Text.Has(PayerAccount) {
		m.decline(p, Refusal, AccountUnknownPayer)
		return
	}
	p.DeadlineD0 = m.now + int64(m.at(p.Key.From).profile.Timers.Total)
	m.move(p, Approved)
	m.pay(p)
}
