package iso8583

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

// decodedValue gives a value that is no view, and decodes it the first time.
func (m *Message) decodedValue(de int) []byte {
	if !m.Has(de) {
		return nil
	}
	word, bit := (de-1)>>6, uint64(1)<<(63-(de-1)&63)
	v := m.spans[de]
	if m.decoded[word]&bit == 0 {
		m.decoded[word] |= bit
		m.room()
		m.values[de] = uint32(m.used)
		m.spec.fields[de].decode(m.scratch[m.used:], m.buf[v.at:], int(v.n))
		m.used += int(v.n)
	}
	at := int(m.values[de])
	end := at + int(v.n)
	return m.scratch[at:end:end]
}

// decode puts the value of n bytes at the beginning of src, which has been
// checked, into dst. The encodings of nearly all fields are decoded by straight
// code.
func (f *field) decode(dst, src []byte, n int) {
	switch {
	case f.enc == encEBCDIC && f.digits:
		flipZone(dst, src, n)
	case f.enc == encEBCDIC:
		translate(dst, src, n, &fromEBCDIC)
	case f.packed && n&1 == 0:
		spread(dst, src, n/2)
	default:
		row := &encodings[f.enc]
		row.decode(dst[:0], src[:row.wireBytes(n)], n)
	}
}

// room makes the scratch buffer, which is kept for all later messages, large
// enough for all values of this one: no encoding makes more than two characters
// of a byte. So views of values stay where they are. A word more lets the last
// one be written as words.
func (m *Message) room() {
	if need := max(2*len(m.buf)+8, scratchBytesMin); len(m.scratch) < need {
		scratch := make([]byte, need)
		copy(scratch, m.scratch[:m.used])
		m.scratch = scratch
	}
}

const scratchBytesMin = 64

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
	clear(m.scratch)
	m.spec, m.buf, m.used = nil, nil, 0
	m.mti, m.present, m.inPlace, m.decoded = 0, [2]uint64{}, [2]uint64{}, [2]uint64{}
	m.fault, m.whole, m.tailDE, m.body = nil, false, 0, 0
}
