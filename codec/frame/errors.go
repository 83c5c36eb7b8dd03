package frame

import "strconv"

// The reasons of an Error: a closed set, fit for a metric label.
const (
	// ReasonShort is a body below Limits.BodyMin.
	ReasonShort = "too_short"
	// ReasonLong is a body above Limits.BodyMax or what the framing can say.
	ReasonLong = "too_long"
	// ReasonHeader is a header whose fixed bytes are others, or none on End.
	ReasonHeader = "bad_header"
	// ReasonDigits is a length of digits with something else in it: a sign, a
	// space, a letter, a half byte above 9.
	ReasonDigits = "bad_digits"
	// ReasonUnder is a length that is less than what it has to count.
	ReasonUnder = "length_under_header"
	// ReasonCarried is a TPDU or BASE I header that is none.
	ReasonCarried = "bad_carried_header"
	// ReasonTrailer is another byte where the ETX has to be.
	ReasonTrailer = "no_etx"
	// ReasonChecksum is an LRC that is not that of the body.
	ReasonChecksum = "bad_lrc"
	// ReasonDelimiter is a body to send that holds the byte which ends a frame.
	ReasonDelimiter = "etx_in_body"
	// ReasonKeepAlives is more keep-alives in a row than allowed.
	ReasonKeepAlives = "keepalive_flood"
	// ReasonFraming is a Framing value that is in no table.
	ReasonFraming = "unknown_framing"
)

// reasons are all of them, with what Error says besides the label.
var reasons = [...]struct{ label, text string }{
	{ReasonShort, ""},
	{ReasonLong, ""},
	{ReasonHeader, "the bytes in front of a frame are not there"},
	{ReasonDigits, "the length holds something that is no digit"},
	{ReasonUnder, "the length is less than what it has to count"},
	{ReasonCarried, "no TPDU or BASE I header of this framing"},
	{ReasonTrailer, "the length does not lead to an ETX"},
	{ReasonChecksum, "the check byte is not that of the body"},
	{ReasonDelimiter, "the body holds an ETX, which would end it"},
	{ReasonKeepAlives, "too many keep-alives in a row"},
	{ReasonFraming, ""},
}

// Reasons lists every reason, so that counters can exist before they count.
func Reasons() []string {
	labels := make([]string, len(reasons))
	for i := range reasons {
		labels[i] = reasons[i].label
	}
	return labels
}

// Error is a frame that is not accepted, or not sent. It holds the announced
// length but never a byte of the body.
type Error struct {
	Framing Framing
	Reason  string
	Bytes   int // the body length, where the reason is about it
}

// Error gives the framing, the reason, and the length or what is wrong.
func (e *Error) Error() string {
	text := "frame: " + e.Framing.String() + " " + e.Reason
	if detail := e.detail(); detail != "" {
		text += ", " + detail
	}
	return text
}

// detail says what is wrong, in words.
func (e *Error) detail() string {
	if e.Reason == ReasonShort || e.Reason == ReasonLong {
		return "body of " + strconv.Itoa(e.Bytes) + " bytes"
	}
	for i := range reasons {
		if reasons[i].label == e.Reason {
			return reasons[i].text
		}
	}
	return ""
}
