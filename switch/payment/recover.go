package payment

import (
	"slices"
	"time"

	"switchd/switch/route"
)

// recovered acts on what a restart found (domain reference 7.5). No link is up.
// What may have left counts as left: a debit is reversed, or asked for again at a
// bank that takes repeats; a credit is in doubt and checked as soon as its bank is
// back. A credit on confirmation keeps its timer: without our word it is not
// posted. Resolutions are asked again.
func (m *Machine) recovered() {
	m.load = LoadNormal // to be measured anew
	for n := range m.participants {
		p := m.at(route.Participant(n))
		p.links, p.caughtUp, p.dirty = 0, 0, true
	}
	for _, id := range m.ids(func(p *Payment) bool { return !p.State.Final() && p.live }) {
		p := m.open[id]
		switch p.State {
		case Resolving, AwaitAuth:
			m.askAgainOnReturn(p, LegResolve)
		case DebitSent:
			m.debitRestarted(p)
		case CreditSent:
			if p.Posting == PostImmediate {
				m.doubt(p, Restarted)
				m.checkOnReturn(p)
			}
		}
		m.rest(p)
	}
}

func (m *Machine) debitRestarted(p *Payment) {
	profile := &m.at(p.PayerBank).profile
	if p.repeatable(profile) && m.now < p.DeadlineD0 {
		p.due = min(m.now+int64(profile.Timers.Debit), p.DeadlineD0)
		m.askAgainOnReturn(p, LegDebit)
		return
	}
	m.reverse(p, Restarted, TimeoutDebit)
	m.reply(p, TimeoutDebit)
}

// repeatable says that a debit may be sent again instead of reversed. One with a PIN may
// not: its block is gone with the first (domain.md 7.5).
func (p *Payment) repeatable(bank *Profile) bool { return bank.RepeatSafe && !p.Text.Has(PINToken) }

// askAgainOnReturn has a message that was sent before sent once more when its
// participant is back.
func (m *Machine) askAgainOnReturn(p *Payment, leg Leg) {
	l := &p.Legs[leg]
	if l.Owed() {
		return
	}
	l.owed |= isSent
	m.mark(p, leg)
	l.Due = m.now + m.patience(p, leg)
	m.schedule(p)
}

// receiptSpacing spreads the answers, confirmations and updates that a returning
// participant has not acknowledged: 200 a second.
const receiptSpacing = int64(5 * time.Millisecond)

// linkUp counts a signed-on link. With the first one the participant is back: what
// it is owed is brought forward, in order and spaced out.
func (m *Machine) linkUp(n route.Participant) {
	p := m.at(n)
	p.links++
	p.dirty = true
	if p.links > 1 {
		return
	}
	var owed []waiter
	for _, id := range m.ids(func(q *Payment) bool { return q.owes > 0 || q.State == AwaitAuth }) {
		q := m.open[id]
		if q.State == AwaitAuth && q.PayerPSP == n {
			m.askAgainOnReturn(q, LegResolve)
		}
		for leg := range q.Legs {
			l := &q.Legs[leg]
			if l.Owed() && l.owed&isWaiting == 0 && q.Target(Leg(leg)) == n {
				owed = append(owed, q.waiter(Leg(leg)))
			}
		}
	}
	slices.SortFunc(owed, waiter.compare)
	// What changes accounts has a pace of its own: behind thousands of answers that
	// want a receipt it would be given up before it has ever gone out.
	due, receipts := m.now, m.now
	for _, w := range owed {
		q := m.open[w.id]
		q.Legs[w.leg].owed &^= isAsked // went on a link that is gone: says nothing
		if w.leg.inLine() {
			q.Legs[w.leg].Due, due = due, due+spacing
		} else {
			q.Legs[w.leg].Due, receipts = receipts, receipts+receiptSpacing
		}
		m.schedule(q)
		m.touch(q)
	}
	p.caughtUp = due
}

// linkDown counts a link that is gone. What was sent on it keeps its timer: the
// answer may come on another link.
func (m *Machine) linkDown(n route.Participant) {
	if p := m.at(n); p.links > 0 {
		p.links--
		p.dirty = true
	}
}

// ids lists the payments in memory that match, in the order of their numbers.
func (m *Machine) ids(match func(*Payment) bool) []ID {
	var ids []ID
	//tidy:unordered sorted below
	for id, p := range m.open {
		if match(p) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
