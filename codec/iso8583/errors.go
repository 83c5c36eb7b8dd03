package iso8583

import "strconv"

// The reasons of a FieldError that are not a field's format. With the formats
// of a spec ("n12", "ans..28") they are a closed set.
const (
	// ReasonTruncated means that the message ends inside the field.
	ReasonTruncated = "truncated"
	// ReasonLength is a length prefix above the field's maximum, or a value to
	// write that is too long or, for a fixed field, too short.
	ReasonLength = "length"
	// ReasonLengthDigits is a length prefix that is no number in its encoding.
	ReasonLengthDigits = "length digits"
	// ReasonTrailing means that bytes follow the last field (DE 0), or the last
	// subfield of a composite.
	ReasonTrailing = "trailing bytes"
	// ReasonUnknown is a field that the spec does not have.
	ReasonUnknown = "unknown field"
	// ReasonTertiary is bit 65, a third bitmap, which is not accepted.
	ReasonTertiary = "tertiary bitmap"
	// ReasonMTI is a message type that is not four digits (DE 0), or in Check one
	// that the spec does not list.
	ReasonMTI = "mti"
	// ReasonHex is a field or bitmap in hexadecimal with another character.
	ReasonHex = "hex"
	// ReasonFiller is a BCD field whose unused half byte is not the spec's.
	ReasonFiller = "filler"
	// ReasonTLV is a tag that is none, is cut off, or stands out of order or twice.
	ReasonTLV = "tlv"
	// ReasonTooLong is a message above MessageBytesMax (DE 0).
	ReasonTooLong = "too long"
	// ReasonOrder is a Writer that was not used in ascending field order, or
	// whose Begin and End calls do not match.
	ReasonOrder = "order"
	// ReasonMissing is a mandatory field that a message lacks (Check).
	ReasonMissing = "missing"
	// ReasonForbidden is a field that a message type must not have (Check).
	ReasonForbidden = "not allowed"
)

// fault is a reason as the reading code hands it on: one register, where a text
// takes two and has to be compared.
type fault uint8

const (
	faultNone fault = iota
	faultTruncated
	faultLength
	faultLengthDigits
	faultTrailing
	faultUnknown
	faultHex
	faultFiller
	faultTLV
	faultFormat // the field's own format is the reason
	faultInside // an element of a composite is bad; looked at again for its reason
)

var faultReasons = [...]string{
	faultTruncated:    ReasonTruncated,
	faultLength:       ReasonLength,
	faultLengthDigits: ReasonLengthDigits,
	faultTrailing:     ReasonTrailing,
	faultUnknown:      ReasonUnknown,
	faultHex:          ReasonHex,
	faultFiller:       ReasonFiller,
	faultTLV:          ReasonTLV,
	faultFormat:       "format",
	faultInside:       ReasonTLV,
}

// reason gives the text of a fault in an element: its format where that is the
// reason, and a third bitmap told apart from other elements the spec lacks.
func (s *Spec) reason(de int, why fault) string {
	switch {
	case why == faultFormat:
		return s.details[de].format
	case why == faultUnknown && de == 65 && s.bitmaps == bitmapsByBit:
		return ReasonTertiary
	}
	return faultReasons[why]
}

// expected gives the sentence that goes with a reason.
func (s *Spec) expected(de int, reason string) string {
	switch reason {
	case ReasonTrailing:
		if de == 0 {
			return "the end of the message"
		}
	case ReasonTooLong:
		return "at most 65535 bytes"
	case ReasonTertiary:
		return "no third bitmap"
	case ReasonUnknown:
		return "only elements that the spec has"
	case ReasonMissing:
		return "an element that this message type must have"
	case ReasonForbidden:
		return "no such element in this message type"
	}
	if s == nil || de < 0 || de > 128 {
		return ""
	}
	return s.details[de].expected
}

// FieldError says which field of a message is wrong, where, why, and what was
// expected there. It never holds content.
type FieldError struct {
	DE       int    // 0 is the message type or the message as a whole, 1 the bitmaps
	Path     string // of the bad subfield in DE as in the spec, "9F02", "003"; empty for DE itself
	Offset   int    // in bytes, of the field or subfield from the start of the message
	Reason   string // the field's format, or one of the Reason constants
	Expected string // a sentence from the spec: "12 digits in ASCII"; may be empty
}

// Error gives the field, the reason, the offset and what was expected.
func (e *FieldError) Error() string {
	text := "iso8583: " + e.Note() + " at byte " + strconv.Itoa(e.Offset)
	if e.Expected != "" {
		text += ", expected " + e.Expected
	}
	return text
}

// Note is the short form that fits DE44 (25 characters): "DE4 n12". It names the
// subfield where there is room for it: "DE55.9F02 b6".
func (e *FieldError) Note() string {
	short := "DE" + strconv.Itoa(e.DE)
	if long := short + "." + e.Path + " " + e.Reason; e.Path != "" && len(long) <= noteMax {
		return long
	}
	return short + " " + e.Reason
}

const noteMax = 25 // of DE44

// SpecError says what is wrong with a spec file, or not supported in it.
type SpecError struct {
	File   string
	Field  string // as in the file: "48", "48.002"; empty for the file itself
	Reason string
}

// Error gives the file, the field and the reason.
func (e *SpecError) Error() string {
	if e.Field == "" {
		return e.File + ": " + e.Reason
	}
	return e.File + ": field " + e.Field + ": " + e.Reason
}
