package crash

import (
	"fmt"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// outside is everything that is not the switch: senders, banks, and what is still
// on its way back. It is a function of the script and of the messages that it has
// heard, so that the outside of any moment is made anew from the messages so far.
type outside struct {
	s         *script
	calm      bool // nobody is silent, late or unsure any more
	step      int
	book      *book
	told      map[int]message // by plan: the first answer
	update    map[payment.ID]payment.Outcome
	numbers   map[int]payment.ID // by plan: the payment that it became
	originals map[entryKey]bool  // debits and credits that have left
	due       []dueEvent
	faults    []string
}

// dueEvent is an event that comes to the switch at a step.
type dueEvent struct {
	step  int
	event payment.Event
}

func newOutside(s *script) *outside {
	return &outside{
		s: s, book: newBook(), told: map[int]message{}, update: map[payment.ID]payment.Outcome{}, numbers: map[int]payment.ID{},
		originals: map[entryKey]bool{},
	}
}

func (o *outside) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// hear lets the outside act on a message, and answer it some steps later.
func (o *outside) hear(m *message) {
	o.step = max(o.step, m.step)
	i, known := o.s.planOf(&m.key)
	if !known {
		o.fault("payment %d: %v about a request that nobody has sent", m.id, m.leg)
		return
	}
	if m.leg == payment.LegRequest && m.outcome == payment.Duplicate && o.s.plans[i].conflicts && m.id != o.numbers[i] {
		return // the refusal of other content under a known key: it has no payment
	}
	if was, numbered := o.numbers[i]; numbered && was != m.id {
		o.fault("request %d is payment %d and payment %d", i, was, m.id)
	}
	o.numbers[i] = m.id
	e := payment.Event{Kind: payment.AnswerArrived, From: route.Participant(m.to), Answer: payment.Answer{
		Payment: m.id, Leg: m.leg, STAN: m.stan, Transmitted: m.transmitted, Minor: m.minor, Outcome: payment.OK, Code: payment.CodeOf("00"),
	}}
	switch m.leg {
	case payment.LegRequest, payment.LegUpdate:
		o.listen(i, m, &e)
	case payment.LegResolve:
		if o.s.plans[i].resolves || o.calm {
			e.Text.Set(payment.PayeeAccount, fmt.Appendf(nil, "50%010d", i))
			o.answer(1, e)
		}
	default:
		if k := (entryKey{m.id, m.leg == payment.LegCredit}); !m.repeat && (m.leg == payment.LegDebit || m.leg == payment.LegCredit) {
			if o.originals[k] {
				o.fault("payment %d: the %v has left twice", m.id, m.leg)
			}
			o.originals[k] = true
		}
		o.act(i, m, &e)
	}
}

// listen is the sender, who is told how its payment went.
func (o *outside) listen(i int, m *message, e *payment.Event) {
	if m.leg == payment.LegUpdate {
		if was, updated := o.update[m.id]; updated && was != m.outcome {
			o.fault("payment %d: its sender was updated with %v, then with %v", m.id, was, m.outcome)
		}
		o.update[m.id] = m.outcome
	} else if was, told := o.told[i]; !told {
		o.told[i] = *m
	} else if was.outcome != m.outcome || was.code != m.code {
		o.fault("request %d was answered with %v %v, then with %v %v", i, was.outcome, was.code, m.outcome, m.code)
	}
	if m.to >= int(receipted) && m.sentAt != 0 && (o.calm || o.s.chance(5, "receipt", uint64(m.id)+uint64(m.step)) > 0) {
		o.answer(1, *e)
	}
}

// act is a bank that is told to move money, or asked about it.
func (o *outside) act(i int, m *message, e *payment.Event) {
	w := acts
	switch m.leg {
	case payment.LegDebit:
		w = o.s.plans[i].debit
	case payment.LegCredit:
		w = o.s.plans[i].credit
	default: // what is repeated until it is answered, or asked more than once
		if o.s.chance(6, "trouble at "+m.leg.String(), uint64(m.id)+uint64(m.step)) == 0 {
			w = misses
		}
	}
	if o.calm && w != refuses {
		w = acts
	}
	if w == misses {
		return
	}
	code := o.book.take(m, w)
	if w == unsure {
		code = "68"
		e.Answer.Outcome = payment.Unreadable
	} else {
		e.Answer.Outcome = outcomes[code]
	}
	e.Answer.Code = payment.CodeOf(code)
	switch w {
	case silent:
	case lateWay:
		o.answer(lateBy, *e)
	case twice:
		o.answer(1, *e)
		o.answer(3, *e)
	default:
		o.answer(1+int(o.s.chance(2, "pace", uint64(m.id))), *e)
	}
}

// answer has an event come to the switch in so many steps.
func (o *outside) answer(steps int, e payment.Event) {
	o.due = append(o.due, dueEvent{o.step + steps, e})
}

// take begins the next step and returns what comes to the switch in it.
func (o *outside) take() (events []payment.Event) {
	o.step++
	o.due = slices.DeleteFunc(o.due, func(d dueEvent) bool {
		if d.step <= o.step {
			events = append(events, d.event)
		}
		return d.step <= o.step
	})
	return events
}
