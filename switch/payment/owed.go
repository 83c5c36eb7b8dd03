package payment

import (
	"cmp"
	"slices"
	"time"

	"switchd/switch/mutant"
	"switchd/switch/route"
)

// An owed message is one that a participant must answer or acknowledge: a
// reversal, an advice, a fence, a confirmation, an update, an answer to a request.
// It is state, not a timer callback: it is repeated at growing gaps, across
// restarts, until the participant answers or its time is over. Reversals, advices
// and fences change an account, so that they go in line: one at a time for each
// account at each bank, in the order in which they came to be.

const (
	// spacing spreads what is owed to a participant that comes back: 20 a second,
	// so that its first minute is not its worst.
	spacing = int64(50 * time.Millisecond)
	// outbox is how long an answer, a confirmation or an update is repeated for
	// want of a receipt. What moves money is repeated as long as the profile says.
	outbox = 24 * time.Hour
	// openShare bounds what one participant may keep open for long, as a part of all
	// payments that may be open: the answers, updates and confirmations that wait for
	// its receipts, and its collects that wait for approval. Nobody may fill the
	// switch alone.
	openShare = 4
)

// crowded says that a participant may not keep one more of n open.
func (m *Machine) crowded(n int) bool { return n >= max(1, m.config.OpenMax/openShare) }

// inLine says that a leg changes an account.
func (l Leg) inLine() bool { return l == LegReversal || l == LegAdvice || l == LegFence }

// once says that a message is owed only until it has left once: nothing
// acknowledges it, or it has an own timer.
func (m *Machine) once(p *Payment, leg Leg) bool {
	switch leg {
	case LegResolve, LegDebit, LegStatus:
		return true
	case LegUpdate, LegRequest: // the latter is owed only since it had receipts
		return !m.at(p.Target(leg)).profile.Receipts
	case LegConfirm:
		return p.Posting == PostImmediate && !m.at(p.Target(leg)).profile.Receipts
	}
	return false
}

// owe begins to owe the message of a leg and sends it, if it may go now.
func (m *Machine) owe(p *Payment, leg Leg) {
	m.number(p, leg)
	if leg == LegReversal && m.load >= LoadNoEnquiries && mutant.Is(mutant.ShedReversal) {
		return
	}
	m.mark(p, leg)
	m.queue(p, leg)
}

// queue sends an owed message, or has it wait for its turn.
func (m *Machine) queue(p *Payment, leg Leg) {
	if leg.inLine() && !m.enter(p, leg) {
		l := &p.Legs[leg]
		l.owed |= isWaiting
		l.Due = m.now + m.patience(p, leg)
		m.schedule(p)
		return
	}
	m.sendOwed(p, leg)
}

// mark makes a leg an owed one.
func (m *Machine) mark(p *Payment, leg Leg) {
	l := &p.Legs[leg]
	l.owed |= isOwed
	p.owes++
	m.outboxCount(p, leg, 1)
	m.touch(p)
}

func (m *Machine) outboxCount(p *Payment, leg Leg, by int) {
	if leg == LegRequest || leg == LegUpdate || leg == LegConfirm {
		m.at(p.Target(leg)).outbox += by
	}
}

// sendOwed makes the first send of an owed message, or leaves it to its first
// repeat: while the participant is away, or has not caught up yet.
func (m *Machine) sendOwed(p *Payment, leg Leg) {
	l, to := &p.Legs[leg], m.at(p.Target(leg))
	l.Due = m.now + to.profile.Timers.repeatGap(l.Tries)
	switch {
	case leg.inLine() && to.caughtUp > m.now, m.held(p, leg):
		l.Due = m.slot(p.Target(leg), leg.class())
	case to.links > 0:
		m.sendLeg(p, leg)
		if m.once(p, leg) {
			m.ended(p, leg)
			return
		}
	}
	m.schedule(p)
}

// sendLeg sends a message of a leg. It is a repeat if it may have left before. What
// changes an account and could not leave at once counts as such: a crash may hide
// that it did.
func (m *Machine) sendLeg(p *Payment, leg Leg) {
	l := &p.Legs[leg]
	repeat := leg != LegStatus && (l.owed&isSent != 0 || leg.inLine() && l.Tries > 0)
	m.send(p, leg, repeat, m.notAfter(p, leg))
	l.owed |= isSent
	if leg.inLine() || leg == LegStatus {
		l.owed |= isAsked
		m.try(p.Target(leg), leg.class())
	}
}

// held says that a message which changes an account must wait because its
// participant, which is there, does not answer.
func (m *Machine) held(p *Payment, leg Leg) bool {
	return leg.inLine() && m.up(p.Target(leg)) && m.blocked(p.Target(leg), leg.class())
}

// slot is the next free time for a message to a participant that has a queue: of
// what has gathered while it was away, or while its breaker is open.
func (m *Machine) slot(n route.Participant, c Class) int64 {
	to := m.at(n)
	if m.blocked(n, c) {
		to.caughtUp = max(to.caughtUp, to.breakers[c].since+int64(to.breaker.OpenFor))
	}
	due := to.caughtUp
	to.caughtUp, to.dirty = due+spacing, true
	return due
}

// unanswered judges a participant by a message that it has not answered in time.
func (m *Machine) unanswered(p *Payment, leg Leg) {
	if l := &p.Legs[leg]; l.owed&isAsked != 0 {
		l.owed &^= isAsked
		m.note(p.Target(leg), leg.class(), LegUnanswered, 0)
		m.result(p.Target(leg), leg.class(), true)
	}
}

// heard judges it by an answer to one. "Not now" is none.
func (m *Machine) heard(p *Payment, a *Answer) {
	if l := &p.Legs[a.Leg]; l.owed&isAsked != 0 {
		l.owed &^= isAsked
		m.noteAnswer(p, a)
		if !undecided(a) {
			m.result(p.Target(a.Leg), a.Leg.class(), sick(a.Outcome))
		}
	}
}

// notAfter is when a message that is repeated loses its sense; 0: never.
func (m *Machine) notAfter(p *Payment, leg Leg) int64 {
	switch leg {
	case LegResolve, LegDebit:
		return p.due
	case LegStatus:
		return m.now + int64(m.at(p.PayeeBank).profile.Timers.Reversal)
	}
	return 0
}

// patience is how long a message is repeated.
func (m *Machine) patience(p *Payment, leg Leg) int64 {
	giveUp := m.at(p.Target(leg)).profile.Timers.GiveUp
	if leg.inLine() || (leg == LegConfirm && p.Posting == PostOnConfirm) {
		return int64(giveUp)
	}
	return int64(min(giveUp, outbox))
}

// legDue repeats an owed message that was not answered in time, or gives up.
func (m *Machine) legDue(p *Payment, leg Leg) {
	l := &p.Legs[leg]
	if m.unwanted(p, leg) {
		m.ended(p, leg)
		return
	}
	end := max(l.SentAt, p.RetriedAt) + m.patience(p, leg)
	if m.now >= end {
		m.giveUp(p, leg, Timeout)
		return
	}
	if l.owed&isWaiting != 0 { // the profile has become more patient meanwhile
		l.Due = m.now + m.patience(p, leg)
		m.schedule(p)
		return
	}
	to := m.at(p.Target(leg))
	if m.unanswered(p, leg); m.held(p, leg) {
		l.Due = m.slot(p.Target(leg), leg.class())
		m.schedule(p)
		return
	}
	if l.Tries < 1<<16-1 && leg != LegStatus {
		l.Tries++
	}
	up := to.links > 0
	switch {
	case m.once(p, leg) && up:
		if leg != LegStatus || !m.blocked(p.Target(leg), ClassCheck) { // the next check comes in its time
			m.sendLeg(p, leg)
		}
		m.ended(p, leg)
		return
	case m.once(p, leg): // it waits for a link, or for its payment to go on without it
		l.Due = end
	default:
		l.Due = m.now + to.profile.Timers.repeatGap(l.Tries)
	}
	m.schedule(p)
	if up {
		m.sendLeg(p, leg)
	}
}

// unwanted says that a participant does not take a message any more that it took
// when it came to be owed: a second debit among them, whose payment is reversed then
// when its time is over. What takes money back is never unwanted.
func (m *Machine) unwanted(p *Payment, leg Leg) bool {
	to := &m.at(p.Target(leg)).profile
	switch leg {
	case LegUpdate:
		return p.Model != ModelB && !to.Updates
	case LegConfirm:
		return p.Posting == PostImmediate && !to.Updates
	case LegStatus:
		return !to.Checks
	case LegDebit:
		return !to.RepeatSafe
	}
	return false
}

// ended ends an owed message, whatever has become of it, and lets the next in
// line go.
func (m *Machine) ended(p *Payment, leg Leg) {
	l := &p.Legs[leg]
	if l.owed&isOwed == 0 {
		return
	}
	waited := l.owed&isWaiting != 0
	l.owed &^= isOwed | isWaiting
	l.Due = 0
	p.owes--
	m.outboxCount(p, leg, -1)
	m.schedule(p)
	m.touch(p)
	if leg.inLine() {
		m.leave(p, leg, waited)
	}
}

// belongings are the owed messages that make sense in one state only.
var belongings = [stateCount][]Leg{
	Resolving: {LegResolve}, AwaitAuth: {LegResolve}, DebitSent: {LegDebit}, CreditUnknown: {LegStatus, LegFence}, DebitRevSent: {LegReversal},
}

// drop ends what p owed because of a state that it has left.
func (m *Machine) drop(p *Payment, from State) {
	for _, leg := range belongings[from] {
		m.ended(p, leg)
	}
}

// lineKey names a line: an account at a participant. The account is a hash; two
// that share one only wait for each other.
type lineKey struct {
	to      route.Participant
	account uint64
}

// line is what is under way and what waits for one account.
type line struct {
	busy    bool
	waiting []waiter // in the order in which they may go
}

type waiter struct {
	at  int64 // when it came to be
	id  ID
	leg Leg
}

func (w waiter) compare(v waiter) int {
	return cmp.Or(cmp.Compare(w.at, v.at), cmp.Compare(w.id, v.id), cmp.Compare(w.leg, v.leg))
}

func (p *Payment) lineKey(leg Leg) lineKey {
	field := PayeeAccount
	if leg == LegReversal {
		field = PayerAccount
	}
	sum := uint64(14695981039346656037) // FNV-1a
	for _, c := range p.Text.Get(field) {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return lineKey{p.Target(leg), sum}
}

func (p *Payment) waiter(leg Leg) waiter { return waiter{p.Legs[leg].SentAt, p.ID, leg} }

// enter takes the head of the line, or a place behind it. It reports whether the
// message may go.
func (m *Machine) enter(p *Payment, leg Leg) bool {
	key := p.lineKey(leg)
	l := m.lines[key]
	free := !l.busy
	if l.busy = true; !free {
		w := p.waiter(leg)
		at, _ := slices.BinarySearchFunc(l.waiting, w, waiter.compare)
		l.waiting = slices.Insert(l.waiting, at, w)
	}
	m.lines[key] = l
	return free
}

// leave takes a message out of its line. When the head leaves, the next goes.
func (m *Machine) leave(p *Payment, leg Leg, waited bool) {
	key := p.lineKey(leg)
	l := m.lines[key]
	if waited {
		at, found := slices.BinarySearchFunc(l.waiting, p.waiter(leg), waiter.compare)
		if !found {
			panic("payment: a message is in no line")
		}
		l.waiting = slices.Delete(l.waiting, at, at+1)
		m.lines[key] = l
		return
	}
	if len(l.waiting) == 0 {
		delete(m.lines, key)
		return
	}
	next := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	m.lines[key] = l
	q := m.open[next.id]
	q.Legs[next.leg].owed &^= isWaiting
	m.touch(q)
	m.sendOwed(q, next.leg)
}

// rejoin puts what a restored payment owes back into the lines. Those under way
// come first whatever the order of the payments.
func (m *Machine) rejoin(p *Payment, leg Leg) {
	key := p.lineKey(leg)
	l := m.lines[key]
	if p.Legs[leg].owed&isWaiting == 0 {
		l.busy = true
	} else {
		w := p.waiter(leg)
		at, _ := slices.BinarySearchFunc(l.waiting, w, waiter.compare)
		l.waiting = slices.Insert(l.waiting, at, w)
	}
	m.lines[key] = l
}
