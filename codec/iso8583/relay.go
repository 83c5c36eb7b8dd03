package iso8583

// openRelay is the received message that a Writer changes. m is nil when it
// builds a message of its own.
type openRelay struct {
	m  *Message
	at int // the first byte that is neither copied nor passed over
	// touched are the elements that are replaced or taken out.
	touched [2]uint64
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
	w.relay = openRelay{m: m, at: m.body}
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
func (w *Writer) relayTo(de int) bool {
	r := &w.relay
	if r.m.tailDE != 0 && de >= r.m.tailDE {
		w.fail(de, ReasonUnknown) // inside of what cannot be read
		return false
	}
	from, to := r.m.Span(de)
	w.dst = append(w.dst, r.m.buf[r.at:from]...)
	r.at = to
	r.touched[(de-1)>>6] |= 1 << (63 - (de-1)&63)
	return true
}

// relayRest copies the rest. It says whether the elements of the new message are
// those of the received one.
func (w *Writer) relayRest() bool {
	r := &w.relay
	w.dst = append(w.dst, r.m.buf[r.at:]...)
	for i := range w.present {
		w.present[i] |= r.m.bits[i] &^ r.touched[i]
	}
	return w.present == r.m.bits
}
