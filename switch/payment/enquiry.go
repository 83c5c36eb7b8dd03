package payment

import (
	"time"

	"switchd/switch/route"
)

// The limits of enquiries about one payment by one participant (domain reference
// 4.6). One over the limit gets the last answer again.
const (
	askGap    = int64(90 * time.Second)
	askWindow = int64(2 * time.Hour)
)

// enquiry answers a participant that asks what became of a payment, from memory
// or from the store: it never makes bank traffic. Only those who take part in a
// payment are told of it.
func (m *Machine) enquiry(e *Event) {
	p := m.lookup(&e.Request.Original)
	if p == nil || !p.concerns(e.From) {
		m.refusal.begin(e)
		m.refusal.ID = 0
		m.inform(&m.refusal, e, OriginalNotFound, Code{})
		return
	}
	o, code := p.Result()
	if p.live && !p.State.Final() {
		o, code = m.throttle(p, e.From, o, code)
	}
	m.inform(p, e, o, code)
}

// throttle keeps to the limits of enquiries about a payment that is not final yet,
// and remembers who wants to know. A final state has one answer: it needs none.
func (m *Machine) throttle(p *Payment, by route.Participant, o Outcome, code Code) (Outcome, Code) {
	m.touch(p)
	if by == p.Key.From {
		p.Watched = true
	}
	var a *ask
	for i := range p.asks {
		if p.asks[i].by == by {
			a = &p.asks[i]
		}
	}
	switch {
	case a == nil:
		p.asks = append(p.asks, ask{by: by})
		a = &p.asks[len(p.asks)-1]
	case m.now-a.at[0] < askGap || a.at[2] != 0 && m.now-a.at[2] < askWindow:
		m.notice(Effect{Notice: Throttled, To: by, Payment: p, State: p.State})
		return a.told, a.code
	}
	a.told, a.code = o, code
	a.at[2], a.at[1], a.at[0] = a.at[1], a.at[0], m.now
	return o, code
}

func (m *Machine) inform(p *Payment, e *Event, o Outcome, code Code) {
	m.out = append(m.out, Effect{
		Send: true, To: e.From, Leg: LegEnquiry, At: m.now, State: p.State, Payment: p,
		Outcome: o, Code: code, Request: &e.Request, Text: &e.Text,
	})
}

// concerns says that a participant takes part in a payment.
func (p *Payment) concerns(n route.Participant) bool {
	return n == p.Key.From || n == p.PayerBank || n == p.PayeeBank || n == p.PayerPSP || n == p.PayeePSP
}

// asksMax bounds the askers that a payment remembers: its sender, its two banks
// and its two PSPs.
const asksMax = 5

// ask is what one participant has asked about one payment.
type ask struct {
	by   route.Participant
	told Outcome
	code Code
	at   [3]int64 // of its latest answers that were made anew, newest first
}

func (a *ask) append(b []byte) []byte {
	b = append(putU16(b, uint16(a.by)), byte(a.told))
	b = append(b, a.code[:]...)
	for _, at := range a.at {
		b = putU64(b, uint64(at))
	}
	return b
}

func (r *reader) ask(a *ask) {
	a.by, a.told = route.Participant(r.u16()), Outcome(r.below(uint8(outcomeCount)))
	copy(a.code[:], r.take(len(a.code)))
	for i := range a.at {
		a.at[i] = int64(r.u64())
	}
}
