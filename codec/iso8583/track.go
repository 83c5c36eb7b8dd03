package iso8583

import (
	"bytes"
	"fmt"
)

// Track is what stands on a magnetic stripe, as views of an element's value.
// Parts that a track lacks are nil. All of it names the card: it must not be
// shown.
type Track struct {
	FormatCode    []byte // track 1: a letter; track 3: two digits
	PAN           []byte // up to 19 digits
	Separator     byte   // '=' or 'D', '^' of track 1
	Name          []byte // track 1
	Expiry        []byte // YYMM; nil where a separator stands for it
	ServiceCode   []byte // 3 digits; nil where a separator stands for it
	Discretionary []byte // what follows
}

// Format writes "(secret)" for every verb and flag.
func (Track) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(secret)")) }

// MarshalText gives "(secret)"; encoders of JSON, XML and YAML come here.
func (Track) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// ParseTrack1 splits the value of element 45: format code, account number, name,
// expiry and service code, between '^'. ok is false when it is no track 1. It
// does not allocate.
func ParseTrack1(v []byte) (t Track, ok bool) {
	if len(v) < 2 || v[0]|0x20 < 'a' || v[0]|0x20 > 'z' {
		return Track{}, false
	}
	t.FormatCode, t.Separator = v[:1], '^'
	if t.PAN, v, ok = cutPAN(v[1:], "^"); !ok {
		return Track{}, false
	}
	at := bytes.IndexByte(v, '^')
	if at < 0 {
		return Track{}, false
	}
	t.Name, v = v[:at], v[at+1:]
	return t, t.dates(v, '^')
}

// ParseTrack2 splits the value of element 35: account number, '=' or 'D', expiry,
// service code and discretionary data. ok is false when it is no track 2. It
// does not allocate.
func ParseTrack2(v []byte) (t Track, ok bool) {
	rest := v
	if t.PAN, rest, ok = cutPAN(v, "=D"); !ok {
		return Track{}, false
	}
	t.Separator = v[len(t.PAN)]
	return t, t.dates(rest, t.Separator)
}

// ParseTrack3 splits the value of element 36: a format code of two digits, the
// account number, '=' or 'D', and the rest, of which each issuer's format has
// its own layout. ok is false when it is no track 3. It does not allocate.
func ParseTrack3(v []byte) (t Track, ok bool) {
	if _, digits := readDigits(v[:min(2, len(v))]); !digits || len(v) < 2 {
		return Track{}, false
	}
	t.FormatCode = v[:2]
	if t.PAN, t.Discretionary, ok = cutPAN(v[2:], "=D"); !ok {
		return Track{}, false
	}
	t.Separator = v[2+len(t.PAN)]
	return t, true
}

// cutPAN takes 1 to 19 digits and a separator off.
func cutPAN(v []byte, separators string) (pan, rest []byte, ok bool) {
	n := bytes.IndexAny(v, separators)
	if n < 1 || n > 19 || !classN.holds(v[:n]) {
		return nil, nil, false
	}
	return v[:n:n], v[n+1:], true
}

// dates splits the expiry and the service code; a separator alone stands for
// one that is missing.
func (t *Track) dates(v []byte, separator byte) bool {
	for _, part := range []struct {
		into *[]byte
		n    int
	}{{&t.Expiry, 4}, {&t.ServiceCode, 3}} {
		switch {
		case len(v) > 0 && v[0] == separator:
			v = v[1:]
		case len(v) < part.n || !classN.holds(v[:part.n]):
			*t = Track{}
			return false
		default:
			*part.into, v = v[:part.n:part.n], v[part.n:]
		}
	}
	t.Discretionary = v
	return true
}
