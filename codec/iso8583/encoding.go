package iso8583

// encoding says how a field's canonical value (text, or raw bytes of a b
// field) stands on the wire. It is an index into encodings.
type encoding uint8

const (
	encASCII encoding = iota
	encBinary
	encHex
)

// encodingRow is one encoding. A further one (BCD, EBCDIC) is a row here and,
// when its wire bytes are not the value itself, the three functions; message
// and writer need no change.
type encodingRow struct {
	name string
	// binary tells which field types the encoding is for: values of raw bytes,
	// or text.
	binary bool
	// wireBytes is how many bytes n of the value's bytes take. It is nil when
	// the wire bytes are the value, and then the field is a plain view.
	wireBytes func(n int) int
	// decode appends the value of n bytes that stands in src, wireBytes(n) of
	// them, to dst; false when src is not in this encoding.
	decode func(dst, src []byte, n int) ([]byte, bool)
	// bitmap reads a whole bitmap, wireBytes(8) long.
	bitmap func(src []byte) (uint64, bool)
	// encode replaces the value that dst holds from index at by its wire form.
	// It works in place, so that text and bytes need no second buffer.
	encode func(dst []byte, at int) []byte
}

var encodings = [...]encodingRow{
	encASCII:  {name: "ASCII"},
	encBinary: {name: "Binary", binary: true},
	encHex:    {name: "HexToASCII", binary: true, wireBytes: hexBytes, decode: decodeHex, bitmap: bitmapHex, encode: encodeHex},
}

func encodingByName(name string) (encoding, bool) {
	for i := range encodings {
		if encodings[i].name == name {
			return encoding(i), true
		}
	}
	return 0, false
}

func hexBytes(n int) int { return 2 * n }

// notHex is above any nibble and survives an OR, so that one comparison finds
// it after a whole value.
const notHex = 0xff

var hexValue = makeHexValue()

func makeHexValue() (t [256]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = byte(c - '0')
		case c >= 'A' && c <= 'F':
			t[c] = byte(c - 'A' + 10)
		case c >= 'a' && c <= 'f':
			t[c] = byte(c - 'a' + 10)
		default:
			t[c] = notHex
		}
	}
	return t
}

// decodeHex accepts both cases: senders differ, and the value is the same.
func decodeHex(dst, src []byte, n int) ([]byte, bool) {
	at := len(dst)
	dst = append(dst, src[:n]...) // room only
	var seen byte
	out := dst[at:]
	for i := range out {
		high, low := hexValue[src[2*i]], hexValue[src[2*i+1]]
		out[i] = high<<4 | low
		seen |= high | low
	}
	return dst, seen != notHex
}

func bitmapHex(src []byte) (set uint64, ok bool) {
	var seen byte
	for _, c := range src {
		v := hexValue[c]
		set = set<<4 | uint64(v&0xf)
		seen |= v
	}
	return set, seen != notHex
}

// encodeHex writes upper case. It goes from the last byte to the first, so the
// growing text never overtakes the bytes that are still to be read.
func encodeHex(dst []byte, at int) []byte {
	const digits = "0123456789ABCDEF"
	n := len(dst) - at
	dst = append(dst, dst[at:]...)
	for i := n - 1; i >= 0; i-- {
		c := dst[at+i]
		dst[at+2*i], dst[at+2*i+1] = digits[c>>4], digits[c&0xf]
	}
	return dst
}
