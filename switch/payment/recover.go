package payment

import (
	"slices"
	"time"

	"switchd/switch/route"
)

// repairSpacing spreads the repeats to a participant that comes back: at most 20
// a second, so that its first minute is not its worst.
const repairSpacing = int64(50 * time.Millisecond)

// recovered acts on what a restart found (domain reference 7.5). No link is up.
// A debit or credit that may have left counts as left: the one is reversed, the
// other is in doubt. A resolution that is not answered declines at its deadline.
func (m *Machine) recovered() {
	for n := range m.participants {
		m.participants[n].links, m.participants[n].dirty = 0, true
	}
	for _, id := range m.ids(func(p *Payment) bool { return p.State == DebitSent || p.State == CreditSent }) {
		p := m.open[id]
		m.touch(p)
		if p.State == CreditSent {
			m.doubt(p, Restarted)
			continue
		}
		m.reverse(p, Restarted, TimeoutDebit)
		m.reply(p, TimeoutDebit)
	}
}

// linkUp counts a signed-on link. With the first one the participant is back:
// the repairs it owes an answer to are brought forward, spaced out.
func (m *Machine) linkUp(n route.Participant) {
	p := m.at(n)
	p.links++
	p.dirty = true
	if p.links > 1 {
		return
	}
	due := m.now
	for _, id := range m.ids(func(q *Payment) bool { return q.Repairing && q.target(q.repairLeg()) == n }) {
		m.setDeadline(m.open[id], due)
		m.touch(m.open[id])
		due += repairSpacing
	}
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
