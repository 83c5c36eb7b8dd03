package iso8583

// prefix says how a field's length stands before it. It is an index into
// prefixes.
type prefix uint8

const (
	prefixFixed prefix = iota
	prefixASCII1
	prefixASCII2
	prefixASCII3
)

// prefixRow is one kind of length prefix. A further family (BCD, binary) is a
// row per width with its two functions; its fields are kindConvert, as the
// straight code of Parse knows ASCII digits only.
type prefixRow struct {
	names []string // as in the spec format; every "Fixed" is the same nothing
	// width is how many bytes the prefix takes.
	width int
	// lengthMax is the longest value that the prefix can express.
	lengthMax int
	// dots is what stands between class and length in a format: "ans..28".
	dots string
	// read gives the length in width bytes; false when they are no number.
	read func(b []byte) (int, bool)
	// write puts n <= lengthMax into width bytes.
	write func(b []byte, n int)
}

var prefixes = [...]prefixRow{
	prefixFixed:  {names: []string{"ASCII.Fixed", "Binary.Fixed", "Hex.Fixed"}, lengthMax: 999},
	prefixASCII1: {names: []string{"ASCII.L"}, width: 1, lengthMax: 9, dots: ".", read: readDigits, write: writeDigits},
	prefixASCII2: {names: []string{"ASCII.LL"}, width: 2, lengthMax: 99, dots: "..", read: readDigits, write: writeDigits},
	prefixASCII3: {names: []string{"ASCII.LLL"}, width: 3, lengthMax: 999, dots: "...", read: readDigits, write: writeDigits},
}

func prefixByName(name string) (prefix, bool) {
	for i := range prefixes {
		for _, n := range prefixes[i].names {
			if n == name {
				return prefix(i), true
			}
		}
	}
	return 0, false
}

// readDigits takes digits and nothing else. A general number parser would let
// "+5" or " 5" through, and two readers of one message would then disagree
// about where the next field begins.
func readDigits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int(d)
	}
	return n, true
}

// digits1 to digits3 are readDigits for the widths that stand before nearly
// every field and tag; -1 is no number. They index rather than slice, which is
// a third of the time, and the caller has checked that the bytes are there.
func digits1(b []byte, at int) int {
	u := b[at] - '0'
	if u > 9 {
		return -1
	}
	return int(u)
}

func digits2(b []byte, at int) int {
	t, u := b[at]-'0', b[at+1]-'0'
	if t > 9 || u > 9 {
		return -1
	}
	return int(t)*10 + int(u)
}

func digits3(b []byte, at int) int {
	h, t, u := b[at]-'0', b[at+1]-'0', b[at+2]-'0'
	if h > 9 || t > 9 || u > 9 {
		return -1
	}
	return int(h)*100 + int(t)*10 + int(u)
}

// appendPrefix appends the length n, which the prefix can express, to dst.
func appendPrefix(dst []byte, kind prefix, n int) []byte {
	switch kind {
	case prefixASCII2:
		return append(dst, byte('0'+n/10), byte('0'+n%10))
	case prefixASCII3:
		return appendDigits3(dst, n)
	}
	p := &prefixes[kind]
	at := len(dst)
	for range p.width {
		dst = append(dst, 0)
	}
	p.write(dst[at:], n)
	return dst
}

func appendDigits3(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

func writeDigits(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}
