package payment

import (
	"bytes"

	"switchd/switch/mutant"
)

// admitRefund checks a refund against the payment that it gives back, and takes
// its parties from there. The sum of the refunds that have not failed never
// exceeds the original.
func (m *Machine) admitRefund(p *Payment, ref *Reference) Outcome {
	o := m.lookup(ref)
	switch {
	case o == nil || o.PayeeBank != p.Key.From && o.PayeePSP != p.Key.From: // nobody learns of others' payments
		return OriginalNotFound
	case o.Type == Refund:
		return TypeNotPermitted
	case !o.State.settled() || o.Returned:
		return NotDone
	case o.Amount.Currency != p.Amount.Currency:
		return AmountInvalid
	case p.Amount.Minor <= 0 || p.Amount.Minor > o.Amount.Minor-o.Refunded && !mutant.Is(mutant.RefundOver):
		return AmountMismatch
	}
	if p.Model == ModelB && o.PayeeBank != p.Key.From {
		return RouteUnknown // only the bank that holds the money can have taken it already
	}
	if why := p.turnAround(o); why != OK {
		return why
	}
	o = m.recall(o.ID)
	o.Refunded += p.Amount.Minor
	p.Original = o.ID
	return OK
}

// turnAround gives a refund the parties of its original the other way round.
func (p *Payment) turnAround(o *Payment) Outcome {
	if to := p.Text.Get(PayeeAccount); len(to) > 0 && !bytes.Equal(to, o.Text.Get(PayerAccount)) {
		return AccountUnknownPayee // a refund goes where the money came from
	}
	for _, f := range [...]struct{ to, from TextField }{
		{PayeeAccount, PayerAccount}, {PayeeIFSC, PayerIFSC}, {PayerAccount, PayeeAccount}, {PayerIFSC, PayeeIFSC},
		{PayeeVPA, PayerVPA}, {PayerVPA, PayeeVPA}, {PayeeName, PayerName}, {PayerName, PayeeName},
	} {
		if v := o.Text.Get(f.from); len(v) > 0 && !p.Text.Has(f.to) && !p.Text.Set(f.to, v) {
			return Format
		}
	}
	p.PayerBank, p.PayeeBank = o.PayeeBank, o.PayerBank
	return OK
}

// giveBack lets the amount of a refund that has failed be refunded again.
func (m *Machine) giveBack(p *Payment) {
	if o := m.recall(p.Original); o != nil {
		o.Refunded -= p.Amount.Minor
	}
}

// lookup finds the payment behind a reference, in memory or in the store, to be
// read only; nil: there is none. It is valid until the next look-up. A request that
// was declined as a duplicate leads to the one that it duplicates. A request
// that is not known by its key may be by what it was about: who lost its own
// message's id must not hear that the payment was never received.
func (m *Machine) lookup(ref *Reference) *Payment {
	if ref.Payment != 0 {
		return m.byID(ref.Payment)
	}
	if ref.Key != (RequestKey{}) {
		if p := m.find(&ref.Key); p != nil && (ref.Business == Business{} || !p.twin()) {
			return p
		}
	}
	if ref.Business != (Business{}) {
		return m.byBusiness(&ref.Business)
	}
	return nil
}

func (m *Machine) byID(id ID) *Payment {
	if p := m.open[id]; p != nil {
		return m.present(p)
	}
	row, ok := m.store.FindPayment(id, m.row[:0])
	m.row = row[:0]
	return m.readStored(row, ok)
}

// Look shows f a payment by its number, from memory or from the store; false:
// there is none. f reads and keeps nothing of it.
func (m *Machine) Look(id ID, f func(*Payment)) bool {
	p := m.byID(id)
	if p != nil {
		f(p)
	}
	return p != nil
}

func (m *Machine) byBusiness(business *Business) *Payment {
	id, ok := m.business[*business]
	if !ok {
		if id, ok = m.store.FindBusiness(business); !ok {
			return nil
		}
	}
	return m.byID(id)
}

// find returns the payment that a request key has already made, from memory or
// from the store; nil when the key is new.
func (m *Machine) find(key *RequestKey) *Payment {
	if id, ok := m.keys[*key]; ok {
		return m.present(m.open[id])
	}
	row, ok := m.store.FindRequest(key, m.row[:0])
	m.row = row[:0]
	return m.readStored(row, ok)
}

// readStored reads what the store has found, if it has, into the one place for it.
func (m *Machine) readStored(row []byte, found bool) *Payment {
	if !found {
		return nil
	}
	m.read(row, &m.stored)
	if m.forgotten(&m.stored) {
		return nil
	}
	return &m.stored
}

func (m *Machine) read(row []byte, p *Payment) {
	if err := p.decode(row); err != nil {
		panic("payment: state store returned a damaged row: " + err.Error())
	}
}

// recall brings a finished payment back into memory to be changed: the next Flush
// writes it and lets it go again. nil: there is none.
func (m *Machine) recall(id ID) *Payment {
	p := m.open[id]
	if p != nil && m.present(p) == nil {
		return nil
	}
	if p == nil {
		row, ok := m.store.FindPayment(id, m.row[:0])
		m.row = row[:0]
		if !ok {
			return nil
		}
		p = m.take()
		if m.read(row, p); m.forgotten(p) {
			m.free = append(m.free, p)
			return nil
		}
		p.recalled = true
		m.open[p.ID], m.keys[p.Key] = p, p.ID
	}
	m.touch(p)
	return p
}
