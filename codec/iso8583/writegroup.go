package iso8583

import "encoding/hex"

// openGroup is a composite between BeginGroup and EndGroup. de is 0 outside.
type openGroup struct {
	de    int
	start int // of its length prefix in the Writer's dst
	value int // of its value
	bits  [16]byte
	room  int // bytes that the bitmap takes on the wire
}

// BeginGroup starts a composite element. Sub and SubString add its subfields in
// the order of the wire, EndGroup closes it. Without a subfield it leaves no
// bytes and no bit.
func (w *Writer) BeginGroup(de int) {
	if w.err == nil && w.defines(de) && w.spec.fields[de].group == nil {
		w.fail(de, ReasonTLV)
		return
	}
	f := w.next(de)
	if f == nil {
		return
	}
	w.group = openGroup{de: de, start: len(w.dst)}
	if f.prefix == prefixBER {
		w.dst = append(w.dst, 0) // EndGroup makes room when one byte is too little
	} else {
		w.dst = append(w.dst, make([]byte, prefixes[f.prefix].width)...)
	}
	w.group.value = len(w.dst)
	if g := f.group; g.kind == groupBitmapped {
		w.group.room = g.bits / 8
		if wire := encodings[g.bitmap.enc].wireBytes; wire != nil {
			w.group.room = wire(g.bits / 8)
		}
		for range w.group.room {
			w.dst = append(w.dst, 0)
		}
	}
}

// Sub adds a subfield by its tag as in the spec file ("9F02", "1", "003") with
// its canonical value; a composite in the composite is handed over as the bytes
// of its value. A nil value writes nothing. A tag that the spec lacks is written
// where the spec keeps such tags.
func (w *Writer) Sub(tag string, v []byte) {
	if v == nil || w.err != nil {
		return
	}
	de := w.group.de
	if de == 0 {
		w.fail(0, ReasonOrder)
		return
	}
	g := w.spec.fields[de].group
	f := &g.unknown
	i, known := g.index[tag]
	switch {
	case known:
		f = &g.subs[i].f
	case !g.skip:
		w.failSub(tag, ReasonUnknown)
		return
	}
	if why := w.subTag(g, tag, i); why != faultNone {
		w.failSub(tag, faultReasons[why])
		return
	}
	units, ok := f.fits(len(v))
	if !ok {
		w.failSub(tag, ReasonLength)
		return
	}
	w.dst = appendPrefix(w.dst, f.prefix, units)
	at := len(w.dst)
	w.dst = append(w.dst, v...)
	var why fault
	if w.dst, why = f.finish(w.dst, at); why != faultNone {
		w.failSub(tag, faultReasons[why])
	}
}

// SubString is Sub for text; an empty one writes nothing.
func (w *Writer) SubString(tag, v string) {
	if v != "" {
		w.Sub(tag, []byte(v))
	}
}

// subTag writes the tag, or notes the bit.
func (w *Writer) subTag(g *group, tag string, i int) fault {
	switch g.kind {
	case groupBER:
		at := len(w.dst)
		w.dst = append(w.dst, tag...)
		var ok bool
		if w.dst, ok = encodeText(w.dst, at); !ok || len(w.dst) == at || berTag(w.dst[at:]) != len(w.dst)-at {
			return faultTLV
		}
	case groupTagged:
		if _, ok := g.tag.fits(len(tag)); !ok {
			return faultTLV
		}
		at := len(w.dst)
		w.dst = append(w.dst, tag...)
		var why fault
		w.dst, why = g.tag.finish(w.dst, at)
		return why
	case groupBitmapped:
		bit := g.subs[i].number - 1
		w.group.bits[bit/8] |= 0x80 >> (bit % 8)
	}
	return faultNone
}

func (w *Writer) failSub(tag, reason string) {
	w.fail(w.group.de, reason)
	if g := w.spec.fields[w.group.de].group; w.err.Path == "" {
		if i, known := g.index[tag]; known {
			w.err.Path, w.err.Expected = tag, g.subs[i].expected
		}
	}
}

// EndGroup closes the composite: what was written must be what Parse accepts, so
// subfields out of order, twice or missing are found here.
func (w *Writer) EndGroup() {
	open := w.group
	w.group = openGroup{}
	if w.err != nil {
		return
	}
	if open.de == 0 {
		w.fail(0, ReasonOrder)
		return
	}
	f := &w.spec.fields[open.de]
	if len(w.dst) == open.value+open.room {
		w.dst = w.dst[:open.start]
		w.last = open.de
		return
	}
	if open.room > 0 {
		bits := append(w.dst[:open.value], open.bits[:f.group.bits/8]...)
		if encode := encodings[f.group.bitmap.enc].encode; encode != nil {
			encode(bits, open.value)
		}
	}
	n := len(w.dst) - open.value
	switch p := &prefixes[f.prefix]; {
	case n > int(f.length) || f.prefix == prefixFixed && n != int(f.length):
		w.fail(open.de, ReasonLength)
		return
	case f.prefix == prefixBER:
		var room [4]byte
		w.widen(open.value, len(appendBER(room[:0], n))-1)
		appendBER(w.dst[:open.start], n)
	case p.width > 0:
		p.write(w.dst[open.start:open.value], n)
	}
	if w.checkGroup(open.de, f, len(w.dst)-n) {
		w.mark(open.de)
	}
}

// widen makes room of more bytes at a place of dst.
func (w *Writer) widen(at, more int) {
	for range more {
		w.dst = append(w.dst, 0)
	}
	copy(w.dst[at+more:], w.dst[at:])
}

// checkGroup looks at the composite whose value dst holds from at.
func (w *Writer) checkGroup(de int, f *field, at int) bool {
	// Decoded values are put behind the message: that room is free.
	k := checker{scratch: w.dst}
	why := k.value(f, w.dst, place{at: at, wire: len(w.dst) - at, n: len(w.dst) - at})
	if why == faultNone {
		return true
	}
	reason, expected := k.words(f, &w.spec.details[de], why)
	w.fail(de, reason)
	w.err.Path, w.err.Offset, w.err.Expected = k.path, k.at-w.start, expected
	return false
}

// TagOf writes a BER-TLV tag as spec files and Sub have it: "9F02", "82".
func TagOf(tag uint32) string {
	b := []byte{byte(tag >> 24), byte(tag >> 16), byte(tag >> 8), byte(tag)}
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	dst := make([]byte, 2*len(b))
	hex.Encode(dst, b)
	for i, c := range dst {
		if c >= 'a' {
			dst[i] = c - 0x20
		}
	}
	return string(dst)
}
