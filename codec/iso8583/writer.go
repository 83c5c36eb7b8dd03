package iso8583

import "encoding/binary"

// Writer builds one message after another at the end of a byte slice. The zero
// value is ready; it belongs to one goroutine. Elements are set in ascending
// order. The first error is kept, later calls do nothing, and Finish gives it.
type Writer struct {
	spec    *Spec
	dst     []byte
	start   int // of the message in dst
	body    int // of the first element in dst: both bitmaps have their place before it
	last    int // the highest element so far
	present [2]uint64
	err     *FieldError
	tlv     openTLV
	group   openGroup
	relay   openRelay
	mac     int // the element that MACInput has announced
}

// Begin starts a message at the end of dst.
func (w *Writer) Begin(s *Spec, dst []byte, mti MTI) {
	w.spec, w.dst, w.start, w.last, w.present, w.mac = s, dst, len(dst), 1, [2]uint64{}, 0
	w.err, w.tlv.de, w.group.de, w.relay.m = nil, 0, 0, nil
	if !mti.valid() {
		w.fail(0, ReasonMTI)
		return
	}
	w.dst = mti.append(w.dst, s.fields[0].enc)
	// Nearly every message needs the second bitmap, so room is kept for both;
	// Finish closes the gap otherwise. That keeps writing a single pass.
	w.dst = append(w.dst, noBitmaps[:2*s.bitmapBytes]...)
	w.body = len(w.dst)
}

var noBitmaps [32]byte // two bitmaps in hexadecimal

// Set writes an element's canonical value. A nil value writes nothing, so that
// Set(de, m.Value(de)) echoes an element with its absence; an empty one that is
// not nil is written. A fixed element must be exact unless the spec pads it.
func (w *Writer) Set(de int, v []byte) {
	if v == nil {
		return
	}
	f := w.open(de, len(v))
	switch {
	case f == nil:
	case f.quick && (f.pad == padNone || len(v) == int(f.length)) && f.text.hold(v):
		w.dst = f.appendText(w.dst, v)
		w.mark(de)
	default:
		at := len(w.dst)
		w.dst = append(w.dst, v...)
		w.close(de, f, at)
	}
}

// SetString is Set for text; an empty one writes nothing.
func (w *Writer) SetString(de int, v string) {
	if v != "" {
		w.Set(de, []byte(v)) // no copy: nothing below changes or keeps it
	}
}

// SetUint writes a number in digits. A fixed element is filled with zeros on
// the left, whatever the spec says about padding: that is what a number is.
func (w *Writer) SetUint(de int, v uint64) {
	var room [20]byte
	at := len(room)
	for {
		at--
		room[at] = byte('0' + v%10)
		if v /= 10; v == 0 {
			break
		}
	}
	digits := room[at:]
	n := len(digits)
	if w.defines(de) && w.spec.fields[de].prefix == prefixFixed {
		n = max(n, w.spec.fields[de].valueMax())
	}
	f := w.open(de, n)
	if f == nil {
		return
	}
	if f.class == classB {
		w.fail(de, w.spec.details[de].format) // text is no binary value
		return
	}
	from := len(w.dst)
	for range n - len(digits) {
		w.dst = append(w.dst, '0')
	}
	w.dst = append(w.dst, digits...)
	if f.quick && (f.pad == padNone || n == int(f.length)) {
		// No class of a quick field is without digits.
		if encode := encodings[f.enc].encode; encode != nil {
			w.dst, _ = encode(w.dst, from)
		}
		w.mark(de)
		return
	}
	w.close(de, f, from)
}

// Finish gives dst with the message at its end. On an error it gives dst as it
// was handed to Begin; a frame header that the caller has put before it is the
// caller's to take away.
func (w *Writer) Finish() ([]byte, error) {
	if w.mac != 0 {
		w.fail(w.mac, ReasonOrder) // announced and not written
	}
	w.head()
	if w.err != nil {
		return w.dst[:w.start], w.err
	}
	w.spec = nil // the message is closed, nothing more goes into it
	return w.dst, nil
}

// head copies what a relay has left over and writes the bitmaps.
func (w *Writer) head() {
	if w.spec == nil || w.tlv.de != 0 || w.group.de != 0 {
		w.fail(max(w.tlv.de, w.group.de), ReasonOrder)
	}
	if w.err != nil {
		return
	}
	same := false
	if w.relay.m != nil {
		same = w.relayRest()
	}
	at, size := w.start+w.spec.mtiBytes, w.spec.bitmapBytes
	second := w.present[1] != 0
	switch {
	case w.spec.bitmaps == bitmapsTwo:
		second = true
	case w.spec.bitmaps == bitmapsOne && second:
		w.fail(1, ReasonUnknown)
		return
	case same:
		second = w.relay.m.body == w.spec.mtiBytes+2*size
	}
	if !second {
		w.dst = append(w.dst[:at+size], w.dst[w.body:]...)
		w.body = at + size
	}
	if same {
		copy(w.dst[at:w.body], w.relay.m.buf[w.spec.mtiBytes:])
		return
	}
	one := w.present[0]
	if second {
		if w.spec.bitmaps == bitmapsByBit {
			one |= 1 << 63
		}
		w.bitmap(at+size, w.present[1])
	}
	w.bitmap(at, one)
}

// bitmap writes a bitmap into its reserved place.
func (w *Writer) bitmap(at int, set uint64) {
	binary.BigEndian.PutUint64(w.dst[at:], set)
	f := &w.spec.fields[1]
	if f.inPlace() {
		return
	}
	// encode appends, here into the place that Begin has reserved.
	encodings[f.enc].encode(w.dst[:at+8], at)
}

// Err is the first error so far, as Finish will give it.
func (w *Writer) Err() error {
	if w.err == nil {
		return nil
	}
	return w.err
}

func (w *Writer) defines(de int) bool { return w.spec != nil && w.spec.Defines(de) }

// open checks that the element may be written now with a value of n bytes and
// writes its length prefix. It gives nil when the Writer has failed.
func (w *Writer) open(de, n int) *field {
	f := w.next(de)
	switch {
	case f == nil:
		return nil
	case f.kind == kindGeneral:
	case f.head == headNone && n == int(f.length):
		return f
	case f.head != headNone && n <= int(f.length) && f.pad == padNone:
		w.dst = f.appendHead(w.dst, n)
		return f
	}
	units, ok := f.fits(n)
	if !ok {
		w.fail(de, ReasonLength)
		return nil
	}
	w.dst = appendPrefix(w.dst, f.prefix, units)
	return f
}

// next goes to an element that may be written now, where a relay has copied all
// before it.
func (w *Writer) next(de int) *field {
	if w.spec == nil || uint(de-2) > 126 || de <= w.last || w.tlv.de|w.group.de != 0 || w.err != nil {
		return w.refuse(de)
	}
	f := &w.spec.fields[de]
	if f.kind == kindAbsent || f.unknown {
		return w.refuse(de)
	}
	if w.relay.m != nil && !w.relayTo(de) {
		return nil
	}
	return f
}

// refuse says why next does not take an element.
func (w *Writer) refuse(de int) *field {
	if !w.defines(de) {
		w.fail(de, ReasonUnknown)
	}
	w.fail(de, ReasonOrder)
	return nil
}

// close takes what dst holds from at as the element's value: it is checked,
// padded, encoded, and its bit is set. Text and bytes meet here as bytes, so
// neither is copied a second time for the checks.
func (w *Writer) close(de int, f *field, at int) {
	var why fault
	if w.dst, why = f.finish(w.dst, at); why != faultNone {
		w.fail(de, w.spec.reason(de, why))
		return
	}
	if f.group != nil && !w.checkGroup(de, f, at) {
		return
	}
	w.mark(de)
}

func (w *Writer) mark(de int) {
	w.present[(de-1)>>6] |= 1 << (63 - (de-1)&63)
	w.last = de
}

// fail keeps the first error. Its offset is where the element would stand.
func (w *Writer) fail(de int, reason string) {
	if w.err == nil {
		w.err = &FieldError{DE: de, Offset: len(w.dst) - w.start, Reason: reason, Expected: w.spec.expected(de, reason)}
	}
}
