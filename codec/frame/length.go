package frame

// The length fields. A reader gets exactly the lead; a writer gets a field that
// fits. Nothing here uses a general number parser: those accept signs, spaces
// and prefixes, and a peer that does so can be made to lose its place.

func readBinary2(h []byte) (int, string) { return int(h[0])<<8 | int(h[1]), "" }

func writeBinary2(h []byte, n int) { h[0], h[1] = byte(n>>8), byte(n) }

// readBinary reads a big-endian number of any width. Four bytes beyond 31 bits
// become negative on a 32-bit machine; that is a length nobody allows, so any
// other that nobody allows, and that can still be added to, stands for it.
func readBinary(h []byte) (int, string) {
	n := 0
	for _, c := range h {
		n = n<<8 | int(c)
	}
	if n < 0 {
		n = 0x7fffff00
	}
	return n, ""
}

func writeBinary(h []byte, n int) {
	for i := len(h) - 1; i >= 0; i-- {
		h[i] = byte(n)
		n >>= 8
	}
}

func readBinary2LE(h []byte) (int, string) { return int(h[1])<<8 | int(h[0]), "" }

func writeBinary2LE(h []byte, n int) { h[0], h[1] = byte(n), byte(n>>8) }

func readDigits(h []byte) (int, string) {
	n := 0
	for _, c := range h {
		if c < '0' || c > '9' {
			return 0, ReasonDigits
		}
		n = n*10 + int(c-'0')
	}
	return n, ""
}

func writeDigits(h []byte, n int) {
	for i := len(h) - 1; i >= 0; i-- {
		h[i] = byte('0' + n%10)
		n /= 10
	}
}

func readHex(h []byte) (int, string) {
	n := 0
	for _, c := range h {
		d := hexDigit(c)
		if d < 0 {
			return 0, ReasonDigits
		}
		n = n<<4 | d
	}
	return n, ""
}

// hexDigit is the value of an ASCII hexadecimal digit of either case, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

func writeHex(h []byte, n int) {
	for i := len(h) - 1; i >= 0; i-- {
		h[i] = "0123456789ABCDEF"[n&15]
		n >>= 4
	}
}

func readBCD(h []byte) (int, string) {
	n := 0
	for _, c := range h {
		high, low := int(c>>4), int(c&15)
		if high > 9 || low > 9 {
			return 0, ReasonDigits
		}
		n = n*100 + high*10 + low
	}
	return n, ""
}

func writeBCD(h []byte, n int) {
	for i := len(h) - 1; i >= 0; i-- {
		h[i] = byte(n%10 | n/10%10<<4)
		n /= 100
	}
}

func readThenZeros(h []byte) (int, string) {
	if h[2]|h[3] != 0 {
		return 0, ReasonHeader
	}
	return readBinary2(h)
}

func writeThenZeros(h []byte, n int) {
	writeBinary(h[:2], n)
	h[2], h[3] = 0, 0
}

func readAfterZeros(h []byte) (int, string) {
	if h[0]|h[1] != 0 {
		return 0, ReasonHeader
	}
	return readBinary2(h[2:])
}

func writeAfterZeros(h []byte, n int) {
	h[0], h[1] = 0, 0
	writeBinary(h[2:4], n)
}

// Message formats of a VML header: high half of its last byte. The low half
// says which platform sent it and is free.
const (
	vmlISO     = 0
	vmlControl = 2
)

func readVML(h []byte) (int, string) {
	if format := h[3] >> 4; h[2] != 0 || format != vmlISO && format != vmlControl {
		return 0, ReasonHeader
	}
	return readBinary2(h)
}

func isSessionControl(h []byte) bool { return h[3]>>4 == vmlControl }

// readRBP refuses the "more" flag: a record in parts would have to be put
// together, that is copied, and no peer is known to send one.
func readRBP(h []byte) (int, string) {
	if h[0] != 0xd0 || h[1] != 0x4a || h[4]|h[5] != 0 {
		return 0, ReasonHeader
	}
	return readBinary2(h[2:])
}

func writeRBP(h []byte, n int) {
	h[0], h[1] = 0xd0, 0x4a
	writeBinary(h[2:4], n)
	h[4], h[5] = 0, 0
}
