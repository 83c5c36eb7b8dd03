package crash

import (
	"switchd/switch/payment"
)

// message is what has left the switch: acknowledged, from then on.
type message struct {
	step                int // when
	leg                 payment.Leg
	to                  int
	repeat              bool
	id                  payment.ID
	key                 payment.RequestKey
	stan, transmitted   uint32
	sentAt              int64
	payer, payee, minor int64
	state               payment.State
	outcome             payment.Outcome
	code                payment.Code
}

// messageOf copies what the outside needs of an effect.
func messageOf(ef *payment.Effect) message {
	p := ef.Payment
	l := &p.Legs[ef.Leg]
	return message{
		leg: ef.Leg, to: int(ef.To), repeat: ef.Repeat, id: p.ID, key: p.Key, stan: l.STAN, transmitted: l.Transmitted, sentAt: l.SentAt,
		payer: int64(p.PayerBank), payee: int64(p.PayeeBank), minor: p.Amount.Minor, state: ef.State, outcome: ef.Outcome, code: ef.Code,
	}
}

// entry is what a bank has of one leg.
type entry struct {
	at       int // participant
	minor    int64
	code     string // what the original was answered with
	posted   bool   // the money is in the account, or out of it
	closed   bool   // undone or barred: the original is refused from now on
	advised  bool   // the last word: it stays posted
	original bool   // it has come
}

type entryKey struct {
	id     payment.ID
	credit bool
}

// book is what the banks have done. A leg is applied once, whatever comes again; a
// reversal or a fence before its original is kept and honoured.
type book struct {
	entries map[entryKey]*entry
	net     [participants]int64
}

func newBook() *book { return &book{entries: map[entryKey]*entry{}} }

// at is the entry of a leg, new if there is none.
func (b *book) at(m *message, credit bool) (e *entry, known bool) {
	k := entryKey{m.id, credit}
	if e, known = b.entries[k]; !known {
		e = &entry{at: m.to, minor: m.minor}
		b.entries[k] = e
	}
	return e, known
}

// set moves the money of an entry in or out.
func (b *book) set(e *entry, credit, posted bool) {
	minor := e.minor
	if !credit {
		minor = -minor
	}
	if e.posted != posted {
		if !posted {
			minor = -minor
		}
		b.net[e.at] += minor
	}
	e.posted = posted
}

// original takes a debit or a credit.
func (b *book) original(m *message, credit, refuse bool) string {
	e, known := b.at(m, credit)
	switch {
	case e.original:
		return e.code
	case known: // undone before it came
		e.original, e.code = true, "94"
	case refuse:
		e.original, e.code = true, "51"
	default:
		e.original, e.code = true, "00"
		b.set(e, credit, !credit || m.to != int(confirmed))
	}
	return e.code
}

// take does what a message asks for and returns the answer's code.
func (b *book) take(m *message, w way) string {
	switch m.leg {
	case payment.LegDebit, payment.LegCredit:
		return b.original(m, m.leg == payment.LegCredit, w == refuses)
	case payment.LegReversal:
		e, known := b.at(m, false)
		b.set(e, false, false)
		if e.closed = true; !known {
			return "25"
		}
	case payment.LegAdvice:
		e, _ := b.at(m, true)
		b.set(e, true, true)
		e.advised = true
	case payment.LegStatus:
		return b.status(m)
	case payment.LegFence:
		return b.fence(m)
	case payment.LegConfirm:
		if e, _ := b.at(m, true); m.to == int(confirmed) {
			e.closed = true
			b.set(e, true, m.outcome == payment.OK)
		}
	}
	return "00"
}

func (b *book) status(m *message) string {
	switch e := b.entries[entryKey{m.id, true}]; {
	case e == nil:
		return "25"
	case e.posted:
		return "00"
	}
	return "21"
}

// fence undoes a credit, or bars it.
func (b *book) fence(m *message) string {
	e, known := b.at(m, true)
	if e.advised {
		return "CS"
	}
	was := e.posted
	b.set(e, true, false)
	e.closed = true
	switch {
	case !known:
		return "25"
	case was:
		return "00"
	}
	return "21"
}

// outcomes are what the codes of the banks mean.
var outcomes = map[string]payment.Outcome{
	"00": payment.OK, "51": payment.InsufficientFunds, "25": payment.OriginalNotFound, "21": payment.NotDone,
	"94": payment.Duplicate, "68": payment.ErrBank, "CS": payment.CreditStands,
}
