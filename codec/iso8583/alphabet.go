package iso8583

import "encoding/binary"

// alphabet is a code page of the wire, one byte a character.
type alphabet struct {
	zone byte                 // the byte of digit 0; the others follow
	sets [classZ + 1]*charSet // by class; classB has none
}

var (
	inASCII      = newAlphabet('0', &plainASCII)
	inEBCDIC     = newAlphabet(0xf0, &fromEBCDIC)
	inEBCDIC1047 = newAlphabet(0xf0, &fromEBCDIC1047)
)

var plainASCII = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(c)
	}
	return t
}()

// newAlphabet makes the sets of a code page, of which text is the character of
// each byte.
func newAlphabet(zone byte, text *[256]byte) *alphabet {
	a := &alphabet{zone: zone}
	for k := classN; k <= classZ; k <<= 1 {
		s := new(charSet)
		for c, char := range text {
			if charClass[char]&k == 0 {
				s.table[c] = 1
			}
		}
		switch ranges, two := rangesOf(k); {
		case k == classN:
			s.form, s.zone = formDigits, each*uint64(zone)
		case zone == '0' && two:
			s.form, s.ranges = formRanges, ranges
		case zone == '0' && k == classANS:
			s.form, s.ranges = formRange, ranges
		}
		a.sets[k] = s
	}
	return a
}

// charSet is a class as its bytes stand on the wire. form is the fastest way to
// look at many; table has a 1 for each byte that is not in the set.
type charSet struct {
	form   charForm
	ranges charRanges // of formRanges and formRange
	zone   uint64     // of formDigits: digit 0 in every byte
	table  [256]byte
}

type charForm uint8

const (
	formTable   charForm = iota
	formDigits           // ten neighbours
	formRange            // the first of the ranges is all
	formRanges           // see charRanges
	formNibbles          // two digits a byte
)

// packedDigits is the class n in BCD.
var packedDigits = &charSet{form: formNibbles}

// hold says that every byte of v is in the set. It takes eight at a time, the
// last of them a second time rather than one by one.
func (s *charSet) hold(v []byte) bool {
	n := len(v)
	if n < 8 {
		return n == 0 || s.outside(shortWord(v)) == 0
	}
	last := binary.LittleEndian.Uint64(v[n-8:])
	var bad uint64
	switch s.form {
	case formDigits:
		zone := s.zone
		for bad = notDigits(last ^ zone); len(v) > 8; v = v[8:] {
			bad |= notDigits(binary.LittleEndian.Uint64(v) ^ zone)
		}
	case formRange:
		from, above := s.ranges.from, s.ranges.above
		for bad = outsideOne(last, from, above); len(v) > 8; v = v[8:] {
			bad |= outsideOne(binary.LittleEndian.Uint64(v), from, above)
		}
	case formRanges:
		for bad = s.ranges.outside(last); len(v) > 8; v = v[8:] {
			bad |= s.ranges.outside(binary.LittleEndian.Uint64(v))
		}
	case formNibbles:
		for bad = notNibbles(last); len(v) > 8; v = v[8:] {
			bad |= notNibbles(binary.LittleEndian.Uint64(v))
		}
	default:
		for bad = s.outsideTable((*[8]byte)(v[n-8:])); len(v) > 8; v = v[8:] {
			bad |= s.outsideTable((*[8]byte)(v))
		}
	}
	return bad == 0
}

// outside is not 0 when one of eight bytes is not in the set.
func (s *charSet) outside(x uint64) uint64 {
	switch s.form {
	case formDigits:
		return notDigits(x ^ s.zone)
	case formRange:
		return outsideOne(x, s.ranges.from, s.ranges.above)
	case formRanges:
		return s.ranges.outside(x)
	case formNibbles:
		return notNibbles(x)
	}
	var v [8]byte
	binary.LittleEndian.PutUint64(v[:], x)
	return s.outsideTable(&v)
}

func (s *charSet) outsideTable(v *[8]byte) uint64 {
	t := &s.table
	return uint64(t[v[0]] | t[v[1]] | t[v[2]] | t[v[3]] | t[v[4]] | t[v[5]] | t[v[6]] | t[v[7]])
}
