package payment

import (
	"encoding/json"
	"fmt"

	"switchd/ledger"
	"switchd/switch/route"
)

// eventVersion is the first byte of every event record. A change of the layout
// gets the next number. DecodeEvent reads this one only: nothing was released
// with another.
const eventVersion = 3

// AppendEvent appends the journal record of e to b. Seq and At are part of it.
//
// Who has changed a configuration, and why, stands in the clear before it: the
// configuration itself is no secret and does not fit behind a u16, and the log and the
// data folder have both in the clear anyway. Where nobody is named the record begins
// with the configuration's brace.
//
// Layout, little-endian: version u8, logic u8, where the secret part begins u16 (0:
// there is none), kind u8, seq u64, at i64, from u16, then by kind, then the secret
// part (secret.go). It allocates nothing but growth of b, except for ConfigChanged
// (rare).
func AppendEvent(b []byte, e *Event) []byte {
	start := len(b)
	b = append(b, eventVersion, Logic, 0, 0, byte(e.Kind))
	b = putU64(b, e.Seq)
	b = putU64(b, uint64(e.At))
	b = putU16(b, uint16(e.From))
	switch e.Kind {
	case RequestArrived, EnquiryArrived:
		b = putText(putRequest(b, &e.Request), &e.Text, public)
		b = putSecret(b, start, e.Request.Hash, &e.Text)
	case CommandGiven:
		b = putText(putCommand(b, e.Command), &e.Text, public)
		b = putSecret(b, start, 0, &e.Text)
	case AnswerArrived, SendFailed:
		a := &e.Answer
		b = putU64(b, uint64(a.Payment))
		b = append(b, byte(a.Leg))
		b = putU32(b, a.STAN)
		b = putU32(b, a.Transmitted)
		b = putU64(b, uint64(a.Minor))
		b = append(b, byte(a.Outcome))
		b = append(b, a.Code[:]...)
		b = append(b, a.Approval[:]...)
		b = putText(b, &e.Text, public)
		b = putSecret(b, start, 0, &e.Text)
	case LoadChanged:
		b = append(b, byte(e.Load))
	case ConfigChanged:
		text, err := json.Marshal(e.Config)
		if err != nil {
			panic("payment: a configuration cannot be encoded: " + err.Error())
		}
		if e.Text.set != 0 {
			b = putText(b, &e.Text, everything)
		}
		b = append(b, text...)
	}
	return b
}

// DecodeEvent reads a record of AppendEvent into e, reusing e's text buffer. An
// error means that the record is damaged or of a newer version.
func DecodeEvent(record []byte, e *Event) error {
	text := e.Text
	text.Reset()
	*e = Event{Text: text}
	r := reader{b: record}
	if v := r.u8(); v != eventVersion {
		return fmt.Errorf("event record has version %d, this binary reads %d", v, eventVersion)
	}
	r.u8() // logic: the reader of a journal decides what that means to it
	secretAt := int(r.u16())
	e.Kind = Kind(r.below(uint8(kindCount)))
	e.Seq = r.u64()
	e.At = int64(r.u64())
	e.From = route.Participant(r.u16())
	switch e.Kind {
	case RequestArrived, EnquiryArrived:
		r.request(&e.Request)
		r.text(&e.Text, public)
	case CommandGiven:
		e.Command = new(Command)
		r.command(e.Command)
		r.text(&e.Text, public)
	case AnswerArrived, SendFailed:
		r.answer(&e.Answer)
		r.text(&e.Text, public)
	case LoadChanged:
		e.Load = Load(r.below(uint8(loadCount)))
	case ConfigChanged:
		e.Config = new(Config)
		if len(r.b) > 0 && r.b[0] != '{' {
			r.text(&e.Text, everything)
			r.bad = r.bad || e.Text.set == 0
		}
		if err := json.Unmarshal(r.take(len(r.b)), e.Config); err != nil {
			return fmt.Errorf("configuration in the journal: %w", err)
		}
	case KindNone:
		r.bad = true
	}
	hash := r.secret(len(record), secretAt, &e.Text)
	if e.Kind == RequestArrived || e.Kind == EnquiryArrived {
		e.Request.Hash = hash
	} else if hash != 0 {
		r.bad = true
	}
	return r.done()
}

func (r *reader) key(k *RequestKey) {
	k.From = route.Participant(r.u16())
	k.STAN, k.Transmitted, k.Acquirer = r.u32(), r.u32(), r.u64()
	copy(k.RRN[:], r.take(len(k.RRN)))
	k.Other = r.u64()
}

func (r *reader) echo(e *Echo) {
	e.Transmitted, e.STAN = r.u32(), r.u32()
	copy(e.RRN[:], r.take(len(e.RRN)))
}

// The parts of a request that most requests have not, as bits of a byte.
const (
	partRepeat = 1 << iota
	partMerchant
	partBusiness
	partOriginal
	partAcceptedAt
	partExpireAt
	partsLimit
)

func putRequest(b []byte, q *Request) []byte {
	b = putEcho(putKey(b, &q.Key), &q.Echo)
	b = putU64(b, uint64(q.Amount.Minor))
	b = putU16(b, uint16(q.Amount.Currency))
	b = putU16(b, q.AccountTypes)
	parts := putParts(q)
	b = append(b, byte(q.Refuse), byte(q.Model), byte(q.Type), parts)
	if parts&partBusiness != 0 {
		b = append(b, q.Business[:]...)
	}
	if parts&partOriginal != 0 {
		b = putKey(putU64(b, uint64(q.Original.Payment)), &q.Original.Key)
		b = append(b, q.Original.Business[:]...)
	}
	if parts&partAcceptedAt != 0 {
		b = putU64(b, uint64(q.AcceptedAt))
	}
	if parts&partExpireAt != 0 {
		b = putU64(b, uint64(q.ExpireAt))
	}
	return b
}

func putParts(q *Request) (parts byte) {
	for _, p := range [...]struct {
		bit byte
		has bool
	}{
		{partRepeat, q.Repeat}, {partMerchant, q.Merchant}, {partBusiness, q.Business != Business{}},
		{partOriginal, q.Original != Reference{}}, {partAcceptedAt, q.AcceptedAt != 0}, {partExpireAt, q.ExpireAt != 0},
	} {
		if p.has {
			parts |= p.bit
		}
	}
	return parts
}

func (r *reader) request(q *Request) {
	r.key(&q.Key)
	r.echo(&q.Echo)
	q.Amount = ledger.Amount{Minor: int64(r.u64()), Currency: ledger.Currency(r.u16())}
	q.AccountTypes = r.u16()
	q.Refuse = Outcome(r.below(uint8(outcomeCount)))
	q.Model, q.Type = Model(r.below(uint8(modelCount))), Type(r.below(uint8(typeCount)))
	parts := r.below(partsLimit)
	q.Repeat, q.Merchant = parts&partRepeat != 0, parts&partMerchant != 0
	if parts&partBusiness != 0 {
		copy(q.Business[:], r.take(len(q.Business)))
	}
	if parts&partOriginal != 0 {
		q.Original.Payment = ID(r.u64())
		r.key(&q.Original.Key)
		copy(q.Original.Business[:], r.take(len(q.Original.Business)))
	}
	if parts&partAcceptedAt != 0 {
		q.AcceptedAt = int64(r.u64())
	}
	if parts&partExpireAt != 0 {
		q.ExpireAt = int64(r.u64())
	}
}

func putCommand(b []byte, c *Command) []byte {
	b = putU64(append(b, byte(c.Kind)), uint64(c.Payment))
	b = putU16(putU16(b, uint16(c.Participant)), uint16(c.Amount.Currency))
	return putU64(b, uint64(c.Amount.Minor))
}

func (r *reader) command(c *Command) {
	c.Kind, c.Payment = CommandKind(r.below(uint8(commandCount))), ID(r.u64())
	c.Participant, c.Amount.Currency = route.Participant(r.u16()), ledger.Currency(r.u16())
	c.Amount.Minor = int64(r.u64())
}

func (r *reader) answer(a *Answer) {
	a.Payment = ID(r.u64())
	a.Leg = Leg(r.below(uint8(legCount)))
	a.STAN, a.Transmitted = r.u32(), r.u32()
	a.Minor = int64(r.u64())
	a.Outcome = Outcome(r.below(uint8(outcomeCount)))
	copy(a.Code[:], r.take(len(a.Code)))
	copy(a.Approval[:], r.take(len(a.Approval)))
}
