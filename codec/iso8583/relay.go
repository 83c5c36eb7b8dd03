package iso8583

// openRelay is the received message that a Writer changes. m is nil when it
// builds a message of its own.
type openRelay struct {
	m  *Message
	at int // the first byte that is not copied yet
	// until is the first element that is neither copied nor passed over.
	until int
}

// Relay starts a message at the end of dst that is the parsed message m with a
// few changes: another message type, elements that Set and its kin replace or
// add, and elements that Remove takes out, in ascending order as always. All
// other bytes are copied as they were received, elements that the spec lacks and
// keeps among them; nothing is decoded. The bitmaps are the received ones, byte
// for byte, when the same elements are there.
//
// m must have been parsed without an error and must not change before Finish.
// The spec of the new message is that of m.
func (w *Writer) Relay(m *Message, dst []byte, mti MTI) {
	if m.spec == nil || !m.whole {
		*w = Writer{dst: dst, start: len(dst)}
		w.fail(0, ReasonOrder)
		return
	}
	w.Begin(m.spec, dst, mti)
	w.relay = openRelay{m: m, at: m.body, until: 2}
}

// Remove leaves an element of a relayed message out. It does nothing when the
// message does not have it, or when the Writer does not relay.
func (w *Writer) Remove(de int) {
	switch {
	case w.err != nil || w.relay.m == nil || de < 2 || de > 128:
	case de <= w.last || w.tlv.de != 0 || w.group.de != 0:
		w.fail(de, ReasonOrder)
	default:
		w.relayTo(de)
		w.last = de
	}
}

// relayTo copies everything before the element de and passes over it.
func (w *Writer) relayTo(de int) {
	r := &w.relay
	if r.m.tailDE != 0 && de >= r.m.tailDE {
		w.fail(de, ReasonUnknown) // inside of what cannot be read
		return
	}
	from, to := r.m.Span(de)
	w.dst = append(w.dst, r.m.buf[r.at:from]...)
	w.carry(r.until, de)
	r.at, r.until = to, de+1
}

// relayRest copies the rest. It says whether the elements of the new message are
// those of the received one.
func (w *Writer) relayRest() bool {
	r := &w.relay
	w.dst = append(w.dst, r.m.buf[r.at:]...)
	w.carry(r.until, 129)
	return w.present == r.m.bits
}

// carry takes over the bits of the elements from up to, not including, to.
func (w *Writer) carry(from, to int) {
	first, second := ^uint64(0), ^uint64(0)
	if from > 64 {
		first, second = 0, ^before(from-64)
	} else {
		first = ^before(from)
	}
	switch {
	case to <= 64:
		first, second = first&before(to), 0
	case to <= 128:
		second &= before(to - 64)
	}
	w.present[0] |= w.relay.m.bits[0] & first
	w.present[1] |= w.relay.m.bits[1] & second
}
