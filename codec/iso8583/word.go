package iso8583

import "encoding/binary"

const (
	each = 0x0101010101010101 // times a byte: that byte in every place
	high = each * 0x80        // the high bit of every byte
	low4 = each * 0x0f        // the low half of every byte
)

// charRanges checks eight characters at once for a class that is two ranges,
// the second one optionally without regard to case. charClass defines the
// classes; this is the same in the form that the hot path needs, with a test that
// they agree. Reading a 190-byte message in ASCII takes 180 ns with it and 277 ns
// with tables alone.
//
// Adding 0x80-c to a byte below 0x80 sets its high bit exactly when the byte is
// c or more, and never carries into the next byte. Bytes of 0x80 and above may
// carry, and are refused on their own.
type charRanges struct {
	from, above   uint64 // the first range: its first character, the one after its last
	from2, above2 uint64 // the second range
	fold          uint64 // set in every byte before the second range is tested
}

// rangesOf gives the ranges of a class in ASCII; two says that the second one
// counts.
func rangesOf(k class) (r charRanges, two bool) {
	switch k {
	case classA:
		return newCharRanges('a', 'z', 'a', 'z', 0x20), true
	case classAN:
		return newCharRanges('0', '9', 'a', 'z', 0x20), true
	case classZ:
		return newCharRanges(0x30, 0x3f, 'D', 'D', 0), true
	}
	return newCharRanges(0x20, 0x7e, 0, 0, 0), false
}

func newCharRanges(first, last, first2, last2, fold byte) charRanges {
	spread := func(c byte) uint64 { return each * uint64(0x80-c) }
	return charRanges{
		from: spread(first), above: spread(last + 1),
		from2: spread(first2), above2: spread(last2 + 1), fold: each * uint64(fold),
	}
}

// outside is not 0 when one of eight characters is in neither range.
func (r *charRanges) outside(x uint64) uint64 {
	y := x | r.fold
	in := (x+r.from)&^(x+r.above) | (y+r.from2)&^(y+r.above2)
	return (x | ^in) & high
}

// outsideOne is the same for a single range.
func outsideOne(x, from, above uint64) uint64 { return (x | ^((x + from) &^ (x + above))) & high }

// shortWord makes a word of one to seven bytes by taking some twice.
func shortWord(v []byte) uint64 {
	n := len(v)
	if n >= 4 {
		return uint64(binary.LittleEndian.Uint32(v)) | uint64(binary.LittleEndian.Uint32(v[n-4:]))<<32
	}
	// The first, the middle and the last of up to three bytes are all of them.
	return uint64(v[0])*(each&^0xffff) | uint64(v[n/2])<<8 | uint64(v[n-1])
}

// notDigits is not 0 when one of eight bytes is above 9. A byte that carries into
// its neighbour has been found already.
func notDigits(x uint64) uint64 { return (x + each*(0x80-10) | x) & high }

// notNibbles is not 0 when one of sixteen half bytes is above 9.
func notNibbles(x uint64) uint64 { return ((x>>4&low4 + each*6) | (x&low4 + each*6)) & (each * 0x10) }
