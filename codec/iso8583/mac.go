package iso8583

// The message authentication code stands in element 64, or in element 128 when
// the message has a second bitmap. It covers the message from the type to the
// byte before it, with its own bit already set. The algorithms are not here.

// MAC is the code of a received message and what it covers, as views.
type MAC struct {
	DE      int    // 64 or 128
	Covered []byte // from the message type to the byte before the element
	Code    []byte // the element's value
}

// MAC gives the message's code; ok is false when it has none in the right place:
// element 64 of a message with a second bitmap is not one, as elements would
// follow that it does not cover.
func (m *Message) MAC() (mac MAC, ok bool) {
	de := 64
	if m.spec != nil && m.body == m.spec.mtiBytes+2*m.spec.bitmapBytes {
		de = 128
	}
	if !m.whole || !m.Has(de) {
		return MAC{}, false
	}
	from, _ := m.rawSpan(de)
	return MAC{DE: de, Covered: m.buf[:from:from], Code: m.Value(de)}, true
}

// MACInput ends the message but for its code and gives a view of what the code
// covers: the bit of element 64, or 128 when there is a second bitmap, is set
// and the element itself is to come by FinishMAC. The view is valid until then;
// it must not be changed, and no element can be set any more. On a relayed message
// an old code is left out; an old one in element 64 must have been taken out
// (Remove) before elements of a second bitmap were added.
func (w *Writer) MACInput() ([]byte, error) {
	de := 64
	if w.spec != nil && (w.present[1] != 0 || w.spec.bitmaps == bitmapsTwo) {
		de = 128
	}
	if m := w.relay.m; m != nil && w.err == nil {
		if m.bits[1]&^1 != 0 {
			de = 128 // the received code apart, it has elements of the second bitmap
		}
		if de == 64 && w.last < 64 {
			w.Remove(64)
		}
		if w.last < 128 {
			w.Remove(128)
		}
	}
	switch {
	case !w.defines(de):
		w.fail(de, ReasonUnknown)
	case isSet(w.present, de):
		w.fail(de, ReasonOrder)
	case de == 128 && w.relaysCode():
		w.fail(64, ReasonOrder)
	default:
		w.present[(de-1)>>6] |= 1 << (63 - (de-1)&63)
		w.mac, w.last = de, 128
	}
	w.head()
	if w.err != nil {
		return nil, w.err
	}
	w.relay.m = nil
	return w.dst[w.start:len(w.dst):len(w.dst)], nil
}

// relaysCode says that element 64 is the code of the relayed message and still
// there.
func (w *Writer) relaysCode() bool {
	m := w.relay.m
	return m != nil && m.Has(64) && m.body == m.spec.mtiBytes+m.spec.bitmapBytes && !isSet(w.relay.touched, 64)
}

// FinishMAC adds the code after MACInput and gives dst with the message at its
// end, or an error as Finish does.
func (w *Writer) FinishMAC(code []byte) ([]byte, error) {
	de := w.mac
	if de == 0 {
		w.fail(0, ReasonOrder)
		return w.dst[:w.start], w.err
	}
	w.mac, w.last = 0, de-1
	if f := w.open(de, len(code)); f != nil {
		at := len(w.dst)
		w.dst = append(w.dst, code...)
		w.close(de, f, at)
	}
	if w.err != nil {
		return w.dst[:w.start], w.err
	}
	w.spec = nil
	return w.dst, nil
}
