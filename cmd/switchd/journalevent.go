package main

import (
	"fmt"

	"switchd/switch/desk"
	"switchd/switch/journal"
	"switchd/switch/mask"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// eventView is one record of the journal for people and programs. Account numbers,
// addresses, names and notes are masked; without the key they are not there.
type eventView struct {
	Seq     uint64 `json:"seq"`
	At      string `json:"at"`
	Kind    string `json:"kind"`
	From    string `json:"from,omitempty"`    // participant
	Payment uint64 `json:"payment,omitempty"` // that it is about; of a new request its own number

	Request *requestView      `json:"request,omitempty"` // of a request or an enquiry
	Answer  *answerView       `json:"answer,omitempty"`  // of an answer, or of a message that did not leave
	Command *commandView      `json:"command,omitempty"`
	Config  *configView       `json:"config,omitempty"`
	Text    map[string]string `json:"text,omitempty"`

	Sealed int    `json:"sealed_bytes,omitempty"` // of the record, that were not looked at
	Fault  string `json:"fault,omitempty"`        // why the record cannot be read
}

// requestView is what a participant has asked for.
type requestView struct {
	Type        string `json:"type,omitempty"`
	Model       string `json:"model,omitempty"`
	Minor       int64  `json:"minor,omitempty"`
	Currency    uint16 `json:"currency,omitempty"`
	STAN        uint32 `json:"stan,omitempty"`
	Transmitted uint32 `json:"transmitted,omitempty"`
	RRN         string `json:"rrn,omitempty"`
	Business    string `json:"business,omitempty"`
	Refuse      string `json:"refuse,omitempty"`
	Repeat      bool   `json:"repeat,omitempty"`
	Merchant    bool   `json:"merchant,omitempty"`
	Original    uint64 `json:"original,omitempty"` // payment that is asked about or given back, by its number
	OriginalRRN string `json:"original_rrn,omitempty"`
	AcceptedAt  string `json:"accepted_at,omitempty"`
	ExpireAt    string `json:"expire_at,omitempty"`
}

// answerView is what a participant has answered to a leg.
type answerView struct {
	Leg         string `json:"leg"`
	Outcome     string `json:"outcome,omitempty"`
	Code        string `json:"code,omitempty"`
	Minor       *int64 `json:"minor,omitempty"`
	Currency    uint16 `json:"currency,omitempty"` // the switch's own: an answer does not say
	Approval    string `json:"approval,omitempty"`
	STAN        uint32 `json:"stan,omitempty"`
	Transmitted uint32 `json:"transmitted,omitempty"`
}

// commandView is what an operator has decided.
type commandView struct {
	Kind        string `json:"kind"`
	Participant string `json:"participant,omitempty"`
	Below       uint64 `json:"below,omitempty"` // of forget: finished payments before it
	Minor       int64  `json:"minor,omitempty"`
	Currency    uint16 `json:"currency,omitempty"`
}

// configView is what a configuration is about.
type configView struct {
	Currency     uint16   `json:"currency"`
	Participants []string `json:"participants"` // by number
}

// eventReader reads records. It belongs to one goroutine.
type eventReader struct {
	opener   *seal.Opener // nil: the key is not there
	names    []string     // of the participants, by number
	currency uint16       // of amounts that do not say
	event    payment.Event
	sealed   int // bytes of the last record that were not looked at
	record   []byte
}

// newEventReader reads with keys, or without them the public part only. names are
// those of participants that no configuration among the records has named yet.
func newEventReader(keys *seal.Keys, names []string) *eventReader {
	return &eventReader{opener: keys.Opener(), names: names}
}

// read reads a record as far as it can be read, and checks that it is the one with
// this number.
func (r *eventReader) read(seq uint64, record []byte) error {
	var err, unopened error
	r.sealed = 0
	if r.opener != nil {
		if r.record, unopened = r.opener.Open(r.record[:0], record, payment.SecretAt(record)); unopened == nil {
			err = payment.DecodeEvent(r.record, &r.event)
		}
	}
	if r.opener == nil || unopened != nil {
		r.sealed, err = payment.DecodePublic(record, &r.event)
	}
	switch {
	case err != nil:
		return fmt.Errorf("record %d: %w", seq, err)
	case r.event.Seq != seq:
		return fmt.Errorf("record %d says that it is %d", seq, r.event.Seq)
	case unopened != nil:
		return fmt.Errorf("record %d: %w", seq, unopened)
	}
	switch {
	case r.event.Config != nil:
		r.learn(r.event.Config)
	case r.currency == 0 && r.event.Kind == payment.RequestArrived: // the configuration is before what is read
		r.currency = uint16(r.event.Request.Amount.Currency)
	}
	return nil
}

// learn takes the names of the participants from a configuration.
func (r *eventReader) learn(c *payment.Config) {
	r.currency, r.names = uint16(c.Currency), numberedNames(c)
}

// numberedNames are the ids of the participants by number.
func numberedNames(c *payment.Config) (names []string) {
	for i := range c.Participants {
		p := &c.Participants[i]
		for len(names) <= int(p.Number) {
			names = append(names, "")
		}
		names[p.Number] = p.ID
	}
	return names
}

// name is a participant's id, or its number when no configuration has named it.
func (r *eventReader) name(n route.Participant) string {
	switch {
	case n == route.Nobody:
		return ""
	case int(n) < len(r.names) && r.names[n] != "":
		return r.names[n]
	}
	return fmt.Sprintf("#%d", n)
}

// party is a participant of a payment.
func (r *eventReader) party(n route.Participant) party {
	if n == route.Nobody {
		return party{Number: -1}
	}
	return party{r.name(n), int(n)}
}

// view shows the record that was read last.
func (r *eventReader) view() eventView {
	e := &r.event
	v := eventView{Seq: e.Seq, At: stampNanos(e.At), Kind: e.Kind.String(), From: r.name(e.From), Payment: uint64(desk.PaymentOf(e)), Sealed: r.sealed, Text: mask.Texts(&e.Text)}
	switch e.Kind {
	case payment.RequestArrived, payment.EnquiryArrived:
		v.Request = viewRequest(e)
	case payment.AnswerArrived, payment.SendFailed:
		v.Answer = r.viewAnswer(&e.Answer)
	case payment.CommandGiven:
		c := e.Command
		v.Command = &commandView{Kind: c.Kind.String(), Participant: r.name(c.Participant), Minor: c.Amount.Minor, Currency: uint16(c.Amount.Currency)}
		if c.Kind == payment.Forget {
			v.Command.Below = uint64(c.Payment)
		}
	case payment.ConfigChanged:
		v.Config = &configView{Currency: uint16(e.Config.Currency), Participants: r.names}
	}
	return v
}

// faultyView shows a record that cannot be read.
func faultyView(rec *journal.Record, err error) eventView {
	return eventView{Seq: rec.Seq, At: stampNanos(rec.At), Kind: "unreadable", Fault: err.Error()}
}

func viewRequest(e *payment.Event) *requestView {
	q := &e.Request
	v := &requestView{
		STAN: q.Echo.STAN, Transmitted: q.Echo.Transmitted, RRN: mask.Trimmed(q.Echo.RRN[:]),
		Original: uint64(q.Original.Payment), OriginalRRN: mask.Trimmed(q.Original.Key.RRN[:]),
	}
	if e.Kind == payment.EnquiryArrived {
		return v
	}
	v.Type, v.Model, v.Repeat, v.Merchant = q.Type.String(), "A", q.Repeat, q.Merchant
	if q.Model == payment.ModelB {
		v.Model = "B"
	}
	v.Minor, v.Currency = q.Amount.Minor, uint16(q.Amount.Currency)
	if q.Business != (payment.Business{}) {
		v.Business = fmt.Sprintf("%x", q.Business)
	}
	if q.Refuse != payment.NoOutcome {
		v.Refuse = q.Refuse.String()
	}
	v.AcceptedAt, v.ExpireAt = stamp(q.AcceptedAt), stamp(q.ExpireAt)
	return v
}

func (r *eventReader) viewAnswer(a *payment.Answer) *answerView {
	v := &answerView{Leg: a.Leg.String(), Code: a.Code.String(), Approval: mask.Trimmed(a.Approval[:]), STAN: a.STAN, Transmitted: a.Transmitted}
	if a.Outcome != payment.NoOutcome {
		v.Outcome = a.Outcome.String()
	}
	if a.Minor > 0 {
		minor := a.Minor // the event is read over
		v.Minor, v.Currency = &minor, r.currency
	}
	return v
}
