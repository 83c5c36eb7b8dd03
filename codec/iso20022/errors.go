package iso20022

import (
	"bytes"
	"fmt"
)

// Error says what is wrong with a message, and where. It never holds content of
// the message: a path has names of the schema only.
type Error struct {
	// Path leads to the element that is wrong or missing, or to the one in which
	// something is: "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/UETR", with
	// "@Ccy" for an attribute. It is "" outside of all elements.
	Path string
	// Line and Column count from 1, Column in bytes; Offset from 0. Of a message
	// that could not be written all three are 0.
	Line, Column, Offset int
	// Reason is the kind of fault.
	Reason Reason
	// Want says what would have been right, in words; it may be "".
	Want string
}

// Error is one line for a log.
func (e *Error) Error() string {
	text := "iso20022: " + e.Reason.String()
	if e.Line > 0 {
		text += fmt.Sprintf(" at line %d column %d", e.Line, e.Column)
	}
	if e.Path != "" {
		text += " in " + e.Path
	}
	if e.Want != "" {
		text += ", want " + e.Want
	}
	return text
}

// newError finds line and column of an offset.
func newError(b []byte, why Reason, offset int, path, want string) *Error {
	before := b[:offset]
	return &Error{
		Path:   path,
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: offset - bytes.LastIndexByte(before, '\n'),
		Offset: offset,
		Reason: why,
		Want:   want,
	}
}

// Reason is a kind of fault. The set is closed; Code and External give it in the
// words of an admi.002 and of a status report.
type Reason uint8

// The reasons. Those of a profile and of amounts are found in valid messages.
const (
	ReasonNone Reason = iota

	// Not a document that is read at all.
	ReasonSize           // above BytesMax
	ReasonCharacter      // not UTF-8, or a character that XML forbids
	ReasonSyntax         // not well-formed
	ReasonConstruct      // DTD, processing instruction, comment, CDATA or other entity
	ReasonDepth          // nested deeper than DepthMax
	ReasonElements       // more than ElementsMax elements
	ReasonAttributes     // more than AttributesMax attributes or bindingsMax prefixes
	ReasonNamespace      // a prefix without namespace, or a wrong one
	ReasonUnknownMessage // a message that we, or the profile, do not have
	ReasonEnvelope       // not a header and a document

	// Not what the schema says.
	ReasonUnexpected  // an element that may not stand here
	ReasonRepeated    // an element too often
	ReasonMissing     // a mandatory element or attribute is absent
	ReasonAttribute   // an attribute that the element does not have, or twice
	ReasonContent     // text between elements, or elements in text
	ReasonLength      // too short or too long
	ReasonPattern     // text not of its pattern
	ReasonEnumeration // not one of the codes
	ReasonNumber      // no decimal number
	ReasonDigits      // too many digits
	ReasonNegative    // below zero
	ReasonDate        // no date or time, or none of the calendar
	ReasonBoolean     // not true or false
	ReasonBinary      // not base64

	// Not what the profile says.
	ReasonProfileMissing // a field that the profile demands
	ReasonValue          // not one of the profile's values
	ReasonCharset        // a character that ids or texts may not have here
	ReasonMismatch       // header and document contradict each other

	// Not an amount of its currency.
	ReasonCurrency       // no currency
	ReasonAmountSyntax   // a sign, an exponent or no number
	ReasonAmountDecimals // more decimals than the currency has
	ReasonAmountDigits   // too large
	ReasonAmountZero

	reasonCount
)

// reasons are the texts, the codes for admi.002 (RjctgPtyRsn) and the codes of
// ISO's list of status reasons.
var reasons = [reasonCount]struct{ text, code, external string }{
	ReasonNone:           {"no fault", "", ""},
	ReasonSize:           {"message too large", "SIZE", "FF01"},
	ReasonCharacter:      {"bad character or encoding", "CHARACTER", "FF01"},
	ReasonSyntax:         {"XML not well-formed", "SYNTAX", "FF01"},
	ReasonConstruct:      {"XML construct not accepted", "CONSTRUCT", "FF01"},
	ReasonDepth:          {"nested too deeply", "DEPTH", "FF01"},
	ReasonElements:       {"too many elements", "ELEMENTS", "FF01"},
	ReasonAttributes:     {"too many attributes", "ATTRIBUTES", "FF01"},
	ReasonNamespace:      {"wrong namespace", "NAMESPACE", "FF01"},
	ReasonUnknownMessage: {"message not supported", "UNKNOWN_MESSAGE", "FF01"},
	ReasonEnvelope:       {"not an envelope of header and document", "ENVELOPE", "FF01"},

	ReasonUnexpected:  {"element not allowed here", "UNEXPECTED", "FF01"},
	ReasonRepeated:    {"element repeated too often", "REPEATED", "FF01"},
	ReasonMissing:     {"mandatory element missing", "MISSING", "CH21"},
	ReasonAttribute:   {"attribute not allowed here", "ATTRIBUTE", "FF01"},
	ReasonContent:     {"content not allowed here", "CONTENT", "FF01"},
	ReasonLength:      {"wrong length", "LENGTH", "FF01"},
	ReasonPattern:     {"wrong format", "PATTERN", "FF01"},
	ReasonEnumeration: {"unknown code", "CODE", "FF01"},
	ReasonNumber:      {"not a decimal number", "NUMBER", "AM12"},
	ReasonDigits:      {"too many digits", "DIGITS", "AM12"},
	ReasonNegative:    {"below zero", "NEGATIVE", "AM12"},
	ReasonDate:        {"not a date or time", "DATE", "DT01"},
	ReasonBoolean:     {"not true or false", "BOOLEAN", "FF01"},
	ReasonBinary:      {"not base64", "BINARY", "FF01"},

	ReasonProfileMissing: {"field missing", "FIELD_MISSING", "CH21"},
	ReasonValue:          {"value not accepted here", "VALUE", "FF01"},
	ReasonCharset:        {"character not accepted here", "CHARSET", "FF01"},
	ReasonMismatch:       {"header and document differ", "MISMATCH", "FF01"},

	ReasonCurrency:       {"not a currency", "CURRENCY", "AM11"},
	ReasonAmountSyntax:   {"not an amount", "AMOUNT", "AM12"},
	ReasonAmountDecimals: {"more decimals than the currency has", "AMOUNT_DECIMALS", "CH20"},
	ReasonAmountDigits:   {"amount too large", "AMOUNT_DIGITS", "AM12"},
	ReasonAmountZero:     {"amount is zero", "AMOUNT_ZERO", "AM01"},
}

// String is the reason in words.
func (r Reason) String() string { return reasons[min(r, reasonCount-1)].text }

// Code is the reason as it stands in an admi.002: capitals and underlines, at
// most 35 characters.
func (r Reason) Code() string { return reasons[min(r, reasonCount-1)].code }

// External is the nearest code of ISO's list of status reasons, "FF01".
func (r Reason) External() string { return reasons[min(r, reasonCount-1)].external }
