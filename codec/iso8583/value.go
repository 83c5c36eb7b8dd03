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
	at, n := int(m.spans[de].at), int(m.spans[de].n)
	if m.decoded[word]&bit == 0 {
		m.decoded[word] |= bit
		m.room()
		m.decode(&m.spec.fields[de], at, n)
	}
	return m.scratch[2*at : 2*at+n : 2*at+n]
}

// decode puts the value of n bytes at a place of the message, which has been
// checked, into its slot. The encodings of nearly all fields are decoded by
// straight code.
func (m *Message) decode(f *field, at, n int) {
	slot, src := m.scratch[2*at:], m.buf[at:]
	switch {
	case f.enc == encEBCDIC && f.digits:
		flipZone(slot, src, n)
	case f.enc == encEBCDIC:
		translate(slot[:2*n], src, n, &fromEBCDIC)
	case f.packed && n&1 == 0:
		spread(slot[:n], src, n/2)
	default:
		row := &encodings[f.enc]
		wire := row.wireBytes(n)
		row.decode(m.slot(at, wire)[:0], src[:wire], n)
	}
}

// slot is the room of a value that is no view, which takes so many bytes at a
// place of the message: the double of both, because no encoding makes more than
// two characters of a byte. So no two values share room, and each stays where it
// is however often it is asked for.
func (m *Message) slot(at, wire int) []byte {
	return m.scratch[2*at : 2*(at+wire) : 2*(at+wire)]
}

// room makes the scratch buffer, which is kept for all later messages, large
// enough for this one. Only the first value of a message can find it too small,
// so nothing has to be moved; what older messages left is wiped (see Reset).
func (m *Message) room() {
	if need := 2*len(m.buf) + spareBytes; len(m.scratch) < need {
		clear(m.scratch)
		m.scratch = make([]byte, need)
	}
}

const spareBytes = 64 // for the tags or the bitmap of subfields, on the way to one

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

// Reset forgets the message: the buffer is let go, and all decoded values, those
// of earlier messages too (a PIN block may be one), are overwritten. The views
// that Value gave are not valid any more.
func (m *Message) Reset() {
	clear(m.scratch)
	m.spec, m.buf = nil, nil
	m.mti, m.present, m.inPlace, m.decoded = 0, [2]uint64{}, [2]uint64{}, [2]uint64{}
	m.fault, m.whole, m.tailDE, m.body = nil, false, 0, 0
}
