package iso8583

import (
	"encoding/binary"
	"math/bits"
)

// MessageBytesMax is the longest message that Parse takes. It lets a field's
// place be two 16-bit numbers; frames are far shorter (8 KiB).
const MessageBytesMax = 1<<16 - 1

// span is where a field's value stands in the message, or in the scratch
// buffer when its encoding had to be undone.
type span struct{ at, n uint16 }

// Message is a parsed message: a view over the caller's bytes. The zero value
// is ready, and one Message is meant to be used for many messages in turn. It
// belongs to one goroutine.
//
// The bytes handed to Parse must not change while values are being read.
type Message struct {
	spec    *Spec
	buf     []byte
	scratch []byte
	mti     MTI
	present [2]uint64 // bit 63 of present[0] is DE1, of present[1] is DE65
	inPlace [2]uint64 // the fields of present whose value is a view into buf
	spans   [129]span
	// What follows is for rewriting and for people; hot reading leaves it alone.
	wire   [129]span // of kindConvert: the field with its prefix in buf
	bits   [2]uint64 // as the bitmaps have them, without bit 1
	body   int       // where the first element begins
	tailDE int       // the first element that the spec lacks and keeps; 0: none
	tailAt int
	whole  bool // Parse found no fault
}

// Parse reads the message b by the table s, in one pass. The error is a
// *FieldError; the fields before the bad one are readable then, so that an
// answer can echo them.
func (m *Message) Parse(s *Spec, b []byte) error {
	m.spec, m.buf, m.scratch = s, b, m.scratch[:0]
	m.mti, m.present, m.inPlace, m.whole, m.tailDE, m.body = 0, [2]uint64{}, [2]uint64{}, false, 0, 0
	if len(b) > MessageBytesMax {
		return m.fail(0, 0, ReasonTooLong)
	}
	at, err := m.head(s, b)
	if err != nil {
		return err
	}
	m.inPlace, m.bits, m.body = m.present, m.present, at
	var row *charRanges
	from := at
	for word := range m.present {
		for set := m.present[word]; set != 0; {
			lead := bits.LeadingZeros64(set)
			set &^= 1 << (63 - lead)
			de := word<<6 + lead + 1
			f := &s.fields[de]
			if f.row != row {
				if err := m.endRow(row, from, de, at); err != nil {
					return err
				}
				row, from = f.row, at
			}
			next, why := at+int(f.length), faultNone
			switch {
			case f.kind == kindFixed && next <= len(b):
				m.spans[de] = span{uint16(at), f.length}
			case f.kind == kindPlain:
				next, why = m.plain(f, de, at)
			default:
				next, why = m.convert(f, de, at)
			}
			if why != faultNone {
				return m.failAfter(row, from, de, at, why)
			}
			at = next
		}
	}
	if err := m.endRow(row, from, 129, at); err != nil {
		return err
	}
	if at != len(b) {
		return m.fail(0, at, ReasonTrailing)
	}
	m.whole = true
	return nil
}

// endRow looks at a row that ends before the byte at and the element de.
//
// Neighbouring fields of one class are a row, and the characters of a row are
// looked at together, from its first byte to its last, because most of a
// message is a few such rows. The digits of the length prefixes between the
// fields belong to each of these classes. Only when a row fails are its fields
// looked at one by one: one of them is bad, or a fill character was the reason
// and all are good.
func (m *Message) endRow(row *charRanges, from, de, at int) error {
	if row == nil || row.hold(m.buf[from:at]) {
		return nil
	}
	for i := 2; i < de; i++ {
		f := &m.spec.fields[i]
		if !m.Has(i) || f.row != row || int(m.spans[i].at) < from {
			continue
		}
		if !f.accepts(m.Value(i)) {
			return m.fail(i, int(m.spans[i].at)-int(f.digits), m.spec.details[i].format)
		}
	}
	return nil
}

// failAfter reports a fault of the field de, unless a field before it, in the
// row that is not looked at yet, is bad too: the first one counts. Where the
// spec keeps elements that it lacks, the first of them ends the reading and is
// no fault.
func (m *Message) failAfter(row *charRanges, from, de, at int, why fault) error {
	if err := m.endRow(row, from, de, at); err != nil {
		return err
	}
	if why == faultUnknown && m.spec.keep && m.spec.fields[de].kind == kindAbsent && !m.spec.presenceBit(de) {
		m.hide(de)
		m.tailDE, m.tailAt, m.whole = de, at, true
		return nil
	}
	if why == faultInside {
		return m.failInside(de, at)
	}
	return m.fail(de, at, m.spec.reason(de, why))
}

// presenceBit says that the bit announces a third bitmap.
func (s *Spec) presenceBit(de int) bool { return de == 65 && s.bitmaps == bitmapsByBit }

// head reads the message type and the bitmaps, and gives the place of the first
// field. A second bitmap that names no field is accepted: such senders exist.
func (m *Message) head(s *Spec, b []byte) (int, error) {
	if len(b) < s.mtiBytes {
		return 0, m.fail(0, 0, ReasonTruncated)
	}
	mti, ok := MTI(0), false
	if s.fields[0].kind == kindFixed {
		mti, ok = parseMTI((*[4]byte)(b))
	} else {
		mti, ok = m.convertMTI(&s.fields[0], b[:s.mtiBytes])
	}
	if !ok {
		return 0, m.fail(0, 0, ReasonMTI)
	}
	m.mti = mti
	at := s.mtiBytes
	if s.fields[1].kind == kindPlain && len(b) >= at+16 && b[at] >= 0x80 && s.bitmaps == bitmapsByBit {
		// Two binary bitmaps, as nearly always: without calls.
		m.present[0] = binary.BigEndian.Uint64(b[at:]) &^ (1 << 63)
		m.present[1] = binary.BigEndian.Uint64(b[at+8:])
		return at + 16, nil
	}
	one, next, why := s.readBitmap(b, at)
	if why != faultNone {
		return 0, m.fail(1, at, s.reason(1, why))
	}
	if s.bitmaps == bitmapsOne || s.bitmaps == bitmapsByBit && one>>63 == 0 {
		m.present[0] = one &^ (1 << 63)
		if one>>63 != 0 {
			return 0, m.fail(1, at, ReasonUnknown)
		}
		return next, nil
	}
	at = next
	two, next, why := s.readBitmap(b, at)
	if why != faultNone {
		return 0, m.fail(1, at, s.reason(1, why))
	}
	m.present = [2]uint64{one &^ (1 << 63), two} // DE1 is the second bitmap, no field to be read
	return next, nil
}

// convertMTI reads a message type that is not plain text.
func (m *Message) convertMTI(f *field, b []byte) (MTI, bool) {
	m.room()
	text, why := encodings[f.enc].decode(m.scratch, b, 4)
	if why != faultNone || len(text) != 4 {
		return 0, false
	}
	return parseMTI((*[4]byte)(text))
}

// room makes the first scratch buffer, which is kept for all later messages.
func (m *Message) room() {
	if m.scratch == nil {
		m.scratch = make([]byte, 0, 64)
	}
}

// readBitmap reads the bitmap at a place of the message.
func (s *Spec) readBitmap(b []byte, at int) (set uint64, next int, why fault) {
	next = at + s.bitmapBytes
	if next > len(b) {
		return 0, 0, faultTruncated
	}
	if s.fields[1].kind == kindPlain {
		return binary.BigEndian.Uint64(b[at:]), next, faultNone
	}
	set, ok := encodings[s.fields[1].enc].bitmap(b[at:next])
	if !ok {
		return 0, 0, faultHex
	}
	return set, next, faultNone
}

// plain reads a field whose wire bytes are its value, by straight code: with
// kindFixed these are all text fields of an ASCII dialect.
func (m *Message) plain(f *field, de, at int) (next int, why fault) {
	b := m.buf
	n := int(f.length)
	if f.digits != 0 {
		value := at + int(f.digits)
		if value > len(b) {
			return 0, faultTruncated
		}
		var length int
		switch f.digits {
		case 3:
			length = digits3(b, at)
		case 2:
			length = digits2(b, at)
		default:
			length = digits1(b, at)
		}
		if length < 0 {
			return 0, faultLengthDigits
		}
		if length > n {
			return 0, faultLength
		}
		n, at = length, value
	}
	if n > len(b)-at {
		return 0, faultTruncated
	}
	v := b[at : at+n]
	if f.row == nil && !f.accepts(v) {
		return 0, faultFormat
	}
	if f.tags != nil && !f.tags.check(v, f.class) {
		return 0, faultTLV
	}
	m.spans[de] = span{uint16(at), uint16(n)}
	return at + n, faultNone
}

// convert reads any field by the tables of encodings and prefixes. A value that
// its encoding changes is left in the scratch buffer. A field that the spec
// lacks ends here too.
func (m *Message) convert(f *field, de, at int) (next int, why fault) {
	switch f.kind {
	case kindAbsent:
		return 0, faultUnknown
	case kindFixed:
		return 0, faultTruncated // Parse has handled all others
	}
	p, why := f.locate(m.buf, at)
	if why != faultNone {
		return 0, why
	}
	next = p.end()
	m.wire[de] = span{uint16(at), uint16(next - at)}
	m.room()
	if f.inPlace() {
		k := checker{scratch: m.scratch}
		if why = k.value(f, m.buf, p); why != faultNone {
			if k.blamed {
				why = faultInside
			}
			return 0, why
		}
		m.scratch = k.scratch
		m.spans[de] = span{uint16(p.at), uint16(p.wire)}
		return next, faultNone
	}
	from := len(m.scratch)
	if m.scratch, why = encodings[f.enc].decode(m.scratch, m.buf[p.at:next], p.n); why != faultNone {
		return 0, why
	}
	switch v := m.scratch[from:]; {
	case !f.accepts(v):
		return 0, faultFormat
	case f.tags != nil && !f.tags.check(v, f.class):
		return 0, faultTLV
	}
	m.spans[de] = span{uint16(from), uint16(p.n)}
	m.inPlace[(de-1)>>6] &^= 1 << (63 - (de-1)&63)
	return next, faultNone
}

// fail hides the bad field and those after it and makes the error.
//
//go:noinline
func (m *Message) fail(de, at int, reason string) error {
	if de > 0 {
		m.hide(de)
	}
	return &FieldError{DE: de, Offset: at, Reason: reason, Expected: m.spec.expected(de, reason)}
}

// failInside looks again at a composite to say which of its elements is bad.
func (m *Message) failInside(de, at int) error {
	m.hide(de)
	f := &m.spec.fields[de]
	p, _ := f.locate(m.buf, at)
	k := checker{scratch: m.scratch}
	why := k.value(f, m.buf, p)
	e := &FieldError{DE: de, Path: k.path, Offset: k.at, Reason: faultReasons[why], Expected: "subfields as the spec has them"}
	if k.sub != nil {
		e.Expected = k.sub.expected
		if why == faultFormat {
			e.Reason = k.sub.format
		}
	}
	return e
}

// hide takes an element and those after it out of sight.
func (m *Message) hide(de int) {
	if de > 64 {
		m.present[1] &= before(de - 64)
	} else {
		m.present[0] &= before(de)
		m.present[1] = 0
	}
	m.inPlace[0] &= m.present[0]
	m.inPlace[1] &= m.present[1]
}

// before gives the bits of a bitmap ahead of bit n (1 to 64).
func before(n int) uint64 { return ^(^uint64(0) >> (n - 1)) }

// MTI is the message type; 0 when Parse could not read it.
func (m *Message) MTI() MTI { return m.mti }

// Has says that the data element is there. The bitmaps are no elements.
func (m *Message) Has(de int) bool {
	bit := uint(de - 1)
	return bit < 128 && m.present[bit>>6]<<(bit&63)>>63 != 0
}

// Value gives the canonical value of an element: its text, or raw bytes of a b
// field. It is nil when the element is absent and not nil when it is empty. The
// view is valid until the next Parse or a change of the buffer. Fixed fields
// come as they were sent, with their padding.
func (m *Message) Value(de int) []byte {
	bit := uint(de - 1)
	if bit < 128 && m.inPlace[bit>>6]<<(bit&63)>>63 != 0 {
		at := int(m.spans[de].at)
		end := at + int(m.spans[de].n)
		return m.buf[at:end:end]
	}
	return m.decodedValue(de)
}

// decodedValue is apart so that Value is small enough to be inlined.
func (m *Message) decodedValue(de int) []byte {
	if !m.Has(de) {
		return nil
	}
	at := int(m.spans[de].at)
	end := at + int(m.spans[de].n)
	return m.scratch[at:end:end]
}

// Uint reads an element of 1 to 19 digits as a number; anything else, also an
// absent element, gives false.
func (m *Message) Uint(de int) (uint64, bool) {
	v := m.Value(de)
	if len(v) == 0 || len(v) > 19 {
		return 0, false // 19 digits always fit into 64 bits, 20 may not
	}
	var n uint64
	for _, c := range v {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// Reset forgets the message: the buffer is let go, and decoded values (a PIN
// block may be one) are overwritten.
func (m *Message) Reset() {
	clear(m.scratch[:cap(m.scratch)])
	m.spec, m.buf, m.scratch = nil, nil, m.scratch[:0]
	m.mti, m.present, m.inPlace, m.whole, m.tailDE, m.body = 0, [2]uint64{}, [2]uint64{}, false, 0, 0
}
