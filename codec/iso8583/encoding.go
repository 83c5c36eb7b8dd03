package iso8583

import "encoding/binary"

// encoding says how a field's canonical value (text, or raw bytes of a b
// field) stands on the wire. It is an index into encodings.
type encoding uint8

const (
	encASCII encoding = iota
	encBinary
	encHex
	encText // hexadecimal text as its bytes: the reverse of encHex
	encBCD  // two digits a byte, an odd one filled on the left with 0
	encBCDF
	encLBCD // filled on the right with 0
	encLBCDF
	encSigned // a sign in ASCII, then BCD
	encEBCDIC
	encEBCDIC1047
	encHexEBCDIC
)

// encodingRow is one encoding. A further one is a row here and, when its wire
// bytes are not the value itself, its functions; message and writer need no
// change.
type encodingRow struct {
	name string // as in a spec file; empty when a further key chooses the row
	// class is that of a field which names none; empty: by the field's type.
	class string
	// wireBytes is how many bytes n of the value's bytes take. It is nil when
	// the wire bytes are the value, and then the field is a plain view.
	wireBytes func(n int) int
	// valueBytes is the reverse, for lengths that count bytes of the wire: how
	// long the longest value of so many bytes is, or -1 when there is none.
	valueBytes func(wire int) int
	// alphabet is that of text of one byte a character; nil for all others.
	alphabet *alphabet
	// decode appends the value of n bytes that stands in src, wireBytes(n) of
	// them, to dst.
	decode func(dst, src []byte, n int) ([]byte, fault)
	// bitmap reads a whole bitmap, wireBytes(8) long.
	bitmap func(src []byte) (uint64, bool)
	// encode replaces the value that dst holds from index at by its wire form.
	// It works in place, so that text and bytes need no second buffer. False is
	// a value that has no such form.
	encode func(dst []byte, at int) ([]byte, bool)
	// bytewise: lengths count bytes of the wire whatever the spec says.
	bytewise bool
	words    string // for "expected ...": how the characters stand
}

var encodings = [...]encodingRow{
	encASCII:  {name: "ASCII", words: "ASCII", alphabet: inASCII},
	encBinary: {name: "Binary", class: "b", words: "bytes"},
	encHex: {name: "HexToASCII", wireBytes: double, valueBytes: halve, words: "hexadecimal ASCII",
		decode: decodeHex, bitmap: bitmapHex, encode: encodeHex},
	encText: {name: "ASCIIToHex", class: "an", wireBytes: halve, valueBytes: double, words: "packed hexadecimal",
		decode: decodeText, encode: encodeText, bytewise: true},
	encBCD: {name: "BCD", class: "n", wireBytes: packed, valueBytes: double, words: "BCD",
		decode: decodeBCD, encode: encodeBCD},
	encBCDF: {class: "n", wireBytes: packed, valueBytes: double, words: "BCD filled on the left with F",
		decode: decodeBCDF, encode: encodeBCDF},
	encLBCD: {name: "LBCD", class: "n", wireBytes: packed, valueBytes: double, words: "BCD filled on the right with 0",
		decode: decodeLBCD, encode: encodeLBCD},
	encLBCDF: {class: "n", wireBytes: packed, valueBytes: double, words: "BCD filled on the right with F",
		decode: decodeLBCDF, encode: encodeLBCDF},
	encSigned: {class: "x+n", wireBytes: signed, valueBytes: unsigned, words: "ASCII and BCD",
		decode: decodeSigned, encode: encodeSigned},
	encEBCDIC: {name: "EBCDIC", wireBytes: same, valueBytes: same, words: "EBCDIC 037",
		alphabet: inEBCDIC, decode: decodeEBCDIC, encode: encodeEBCDIC},
	encEBCDIC1047: {name: "EBCDIC1047", wireBytes: same, valueBytes: same, words: "EBCDIC 1047",
		alphabet: inEBCDIC1047, decode: decodeEBCDIC1047, encode: encodeEBCDIC1047},
	encHexEBCDIC: {name: "HexToEBCDIC", wireBytes: double, valueBytes: halve, words: "hexadecimal EBCDIC",
		decode: decodeHexEBCDIC, bitmap: bitmapHexEBCDIC, encode: encodeHexEBCDIC},
}

func encodingByName(name string) (encoding, bool) {
	for i := range encodings {
		if encodings[i].name == name && name != "" {
			return encoding(i), true
		}
	}
	return 0, false
}

func same(n int) int { return n }

func double(n int) int { return 2 * n }

// halve is -1 for an odd number: half a byte cannot be sent.
func halve(n int) int {
	if n&1 != 0 {
		return -1
	}
	return n / 2
}

// notHex is above any nibble and survives an OR, so that one comparison finds
// it after a whole value.
const notHex = 0xff

var (
	hexValue       = makeHexValue('0', 'A', 'a')
	hexValueEBCDIC = makeHexValue(0xf0, 0xc1, 0x81)
)

func makeHexValue(digit, upper, lower int) (t [256]byte) {
	for c := range t {
		switch {
		case c >= digit && c < digit+10:
			t[c] = byte(c - digit)
		case c >= upper && c < upper+6:
			t[c] = byte(c - upper + 10)
		case c >= lower && c < lower+6:
			t[c] = byte(c - lower + 10)
		default:
			t[c] = notHex
		}
	}
	return t
}

const (
	hexDigits = "0123456789ABCDEF"
	// hexDigitsEBCDIC is the same text in both code pages.
	hexDigitsEBCDIC = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xc1\xc2\xc3\xc4\xc5\xc6"
)

func decodeHex(dst, src []byte, n int) ([]byte, fault) { return unhex(dst, src, n, &hexValue) }

func decodeHexEBCDIC(dst, src []byte, n int) ([]byte, fault) {
	return unhex(dst, src, n, &hexValueEBCDIC)
}

// unhex accepts both cases: senders differ, and the value is the same.
func unhex(dst, src []byte, n int, value *[256]byte) ([]byte, fault) {
	at := len(dst)
	dst = append(dst, src[:n]...) // room only
	var seen byte
	out := dst[at:]
	for i := range out {
		high, low := value[src[2*i]], value[src[2*i+1]]
		out[i] = high<<4 | low
		seen |= high | low
	}
	if seen == notHex {
		return dst, faultHex
	}
	return dst, faultNone
}

// bitmapHex reads 16 characters, eight at a time.
func bitmapHex(src []byte) (uint64, bool) {
	high, low := binary.BigEndian.Uint64(src), binary.BigEndian.Uint64(src[8:])
	if hexRanges.outside(high)|hexRanges.outside(low) != 0 {
		return 0, false
	}
	return unhexWord(high)<<32 | unhexWord(low), true
}

var hexRanges = newCharRanges('0', '9', 'a', 'f', 0x20)

// unhexWord packs eight hexadecimal digits into 32 bits. A letter has bit 6 set,
// and its low half is 9 less than what it stands for.
func unhexWord(x uint64) uint64 {
	x = x&low4 + (x>>6&each)*9
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return (x | x>>16) & 0xffffffff
}

func bitmapHexEBCDIC(src []byte) (uint64, bool) { return unhexNumber(src, &hexValueEBCDIC) }

// unhexNumber reads up to 16 hexadecimal digits.
func unhexNumber(src []byte, value *[256]byte) (set uint64, ok bool) {
	var seen byte
	for _, c := range src {
		v := value[c]
		set = set<<4 | uint64(v&0xf)
		seen |= v
	}
	return set, seen != notHex
}

func encodeHex(dst []byte, at int) ([]byte, bool) { return tohex(dst, at, hexDigits), true }

func encodeHexEBCDIC(dst []byte, at int) ([]byte, bool) { return tohex(dst, at, hexDigitsEBCDIC), true }

// tohex writes upper case. It goes from the last byte to the first, so the
// growing text never overtakes the bytes that are still to be read.
func tohex(dst []byte, at int, digits string) []byte {
	n := len(dst) - at
	dst = append(dst, dst[at:]...)
	for i := n - 1; i >= 0; i-- {
		c := dst[at+i]
		dst[at+2*i], dst[at+2*i+1] = digits[c>>4], digits[c&0xf]
	}
	return dst
}

// decodeText makes upper-case hexadecimal text of bytes; n is its length.
func decodeText(dst, src []byte, n int) ([]byte, fault) {
	for _, c := range src[:n/2] {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&0xf])
	}
	return dst, faultNone
}

// encodeText packs hexadecimal text of either case.
func encodeText(dst []byte, at int) ([]byte, bool) {
	v := dst[at:]
	if len(v)&1 != 0 {
		return dst, false
	}
	var seen byte
	for i := range len(v) / 2 {
		high, low := hexValue[v[2*i]], hexValue[v[2*i+1]]
		v[i] = high<<4 | low
		seen |= high | low
	}
	return dst[:at+len(v)/2], seen != notHex
}
