package payment

import (
	"bytes"

	"switchd/ledger"
	"switchd/switch/route"
)

// request handles a new or repeated push request. The checks run in this order,
// and the first that fails decides: duplicate, refused by the rim, capacity, amount, payer's bank,
// payee, reachability. Nothing here moves money.
func (m *Machine) request(e *Event) {
	if prior := m.find(&e.Request.Key); prior != nil {
		m.repeated(prior, e)
		return
	}
	full := m.active >= m.config.OpenMax
	p := m.take()
	p.begin(e)
	m.open[p.ID], m.keys[p.Key] = p, p.ID
	m.active++
	p.DeadlineD0 = e.At + int64(m.at(e.From).profile.Timers.Total)
	m.touch(p)
	m.move(p, NewRequest)

	why := e.Request.Refuse
	switch {
	case why != NoOutcome:
	case full:
		why = Busy
	default:
		why = m.locate(p)
	}
	if why != OK {
		m.decline(p, Refused, why)
		return
	}
	if p.PayeePSP == route.Nobody {
		m.move(p, PayeeByAccount)
		m.debit(p)
		return
	}
	m.move(p, PayeeByAddress)
	until := min(e.At+int64(m.at(p.PayeePSP).profile.Timers.Resolve), p.DeadlineD0)
	m.setDeadline(p, until)
	m.start(p, LegResolve, until)
}

// find returns the payment that a request key has already made, from memory or
// from the store; nil when the key is new.
func (m *Machine) find(key *RequestKey) *Payment {
	if id, ok := m.keys[*key]; ok {
		return m.open[id]
	}
	row, ok := m.store.FindRequest(key, m.row[:0])
	m.row = row[:0]
	if !ok {
		return nil
	}
	if err := m.stored.decode(row); err != nil {
		panic("payment: state store returned a damaged row: " + err.Error())
	}
	return &m.stored
}

// repeated answers a request that was seen before: the same content gets the
// same answer, byte for byte (none while it is in flight); other content under a
// known reference is refused and changes nothing.
func (m *Machine) repeated(prior *Payment, e *Event) {
	if prior.Hash != e.Request.Hash {
		m.notice(Effect{Notice: Conflict, Payment: prior, State: prior.State})
		m.refusal.begin(e)
		m.refusal.Reply = Duplicate
		m.send(&m.refusal, LegRequest, false, 0)
		return
	}
	m.notice(Effect{Notice: Repeated, Payment: prior, State: prior.State})
	if prior.Reply != NoOutcome {
		m.send(prior, LegRequest, false, 0)
	}
}

// locate finds who serves payer and payee, and whether they can be reached now.
func (m *Machine) locate(p *Payment) Outcome {
	if p.Amount.Minor <= 0 || p.Amount.Currency != m.config.Currency {
		return AmountInvalid
	}
	p.PayerBank = p.Key.From
	if p.Text.Has(PayerIFSC) {
		bank, ok := m.routes.IFSC(p.Text.Get(PayerIFSC))
		if !ok {
			return RouteUnknown
		}
		p.PayerBank = bank
	}
	next := Outcome(OK)
	if p.Text.Has(PayeeVPA) {
		psp, ok := m.routes.VPA(p.Text.Get(PayeeVPA))
		if !ok {
			return AddressUnknown
		}
		p.PayeePSP = psp
		if !m.up(psp) {
			next = PayeeOffline
		}
	} else {
		bank, ok := m.routes.IFSC(p.Text.Get(PayeeIFSC))
		if !ok {
			return RouteUnknown
		}
		p.PayeeBank = bank
	}
	if !m.up(p.PayerBank) {
		return PayerOffline
	}
	return next
}

// debit sends the debit of a payment whose accounts are both known: the last
// checks, then the reservation, then the message. From here on money may move.
func (m *Machine) debit(p *Payment) {
	why := m.mayDebit(p)
	if why == OK {
		switch m.book.Reserve(p.PayerBank, p.Amount.Minor) {
		case ledger.OK:
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
	m.move(p, Go)
	until := m.now + int64(m.at(p.PayerBank).profile.Timers.Debit)
	m.setDeadline(p, until)
	m.start(p, LegDebit, until)
}

func (m *Machine) mayDebit(p *Payment) Outcome {
	switch {
	case m.now >= p.DeadlineD0:
		return TooLate
	case p.PayerBank == p.PayeeBank && bytes.Equal(p.Text.Get(PayerAccount), p.Text.Get(PayeeAccount)):
		return SameAccount
	case !m.up(p.PayerBank):
		return PayerOffline
	case !m.up(p.PayeeBank):
		return PayeeOffline
	}
	return OK
}

// decline ends a payment that moved no money.
func (m *Machine) decline(p *Payment, cause Cause, why Outcome) {
	p.Outcome = why
	m.move(p, cause)
	m.reply(p, why)
	m.close(p)
}

// close ends the machine's work on p; the next Flush takes it out of memory.
func (m *Machine) close(p *Payment) {
	m.active--
	m.unfollow(p)
	m.clearDeadline(p)
	p.Repairing = false
	m.touch(p)
}
