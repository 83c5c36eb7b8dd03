package iso8583

import (
	"encoding/binary"
	"slices"
)

// The code pages of EBCDIC. Both map 256 bytes to the 256 characters of Latin 1
// and back, so nothing is lost on the way. They differ in six places, of which
// [ ] and ^ are the ones that a field can hold.
//
// Where other tables disagree with the code page 037 of IBM: they often swap
// ! and |, or put [ and ] on the cent and exclamation signs. A spec that needs
// such a page needs a row of its own in encodings, not a changed table.

// ebcdic037 gives the character of each byte of code page 037.
const ebcdic037 = "" +
	"\x00\x01\x02\x03\x9c\x09\x86\x7f\x97\x8d\x8e\x0b\x0c\x0d\x0e\x0f" +
	"\x10\x11\x12\x13\x9d\x85\x08\x87\x18\x19\x92\x8f\x1c\x1d\x1e\x1f" +
	"\x80\x81\x82\x83\x84\x0a\x17\x1b\x88\x89\x8a\x8b\x8c\x05\x06\x07" +
	"\x90\x91\x16\x93\x94\x95\x96\x04\x98\x99\x9a\x9b\x14\x15\x9e\x1a" +
	"\x20\xa0\xe2\xe4\xe0\xe1\xe3\xe5\xe7\xf1\xa2\x2e\x3c\x28\x2b\x7c" +
	"\x26\xe9\xea\xeb\xe8\xed\xee\xef\xec\xdf\x21\x24\x2a\x29\x3b\xac" +
	"\x2d\x2f\xc2\xc4\xc0\xc1\xc3\xc5\xc7\xd1\xa6\x2c\x25\x5f\x3e\x3f" +
	"\xf8\xc9\xca\xcb\xc8\xcd\xce\xcf\xcc\x60\x3a\x23\x40\x27\x3d\x22" +
	"\xd8\x61\x62\x63\x64\x65\x66\x67\x68\x69\xab\xbb\xf0\xfd\xfe\xb1" +
	"\xb0\x6a\x6b\x6c\x6d\x6e\x6f\x70\x71\x72\xaa\xba\xe6\xb8\xc6\xa4" +
	"\xb5\x7e\x73\x74\x75\x76\x77\x78\x79\x7a\xa1\xbf\xd0\xdd\xde\xae" +
	"\x5e\xa3\xa5\xb7\xa9\xa7\xb6\xbc\xbd\xbe\x5b\x5d\xaf\xa8\xb4\xd7" +
	"\x7b\x41\x42\x43\x44\x45\x46\x47\x48\x49\xad\xf4\xf6\xf2\xf3\xf5" +
	"\x7d\x4a\x4b\x4c\x4d\x4e\x4f\x50\x51\x52\xb9\xfb\xfc\xf9\xfa\xff" +
	"\x5c\xf7\x53\x54\x55\x56\x57\x58\x59\x5a\xb2\xd4\xd6\xd2\xd3\xd5" +
	"\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\xb3\xdb\xdc\xd9\xda\x9f"

var (
	fromEBCDIC     = [256]byte([]byte(ebcdic037))
	fromEBCDIC1047 = as1047(fromEBCDIC)
	toEBCDIC       = inverse(&fromEBCDIC)
	toEBCDIC1047   = inverse(&fromEBCDIC1047)
)

// as1047 changes the six places: code page 1047 has the ^ where 037 has the not
// sign, and the brackets where it has Y acute and the diaeresis.
func as1047(t [256]byte) [256]byte {
	for _, swap := range [][2]byte{{0x5f, 0xb0}, {0xad, 0xba}, {0xbb, 0xbd}} {
		t[swap[0]], t[swap[1]] = t[swap[1]], t[swap[0]]
	}
	return t
}

func inverse(t *[256]byte) (to [256]byte) {
	for c, text := range t {
		to[text] = byte(c)
	}
	return to
}

// mapped appends the characters of src to dst.
func mapped(dst, src []byte, t *[256]byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, len(src))[:at+len(src)]
	translate(dst[at:], src, len(src), t)
	return dst
}

// translate puts n characters of src into dst. It takes eight at a time, also
// beyond the n where dst and src have so many.
func translate(dst, src []byte, n int, t *[256]byte) {
	for ; n > 0 && len(src) >= 8 && len(dst) >= 8; n -= 8 {
		d, c := (*[8]byte)(dst), (*[8]byte)(src)
		d[0], d[1], d[2], d[3] = t[c[0]], t[c[1]], t[c[2]], t[c[3]]
		d[4], d[5], d[6], d[7] = t[c[4]], t[c[5]], t[c[6]], t[c[7]]
		dst, src = dst[8:], src[8:]
	}
	for i := 0; i < n; i++ {
		dst[i] = t[src[i]]
	}
}

// flipZone is translate for digits, of either code page and in both directions;
// dst and src must not overlap. The last word takes some bytes a second time.
func flipZone(dst, src []byte, n int) {
	const flip = 0xf0 ^ '0'
	le := binary.LittleEndian
	dst, src = dst[:n], src[:n]
	switch {
	case n >= 8:
		le.PutUint64(dst[n-8:], le.Uint64(src[n-8:])^each*flip)
		for ; len(src) > 8 && len(dst) > 8; dst, src = dst[8:], src[8:] {
			le.PutUint64(dst, le.Uint64(src)^each*flip)
		}
	case n >= 4:
		le.PutUint32(dst, le.Uint32(src)^each&0xffffffff*flip)
		le.PutUint32(dst[n-4:], le.Uint32(src[n-4:])^each&0xffffffff*flip)
	default:
		for i, c := range src {
			dst[i] = c ^ flip
		}
	}
}

func decodeEBCDIC(dst, src []byte, n int) ([]byte, fault) {
	return mapped(dst, src[:n], &fromEBCDIC), faultNone
}

func decodeEBCDIC1047(dst, src []byte, n int) ([]byte, fault) {
	return mapped(dst, src[:n], &fromEBCDIC1047), faultNone
}

func encodeEBCDIC(dst []byte, at int) ([]byte, bool) {
	translate(dst[at:], dst[at:], len(dst)-at, &toEBCDIC)
	return dst, true
}

func encodeEBCDIC1047(dst []byte, at int) ([]byte, bool) {
	translate(dst[at:], dst[at:], len(dst)-at, &toEBCDIC1047)
	return dst, true
}
