package payment

import (
	"bytes"
	"container/heap"
	"maps"
)

// simBank is a bank's book as short as it can be: legs post at most once, a
// reversal or a fence before its original is kept and honoured, an advice posts
// what is not posted and is the last word. A bank that posts on confirmation holds
// a credit until the confirmation decides.
type simBank struct {
	legs      map[simLeg]*simPosting
	held      map[RequestKey]int64 // model B: debited by the bank itself, until it is told no
	net       int64
	onConfirm bool
}

type simLeg struct {
	id  ID
	leg Leg
}

type simPosting struct {
	code    string // what the original is answered with
	posted  bool   // the money is in its account, or out of it
	closed  bool   // reversed, fenced or rejected: the original is refused from now on
	advised bool   // the last word: it stays posted
	held    bool   // accepted, to be posted by its confirmation
}

func newSimBank() *simBank {
	return &simBank{legs: map[simLeg]*simPosting{}, held: map[RequestKey]int64{}}
}

func (b *simBank) has(id ID, leg Leg) bool {
	p := b.legs[simLeg{id, leg}]
	return p != nil && p.posted
}

// at is the bank's record of a leg, new if it has none: closed to its original if
// what makes it comes before that.
func (b *simBank) at(id ID, leg Leg) (p *simPosting, known bool) {
	key := simLeg{id, leg}
	if p, known = b.legs[key]; !known {
		p = &simPosting{}
		b.legs[key] = p
	}
	return p, known
}

// post moves money into an account, or out of it.
func (b *simBank) post(p *simPosting, minor int64, posted bool) {
	switch {
	case posted && !p.posted:
		b.net += minor
	case !posted && p.posted:
		b.net -= minor
	}
	p.posted = posted
}

// take acts on a message and returns DE39.
func (b *simBank) take(ef *Effect, refuse bool) string {
	id, minor := ef.Payment.ID, ef.Payment.Amount.Minor
	switch ef.Leg {
	case LegDebit:
		return b.original(id, LegDebit, -minor, refuse, false)
	case LegCredit:
		return b.original(id, LegCredit, minor, refuse, b.onConfirm)
	case LegReversal:
		p, known := b.at(id, LegDebit)
		b.post(p, -minor, false)
		p.closed = true
		return codeIf(known, "00", "25")
	case LegAdvice:
		p, _ := b.at(id, LegCredit)
		b.post(p, minor, true)
		p.advised = true
	case LegStatus:
		return b.status(id)
	case LegFence:
		return b.fence(id, minor, refuse)
	case LegConfirm:
		p, _ := b.at(id, LegCredit)
		p.closed = true
		if b.onConfirm {
			b.post(p, minor, ef.Outcome == OK)
		}
	}
	return "00"
}

func codeIf(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

func (b *simBank) original(id ID, leg Leg, minor int64, refuse, hold bool) string {
	p, known := b.at(id, leg)
	switch {
	case known && p.code != "":
		return p.code
	case known: // closed before it came
		return "94"
	case refuse:
		p.code = "05"
	case hold:
		p.code, p.held = "00", true
	default:
		p.code = "00"
		b.post(p, minor, true)
	}
	return p.code
}

func (b *simBank) status(id ID) string {
	switch p := b.legs[simLeg{id, LegCredit}]; {
	case p == nil:
		return "25"
	case p.posted:
		return "00"
	default:
		return "21"
	}
}

// fence takes a credit back, or makes sure that it will not come. What the bank
// was told to be done for good stays; a bank may also keep what it has posted.
func (b *simBank) fence(id ID, minor int64, refuse bool) string {
	p, known := b.at(id, LegCredit)
	switch {
	case p.advised, p.posted && refuse:
		p.advised = true // all repeats are one fence: it keeps to its word
		return "CS"
	case refuse:
		if !known {
			delete(b.legs, simLeg{id, LegCredit})
		}
		return "96"
	}
	was := p.posted
	b.post(p, minor, false)
	p.closed = true
	if p.code == "" {
		p.code = "94"
	}
	return codeIf(known, codeIf(was, "00", "21"), "25")
}

// hold is the payer's bank taking the money itself (model B), once.
func (b *simBank) hold(key RequestKey, minor int64) {
	if _, known := b.held[key]; !known {
		b.held[key] = minor
		b.net -= minor
	}
}

// release gives it back.
func (b *simBank) release(key RequestKey) {
	b.net += b.held[key]
	b.held[key] = 0
}

// clone is a copy of the store as a crash would find it.
func (s *memory) clone() *memory {
	return &memory{
		payments: maps.Clone(s.payments), open: maps.Clone(s.open), keys: maps.Clone(s.keys), business: maps.Clone(s.business),
		participants: maps.Clone(s.participants), machine: bytes.Clone(s.machine), config: bytes.Clone(s.config), limits: maps.Clone(s.limits),
		changes: maps.Clone(s.changes),
	}
}

func clonePayment(p *Payment) *Payment {
	c := *p
	c.Text = Text{}
	c.Text.CopyFrom(&p.Text)
	return &c
}

// agenda is what is still to happen, by time and then by order of adding.
type agenda struct{ items agendaItems }

type agendaItem struct {
	at, order int64
	do        func()
}

type agendaItems []agendaItem

func (a agendaItems) Len() int { return len(a) }
func (a agendaItems) Less(i, j int) bool {
	return a[i].at < a[j].at || (a[i].at == a[j].at && a[i].order < a[j].order)
}
func (a agendaItems) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agendaItems) Push(x any)   { *a = append(*a, x.(agendaItem)) }
func (a *agendaItems) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

var agendaOrder int64

func (a *agenda) add(at int64, do func()) {
	agendaOrder++
	heap.Push(&a.items, agendaItem{at: at, order: agendaOrder, do: do})
}
func (a *agenda) len() int  { return len(a.items) }
func (a *agenda) at() int64 { return a.items[0].at }
func (a *agenda) take() (int64, func()) {
	x := heap.Pop(&a.items).(agendaItem)
	return x.at, x.do
}
