package payment

import (
	"math"

	"switchd/switch/route"
)

// trace is how a leg is found without its reference.
type trace struct {
	participant       route.Participant
	stan, transmitted uint32
}

// traced is the leg behind a trace.
type traced struct {
	id  ID
	leg Leg
}

// follow makes a leg findable by its trace, if its participant needs that.
func (m *Machine) follow(p *Payment, leg Leg) {
	n := p.Target(leg)
	if !m.at(n).profile.byTrace() {
		return
	}
	m.traces[p.trace(leg)] = traced{p.ID, leg}
}

// followAll does so for all legs of a payment.
func (m *Machine) followAll(p *Payment) {
	for leg := LegResolve; leg < legCount; leg++ {
		if p.Legs[leg].SentAt != 0 {
			m.follow(p, leg)
		}
	}
}

// unfollow moves the traces of a payment that leaves memory to the store: an answer
// that comes after its end may contradict it.
func (m *Machine) unfollow(p *Payment, rows Rows) {
	if len(m.traces) == 0 {
		return
	}
	for leg := LegResolve; leg < legCount; leg++ {
		if p.Legs[leg].SentAt != 0 && m.unfollowLeg(p, leg) {
			key := p.trace(leg).key()
			m.row = AppendKey(m.row[:0], &key)
			rows.PutKey(m.row, p.ID)
		}
	}
}

// unfollowLeg forgets a trace. It reports whether there was one.
func (m *Machine) unfollowLeg(p *Payment, leg Leg) bool {
	key := p.trace(leg)
	if m.traces[key] != (traced{p.ID, leg}) {
		return false
	}
	delete(m.traces, key)
	return true
}

func (p *Payment) trace(leg Leg) trace {
	return trace{p.Target(leg), p.Legs[leg].STAN, p.Legs[leg].Transmitted}
}

// key is what a trace is found by in the store. No request has it: DE32 has 11
// digits.
func (t trace) key() RequestKey {
	return RequestKey{From: t.participant, STAN: t.stan, Transmitted: t.transmitted, Acquirer: math.MaxUint64}
}

// findTraced finds the leg behind a trace, in memory or in the store.
func (m *Machine) findTraced(t trace) (traced, bool) {
	if !m.at(t.participant).profile.byTrace() { // any more: what is not in the store yet is not found either
		return traced{}, false
	}
	if found, ok := m.traces[t]; ok {
		return found, true
	}
	key := t.key()
	row, ok := m.store.FindRequest(&key, m.row[:0])
	m.row = row[:0]
	p := m.readStored(row, ok)
	if p == nil {
		return traced{}, false
	}
	for leg := LegResolve; leg < legCount; leg++ {
		if p.Legs[leg].SentAt != 0 && p.trace(leg) == t {
			return traced{p.ID, leg}, true
		}
	}
	return traced{}, false // another message of that leg went later
}
