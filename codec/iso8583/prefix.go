package iso8583

import (
	"strconv"
	"strings"
)

// prefix says how a field's length stands before it. It is an index into
// prefixes; the families stand there with their widths one after another.
type prefix uint8

const (
	prefixFixed  prefix = 0
	prefixASCII  prefix = 0 // plus the number of L, as in all families
	prefixBCD    prefix = widthMax
	prefixEBCDIC prefix = 4 * widthMax
	prefixRest   prefix = 31 // no length: the field takes what is left
	prefixBER    prefix = 32 // the length of a BER-TLV, one to three bytes
	widthMax            = 6  // of a family, in L
)

// prefixRow is one kind of length prefix.
type prefixRow struct {
	name string // as in a spec file
	// words is for people: "3 digits in packed BCD".
	words string
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

// prefixFamily is one encoding of lengths.
type prefixFamily struct {
	name  string
	digit string // for people
	in    string // for people
	width func(digits int) int
	radix int
	read  func(b []byte) (int, bool)
	write func(b []byte, n int)
}

var prefixFamilies = [...]prefixFamily{
	{"ASCII", "digit", " in ASCII", same, 10, readDigits, writeDigits},
	{"BCD", "digit", " in packed BCD", packed, 10, readPacked, writePacked},
	{"Binary", "byte", "", same, 256, readBytes, writeBytes},
	{"Hex", "byte", " in hexadecimal", double, 256, readHex, writeHex},
	{"EBCDIC", "digit", " in EBCDIC", same, 10, readDigitsEBCDIC, writeDigitsEBCDIC},
}

var prefixes = makePrefixes()

func makePrefixes() (t [33]prefixRow) {
	t[prefixFixed] = prefixRow{lengthMax: MessageBytesMax}
	t[prefixRest] = prefixRow{name: "None.Fixed", lengthMax: MessageBytesMax, dots: "..."}
	t[prefixBER] = prefixRow{name: "BerTLV", lengthMax: MessageBytesMax, dots: "..."}
	for i, family := range prefixFamilies {
		most := 1
		for digits := 1; digits <= widthMax; digits++ {
			most *= family.radix
			t[i*widthMax+digits] = prefixRow{
				name:  family.name + "." + strings.Repeat("L", digits),
				words: count(digits, family.digit) + family.in,
				width: family.width(digits), lengthMax: most - 1,
				dots: strings.Repeat(".", digits), read: family.read, write: family.write,
			}
		}
	}
	return t
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// prefixByName knows every "Fixed" as the same nothing, and that the digits of
// both EBCDIC pages are the same.
func prefixByName(name string) (prefix, bool) {
	family, length, ok := strings.Cut(name, ".")
	if family == "EBCDIC1047" {
		family, name = "EBCDIC", "EBCDIC."+length
	}
	for i := range prefixFamilies {
		if ok && length == "Fixed" && prefixFamilies[i].name == family {
			return prefixFixed, true
		}
	}
	for i := range prefixes {
		if prefixes[i].name == name && name != "" {
			return prefix(i), true
		}
	}
	return 0, false
}

// prefixNames is for error texts.
func prefixNames() string {
	var names []string
	for i := range prefixFamilies {
		names = append(names, prefixFamilies[i].name)
	}
	return strings.Join(names, ", ") + " or EBCDIC1047 with .Fixed or .L to .LLLLLL; None.Fixed, BerTLV"
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

func writeDigits(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

func readDigitsEBCDIC(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		d := c - 0xf0
		if d > 9 {
			return 0, false
		}
		n = n*10 + int(d)
	}
	return n, true
}

func writeDigitsEBCDIC(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(0xf0 + n%10)
		n /= 10
	}
}

// readPacked reads all digits of the bytes, so that a length of three digits
// with something in its fourth is too long, never a shorter length.
func readPacked(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c>>4 > 9 || c&0xf > 9 {
			return 0, false
		}
		n = n*100 + int(c>>4)*10 + int(c&0xf)
	}
	return n, true
}

func writePacked(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n%10) | byte(n/10%10)<<4
		n /= 100
	}
}

func readBytes(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n, true
}

func writeBytes(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}

func readHex(b []byte) (int, bool) {
	n, ok := unhexNumber(b, &hexValue)
	return int(n), ok
}

func writeHex(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = hexDigits[n&0xf]
		n >>= 4
	}
}

// readBER reads the length of a BER-TLV at a place of b: one byte below 0x80, or
// 0x81 or 0x82 and that many bytes. The form without a length (0x80) and longer
// ones are no length here: no message is that long.
func readBER(b []byte, at int) (n, next int, why fault) {
	if at >= len(b) {
		return 0, 0, faultTruncated
	}
	first := b[at]
	switch {
	case first < 0x80:
		return int(first), at + 1, faultNone
	case first != 0x81 && first != 0x82:
		return 0, 0, faultLengthDigits
	}
	next = at + 1 + int(first&0x7f)
	if next > len(b) {
		return 0, 0, faultTruncated
	}
	n, _ = readBytes(b[at+1 : next])
	return n, next, faultNone
}

// appendBER writes the shortest form; n is at most MessageBytesMax.
func appendBER(dst []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n < 0x100:
		return append(dst, 0x81, byte(n))
	}
	return append(dst, 0x82, byte(n>>8), byte(n))
}

// digits1 to digits3 are readDigits for the widths that stand before nearly
// every field and tag, of any code page; -1 is no number. They index rather than
// slice, which is a third of the time, and the caller has checked that the bytes
// are there.
func digits1(b []byte, at int, zone byte) int {
	u := b[at] - zone
	if u > 9 {
		return -1
	}
	return int(u)
}

func digits2(b []byte, at int, zone byte) int {
	t, u := b[at]-zone, b[at+1]-zone
	if t > 9 || u > 9 {
		return -1
	}
	return int(t)*10 + int(u)
}

func digits3(b []byte, at int, zone byte) int {
	h, t, u := b[at]-zone, b[at+1]-zone, b[at+2]-zone
	if h > 9 || t > 9 || u > 9 {
		return -1
	}
	return int(h)*100 + int(t)*10 + int(u)
}

// packed1 and packed2 are the same for one and two bytes of BCD.
func packed1(b []byte, at int) int {
	c := b[at]
	if c > 0x99 || c&0xf > 9 {
		return -1
	}
	return int(c>>4)*10 + int(c&0xf)
}

func packed2(b []byte, at int) int {
	high, low := packed1(b, at), packed1(b, at+1)
	if high|low < 0 {
		return -1
	}
	return high*100 + low
}

// appendPrefix appends the length n, which the prefix can express, to dst.
func appendPrefix(dst []byte, kind prefix, n int) []byte {
	switch kind {
	case prefixBER:
		return appendBER(dst, n)
	case prefixFixed, prefixRest:
		return dst
	}
	p := &prefixes[kind]
	at := len(dst)
	for range p.width {
		dst = append(dst, 0)
	}
	p.write(dst[at:], n)
	return dst
}

// appendHead is appendPrefix for a kindQuick.
func (f *field) appendHead(dst []byte, n int) []byte {
	switch f.head {
	case headOne:
		return append(dst, f.zone+byte(n))
	case headTwo:
		return append(dst, f.zone+byte(n/10), f.zone+byte(n%10))
	case headThree:
		return append(dst, f.zone+byte(n/100), f.zone+byte(n/10%10), f.zone+byte(n%10))
	case headPacked:
		return append(dst, byte(n/10<<4|n%10))
	case headPackedTwo:
		return append(dst, byte(n/1000<<4|n/100%10), byte(n/10%10<<4|n%10))
	}
	return dst
}

func appendDigits3(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}
