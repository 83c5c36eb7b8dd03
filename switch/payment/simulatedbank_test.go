package payment

import (
	"bytes"
	"container/heap"
	"maps"
)

// simBank is a bank's book as short as it can be: legs post at most once, a
// reversal before its debit is kept and honoured, an advice posts what is not
// posted.
type simBank struct {
	legs map[simLeg]*simPosting
	net  int64
}

type simLeg struct {
	id  ID
	leg Leg
}

type simPosting struct {
	code     string
	posted   bool
	reversed bool
}

func (b *simBank) has(id ID, leg Leg) bool {
	p := b.legs[simLeg{id, leg}]
	return p != nil && p.posted && !p.reversed
}

// take acts on a message and returns DE39.
func (b *simBank) take(ef *Effect, refuse bool) string {
	id, minor := ef.Payment.ID, ef.Payment.Amount.Minor
	switch ef.Leg {
	case LegReversal:
		return b.reverse(id, minor)
	case LegAdvice:
		key := simLeg{id, LegCredit}
		if p := b.legs[key]; p == nil || !p.posted {
			b.legs[key] = &simPosting{code: "00", posted: true}
			b.net += minor
		}
		return "00"
	}
	key := simLeg{id, ef.Leg}
	if prior := b.legs[key]; prior != nil {
		return prior.code
	}
	if refuse {
		b.legs[key] = &simPosting{code: "05"}
		return "05"
	}
	b.legs[key] = &simPosting{code: "00", posted: true}
	if ef.Leg == LegDebit {
		minor = -minor
	}
	b.net += minor
	return "00"
}

func (b *simBank) reverse(id ID, minor int64) string {
	key := simLeg{id, LegDebit}
	p := b.legs[key]
	if p == nil {
		b.legs[key] = &simPosting{code: "94", reversed: true}
		return "25"
	}
	if p.posted && !p.reversed {
		p.reversed = true
		b.net += minor
	}
	return "00"
}

// clone is a copy of the store as a crash would find it.
func (s *memory) clone() *memory {
	return &memory{
		payments: maps.Clone(s.payments), open: maps.Clone(s.open), keys: maps.Clone(s.keys), business: maps.Clone(s.business),
		participants: maps.Clone(s.participants), machine: bytes.Clone(s.machine), config: bytes.Clone(s.config),
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
