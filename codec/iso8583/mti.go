package iso8583

// MTI is a message type with one hexadecimal digit per digit of the message,
// so that 0x0200 reads like the "0200" on the wire. 0 is no message type.
type MTI uint16

// parseMTI reads four digits of a code page, in which 0 is zone. The class digit 0
// is reserved by the standard and taken by nobody, and refusing it keeps the zero
// MTI free to mean "none".
func parseMTI(b *[4]byte, zone byte) (MTI, bool) {
	v, c, f, o := b[0]-zone, b[1]-zone, b[2]-zone, b[3]-zone
	if v > 9 || c > 9 || f > 9 || o > 9 || c == 0 {
		return 0, false
	}
	return MTI(v)<<12 | MTI(c)<<8 | MTI(f)<<4 | MTI(o), true
}

func (m MTI) valid() bool {
	return m.Version() <= 9 && m.Class() >= 1 && m.Class() <= 9 && m.Function() <= 9 && m.Origin() <= 9
}

// Version is the first digit: 0 is ISO 8583:1987, 1 is 1993.
func (m MTI) Version() int { return int(m >> 12) }

// Class is the second digit: 1 authorisation, 2 financial, 3 file action,
// 4 reversal, 5 reconciliation, 6 administrative, 7 fee collection, 8 network
// management.
func (m MTI) Class() int { return int(m >> 8 & 0xf) }

// Function is the third digit: 0 request, 1 its response, 2 advice, 3 its
// response, 4 notification, 5 its acknowledgement.
func (m MTI) Function() int { return int(m >> 4 & 0xf) }

// Origin is the last digit: who began the exchange, and odd for a repeat.
func (m MTI) Origin() int { return int(m & 0xf) }

// IsRequest says that the message asks for an answer: its function digit is
// even (request, advice, notification).
func (m MTI) IsRequest() bool { return m != 0 && m.Function()&1 == 0 }

// Response is the type of the answer: function plus one, and the originator's
// digit made even, as an answer to a repeat is no repeat (0421 gives 0430).
// An answer has no answer: then it is 0.
func (m MTI) Response() MTI {
	if !m.IsRequest() {
		return 0
	}
	return (m + 0x10) &^ 1
}

// Original is the same type with the repeat mark taken off: 0201 gives 0200.
func (m MTI) Original() MTI { return m &^ 1 }

// String gives the four digits as on the wire.
func (m MTI) String() string {
	b := m.digits()
	return string(b[:])
}

// append appends a valid type in an encoding.
func (m MTI) append(dst []byte, enc encoding) []byte {
	if a := encodings[enc].alphabet; a != nil {
		zone := a.zone
		return append(dst, zone+byte(m>>12), zone+byte(m>>8&0xf), zone+byte(m>>4&0xf), zone+byte(m&0xf))
	}
	digits := m.digits()
	dst, _ = encodings[enc].encode(append(dst, digits[:]...), len(dst))
	return dst
}

func (m MTI) digits() [4]byte {
	const hex = "0123456789ABCDEF"
	return [4]byte{hex[m>>12], hex[m>>8&0xf], hex[m>>4&0xf], hex[m&0xf]}
}
