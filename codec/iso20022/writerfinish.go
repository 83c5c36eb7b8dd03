package iso20022

// The envelope, around header and document.
const (
	envelopeOpen  = `<Message xmlns="">`
	envelopeClose = `</Message>`
)

// Finish writes the message and returns dst with it. The header says of itself
// what the document says already, unless it was set: BizDefinition, BizMsgID from
// MsgID, BizCreatedAt from CreatedAt.
//
// It is an error, an *Error with a path and without line and column, when the
// profile demands a field that is missing, or a value does not fit its type; dst
// comes back as it was. After success fields may be changed for a further message
// in the place of this one.
func (w *Writer) Finish() ([]byte, error) {
	w.derive(BizMsgID, MsgID)
	w.derive(BizCreatedAt, CreatedAt)
	w.define()
	for _, l := range [...]*layout{w.profile.header, w.layout} {
		if w.fault != nil {
			break
		}
		if r, why := l.fault(w); r != nil {
			w.fault = &Error{Reason: why, Path: r.path, Want: r.want(why)}
		}
	}
	before := w.dst
	w.dst = append(w.dst, envelopeOpen...)
	w.element(w.profile.header, 0)
	w.element(w.layout, 0)
	b := append(w.dst, envelopeClose...)
	w.dst = before
	if w.fault != nil {
		return before, w.fault
	}
	return b, nil
}

// derive gives a field of the header the value of one of the document.
func (w *Writer) derive(f, from Field) {
	if w.fault == nil && !w.given.has(f) && w.profile.header.places[f].step > 0 {
		w.Set(f, w.Text(from))
		if w.made.has(from) {
			w.make(f, baseDateTime)
		}
	}
}

// define gives the header the definition of the document, and refuses another.
func (w *Writer) define() {
	switch name := w.layout.def.Name; {
	case w.fault != nil || w.profile.header.places[BizDefinition].step == 0:
	case !w.given.has(BizDefinition):
		w.SetString(BizDefinition, name)
	case string(w.Text(BizDefinition)) != name:
		w.fail(ReasonMismatch, w.profile.header.rules[w.profile.header.places[BizDefinition].rule-1].path)
	}
}

// element writes the step k of a layout and those inside it, as far as there are
// values for them.
func (w *Writer) element(l *layout, k int) {
	s := &l.plan[k]
	switch {
	case w.fault != nil:
		return
	case s.value != NoField:
		w.leaf(s)
		return
	}
	w.dst = append(w.dst, s.open...)
	chosen := 0
	for i := k + 1; i < int(s.next); i = int(l.plan[i].next) {
		inner := &l.plan[i]
		switch {
		case inner.inside.meets(&w.given), inner.must && inner.empty:
			chosen++
			w.element(l, i)
		case inner.must:
			w.fail(ReasonMissing, inner.path)
		}
	}
	if s.choice && chosen != 1 {
		w.fail(ReasonUnexpected, s.path) // two ways to say one thing
	}
	w.dst = append(w.dst, s.close...)
}

// leaf writes an element with text.
func (w *Writer) leaf(s *step) {
	if !w.given.has(s.value) {
		w.fail(ReasonMissing, s.path) // there is an attribute only
		return
	}
	w.dst = append(w.dst, s.open...)
	if s.attr != NoField {
		if !w.given.has(s.attr) {
			w.fail(ReasonMissing, s.path+"/@Ccy")
			return
		}
		w.value(s, s.attrText, s.attr)
		w.dst = append(w.dst, '"', '>')
	}
	w.value(s, s.text, s.value)
	w.dst = append(w.dst, s.close...)
}

// value writes the value of a field, if it fits its type. What the writer has
// made itself does.
func (w *Writer) value(s *step, t *simpleType, f Field) {
	text := w.fields[f].of(w.text)
	if w.made.has(f) {
		w.dst = append(w.dst, text...)
		return
	}
	chars, escape, ok := scanPlain(text)
	if !ok {
		w.fail(ReasonCharacter, s.path)
		return
	}
	if why := t.check(text, chars); why != ReasonNone {
		w.fail(why, s.path)
		return
	}
	if escape {
		w.dst = appendEscaped(w.dst, text)
	} else {
		w.dst = append(w.dst, text...)
	}
}
