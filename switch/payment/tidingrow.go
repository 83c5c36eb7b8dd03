package payment

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"switchd/ledger"
	"switchd/switch/route"
)

// tidingsVersion is the first byte of every row of tidings.
const tidingsVersion = 1

// tidingsRowBytes is about how large a row grows: one event may have a tiding for each
// open payment.
const tidingsRowBytes = 32 << 10

// Tidings collects the tidings of some events as rows for the state store. The zero
// value is empty and ready.
type Tidings struct {
	rows []TidingsRow
	buf  []byte
	at   int    // where the row that grows begins
	last uint64 // the event of the latest tiding in it
	time int64  // and its time
	one  Tiding
}

// TidingsRow is a row of tidings. It is found by its last event; Part numbers the rows
// that have the same one.
type TidingsRow struct {
	Last uint64
	Part uint16
	end  int
}

// Step has m step e, as Machine.Step does, and takes what that is for participants.
func (s *Tidings) Step(m *Machine, e *Event, out []Effect) []Effect {
	before, from := m.config, len(out)
	out = m.Step(e, out)
	for i := from; i < len(out); i++ {
		if m.tidingOf(e, &out[i], &s.one) {
			s.add(&s.one)
		}
	}
	if e.Kind == ConfigChanged {
		s.configured(e, before)
	}
	if m.eventTiding(e, &s.one) {
		s.add(&s.one)
	}
	return out
}

// configured takes whose profile a configuration has changed.
func (s *Tidings) configured(e *Event, before *Config) {
	was := map[route.Participant][]byte{}
	for i := range before.Participants {
		was[before.Participants[i].Number] = textOf(&before.Participants[i])
	}
	for i := range e.Config.Participants {
		p := &e.Config.Participants[i]
		if !p.Canary && !bytes.Equal(was[p.Number], textOf(p)) {
			s.one.begin(e)
			s.one.To = p.Number
			s.add(&s.one)
		}
	}
}

// textOf is a profile as the journal has it: that of a configuration which was read
// back is the same, whatever its empty lists are.
func textOf(p *Profile) []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic("payment: a profile cannot be encoded: " + err.Error())
	}
	return text
}

// add appends a tiding to the row that grows. Layout: seq and time as the difference to
// the tiding before, then one field after the other, numbers as varints.
func (s *Tidings) add(t *Tiding) {
	if len(s.buf)-s.at >= tidingsRowBytes {
		s.cut()
	}
	if len(s.buf) == s.at {
		s.buf = putU64(putU64(append(s.buf, tidingsVersion), t.Seq), uint64(t.At))
		s.last, s.time = t.Seq, t.At
	}
	b := binary.AppendUvarint(s.buf, t.Seq-s.last)
	b = binary.AppendUvarint(b, uint64(t.At-s.time))
	s.last, s.time = t.Seq, t.At
	b = append(b, byte(t.Event), byte(t.Notice), byte(t.Type), byte(t.From), byte(t.State), byte(t.Cause),
		byte(t.Outcome), byte(t.Leg), byte(t.Recon), byte(t.Command), t.Percent, byte(t.Class), byte(t.Breaker))
	b = putU16(b, uint16(t.To))
	b = binary.AppendUvarint(b, uint64(t.Payment))
	b = t.Parties.append(b)
	b = binary.AppendVarint(b, t.Amount.Minor)
	b = putU16(b, uint16(t.Amount.Currency))
	s.buf = t.putSeldom(b)
}

// The parts of a tiding that most have not, as bits of a byte.
const (
	tidingCode = 1 << iota
	tidingReferences
	tidingParts
)

func (t *Tiding) putSeldom(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	if t.Code != (Code{}) {
		b[at] |= tidingCode
		b = append(b, t.Code[:]...)
	}
	if t.Original != 0 || t.STAN != 0 || t.RRN != [12]byte{} || t.Text.set != 0 {
		b[at] |= tidingReferences
		b = binary.AppendUvarint(b, uint64(t.Original))
		b = putU32(append(b, t.RRN[:]...), t.STAN)
		b = putText(b, &t.Text, ^uint32(0))
	}
	return b
}

// append writes the parties that there are, after a byte that says which.
func (p *Parties) append(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	for role, n := range p {
		if n != route.Nobody {
			b[at] |= 1 << role
			b = putU16(b, uint16(n))
		}
	}
	return b
}

// cut ends the row that grows.
func (s *Tidings) cut() {
	if len(s.buf) == s.at {
		return
	}
	r := TidingsRow{Last: s.last, end: len(s.buf)}
	if n := len(s.rows); n > 0 && s.rows[n-1].Last == r.Last {
		r.Part = s.rows[n-1].Part + 1
	}
	s.rows, s.at = append(s.rows, r), len(s.buf)
}

// Flush calls put with every row, in order, and empties s. A row is valid during the
// call.
func (s *Tidings) Flush(put func(at TidingsRow, row []byte)) {
	s.cut()
	from := 0
	for _, r := range s.rows {
		put(r, s.buf[from:r.end])
		from = r.end
	}
	s.rows, s.buf, s.at = s.rows[:0], s.buf[:0], 0
}

// EachTiding calls f with the tidings of a row, in order, until its first error. The
// tiding is valid during the call.
func EachTiding(row []byte, f func(*Tiding) error) error {
	r := reader{b: row}
	if v := r.u8(); v != tidingsVersion {
		return fmt.Errorf("row of tidings has version %d, this binary reads %d", v, tidingsVersion)
	}
	seq, at := r.u64(), int64(r.u64())
	var t Tiding
	for len(r.b) > 0 && !r.bad {
		text := t.Text
		text.Reset()
		seq, at = seq+r.uvarint(), at+int64(r.uvarint())
		t = Tiding{Seq: seq, At: at, Text: text}
		r.tiding(&t)
		if r.bad {
			break
		}
		if err := f(&t); err != nil {
			return err
		}
	}
	return r.done()
}

func (r *reader) tiding(t *Tiding) {
	t.Event, t.Notice, t.Type = Kind(r.below(uint8(kindCount))), Notice(r.below(uint8(noticeCount))), Type(r.below(uint8(typeCount)))
	t.From, t.State = State(r.below(uint8(stateCount))), State(r.below(uint8(stateCount)))
	t.Cause, t.Outcome = Cause(r.below(uint8(causeCount))), Outcome(r.below(uint8(outcomeCount)))
	t.Leg, t.Recon = Leg(r.below(uint8(legCount))), Recon(r.below(uint8(reconCount)))
	t.Command, t.Percent = CommandKind(r.below(uint8(commandCount))), r.u8()
	t.Class, t.Breaker = Class(r.below(uint8(classCount))), BreakerState(r.below(uint8(breakerStates)))
	t.To, t.Payment = route.Participant(r.u16()), ID(r.uvarint())
	is := r.below(1 << roleCount)
	for role := range t.Parties {
		if t.Parties[role] = route.Nobody; is>>role&1 == 1 {
			t.Parties[role] = route.Participant(r.u16())
		}
	}
	t.Amount = ledger.Amount{Minor: r.varint(), Currency: ledger.Currency(r.u16())}
	parts := r.below(tidingParts)
	if parts&tidingCode != 0 {
		copy(t.Code[:], r.take(len(t.Code)))
	}
	if parts&tidingReferences != 0 {
		t.Original = ID(r.uvarint())
		copy(t.RRN[:], r.take(len(t.RRN)))
		t.STAN = r.u32()
		r.text(&t.Text, ^uint32(0))
	}
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.take(varintBytes(n))
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.take(varintBytes(n))
	return v
}

// varintBytes is how many bytes a varint takes; more than there are when it is none.
func varintBytes(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}
