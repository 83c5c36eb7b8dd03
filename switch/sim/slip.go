package sim

import (
	"encoding/json"
	"errors"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// No dialect has messages for collects yet. What the switch and a participant say
// of one until its money moves, and what its asker is told, are slips: JSON, on the
// same links as the messages of any dialect. Debits, credits and all that repairs
// them are messages of the dialect.
type slip struct {
	What        slipKind    `json:"what"`
	STAN        uint32      `json:"stan,omitempty"`
	Transmitted uint32      `json:"transmitted,omitempty"`
	RRN         string      `json:"rrn,omitempty"`
	Original    uint32      `json:"original,omitempty"` // of an update: the STAN of the request
	Repeat      bool        `json:"repeat,omitempty"`
	Minor       int64       `json:"minor"`
	VPA         string      `json:"vpa,omitempty"`     // of the payer
	Account     string      `json:"account,omitempty"` // of the payee in a collect, of the payer in its approval
	IFSC        string      `json:"ifsc,omitempty"`    // of the same
	Purpose     string      `json:"purpose,omitempty"`
	Expires     int64       `json:"expires,omitempty"`
	Ref         string      `json:"ref,omitempty"` // the leg that it is, or answers
	Leg         payment.Leg `json:"leg,omitempty"`
	Code        string      `json:"code,omitempty"`
	UPI         string      `json:"upi,omitempty"`
	Garbled     bool        `json:"garbled,omitempty"`
}

// slipKind is what a slip is.
type slipKind string

// The kinds of slips.
const (
	slipCollect slipKind = "collect" // asks for money
	slipTold    slipKind = "told"    // answers that
	slipUpdate  slipKind = "update"  // the final word, after another answer
	slipApprove slipKind = "approve" // asks the payer's PSP to have the payer approve
	slipAnswer  slipKind = "answer"  // to an approve, or the receipt of what was told
)

// isSlip says that a message is none of a dialect.
func isSlip(body []byte) bool { return len(body) > 0 && body[0] == '{' }

func (s *slip) append(dst []byte) ([]byte, error) {
	b, err := json.Marshal(s)
	return append(dst, b...), err
}

// withSlips is a dialect and slips.
type withSlips struct {
	translate.Dialect
	byTrace bool // its answers are found without a reference
}

// Open returns a new Interpreter.
func (d *withSlips) Open() translate.Interpreter {
	return &clerk{Interpreter: d.Dialect.Open(), number: d.Participant(), byTrace: d.byTrace}
}

// clerk reads and writes slips, and leaves the rest to the dialect.
type clerk struct {
	translate.Interpreter
	number  route.Participant
	byTrace bool
	last    slip // read last; without a kind: it was a message of the dialect
}

var errSlip = errors.New("not a slip")

// Read takes one message.
func (c *clerk) Read(body []byte, ev *payment.Event) translate.Inbound {
	c.last = slip{}
	if !isSlip(body) {
		return c.Interpreter.Read(body, ev)
	}
	if err := json.Unmarshal(body, &c.last); err != nil {
		return translate.Inbound{Kind: translate.Malformed, Fault: err}
	}
	ev.From = c.number
	switch c.last.What {
	case slipCollect:
		c.collect(ev)
		return translate.Inbound{Kind: translate.Request}
	case slipAnswer:
		c.answer(ev)
		return translate.Inbound{Kind: translate.Answer}
	}
	return translate.Inbound{Kind: translate.Malformed, Fault: errSlip}
}

// collect reads the request for a collect.
func (c *clerk) collect(ev *payment.Event) {
	s := &c.last
	ev.Kind = payment.RequestArrived
	r := &ev.Request
	*r = payment.Request{Type: payment.Collect, Repeat: s.Repeat, ExpireAt: s.Expires, Hash: uint64(s.Minor)}
	r.Key = payment.RequestKey{From: c.number, STAN: s.STAN, Transmitted: s.Transmitted}
	copy(r.Key.RRN[:], s.RRN)
	r.Echo = payment.Echo{STAN: s.STAN, Transmitted: s.Transmitted, RRN: r.Key.RRN}
	r.Amount.Minor, r.Amount.Currency = s.Minor, currency
	ev.Text.Set(payment.PayerVPA, []byte(s.VPA))
	ev.Text.Set(payment.PayeeAccount, []byte(s.Account))
	ev.Text.Set(payment.PayeeIFSC, []byte(s.IFSC))
	ev.Text.Set(payment.Purpose, []byte(s.Purpose))
}

// unnamed is what an answer without a reference says of its leg.
var unnamed = map[payment.Leg]payment.Leg{payment.LegResolve: payment.LegResolve, payment.LegUpdate: payment.LegAdvice}

func (c *clerk) answer(ev *payment.Event) {
	s := &c.last
	id, _, _ := translate.ParseReference([]byte(s.Ref))
	ev.Kind = payment.AnswerArrived
	ev.Answer = payment.Answer{
		Payment: id, Leg: s.Leg, STAN: s.STAN, Transmitted: s.Transmitted, Minor: s.Minor,
		Outcome: translate.ReadCode([]byte(s.Code), translate.PayerSide), Code: payment.CodeOf(s.Code),
	}
	if s.Garbled {
		ev.Answer.Outcome = payment.Unreadable
	}
	if c.byTrace {
		ev.Answer.Payment, ev.Answer.Leg = 0, unnamed[s.Leg]
	}
	ev.Text.Set(payment.PayerAccount, []byte(s.Account))
	ev.Text.Set(payment.PayerIFSC, []byte(s.IFSC))
}

// Compose appends the message that ef asks for.
func (c *clerk) Compose(dst []byte, ef *payment.Effect) ([]byte, error) {
	p := ef.Payment
	if p == nil || p.Type != payment.Collect {
		return c.Interpreter.Compose(dst, ef)
	}
	ref := translate.Reference(p.ID, ef.Leg)
	leg := &p.Legs[ef.Leg]
	s := slip{Ref: string(ref[:]), Leg: ef.Leg, Minor: p.Amount.Minor, STAN: leg.STAN, Transmitted: leg.Transmitted}
	switch ef.Leg {
	case payment.LegRequest:
		return answerTo(&s, p, p.Reply).append(dst)
	case payment.LegUpdate:
		s.What, s.Original, s.Repeat = slipUpdate, p.Echo.STAN, ef.Repeat
		s.Code, s.UPI = saidOf(ef.Outcome)
	case payment.LegResolve:
		s.What, s.VPA, s.Expires, s.Repeat = slipApprove, string(p.Text.Get(payment.PayerVPA)), p.ExpireAt, ef.Repeat
	default:
		return c.Interpreter.Compose(dst, ef)
	}
	return s.append(dst)
}

// answerTo makes s the answer to a collect. It has no reference when it is about the
// request that has another content.
func answerTo(s *slip, p *payment.Payment, why payment.Outcome) *slip {
	s.What, s.STAN, s.Transmitted, s.Minor = slipTold, p.Echo.STAN, p.Echo.Transmitted, p.Amount.Minor
	s.Code, s.UPI = saidOf(why)
	if why == payment.Duplicate {
		s.Ref = ""
	}
	return s
}

func saidOf(o payment.Outcome) (code, upi string) {
	r := translate.ResultOf(o)
	return r.Code, r.UPI
}

// Refuse appends the refusal of the message read last.
func (c *clerk) Refuse(dst []byte, r translate.Refusal) ([]byte, bool) {
	if c.last.What == "" {
		return c.Interpreter.Refuse(dst, r)
	}
	if c.last.What != slipCollect {
		return dst, false
	}
	p := payment.Payment{Echo: payment.Echo{STAN: c.last.STAN, Transmitted: c.last.Transmitted}}
	p.Amount.Minor = c.last.Minor
	b, err := answerTo(&slip{}, &p, r.Why).append(dst)
	return b, err == nil
}

// RefuseRequest appends the refusal of a request that was read but not taken.
func (c *clerk) RefuseRequest(dst []byte, ev *payment.Event, r translate.Refusal) ([]byte, error) {
	if ev.Request.Type != payment.Collect {
		return c.Interpreter.RefuseRequest(dst, ev, r)
	}
	return answerTo(&slip{}, &payment.Payment{Echo: ev.Request.Echo, Amount: ev.Request.Amount}, r.Why).append(dst)
}
