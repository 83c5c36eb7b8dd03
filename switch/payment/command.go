package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

// CommandKind says what an operator wants. Values are on disk: never renumber.
type CommandKind uint8

// The commands.
const (
	NoCommand  CommandKind = iota
	SetCap                 // Participant, Amount: its net debit cap in that currency
	Settle                 // Payment: what a dead letter asked for has been done outside; it is closed
	WriteOff               // Payment: a dead letter is closed without it
	Retry                  // Payment: a dead letter is sent again, for another GiveUp
	BankPosted             // Payment, deemed: its bank says that the credit is posted (TCC)
	BankReturn             // Payment, deemed: its bank cannot post and gives the money back (RET)
	Forget                 // Payment: the first one that is still known; see Machine.Known
	Drain                  // Participant: it takes part in no new payment from now on (drain.go)
	Resume                 // Participant: it does again
	Noted                  // what an operator has done that the machine need not know: Event.Text has Deed; it changes nothing
	commandCount
)

var commandNames = [commandCount]string{"none", "set-cap", "settle", "write-off", "retry", "bank-posted", "bank-return", "forget",
	"drain", "resume", "noted"}

// String is the name that documents and scenario texts use.
func (c CommandKind) String() string {
	if c >= commandCount {
		return "invalid"
	}
	return commandNames[c]
}

// Command is an operator's decision. Event.Text has Reason and Operator, and may have
// Approver and Deed; one without a reason is refused. A Noted one names a payment, or a
// participant, if that is not route.Nobody.
type Command struct {
	Kind        CommandKind
	Payment     ID
	Participant route.Participant
	Amount      ledger.Amount
}

// The bounds of what a command says about itself: a payment keeps it.
const (
	ReasonBytesMax   = 140
	OperatorBytesMax = 35
	DeedBytesMax     = 140
)

// says tells whether a command gives a reason and is not too long about it.
func (e *Event) says() bool {
	return e.Text.Has(Reason) && len(e.Text.Get(Reason)) <= ReasonBytesMax && len(e.Text.Get(Deed)) <= DeedBytesMax &&
		len(e.Text.Get(Operator)) <= OperatorBytesMax && len(e.Text.Get(Approver)) <= OperatorBytesMax
}

// command carries out an operator's decision. One that does not fit what it names,
// or gives no reason or too long a one, changes nothing.
func (m *Machine) command(e *Event) {
	c := e.Command
	done := false
	switch {
	case !e.says():
	case c.Kind == SetCap:
		done = m.setCap(c)
	case c.Kind == Forget:
		done = m.forget(c, e.Seq)
	case c.Kind == Drain || c.Kind == Resume:
		done = m.drain(c)
	case c.Kind == Noted:
		done = true
		m.notice(Effect{Notice: Commanded, To: c.Participant})
	default:
		done = m.decide(c, e)
	}
	if !done {
		m.notice(Effect{Notice: CommandRefused, To: c.Participant})
	}
	m.logged(e, !done)
}

func (m *Machine) setCap(c *Command) bool {
	if int(c.Participant) >= len(m.participants) || c.Amount.Minor < 0 || !m.accepts(c.Amount.Currency) {
		return false
	}
	m.book.SetCap(c.Participant, c.Amount.Currency, c.Amount.Minor)
	m.at(c.Participant).dirty = true
	m.notice(Effect{Notice: Commanded, To: c.Participant, Currency: c.Amount.Currency})
	m.warn(c.Participant, c.Amount.Currency)
	return true
}

// warn reports that a participant has used up the next part of its cap.
func (m *Machine) warn(n route.Participant, c ledger.Currency) {
	if percent, passed := m.book.Warn(n, c); passed {
		m.notice(Effect{Notice: CapNear, To: n, Percent: percent, Currency: c})
	}
}

// decide carries out a decision about one payment, and keeps why and by whom. The
// state stays what it is (I6): a decision closes a dead letter, or adds a record.
func (m *Machine) decide(c *Command, e *Event) bool {
	p := m.byID(c.Payment)
	if p == nil || !fits(c.Kind, p) {
		return false
	}
	p = m.recall(c.Payment)
	for _, f := range [...]TextField{Reason, Operator} {
		if e.Text.Has(f) {
			p.Text.Set(f, e.Text.Get(f))
		}
	}
	p.Text.Set(Approver, e.Text.Get(Approver)) // none is not that of the decision before
	m.notice(Effect{Notice: Commanded, To: c.Participant, Payment: p, State: p.State})
	switch c.Kind {
	case Settle, WriteOff:
		m.bury(p)
	case Retry:
		m.retry(p)
	case BankPosted, BankReturn:
		p.Confirmed, p.Returned = c.Kind == BankPosted, c.Kind == BankReturn
		m.bury(p)
		m.ended(p, LegAdvice)
	}
	m.rest(p)
	return true
}

// fits says whether a command makes sense for a payment as it is.
func fits(c CommandKind, p *Payment) bool {
	switch c {
	case Settle, WriteOff, Retry:
		return p.DeadLetter
	case BankPosted:
		return p.State == Deemed && !p.Returned
	case BankReturn:
		return p.State == Deemed && !p.Confirmed && !p.Returned && p.Refunded == 0
	}
	return false
}

// retry sends a payment's dead letters again: the same messages, for another
// GiveUp.
func (m *Machine) retry(p *Payment) {
	var dead [legCount]bool
	for leg := range p.Legs {
		dead[leg] = p.Legs[leg].owed&isDead != 0
	}
	m.bury(p)
	p.RetriedAt = m.now
	m.revive(p)
	for leg := range p.Legs {
		if dead[leg] {
			l := &p.Legs[leg]
			l.Tries = max(l.Tries, 1)
			m.mark(p, Leg(leg))
			m.queue(p, Leg(leg))
		}
	}
}

// die makes a leg a dead letter.
func (m *Machine) die(p *Payment, leg Leg) {
	if !p.DeadLetter {
		m.standing.deadLetters++
	}
	p.DeadLetter = true
	p.Legs[leg].owed |= isDead
}

// bury closes the dead letters of p.
func (m *Machine) bury(p *Payment) {
	if p.DeadLetter {
		m.standing.deadLetters--
	}
	p.DeadLetter = false
	for leg := range p.Legs {
		p.Legs[leg].owed &^= isDead
	}
}

// Decided says that an operator has decided about p: it may have been a dead letter.
func (p *Payment) Decided() bool { return p.Text.Has(Reason) }

// revive makes a finished payment an open one: it owes something again.
func (m *Machine) revive(p *Payment) {
	if !p.live {
		p.live = true
		m.active++
	}
	m.followAll(p)
}
