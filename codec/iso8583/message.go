package iso8583

import (
	"encoding/binary"
	"math/bits"
)

// MessageBytesMax is the longest message that Parse takes. It lets a field's
// place be two 16-bit numbers; frames are far shorter (8 KiB).
const MessageBytesMax = 1<<16 - 1

// span is where a field's value stands in the message, and of how many bytes
// it is; on the wire these may be more or fewer.
type span struct{ at, n uint16 }

// Message is a parsed message: a view over the caller's bytes. The zero value
// is ready, and one Message is meant to be used for many messages in turn. It
// belongs to one goroutine.
//
// The bytes handed to Parse must not change while values are being read.
type Message struct {
	spec    *Spec
	buf     []byte
	mti     MTI
	present [2]uint64 // bit 63 of present[0] is DE1, of present[1] is DE65
	inPlace [2]uint64 // the fields of present whose value is a view into buf
	spans   [129]span
	// Values that are not a view are decoded when they are asked for.
	scratch []byte    // see slot
	decoded [2]uint64 // those that are in scratch
	// What follows is for rewriting and for people; hot reading leaves it alone.
	wire   [129]span // of kindGeneral: the field with its prefix in buf
	bits   [2]uint64 // as the bitmaps have them, without bit 1
	body   int       // where the first element begins
	tailDE int       // the first element that the spec lacks and keeps; 0: none
	tailAt int
	fault  *FieldError // the first one
	whole  bool        // Parse found none

	strange bool // an element of tags has, or may have, one that the spec does not name
}

// Parse reads the message b by the table s, in one pass. The error is a
// *FieldError, for the first fault. It does not make the rest of the message
// unreadable, so that an answer can echo what names it: elements with a bad value
// are absent then, and those before and after them are there; from the first
// element on whose end cannot be known (its length is bad, or it is cut off, or
// the spec lacks it) all are absent.
func (m *Message) Parse(s *Spec, b []byte) error {
	m.spec, m.buf, m.fault = s, b, nil
	m.mti, m.present, m.inPlace, m.decoded = 0, [2]uint64{}, [2]uint64{}, [2]uint64{}
	m.whole, m.strange, m.tailDE, m.body = false, false, 0, 0
	if len(b) > MessageBytesMax {
		return m.fail(0, 0, ReasonTooLong)
	}
	at, ok := m.head(s, b)
	if !ok {
		return m.fault
	}
	m.bits, m.body = m.present, at
	m.inPlace = [2]uint64{m.present[0] & s.inPlace[0], m.present[1] & s.inPlace[1]}
	// Neighbouring fields of one class are a row, and the bytes of a row are
	// looked at together, from its first to its last, because most of a message
	// is a few such rows. The length prefixes between the fields belong to each of
	// these classes.
	var row *charSet
	from := at
	for word := range m.present {
		for set := m.present[word]; set != 0; {
			lead := bits.LeadingZeros64(set)
			set &^= 1 << (63 - lead)
			de := word<<6 + lead + 1
			f := &s.fields[de]
			if f.row != row {
				m.endRow(row, from, de, at)
				row, from = f.row, at
			}
			next, why := at+int(f.wire), faultNone
			switch {
			case f.kind == kindFixed && next <= len(b):
				m.spans[de] = span{uint16(at), f.length}
			case f.kind == kindQuick:
				next, why = m.quick(f, de, at)
			default:
				next, why = m.general(f, de, at)
			}
			if why != faultNone {
				m.endRow(row, from, de, at) // its faults are before this one
				if next == 0 {
					return m.stop(de, at, why)
				}
				m.badValue(de, at)
				row, from = nil, next
			}
			at = next
		}
	}
	m.endRow(row, from, 129, at)
	if at != len(b) || m.fault != nil {
		return m.fail(0, at, ReasonTrailing)
	}
	m.whole = true
	return nil
}

// head reads the message type and the bitmaps, and gives the place of the first
// field. A second bitmap that names no field is accepted: such senders exist.
func (m *Message) head(s *Spec, b []byte) (at int, ok bool) {
	at = s.mtiBytes
	if len(b) < at {
		m.fail(0, 0, ReasonTruncated)
		return 0, false
	}
	if m.mti, ok = m.readMTI(s.fields[0].enc, b[:at]); !ok {
		m.fail(0, 0, ReasonMTI)
		return 0, false
	}
	if s.fields[1].enc == encBinary && len(b) >= at+16 && b[at] >= 0x80 && s.bitmaps == bitmapsByBit {
		// Two binary bitmaps, as nearly always: without calls.
		m.present[0] = binary.BigEndian.Uint64(b[at:]) &^ (1 << 63)
		m.present[1] = binary.BigEndian.Uint64(b[at+8:])
		return at + 16, true
	}
	one, next, why := s.readBitmap(b, at)
	if why != faultNone {
		m.fail(1, at, s.reason(1, why))
		return 0, false
	}
	m.present[0] = one &^ (1 << 63) // DE1 is the second bitmap, no field to be read
	if s.bitmaps == bitmapsOne || s.bitmaps == bitmapsByBit && one>>63 == 0 {
		if one>>63 != 0 {
			m.fail(1, at, ReasonUnknown)
			m.hideFrom(1)
		}
		return next, one>>63 == 0
	}
	at = next
	if m.present[1], next, why = s.readBitmap(b, at); why != faultNone {
		m.fail(1, at, s.reason(1, why))
		m.hideFrom(1)
		return 0, false
	}
	return next, true
}

// TypeOf reads the type of a message and nothing else of it. false: it has none, or its
// spec writes types as no other does.
func (s *Spec) TypeOf(message []byte) (MTI, bool) {
	if len(message) < s.mtiBytes {
		return 0, false
	}
	mti, ok, _ := usualMTI(s.fields[0].enc, message[:s.mtiBytes])
	return mti, ok
}

// usualMTI reads the message type in the usual encodings.
func usualMTI(enc encoding, b []byte) (mti MTI, ok, usual bool) {
	switch enc {
	case encASCII:
		mti, ok = parseMTI((*[4]byte)(b), '0')
	case encEBCDIC, encEBCDIC1047:
		mti, ok = parseMTI((*[4]byte)(b), 0xf0)
	case encBCD, encLBCD:
		if mti = MTI(binary.BigEndian.Uint16(b)); mti.valid() {
			return mti, true, true
		}
		return 0, false, true
	default:
		return 0, false, false
	}
	return mti, ok, true
}

// readMTI reads the message type in any encoding.
func (m *Message) readMTI(enc encoding, b []byte) (MTI, bool) {
	if mti, ok, usual := usualMTI(enc, b); usual {
		return mti, ok
	}
	m.room()
	text, why := encodings[enc].decode(m.scratch[:0], b, 4)
	if why != faultNone || len(text) != 4 {
		return 0, false
	}
	return parseMTI((*[4]byte)(text), '0')
}

// readBitmap reads the bitmap at a place of the message.
func (s *Spec) readBitmap(b []byte, at int) (set uint64, next int, why fault) {
	next = at + s.bitmapBytes
	if next > len(b) {
		return 0, 0, faultTruncated
	}
	if s.fields[1].enc == encBinary {
		return binary.BigEndian.Uint64(b[at:]), next, faultNone
	}
	set, ok := encodings[s.fields[1].enc].bitmap(b[at:next])
	if !ok {
		return 0, 0, faultHex
	}
	return set, next, faultNone
}

// presenceBit says that the bit announces a third bitmap.
func (s *Spec) presenceBit(de int) bool { return de == 65 && s.bitmaps == bitmapsByBit }

// quick reads a field of kindQuick by straight code. next is 0 when its end is
// not known; else the value is bad, or may be: see badValue.
func (m *Message) quick(f *field, de, at int) (next int, why fault) {
	b := m.buf
	n := int(f.length)
	if f.head != headNone {
		value := at + int(f.width)
		if value > len(b) {
			return 0, faultTruncated
		}
		var length int
		switch f.head {
		case headThree:
			length = digits3(b, at, f.zone)
		case headTwo:
			length = digits2(b, at, f.zone)
		case headPacked:
			length = packed1(b, at)
		case headPackedTwo:
			length = packed2(b, at)
		default:
			length = digits1(b, at, f.zone)
		}
		if length < 0 {
			return 0, faultLengthDigits
		}
		if length > n {
			return 0, faultLength
		}
		n, at = length, value
	}
	next = at + f.wireBytes(n)
	if next > len(b) {
		return 0, faultTruncated
	}
	m.spans[de] = span{uint16(at), uint16(n)}
	if f.looks {
		var strange bool
		if strange, why = f.look(b[at:next], n); strange {
			m.strange = true
		}
	}
	return next, why
}

// look is what there is to see of a kindQuick beside its row: whether it has a tag
// that the spec lacks, and what is bad, which is not always the last word on a value,
// see badValue.
func (f *field) look(v []byte, n int) (strange bool, why fault) {
	switch {
	case f.row == nil && f.set != nil && !f.set.hold(v):
		return false, faultFormat
	case f.packed && n&1 != 0 && !f.enc.filled(v):
		return false, faultFiller
	case f.tags != nil:
		_, strange, why = f.tags.walk(v, encodings[f.enc].alphabet, true)
	}
	return strange, why
}

// general reads any field by the tables of encodings and prefixes. A field that
// the spec lacks ends here too.
func (m *Message) general(f *field, de, at int) (next int, why fault) {
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
	m.spans[de] = span{uint16(p.at), uint16(p.n)}
	m.wire[de] = span{uint16(at), uint16(p.end() - at)}
	m.strange = m.strange || f.tags != nil
	m.room()
	k := checker{scratch: m.scratch[:0]} // nothing is decoded yet
	return p.end(), k.value(f, m.buf, p)
}
