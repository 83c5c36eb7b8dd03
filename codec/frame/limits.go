package frame

import (
	"errors"
	"strconv"
)

// The defaults of Limits: nothing shorter than 12 bytes can be an ISO 8583
// message (MTI and one binary bitmap), and 8 KiB is beyond any real one.
const (
	BodyMinDefault = 12
	BodyMaxDefault = 8192
)

// Limits bounds the body of a frame, in both directions.
type Limits struct {
	// BodyMin is the shortest body in bytes; 0 means 12.
	BodyMin int
	// BodyMax is the longest body in bytes; 0 means 8192.
	BodyMax int
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	if l.BodyMin == 0 {
		l.BodyMin = BodyMinDefault
	}
	if l.BodyMax == 0 {
		l.BodyMax = BodyMaxDefault
	}
	return l
}

// Validate says what is wrong with limits that came from a configuration.
func (l Limits) Validate() error {
	l = l.WithDefaults()
	var low, order error
	if l.BodyMin < 1 {
		low = errors.New("frame: the least body length must be 1 or more")
	}
	if l.BodyMax < l.BodyMin {
		order = errors.New("frame: the greatest body length must not be under the least")
	}
	return errors.Join(low, order)
}

// check gives the reason to refuse a body of n bytes, or "". The framing's own
// bound counts too, so that End never writes a length that the header cuts off.
func (l Limits) check(n, lengthMax int) string {
	l = l.WithDefaults()
	switch {
	case n < l.BodyMin:
		return ReasonShort
	case n > l.BodyMax || n > lengthMax:
		return ReasonLong
	}
	return ""
}

// The reasons of an Error: a closed set, fit for a metric label.
const (
	// ReasonShort is a body below Limits.BodyMin.
	ReasonShort = "too_short"
	// ReasonLong is a body above Limits.BodyMax or what the header can say.
	ReasonLong = "too_long"
	// ReasonHeader is a header that holds no length, or none at all on End.
	ReasonHeader = "bad_header"
	// ReasonFraming is a Framing value that is in no table.
	ReasonFraming = "unknown_framing"
)

// Reasons lists every reason, so that counters can exist before they count.
func Reasons() []string {
	return []string{ReasonShort, ReasonLong, ReasonHeader, ReasonFraming}
}

// Error is a frame that is not accepted, or not sent. It holds the announced
// length but never a byte of the body.
type Error struct {
	Framing Framing
	Reason  string
	Bytes   int // the body length, where the reason is about it
}

// Error gives the framing, the reason and the length.
func (e *Error) Error() string {
	text := "frame: " + e.Framing.String() + " " + e.Reason
	if e.Reason == ReasonShort || e.Reason == ReasonLong {
		text += ", body of " + strconv.Itoa(e.Bytes) + " bytes"
	}
	return text
}
