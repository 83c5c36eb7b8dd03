package iso8583

import (
	"encoding/binary"
	"slices"
)

// Packed BCD: two digits a byte. A value of odd length leaves half a byte, the
// filler, before it or behind it; a spec says where and with what. The filler
// is checked: a reader that ignored it would take two different messages for
// the same one.
//
// Each nibble is one of the characters 0x30 to 0x3F, so that a track's
// separator, the nibble D, is the '=' (0x3D) of ISO 7813, and the class of a
// field tells a digit from the rest without a second table.

// bcdPairs has both characters of a byte, the first one in the low half.
var bcdPairs = makeBCDPairs()

func makeBCDPairs() (t [256]uint16) {
	for c := range t {
		t[c] = uint16('0'+c>>4) | uint16('0'+c&0xf)<<8
	}
	return t
}

func packed(n int) int { return (n + 1) / 2 }

// nibble takes the characters of a track: 0x30 to 0x3F, and D for a separator.
func nibble(c byte) byte {
	if c == 'D' {
		return 0xd
	}
	return c & 0xf
}

func unpack(dst, src []byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, 2*len(src))[:at+2*len(src)]
	spread(dst[at:], src, len(src))
	return dst
}

// spread puts the characters of n bytes of src into dst. It takes four bytes at a
// time, also beyond the n where dst and src have so many.
func spread(dst, src []byte, n int) {
	for ; n > 0 && len(src) >= 4 && len(dst) >= 8; n -= 4 {
		x := uint64(binary.LittleEndian.Uint32(src))
		x = (x | x<<16) & 0x0000ffff0000ffff
		x = (x | x<<8) & 0x00ff00ff00ff00ff
		x = (x>>4 | x<<8) & low4
		binary.LittleEndian.PutUint64(dst, x|each*'0')
		dst, src = dst[8:], src[4:]
	}
	for i := 0; i < n; i++ {
		binary.LittleEndian.PutUint16(dst[2*i:], bcdPairs[src[i]])
	}
}

// pack packs the digits from index at in place; their number is even.
func pack(dst []byte, at int) []byte {
	v := dst[at:]
	for i := range len(v) / 2 {
		v[i] = nibble(v[2*i])<<4 | nibble(v[2*i+1])
	}
	return dst[:at+len(v)/2]
}

// packDigits packs digits that fill dst.
func packDigits(dst, digits []byte) {
	for i := range dst {
		pair := digits[2*i : 2*i+2]
		dst[i] = pair[0]<<4 | pair[1]&0xf
	}
}

func decodeBCD(dst, src []byte, n int) ([]byte, fault) { return unpackRight(dst, src, n, 0) }

func decodeBCDF(dst, src []byte, n int) ([]byte, fault) { return unpackRight(dst, src, n, 0xf) }

// unpackRight reads digits that end with the last byte.
func unpackRight(dst, src []byte, n int, filler byte) ([]byte, fault) {
	src = src[:packed(n)]
	if n&1 == 0 {
		return unpack(dst, src), faultNone
	}
	if src[0]>>4 != filler {
		return dst, faultFiller
	}
	return unpack(append(dst, '0'+src[0]&0xf), src[1:]), faultNone
}

func decodeLBCD(dst, src []byte, n int) ([]byte, fault) { return unpackLeft(dst, src, n, 0) }

func decodeLBCDF(dst, src []byte, n int) ([]byte, fault) { return unpackLeft(dst, src, n, 0xf) }

// unpackLeft reads digits that begin with the first byte.
func unpackLeft(dst, src []byte, n int, filler byte) ([]byte, fault) {
	if n&1 == 0 {
		return unpack(dst, src[:n/2]), faultNone
	}
	if src[n/2]&0xf != filler {
		return dst, faultFiller
	}
	return append(unpack(dst, src[:n/2]), '0'+src[n/2]>>4), faultNone
}

func encodeBCD(dst []byte, at int) ([]byte, bool) { return packRight(dst, at, '0'), true }

func encodeBCDF(dst []byte, at int) ([]byte, bool) { return packRight(dst, at, '?'), true }

func packRight(dst []byte, at int, filler byte) []byte {
	if (len(dst)-at)&1 != 0 {
		dst = append(dst, 0)
		copy(dst[at+1:], dst[at:])
		dst[at] = filler
	}
	return pack(dst, at)
}

func encodeLBCD(dst []byte, at int) ([]byte, bool) { return packLeft(dst, at, '0'), true }

func encodeLBCDF(dst []byte, at int) ([]byte, bool) { return packLeft(dst, at, '?'), true }

func packLeft(dst []byte, at int, filler byte) []byte {
	if (len(dst)-at)&1 != 0 {
		dst = append(dst, filler)
	}
	return pack(dst, at)
}

// The signed amounts x+n of the binary dialect: C or D as a character, then the
// digits in BCD.

func signed(n int) int { return min(n, 1) + packed(max(n-1, 0)) }

func unsigned(wire int) int { return 1 + 2*(wire-1) }

func decodeSigned(dst, src []byte, n int) ([]byte, fault) {
	if n < 2 {
		return dst, faultFormat // no digits
	}
	return unpackRight(append(dst, src[0]), src[1:], n-1, 0)
}

func encodeSigned(dst []byte, at int) ([]byte, bool) { return packRight(dst, at+1, '0'), true }

// filled says that the unused half byte of an odd number of digits is as it
// should be.
func (e encoding) filled(src []byte) bool {
	switch e {
	case encBCD:
		return src[0]>>4 == 0
	case encBCDF:
		return src[0]>>4 == 0xf
	case encLBCD:
		return src[len(src)-1]&0xf == 0
	}
	return src[len(src)-1]&0xf == 0xf
}

// unfilled is the length of a value of which only the bytes are counted: one
// character less when the filler F shows that the last or first is none.
func (e encoding) unfilled(src []byte, n int) int {
	if len(src) > 0 && (e == encLBCDF && src[len(src)-1]&0xf == 0xf || e == encBCDF && src[0]>>4 == 0xf) {
		return n - 1
	}
	return n
}
