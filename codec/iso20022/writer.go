package iso20022

// Writer writes messages from the values of fields: in the order of the schema,
// with the elements around them, escaped. The zero value is ready; Begin again
// reuses it. It belongs to one goroutine.
//
//	w.Begin(profile, profile.Sent("pacs.002"), dst)
//	w.SetString(iso20022.BizFrom, "999999")
//	w.Set(iso20022.OriginalMsgID, m.Text(iso20022.MsgID))
//	w.SetTime(iso20022.CreatedAt, now)
//	b, err := w.Finish()
//
// The first fault ends it: later calls do nothing, Finish returns the fault.
type Writer struct {
	profile *Profile
	layout  *layout
	dst     []byte
	text    []byte // the values, one after the other
	fields  [FieldCount]span
	given   fieldSet
	made    fieldSet // of these, the ones whose text is right by its making
	fault   *Error
}

// Begin starts a message of the definition in its envelope, behind what is in
// dst, which may be nil. Fields of which the profile demands one fixed value have
// it from the start.
func (w *Writer) Begin(p *Profile, d *Definition, dst []byte) {
	w.profile, w.layout = p, p.layout(d)
	w.dst, w.text = dst, w.text[:0]
	w.given, w.made, w.fault = fieldSet{}, fieldSet{}, nil
	if w.layout == nil || w.layout == p.header {
		w.layout = p.header // something that is there, for Set
		w.fault = &Error{Reason: ReasonUnknownMessage, Want: "a message of the profile " + p.name}
		return
	}
	for _, l := range [...]*layout{p.header, w.layout} {
		for i := range l.fixed {
			w.SetString(l.fixed[i].field, l.fixed[i].value)
			w.made.add(l.fixed[i].field)
		}
	}
}

// Set gives a field its value, as plain text. An empty value leaves the field
// out; a second one replaces the first. The value is copied.
func (w *Writer) Set(f Field, v []byte) {
	if w.begin(f, len(v)) {
		w.text = append(w.text, v...)
		w.end(f)
	}
}

// SetString is Set for a string.
func (w *Writer) SetString(f Field, v string) {
	if w.begin(f, len(v)) {
		w.text = append(w.text, v...)
		w.end(f)
	}
}

// SetBool writes true or false.
func (w *Writer) SetBool(f Field, v bool) {
	if v {
		w.SetString(f, "true")
	} else {
		w.SetString(f, "false")
	}
}

// SetTime writes nanoseconds since 1970 as a dateTime in UTC with milliseconds.
func (w *Writer) SetTime(f Field, unixNanos int64) {
	if w.begin(f, 1) {
		w.text = AppendDateTime(w.text, unixNanos)
		w.end(f)
		w.make(f, baseDateTime)
	}
}

// SetDate writes a day, counted from 1970-01-01, as a date.
func (w *Writer) SetDate(f Field, days int64) {
	if w.begin(f, 1) {
		if days < dayMin || days > dayMax {
			w.fail(ReasonDate, "")
			return
		}
		w.text = AppendDate(w.text, days)
		w.end(f)
		w.make(f, baseDate)
	}
}

// SetAmount writes an amount of minor units with exactly the decimals of its
// currency, and the currency beside it.
func (w *Writer) SetAmount(f Field, minor int64, currency string) {
	if !w.begin(f, 1) {
		return
	}
	decimals, ok := Exponent(currency)
	_, s := w.profile.step(w.layout, f)
	switch {
	case !ok:
		w.fail(ReasonCurrency, s.path)
	case minor < 0:
		w.fail(ReasonNegative, s.path)
	case minor == 0:
		w.fail(ReasonAmountZero, s.path)
	case minor >= amountMax(decimals):
		w.fail(ReasonAmountDigits, s.path)
	case s.attr == NoField:
		w.fail(ReasonAttribute, s.path)
	default:
		w.text = AppendAmount(w.text, minor, decimals)
		w.end(f)
		w.SetString(s.attr, currency)
	}
}

// begin opens the text of a field of n bytes; false: it is not to be written.
func (w *Writer) begin(f Field, n int) bool {
	if w.fault != nil {
		return false
	}
	_, s := w.profile.step(w.layout, f)
	switch {
	case s == nil:
		w.fault = &Error{Reason: ReasonUnexpected, Want: "a field of " + w.layout.def.Name + " that can be written, not " + f.String()}
		return false
	case n == 0:
		w.given.remove(f)
		return false
	}
	w.fields[f].start = uint32(len(w.text))
	return true
}

// end closes the text that begin has opened.
func (w *Writer) end(f Field) {
	w.fields[f].end = uint32(len(w.text))
	w.given.add(f)
	w.made.remove(f)
}

// make notes that a field was made by us, if that is of the type it wants.
func (w *Writer) make(f Field, kind base) {
	if _, s := w.profile.step(w.layout, f); s.value == f && s.text.base == kind {
		w.made.add(f)
	}
}

// Has tells whether a field has a value. A field that is XML is there if any
// element inside it is.
func (w *Writer) Has(f Field) bool {
	if w.given.has(f) {
		return true
	}
	all := w.layout.places[f].all
	return all > 0 && w.layout.plan[all-1].inside.meets(&w.given)
}

// Text is the value of a field, or nil.
func (w *Writer) Text(f Field) []byte {
	if !w.given.has(f) {
		return nil
	}
	return w.fields[f].of(w.text)
}

func (w *Writer) fail(why Reason, path string) {
	if w.fault == nil {
		w.fault = &Error{Reason: why, Path: path}
	}
}
