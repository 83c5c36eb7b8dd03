package frame

import "math/bits"

// Charset is how the digits of an MTI are written.
type Charset uint8

// The character sets that Diagnose tells apart.
const (
	CharsetUnknown Charset = iota
	CharsetASCII
	CharsetEBCDIC
	CharsetBCD
)

var charsetNames = [...]string{"", "ASCII", "EBCDIC", "BCD"}

// String is the name, or nothing while it is unknown.
func (c Charset) String() string {
	if int(c) >= len(charsetNames) {
		return "invalid"
	}
	return charsetNames[c]
}

// Bitmap is how a bitmap is written.
type Bitmap uint8

// The forms of a bitmap that Diagnose tells apart.
const (
	BitmapUnknown Bitmap = iota
	BitmapBinary
	BitmapHex       // 16 hexadecimal digits in ASCII
	BitmapHexEBCDIC // 16 hexadecimal digits in EBCDIC
)

var bitmapNames = [...]string{"", "binary", "hex", "EBCDIC hex"}

// String is the name, or nothing while it is unknown.
func (k Bitmap) String() string {
	if int(k) >= len(bitmapNames) {
		return "invalid"
	}
	return bitmapNames[k]
}

// look is what the first bytes of a body look like. Both points == 0 and
// !foreign means that too few of them are there.
type look struct {
	mti     [4]byte
	charset Charset
	bitmap  Bitmap
	points  int  // how convincing; 0: no message seen
	foreign bool // this is no message
}

// inspect looks for an MTI and a bitmap at the front of b, the part of a body of
// length bytes that is there. A wrong framing puts other bytes in these places:
// that is all it has to notice, so it knows no dialect.
func inspect(b []byte, length int) look {
	best := look{foreign: len(b) >= 4}
	for _, c := range [...]Charset{CharsetASCII, CharsetEBCDIC, CharsetBCD} {
		l, size := look{charset: c}, 4
		if c == CharsetBCD {
			size = 2
		}
		if len(b) < size || !l.readMTI(b) {
			continue
		}
		l.readBitmap(b[size:], length-size)
		if !l.foreign && l.points > best.points {
			best = l
		}
	}
	return best
}

// differs says whether two messages of one link are written in two ways.
func (l *look) differs(other *look) bool {
	if l.points == 0 || other.points == 0 {
		return false
	}
	known := l.bitmap != BitmapUnknown && other.bitmap != BitmapUnknown
	return l.charset != other.charset || known && l.bitmap != other.bitmap
}

// readMTI takes an MTI that ISO 8583 knows. BCD is worth less: two bytes are
// such an MTI by chance much more often than four.
func (l *look) readMTI(b []byte) bool {
	switch l.charset {
	case CharsetASCII, CharsetEBCDIC:
		zero := byte('0')
		if l.charset == CharsetEBCDIC {
			zero = 0xf0
		}
		for i := range l.mti {
			l.mti[i] = b[i] - zero
		}
		l.points = 6
	case CharsetBCD:
		l.mti = [4]byte{b[0] >> 4, b[0] & 15, b[1] >> 4, b[1] & 15}
		l.points = 3
	}
	if !l.knownMTI() {
		return false
	}
	for i := range l.mti {
		l.mti[i] += '0'
	}
	return true
}

// knownMTI says whether the four digits are a type that exists: 1987, 1993, or
// less often 2003, national and private versions.
func (l *look) knownMTI() bool {
	version, class, function, origin := l.mti[0], l.mti[1], l.mti[2], l.mti[3]
	functionMax := byte(5)
	switch version {
	case 0, 1:
	case 2:
		functionMax = 7
		l.points--
	case 8, 9:
		l.points--
	default:
		return false
	}
	return class >= 1 && class <= 8 && function <= functionMax && origin <= 5
}

// readBitmap judges the bitmaps in b. room is how many bytes bitmaps and fields
// have together.
func (l *look) readBitmap(b []byte, room int) {
	primary, size, kind := bitmapAt(b)
	if size == 0 { // not all there yet
		return
	}
	l.bitmap = kind
	fields := bits.OnesCount64(primary &^ bitOf(1))
	var secondary uint64
	if primary&bitOf(1) != 0 {
		room -= size
		switch second, n, secondKind := bitmapAt(b[size:]); {
		case n > 0 && secondKind == kind:
			secondary = second
		case len(b) >= 2*size:
			l.foreign = true // two bitmaps are written in one way
		}
		fields += bits.OnesCount64(secondary)
	}
	// Bit 65 would announce a third bitmap, which nobody sends; and every field
	// takes a byte at least.
	if fields == 0 || room-size < fields || secondary&bitOf(65-64) != 0 {
		l.foreign = true
		return
	}
	l.points += 2
	if primary&bitOf(11) != 0 { // the trace number is in nearly every message
		l.points += 3
	}
	if primary&bitOf(7) != 0 {
		l.points++
	}
	if l.mti[1] == '8' && secondary&bitOf(70-64) != 0 {
		l.points++
	}
}

// bitOf is the bit of DE n, 1 to 64, in the first bitmap.
func bitOf(n int) uint64 { return 1 << (64 - n) }

// bitmapAt reads the bitmap at the front of b and tells how it is written; size
// is 0 while it is not all there. A binary bitmap of which all bytes are hex
// digits, and eight more behind it, does not happen by chance.
func bitmapAt(b []byte) (bitmap uint64, size int, kind Bitmap) {
	for _, form := range [...]struct {
		kind  Bitmap
		digit func(c byte) int
	}{{BitmapHex, hexDigit}, {BitmapHexEBCDIC, hexDigitEBCDIC}} {
		n := 0
		for bitmap = 0; n < min(16, len(b)); n++ {
			d := form.digit(b[n])
			if d < 0 {
				break
			}
			bitmap = bitmap<<4 | uint64(d)
		}
		switch {
		case n == 16:
			return bitmap, 16, form.kind
		case n == len(b):
			return 0, 0, BitmapUnknown // it may become one
		}
	}
	if len(b) < 8 {
		return 0, 0, BitmapUnknown
	}
	bitmap = 0
	for _, c := range b[:8] {
		bitmap = bitmap<<8 | uint64(c)
	}
	return bitmap, 8, BitmapBinary
}

// hexDigitEBCDIC is the value of an EBCDIC hexadecimal digit, or -1.
func hexDigitEBCDIC(c byte) int {
	switch {
	case c >= 0xf0 && c <= 0xf9:
		return int(c - 0xf0)
	case c >= 0xc1 && c <= 0xc6:
		return int(c-0xc1) + 10
	case c >= 0x81 && c <= 0x86:
		return int(c-0x81) + 10
	}
	return -1
}
