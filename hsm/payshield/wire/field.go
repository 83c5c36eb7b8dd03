package wire

import "bytes"

// Fields takes the fields of a frame one after the other. After a field that is not as
// it should be, all that follow are empty and Good is false. Bytes are views into the
// frame.
type Fields struct {
	rest []byte
	bad  bool
}

// Take begins with the bytes of a frame, header left out.
func Take(frame []byte) *Fields { return &Fields{rest: frame} }

// Good tells whether all fields so far were as they should be.
func (f *Fields) Good() bool { return !f.bad }

// Done tells whether all were, and nothing is left.
func (f *Fields) Done() bool { return !f.bad && len(f.rest) == 0 }

// Left is how many bytes are left.
func (f *Fields) Left() int { return len(f.rest) }

// Spoil marks the fields as bad, for a value that only the caller can judge.
func (f *Fields) Spoil() { f.bad = true }

// Bytes takes n bytes of any value.
func (f *Fields) Bytes(n int) []byte {
	if f.bad || n < 0 || n > len(f.rest) {
		f.bad = true
		return nil
	}
	out := f.rest[:n:n]
	f.rest = f.rest[n:]
	return out
}

// where takes n bytes that all are of a kind.
func (f *Fields) where(n int, kind func(byte) bool) []byte {
	out := f.Bytes(n)
	for _, c := range out {
		if !kind(c) {
			f.bad = true
			return nil
		}
	}
	return out
}

// Command takes a command or response code, or an error code: two capitals or digits.
func (f *Fields) Command() string {
	return string(f.where(CommandLen, func(c byte) bool { return digit(c) || c >= 'A' && c <= 'Z' }))
}

// Digits takes n digits.
func (f *Fields) Digits(n int) []byte { return f.where(n, digit) }

// Hex takes n hexadecimal digits.
func (f *Fields) Hex(n int) []byte { return f.where(n, hexDigit) }

// Text takes n printable characters of ASCII.
func (f *Fields) Text(n int) []byte { return f.where(n, printable) }

// Number takes a number of n decimal digits.
func (f *Fields) Number(n int) int { return value(f.Digits(n), 10) }

// HexNumber takes a number of n hexadecimal digits.
func (f *Fields) HexNumber(n int) int { return value(f.Hex(n), 16) }

// Into takes twice as many hexadecimal digits as dst has bytes, and writes their values
// over it.
func (f *Fields) Into(dst []byte) {
	text := f.Hex(2 * len(dst))
	if len(text) == 0 {
		clear(dst)
		return
	}
	for i := range dst {
		dst[i] = nibble(text[2*i])<<4 | nibble(text[2*i+1])
	}
}

// One takes a character that must be one of some.
func (f *Fields) One(of string) byte {
	c := f.Bytes(1)
	if len(c) == 0 || bytes.IndexByte([]byte(of), c[0]) < 0 {
		f.bad = true
		return 0
	}
	return c[0]
}

// Exact takes a text that must be as given.
func (f *Fields) Exact(text string) {
	if string(f.Bytes(len(text))) != text {
		f.bad = true
	}
}

// Next tells whether a character follows, and takes it if so: the delimiter of an
// optional field.
func (f *Fields) Next(delimiter byte) bool {
	if f.bad || len(f.rest) == 0 || f.rest[0] != delimiter {
		return false
	}
	f.rest = f.rest[1:]
	return true
}

// DigitsUntil takes digits up to a delimiter, lo to hi of them, and the delimiter.
func (f *Fields) DigitsUntil(delimiter byte, lo, hi int) []byte {
	n := bytes.IndexByte(f.rest[:min(len(f.rest), hi+1)], delimiter)
	if n < lo {
		f.bad = true
		return nil
	}
	out := f.Digits(n)
	f.Bytes(1)
	return out
}

// Key takes a key in one of the schemes that KeyLen knows.
func (f *Fields) Key() string {
	n := KeyLen(f.rest)
	if n == 0 {
		f.bad = true
	}
	return string(f.Bytes(n))
}

func value(digits []byte, radix int) int {
	n := 0
	for _, c := range digits {
		n = n*radix + int(nibble(c))
	}
	return n
}

func digit(c byte) bool     { return c >= '0' && c <= '9' }
func hexDigit(c byte) bool  { return digit(c) || c >= 'A' && c <= 'F' }
func printable(c byte) bool { return c >= ' ' && c <= '~' }

// nibble is the value of a hexadecimal digit.
func nibble(c byte) byte {
	if digit(c) {
		return c - '0'
	}
	return c - 'A' + 10
}

// AppendHex appends bytes as hexadecimal digits, in capitals.
func AppendHex(dst, b []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, v := range b {
		dst = append(dst, digits[v>>4], digits[v&0xF])
	}
	return dst
}

// AppendNumber appends a number of n digits, of radix 10 or 16. It must fit.
func AppendNumber(dst []byte, value, n, radix int) []byte {
	at := len(dst) + n
	dst = append(dst, bytes.Repeat([]byte{'0'}, n)...)
	for ; n > 0; n-- {
		at--
		dst[at] = "0123456789ABCDEF"[value%radix]
		value /= radix
	}
	return dst
}
