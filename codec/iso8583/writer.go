package iso8583

import (
	"encoding/binary"
	"strconv"
)

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
}

// Begin starts a message at the end of dst.
func (w *Writer) Begin(s *Spec, dst []byte, mti MTI) {
	*w = Writer{spec: s, dst: dst, start: len(dst), last: 1}
	if !mti.valid() {
		w.fail(0, ReasonMTI)
		return
	}
	digits := mti.digits()
	w.dst = append(w.dst, digits[:]...)
	// Nearly every message needs the second bitmap, so room is kept for both;
	// Finish closes the gap otherwise. That keeps writing a single pass.
	for range 2 * w.spec.bitmapBytes {
		w.dst = append(w.dst, 0)
	}
	w.body = len(w.dst)
}

// Set writes an element's canonical value. A nil value writes nothing, so that
// Set(de, m.Value(de)) echoes an element with its absence; an empty one that is
// not nil is written. A fixed element must be exact unless the spec pads it.
func (w *Writer) Set(de int, v []byte) {
	if v == nil {
		return
	}
	if f := w.open(de, len(v)); f != nil {
		at := len(w.dst)
		w.dst = append(w.dst, v...)
		w.close(de, f, at)
	}
}

// SetString is Set for text; an empty one writes nothing.
func (w *Writer) SetString(de int, v string) {
	if v == "" {
		return
	}
	if f := w.open(de, len(v)); f != nil {
		at := len(w.dst)
		w.dst = append(w.dst, v...)
		w.close(de, f, at)
	}
}

// SetUint writes a number in digits. A fixed element is filled with zeros on
// the left, whatever the spec says about padding: that is what a number is.
func (w *Writer) SetUint(de int, v uint64) {
	var room [20]byte
	digits := strconv.AppendUint(room[:0], v, 10)
	n := len(digits)
	if w.defines(de) && w.spec.fields[de].prefix == prefixFixed {
		n = max(n, int(w.spec.fields[de].length))
	}
	f := w.open(de, n)
	if f == nil {
		return
	}
	if f.class == classB {
		w.fail(de, w.spec.formats[de]) // text is no binary value
		return
	}
	at := len(w.dst)
	for range n - len(digits) {
		w.dst = append(w.dst, '0')
	}
	w.dst = append(w.dst, digits...)
	w.close(de, f, at)
}

// Finish gives dst with the message at its end. On an error it gives dst as it
// was handed to Begin; a frame header that the caller has put before it is the
// caller's to take away.
func (w *Writer) Finish() ([]byte, error) {
	if w.spec == nil || w.tlv.de != 0 {
		w.fail(w.tlv.de, ReasonOrder)
	}
	if w.err != nil {
		return w.dst[:w.start], w.err
	}
	at, size := w.start+4, w.spec.bitmapBytes
	if w.present[1] != 0 {
		w.bitmap(at, w.present[0]|1<<63)
		w.bitmap(at+size, w.present[1])
	} else {
		w.dst = append(w.dst[:at+size], w.dst[w.body:]...)
		w.bitmap(at, w.present[0])
	}
	w.spec = nil // the message is closed, nothing more goes into it
	return w.dst, nil
}

// bitmap writes a bitmap into its reserved place.
func (w *Writer) bitmap(at int, set uint64) {
	binary.BigEndian.PutUint64(w.dst[at:], set)
	f := &w.spec.fields[1]
	if f.kind == kindPlain {
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
	switch {
	case w.err != nil:
		return nil
	case !w.defines(de):
		w.fail(de, ReasonUnknown)
		return nil
	case de <= w.last || w.tlv.de != 0:
		w.fail(de, ReasonOrder)
		return nil
	}
	f := &w.spec.fields[de]
	short := f.prefix == prefixFixed && f.pad == padNone && n < int(f.length)
	if n > int(f.length) || short {
		w.fail(de, ReasonLength)
		return nil
	}
	if f.prefix != prefixFixed {
		w.dst = appendPrefix(w.dst, f.prefix, n)
	}
	return f
}

// close takes what dst holds from at as the element's value: it is checked,
// padded, encoded, and its bit is set. Text and bytes meet here as bytes, so
// neither is copied a second time for the checks.
func (w *Writer) close(de int, f *field, at int) {
	v := w.dst[at:]
	if !f.accepts(v) {
		w.fail(de, w.spec.formats[de])
		return
	}
	if f.tags != nil && !f.tags.check(v, f.class) {
		w.fail(de, ReasonTLV)
		return
	}
	if f.pad != padNone {
		w.fill(f, at)
	}
	if f.kind == kindConvert {
		w.dst = encodings[f.enc].encode(w.dst, at)
	}
	w.mark(de)
}

// fill pads the value at the end of dst to the element's length.
func (w *Writer) fill(f *field, at int) {
	missing := at + int(f.length) - len(w.dst)
	for range missing {
		w.dst = append(w.dst, f.fill)
	}
	if missing > 0 && f.pad == padLeft {
		v := w.dst[at:]
		copy(v[missing:], v[:len(v)-missing])
		for i := range missing {
			v[i] = f.fill
		}
	}
}

func (w *Writer) mark(de int) {
	w.present[(de-1)>>6] |= 1 << (63 - (de-1)&63)
	w.last = de
}

// fail keeps the first error. Its offset is where the element would stand.
func (w *Writer) fail(de int, reason string) {
	if w.err == nil {
		w.err = &FieldError{DE: de, Offset: len(w.dst) - w.start, Reason: reason}
	}
}
