package iso8583

import (
	"math/bits"
	"strings"
)

// Spec is the table that the message was parsed with; nil before the first.
func (m *Message) Spec() *Spec { return m.spec }

// Raw gives a view of an element as it stands in the message, with its length
// prefix; nil when it is absent.
func (m *Message) Raw(de int) []byte {
	if !m.Has(de) {
		return nil
	}
	from, to := m.rawSpan(de)
	return m.buf[from:to:to]
}

// Span gives the bytes from and to (exclusive) of an element in the message,
// its length prefix included. An absent element gives the place where it would
// stand, twice.
func (m *Message) Span(de int) (from, to int) {
	if m.Has(de) {
		return m.rawSpan(de)
	}
	at := m.start(de)
	return at, at
}

// Rest gives what follows from the first element that the spec lacks, where it
// keeps such elements: the element's number and all bytes from there on. The
// elements behind it cannot be found, so they are absent. 0 and nil otherwise.
func (m *Message) Rest() (de int, b []byte) {
	if m.tailDE == 0 {
		return 0, nil
	}
	return m.tailDE, m.buf[m.tailAt:len(m.buf):len(m.buf)]
}

// rawSpan bounds an element that is there.
func (m *Message) rawSpan(de int) (from, to int) {
	f := &m.spec.fields[de]
	if f.kind == kindGeneral {
		w := m.wire[de]
		return int(w.at), int(w.at) + int(w.n)
	}
	v := m.spans[de]
	return int(v.at) - int(f.width), int(v.at) + f.wireBytes(int(v.n))
}

// start is where an element stands or would stand: before the next one that is
// there, else at the tail or the end of what was read.
func (m *Message) start(de int) int {
	if m.spec == nil {
		return 0
	}
	for word := max(de-1, 0) >> 6; word < 2; word++ {
		set := m.present[word]
		if word == (de-1)>>6 {
			set &^= before((de-1)&63 + 1)
		}
		if set != 0 {
			from, _ := m.rawSpan(word<<6 + bits.LeadingZeros64(set) + 1)
			return from
		}
	}
	switch {
	case m.tailDE != 0:
		return m.tailAt
	case m.whole:
		return len(m.buf)
	}
	return m.end()
}

// end is the byte after the last element that can be read.
func (m *Message) end() int {
	for word := 1; word >= 0; word-- {
		if set := m.present[word]; set != 0 {
			_, to := m.rawSpan(word<<6 + 64 - bits.TrailingZeros64(set))
			return to
		}
	}
	return min(m.body, len(m.buf))
}

// Subfield gives the value of a subfield by its path as in a spec file: the tag,
// or tags with points between for composites in composites: "9F02", "3.1",
// "004". ok is false when it is not there, also where de has no subfields. The
// view is valid as that of Value. It walks over the element each time.
func (m *Message) Subfield(de int, path string) (value []byte, ok bool) {
	if !m.Has(de) {
		return nil, false
	}
	f := &m.spec.fields[de]
	if f.tags != nil {
		tag, digits := readDigits([]byte(path))
		if !digits || len(path) != tagDigits {
			return nil, false
		}
		return FindTLV(m.Value(de), tag)
	}
	b := m.buf
	p := place{at: int(m.spans[de].at), wire: int(m.spans[de].n)}
	for more := true; more; {
		if f.group == nil {
			return nil, false
		}
		var tag string
		tag, path, more = strings.Cut(path, ".")
		c := f.group.cursor(b, p, f.prefix != prefixFixed)
		m.room()
		c.scratch = m.scratch[:2*len(b)]
		if !c.find(tag) {
			return nil, false
		}
		f, p = c.f, c.place
	}
	if f.inPlace() {
		return b[p.at:p.end():p.end()], true
	}
	value, _ = encodings[f.enc].decode(m.slot(p.at, p.wire)[:0], b[p.at:p.end()], p.n)
	return value[:p.n:p.n], true
}
