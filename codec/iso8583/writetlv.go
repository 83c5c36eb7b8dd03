package iso8583

// openTLV is a tagged element between BeginTLV and EndTLV. de is 0 outside.
type openTLV struct {
	de    int
	start int // of its length prefix in the Writer's dst
	last  int // the highest tag so far
}

// BeginTLV starts a tagged element. TLV and TLVString add its tags in ascending
// order, EndTLV closes it. Without a tag it leaves no bytes and no bit.
func (w *Writer) BeginTLV(de int) {
	if w.err == nil && w.defines(de) && !w.spec.Tagged(de) {
		w.fail(de, ReasonTLV)
		return
	}
	// The length is not known yet: open writes a prefix that EndTLV fills in.
	if f := w.open(de, 0); f != nil {
		w.tlv = openTLV{de: de, start: len(w.dst) - prefixes[f.prefix].width, last: -1}
	}
}

// TLV adds a tag with its value. Like Set it writes nothing for a nil value.
func (w *Writer) TLV(tag int, v []byte) {
	if v != nil && w.tag(tag, len(v)) {
		at := len(w.dst)
		w.dst = append(w.dst, v...)
		w.endTag(tag, at)
	}
}

// TLVString is TLV for text; an empty one writes nothing.
func (w *Writer) TLVString(tag int, v string) {
	if v != "" && w.tag(tag, len(v)) {
		at := len(w.dst)
		w.dst = append(w.dst, v...)
		w.endTag(tag, at)
	}
}

// tag checks the tag and the length of its value and writes both.
func (w *Writer) tag(tag, n int) bool {
	switch {
	case w.err != nil:
		return false
	case w.tlv.de == 0 || tag <= w.tlv.last:
		w.fail(w.tlv.de, ReasonOrder)
		return false
	case tag > tagMax:
		w.fail(w.tlv.de, ReasonTLV)
		return false
	case n > int(w.spec.fields[w.tlv.de].tags.rules[tag].max):
		w.failTag(tag, faultLength)
		return false
	}
	w.dst = appendDigits3(appendDigits3(w.dst, tag), n)
	return true
}

// endTag checks the characters of a value by the field's class and the tag's.
func (w *Writer) endTag(tag, at int) {
	f := &w.spec.fields[w.tlv.de]
	v := w.dst[at:]
	if rule := f.tags.rules[tag]; !f.class.holds(v) || rule.class != f.class && !rule.class.holds(v) {
		w.failTag(tag, faultFormat)
		return
	}
	w.tlv.last = tag
}

// failTag names the tag.
func (w *Writer) failTag(tag int, why fault) {
	de := w.tlv.de
	f := &w.spec.fields[de]
	k := checker{detail: f.tags.known[tag]}
	reason, expected := k.words(f, &w.spec.details[de], why)
	w.fail(de, reason)
	w.err.Path, w.err.Expected = tagPath(tag), expected
}

// EndTLV closes the tagged element.
func (w *Writer) EndTLV() {
	open := w.tlv
	w.tlv = openTLV{}
	if w.err != nil {
		return
	}
	if open.de == 0 {
		w.fail(0, ReasonOrder)
		return
	}
	f := &w.spec.fields[open.de]
	p := &prefixes[f.prefix]
	n := len(w.dst) - open.start - p.width
	switch {
	case open.last < 0:
		w.dst = w.dst[:open.start]
		w.last = open.de
	case n > int(f.length):
		w.fail(open.de, ReasonLength)
	default:
		p.write(w.dst[open.start:open.start+p.width], n)
		if encode := encodings[f.enc].encode; encode != nil {
			w.dst, _ = encode(w.dst, open.start+p.width)
		}
		w.mark(open.de)
	}
}
