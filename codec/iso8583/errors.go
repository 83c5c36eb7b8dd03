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
	// ReasonLengthDigits is a length prefix that is not made of digits.
	ReasonLengthDigits = "length digits"
	// ReasonTrailing means that bytes follow the last field (DE 0).
	ReasonTrailing = "trailing bytes"
	// ReasonUnknown is a field that the spec does not have.
	ReasonUnknown = "unknown field"
	// ReasonTertiary is bit 65, a third bitmap, which is not accepted.
	ReasonTertiary = "tertiary bitmap"
	// ReasonMTI is a message type that is not four digits (DE 0).
	ReasonMTI = "mti"
	// ReasonHex is a field or bitmap in hexadecimal with another character.
	ReasonHex = "hex"
	// ReasonTLV is a tagged field whose tags, lengths or order are broken.
	ReasonTLV = "tlv"
	// ReasonTooLong is a message above MessageBytesMax (DE 0).
	ReasonTooLong = "too long"
	// ReasonOrder is a Writer that was not used in ascending field order, or
	// whose BeginTLV and EndTLV do not match.
	ReasonOrder = "order"
)

// fault is a reason as the reading code hands it on: one register, where a text
// takes two and has to be compared.
type fault uint8

const (
	faultNone fault = iota
	faultTruncated
	faultLength
	faultLengthDigits
	faultUnknown
	faultHex
	faultTLV
	faultFormat // the field's own format is the reason
)

var faultReasons = [...]string{
	faultTruncated:    ReasonTruncated,
	faultLength:       ReasonLength,
	faultLengthDigits: ReasonLengthDigits,
	faultUnknown:      ReasonUnknown,
	faultHex:          ReasonHex,
	faultTLV:          ReasonTLV,
	faultFormat:       "format",
}

// reason gives the text of a fault in an element: its format where that is the
// reason, and a third bitmap told apart from other elements the spec lacks.
func (s *Spec) reason(de int, why fault) string {
	switch {
	case why == faultFormat:
		return s.formats[de]
	case why == faultUnknown && de == 65:
		return ReasonTertiary
	}
	return faultReasons[why]
}

// FieldError says which field of a message is wrong, where, and why. It never
// holds content.
type FieldError struct {
	DE     int    // 0 is the message type or the message as a whole, 1 the bitmaps
	Offset int    // of the field from the start of the message
	Reason string // the field's format, or one of the Reason constants
}

// Error gives the field, the reason and the offset.
func (e *FieldError) Error() string {
	return "iso8583: " + e.Note() + " at byte " + strconv.Itoa(e.Offset)
}

// Note is the short form that fits DE44 (25 characters): "DE4 n12".
func (e *FieldError) Note() string {
	return "DE" + strconv.Itoa(e.DE) + " " + e.Reason
}

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
