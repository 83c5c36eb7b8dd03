package iso20022

import (
	"math/bits"
	"slices"
	"strings"
)

// values are the fields of a message, read or to be written.
type values interface {
	Has(Field) bool
	Text(Field) []byte
	// missing is the first field of a set that is not there, or NoField.
	missing(*fieldSet) Field
}

// fault finds a rule that values break: the first mandatory field that is missing,
// or else the first other one in the order of the file.
func (l *layout) fault(v values) (broken *rule, why Reason) {
	if f := v.missing(&l.required); f != NoField {
		return &l.rules[l.places[f].rule-1], ReasonProfileMissing
	}
	for _, k := range l.watched {
		r := &l.rules[k]
		if !v.Has(r.field) {
			if r.need == conditional && r.demands(v) {
				return r, ReasonProfileMissing
			}
			continue
		}
		if r.values != nil || r.id {
			if why = r.refuses(v.Text(r.field)); why != ReasonNone {
				return r, why
			}
		}
	}
	return nil, ReasonNone
}

func (m *Message) missing(set *fieldSet) Field {
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			if f := Field(i*64 + bits.TrailingZeros64(word)); !m.Has(f) {
				return f
			}
		}
	}
	return NoField
}

func (w *Writer) missing(set *fieldSet) Field {
	for i, word := range set {
		for word &^= w.given[i]; word != 0; word &= word - 1 {
			if f := Field(i*64 + bits.TrailingZeros64(word)); !w.Has(f) {
				return f
			}
		}
	}
	return NoField
}

// refuses tells what is wrong with a value.
func (r *rule) refuses(text []byte) Reason {
	switch {
	case r.values != nil && !slices.Contains(r.values, string(trimSpace(text))):
		return ReasonValue
	case r.id && !isIdentifier(text):
		return ReasonCharset
	}
	return ReasonNone
}

// demands tells whether a conditional field must be there.
func (r *rule) demands(v values) bool {
	if r.when.field != NoField && !slices.Contains(r.when.is, string(trimSpace(v.Text(r.when.field)))) {
		return false
	}
	for _, f := range r.unless {
		if v.Has(f) {
			return false
		}
	}
	return true
}

// want says in words what a rule asks for; never what the message had.
func (r *rule) want(why Reason) string {
	switch why {
	case ReasonValue:
		return "one of " + strings.Join(r.values, ", ")
	case ReasonCharset:
		return "letters, digits and /-?:().,'+ without // and without / at an end"
	}
	return "the field " + r.field.String()
}

// isIdentifier tells whether an id has only characters that every participant
// can keep: the SEPA rule of letters, digits and a few signs, without a slash at
// an end or two in a row.
func isIdentifier(text []byte) bool {
	before := byte('/')
	for _, c := range text {
		if !identifierBytes.has(c) || c == '/' && before == '/' {
			return false
		}
		before = c
	}
	return before != '/'
}

// identifierBytes are the characters of an identifier.
var identifierBytes = class{
	1<<' ' | 1<<'\'' | 1<<'(' | 1<<')' | 1<<'+' | 1<<',' | 1<<'-' | 1<<'.' | 1<<'/' | 1<<':' | 1<<'?' | 0x3ff<<'0',
	0x3ffffff<<('A'-64) | 0x3ffffff<<('a'-64),
}
