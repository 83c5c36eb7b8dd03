package frame

import "errors"

// The defaults of Limits. Nothing shorter than 12 bytes can be an ISO 8583
// message (MTI and one binary bitmap), and 8 KiB is beyond any real one.
const (
	BodyMinDefault = 12
	BodyMaxDefault = 8192
	// KeepAlivesMaxDefault is generous: a link's own echo after 30 s of silence
	// puts a message between the keep-alives of a peer that is in order.
	KeepAlivesMaxDefault = 64
)

// Limits bounds the body of a frame, in both directions.
type Limits struct {
	// BodyMin is the shortest body in bytes; 0 means 12.
	BodyMin int
	// BodyMax is the longest body in bytes; 0 means 8192. Framings have bounds
	// of their own below it; the smaller one counts.
	BodyMax int
	// KeepAlivesMax is how many keep-alives in a row a Reader takes; 0 means 64.
	KeepAlivesMax int
}

// WithDefaults fills in what bounds a body, where it is zero.
func (l Limits) WithDefaults() Limits {
	l.BodyMin, l.BodyMax = l.bounds()
	return l
}

// bounds are the body's least and greatest length.
func (l *Limits) bounds() (low, high int) {
	low, high = l.BodyMin, l.BodyMax
	if low == 0 {
		low = BodyMinDefault
	}
	if high == 0 {
		high = BodyMaxDefault
	}
	return low, high
}

func (l *Limits) keepAlivesMax() int {
	if l.KeepAlivesMax == 0 {
		return KeepAlivesMaxDefault
	}
	return l.KeepAlivesMax
}

// Validate says what is wrong with limits that came from a configuration.
func (l Limits) Validate() error {
	l = l.WithDefaults()
	var low, order, row error
	if l.BodyMin < 1 {
		low = errors.New("frame: the least body length must be 1 or more")
	}
	if l.BodyMax < l.BodyMin {
		order = errors.New("frame: the greatest body length must not be under the least")
	}
	if l.KeepAlivesMax < 0 {
		row = errors.New("frame: the number of keep-alives in a row must not be negative")
	}
	return errors.Join(low, order, row)
}
