package payment

import (
	"math/bits"
	"time"

	"switchd/switch/mutant"
	"switchd/switch/route"
)

// A breaker stops what a participant does not answer: money that starts to move
// towards a bank which is there but silent ends as a doubt or a reversal. It is
// driven by events alone, so that a replay finds it as it was: failures open it,
// after a while a few messages may try, and their answers close it.

// Class is what messages to a participant are judged together by.
type Class uint8

// The classes. Values are on disk: never renumber.
const (
	ClassResolve  Class = iota // address look-ups at a PSP
	ClassDebit                 // debits
	ClassCredit                // credits
	ClassReversal              // reversals and fences
	ClassAdvice                // advices of deemed credits
	ClassCheck                 // status enquiries about credits
	classCount
)

var classNames = [classCount]string{"resolve", "debit", "credit", "reversal", "advice", "check"}

// String is the name that documents, scenario texts and metrics use.
func (c Class) String() string {
	if c >= classCount {
		return "invalid"
	}
	return classNames[c]
}

// Classes lists all classes, for metrics and documents.
func Classes() []Class {
	all := make([]Class, classCount)
	for i := range all {
		all[i] = Class(i)
	}
	return all
}

// class is what a leg is judged by; classCount: by nothing.
func (l Leg) class() Class { return legClasses[l] }

var legClasses = [legCount]Class{
	LegRequest: classCount, LegResolve: ClassResolve, LegDebit: ClassDebit, LegCredit: ClassCredit,
	LegReversal: ClassReversal, LegAdvice: ClassAdvice, LegStatus: ClassCheck, LegFence: ClassReversal,
	LegConfirm: classCount, LegUpdate: classCount, LegEnquiry: classCount,
}

// BreakerState is where a breaker stands. Values are on disk: never renumber.
type BreakerState uint8

// The states.
const (
	BreakerClosed   BreakerState = iota // everything goes
	BreakerOpen                         // nothing goes
	BreakerHalfOpen                     // a few may try
	breakerStates
)

var breakerNames = [breakerStates]string{"closed", "open", "half-open"}

// String is the name that scenario texts and metrics use.
func (s BreakerState) String() string {
	if s >= breakerStates {
		return "invalid"
	}
	return breakerNames[s]
}

// Breaker is when a participant's breakers open and close. Zero values stand for
// the defaults, which are those of the reference.
type Breaker struct {
	Off     bool          `json:"off,omitempty"`
	InRow   uint8         `json:"in_row,omitempty"`   // failures in a row that open it; 5
	Window  uint8         `json:"window,omitempty"`   // results that are looked at; 20, at most 64
	Percent uint8         `json:"percent,omitempty"`  // of failures in a full window that open it; 50
	OpenFor time.Duration `json:"open_for,omitempty"` // until a few may try; 30 s
	Closes  uint8         `json:"closes,omitempty"`   // how many may try, and answers that close it; 3
}

// windowMax is how many results a breaker can remember.
const windowMax = 64

func (b Breaker) withDefaults() Breaker {
	or := func(v *uint8, otherwise uint8) {
		if *v == 0 {
			*v = otherwise
		}
	}
	or(&b.InRow, 5)
	or(&b.Window, 20)
	or(&b.Percent, 50)
	or(&b.Closes, 3)
	if b.OpenFor == 0 {
		b.OpenFor = 30 * time.Second
	}
	return b
}

// breaker is one breaker of one participant.
type breaker struct {
	state   BreakerState
	inRow   uint8  // failures since the last success
	count   uint8  // results in the window
	results uint64 // the window, the newest in bit 0; 1: a failure
	since   int64  // open: when it opened; half-open: when the latest tries began
	tries   uint8  // half-open: messages let through since then
	answers uint8  // half-open: successes
}

// shut says that a message must not go: the breaker is open and its time is not
// over, or as many as may try are trying.
func (b *breaker) shut(now int64, s *Breaker) bool {
	if b.state == BreakerClosed || now >= b.since+int64(s.OpenFor) {
		return false
	}
	return b.state == BreakerOpen || b.tries >= s.Closes
}

// blocked says that a message of a class must not start to go to a participant now.
func (m *Machine) blocked(n route.Participant, c Class) bool {
	p := m.at(n)
	return !p.profile.Breaker.Off && !mutant.Is(mutant.IgnoreBreaker) && p.breakers[c].shut(m.now, &p.breaker)
}

// try counts a message that goes although the breaker is not closed. Tries that got
// no answer do not count for longer than OpenFor.
func (m *Machine) try(n route.Participant, c Class) {
	p := m.at(n)
	b := &p.breakers[c]
	if b.state == BreakerClosed {
		return
	}
	if m.now >= b.since+int64(p.breaker.OpenFor) {
		if b.state == BreakerOpen {
			b.answers = 0
			m.turn(n, c, BreakerHalfOpen)
		}
		b.since, b.tries = m.now, 0
	}
	if !mutant.Is(mutant.CountNoTries) {
		b.tries++
	}
	p.dirty = true
}

// result takes what became of a message: an answer, whatever it says of the
// payment, or a failure of the participant.
func (m *Machine) result(n route.Participant, c Class, failed bool) {
	p := m.at(n)
	if p.profile.Breaker.Off || c >= classCount {
		return
	}
	b, s := &p.breakers[c], &p.breaker
	p.dirty = true
	switch {
	case b.state == BreakerOpen: // it was sent before
	case b.state == BreakerHalfOpen && failed:
		m.trip(n, c)
	case b.state == BreakerHalfOpen:
		if b.answers++; b.answers >= s.Closes {
			*b = breaker{}
			m.turn(n, c, BreakerClosed)
		}
	default:
		if b.note(failed, s) {
			m.trip(n, c)
		}
	}
}

func (m *Machine) trip(n route.Participant, c Class) {
	m.at(n).breakers[c] = breaker{since: m.now}
	m.turn(n, c, BreakerOpen)
}

// forgive closes the breakers of a participant that is to have none any more: when
// it has some again, they begin anew.
func (m *Machine) forgive(n route.Participant) {
	for c := range m.at(n).breakers {
		was := m.at(n).breakers[c].state
		m.at(n).breakers[c] = breaker{}
		if was != BreakerClosed {
			m.turn(n, Class(c), BreakerClosed)
		}
	}
}

func (m *Machine) turn(n route.Participant, c Class, to BreakerState) {
	p := m.at(n)
	p.breakers[c].state, p.dirty = to, true
	m.notice(Effect{Notice: BreakerTurned, To: n, Class: c, Breaker: to})
}

// note adds a result to a closed breaker and says whether it opens it.
func (b *breaker) note(failed bool, s *Breaker) bool {
	b.results <<= 1
	b.count = min(b.count+1, s.Window)
	b.inRow++
	if failed {
		b.results |= 1
	} else {
		b.inRow = 0
	}
	if b.inRow >= s.InRow && !mutant.Is(mutant.DeafBreaker) {
		return true
	}
	if !failed || b.count < s.Window {
		return false
	}
	bad := bits.OnesCount64(b.results & (1<<s.Window - 1))
	return bad*100 >= int(s.Percent)*int(s.Window)
}

// sick says that a clear no is about the participant and not about the payment.
func sick(o Outcome) bool {
	switch o {
	case Busy, ErrBank, ErrBankPayee, ErrSwitch, PayerOffline, PayeeOffline, HSMDown, BankThrottledPayer, BankThrottledPayee,
		BankThrottledPSP, UnhealthyPayer, UnhealthyPayee, TimeoutResolve, TimeoutDebit, TimeoutCredit:
		return true
	}
	return false
}

// asked is whose answer a payment waits for in a state, and by which class.
func (p *Payment) asked(s State) (route.Participant, Class) {
	switch s {
	case Resolving:
		return p.PayeePSP, ClassResolve
	case DebitSent:
		return p.PayerBank, ClassDebit
	case CreditSent:
		return p.PayeeBank, ClassCredit
	}
	return route.Nobody, classCount
}

// observe judges a participant by how a payment has left the state in which it
// waited for it. A link that was lost, or a restart, says nothing about the bank.
func (m *Machine) observe(p *Payment, from State, cause Cause) {
	n, c := p.asked(from)
	if c == classCount {
		return
	}
	m.leaveFlow(n, c)
	switch cause {
	case Approved:
		m.answered(p, n, c, LegApproved)
	case Refusal:
		m.answered(p, n, c, refusalResult(p.Outcome))
	case Ambiguous:
		m.answered(p, n, c, LegFailed)
	case Timeout, Rejected:
		m.answered(p, n, c, LegUnanswered)
	case NotSent:
		m.note(n, c, LegFailed, 0)
	}
}

var legOf = [classCount]Leg{ClassResolve: LegResolve, ClassDebit: LegDebit, ClassCredit: LegCredit}

// answered takes what became of a message that a payment has waited for.
func (m *Machine) answered(p *Payment, n route.Participant, c Class, r LegResult) {
	took := m.now - p.Legs[legOf[c]].SentAt
	m.result(n, c, r >= LegFailed)
	m.at(n).dirty = true
	m.at(n).flows[c].learn(took, &m.at(n).profile.Flow)
	if r == LegUnanswered {
		took = 0
	}
	m.note(n, c, r, took)
}

// Health is what operators see of one class at one participant.
type Health struct {
	Breaker  BreakerState
	InFlight int // messages that wait for an answer; resolve, debit and credit only
	Limit    int // how many may
}

// Health returns that of a class at a participant.
func (m *Machine) Health(n route.Participant, c Class) Health {
	p := m.at(n)
	h := Health{Breaker: p.breakers[c].state}
	if c < flowCount {
		h.InFlight, h.Limit = int(p.flows[c].inFlight), p.flows[c].most(&p.profile.Flow)
	}
	return h
}
