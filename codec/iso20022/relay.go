package iso20022

// Change is a new value for a field of a message that is relayed.
type Change struct {
	// Field is a field that the message has.
	Field Field
	// Value is its new text, plain.
	Value []byte
}

// AppendRelay appends a received message as it was received, byte for byte, but
// for the content of some fields: so what we do not know passes through, and
// elements that were not touched keep their form. A field that the message lacks
// cannot be put in: that is an error, and so is a value that does not fit its
// type; dst comes back as it was then. The profile must be the one that the
// message was read with.
//
// Changing anything breaks a signature over it.
func AppendRelay(dst []byte, p *Profile, m *Message, changes ...Change) ([]byte, error) {
	out := dst
	from := uint32(0)
	for range changes {
		c, at := nextChange(m, changes, from)
		if c == nil {
			return dst, relayFault(p, m, changes)
		}
		if e := c.check(p, m); e != nil {
			return dst, e
		}
		if m.isShort(at) {
			return dst, &Error{Reason: ReasonUnexpected, Want: "a start and an end tag around the field " + c.Field.String()}
		}
		out = appendEscaped(append(out, m.b[from:at.start]...), c.Value)
		from = at.end
	}
	return append(out, m.b[from:]...), nil
}

// nextChange finds the change that stands first in the message from a place on.
func nextChange(m *Message, changes []Change, from uint32) (next *Change, at span) {
	for i := range changes {
		if !m.Has(changes[i].Field) {
			continue
		}
		if s := m.fields[changes[i].Field]; s.start >= from && (next == nil || s.start < at.start) {
			next, at = &changes[i], s
		}
	}
	return next, at
}

// isShort tells whether a field is one of <X/>, which has no place for a value.
func (m *Message) isShort(at span) bool {
	return at.start == at.end && string(m.b[at.start-2:at.start]) == "/>"
}

// check tells whether the new value fits.
func (c *Change) check(p *Profile, m *Message) *Error {
	l, s := p.placeIn(m, c.Field)
	if s == nil {
		return &Error{Reason: ReasonUnexpected, Want: "a field with text, not " + c.Field.String()}
	}
	r := &l.rules[l.places[c.Field].rule-1]
	why := s.typeOf(c.Field).checkPlain(c.Value)
	if why == ReasonNone {
		why = r.refuses(c.Value)
	}
	if why != ReasonNone {
		return &Error{Reason: why, Path: r.path}
	}
	return nil
}

// relayFault says which of the changes has no place of its own in the message.
func relayFault(p *Profile, m *Message, changes []Change) *Error {
	for _, c := range changes {
		if !m.Has(c.Field) {
			e := &Error{Reason: ReasonMissing, Want: "the field " + c.Field.String()}
			if l, s := p.placeIn(m, c.Field); s != nil {
				e.Path = l.rules[l.places[c.Field].rule-1].path
			}
			return e
		}
	}
	return &Error{Reason: ReasonRepeated, Want: "each field once"}
}

// placeIn is where a field of a received message stands.
func (p *Profile) placeIn(m *Message, f Field) (*layout, *step) {
	l := p.layout(m.definition)
	if l == nil {
		l = p.header // there is no document
	}
	return p.step(l, f)
}
