package frame

import "strings"

// Framing is a way to mark where a message ends on a stream. The zero value is
// BIN2, the commonest.
type Framing uint8

// BIN2 is a big-endian 16-bit length of the body alone, then the body.
const BIN2 Framing = 0

// row is what a framing is made of. Next, Begin and End know only rows, so a
// further framing is a row and, at most, two small functions.
type row struct {
	name string
	// header is how many bytes stand before the body.
	header int
	// lengthMax is the longest body that the header can express.
	lengthMax int
	// read gives the body length of a complete header; false means that the
	// header is no number at all.
	read func(h []byte) (int, bool)
	// write fills the header for a body of n <= lengthMax bytes.
	write func(h []byte, n int)
}

// rows is indexed by Framing.
var rows = [...]row{
	BIN2: {name: "BIN2", header: 2, lengthMax: 1<<16 - 1, read: readBinary2, write: writeBinary2},
}

// Parse gives the framing of that name, as it stands in a participant's
// profile.
func Parse(name string) (Framing, error) {
	for i := range rows {
		if rows[i].name == name {
			return Framing(i), nil
		}
	}
	return 0, &NameError{Name: name}
}

// Names lists every framing that Parse knows.
func Names() []string {
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i].name
	}
	return names
}

// String gives the name that Parse takes.
func (f Framing) String() string {
	if int(f) >= len(rows) {
		return "unknown"
	}
	return rows[f].name
}

// Next finds the first frame of b. The body is a view into b, and n is how many
// bytes the frame takes with its header; n is 0 when b holds no whole frame
// yet. Equal streams give equal frames however they are cut into buffers.
//
// The error is an *Error and final: the stream cannot be used any more.
func (f Framing) Next(b []byte, lim Limits) (body []byte, n int, err error) {
	if int(f) >= len(rows) {
		return nil, 0, &Error{Framing: f, Reason: ReasonFraming}
	}
	r := &rows[f]
	if len(b) < r.header {
		return nil, 0, nil
	}
	length, ok := r.read(b[:r.header])
	if !ok {
		return nil, 0, &Error{Framing: f, Reason: ReasonHeader}
	}
	// The bounds come before the wait: a peer that announces 60 KiB is refused
	// now, not after it has made us buffer them.
	if reason := lim.check(length, r.lengthMax); reason != "" {
		return nil, 0, &Error{Framing: f, Reason: reason, Bytes: length}
	}
	end := r.header + length
	if len(b) < end {
		return nil, 0, nil
	}
	return b[r.header:end:end], end, nil
}

// Begin reserves the header of a frame at the end of dst. The caller remembers
// len(dst) from before the call as the frame's start, appends the body, and
// calls End.
func (f Framing) Begin(dst []byte) []byte {
	if int(f) >= len(rows) {
		return dst
	}
	for range rows[f].header {
		dst = append(dst, 0)
	}
	return dst
}

// End fills the header of the frame that Begin opened at start. A body outside
// the limits is not sent: the error says why, and the slice returned ends at
// start, so that frames queued before stay whole.
func (f Framing) End(dst []byte, start int, lim Limits) ([]byte, error) {
	if int(f) >= len(rows) {
		return dst, &Error{Framing: f, Reason: ReasonFraming}
	}
	r := &rows[f]
	if start < 0 || start+r.header > len(dst) {
		return dst, &Error{Framing: f, Reason: ReasonHeader}
	}
	length := len(dst) - start - r.header
	if reason := lim.check(length, r.lengthMax); reason != "" {
		return dst[:start], &Error{Framing: f, Reason: reason, Bytes: length}
	}
	r.write(dst[start:start+r.header], length)
	return dst, nil
}

// readBinary2 reads an unsigned 16-bit big-endian number; every value of it is
// a number, so only the limits can refuse it.
func readBinary2(h []byte) (int, bool) { return int(h[0])<<8 | int(h[1]), true }

func writeBinary2(h []byte, n int) { h[0], h[1] = byte(n>>8), byte(n) }

// NameError says that a profile names a framing that does not exist.
type NameError struct{ Name string }

// Error names the unknown framing and those that exist.
func (e *NameError) Error() string {
	return "frame: unknown framing " + quote(e.Name) + ", known are " + strings.Join(Names(), ", ")
}

// quote bounds what a wrong configuration can put into an error text.
func quote(s string) string {
	if len(s) > 32 {
		s = s[:32] + "..."
	}
	return `"` + s + `"`
}
