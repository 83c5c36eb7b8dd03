package iso8583

import "slices"

// field is one row of the table, as small as the hot path needs it.
type field struct {
	kind    kind
	head    head  // how the length stands, for kindQuick
	width   uint8 // bytes of that length
	zone    byte  // digit 0 of that length
	packed  bool  // two digits a byte, not counted in bytes; for kindFixed and kindQuick
	looks   bool  // there is more to look at than its row
	class   class
	pad     padding
	fill    byte
	sign    bool   // x+n: a C or D stands before the digits
	digits  bool   // see digitsAlone
	quick   bool   // to write: its class is all there is to check
	unknown bool   // the row of elements that the spec lacks but can skip
	byBytes bool   // length and prefix count bytes of the wire, not of the value
	length  uint16 // exact for a fixed field, else the maximum
	wire    uint16 // bytes of a kindFixed
	prefix  prefix
	enc     encoding
	set     *charSet  // the class on the wire, for kindFixed and kindQuick; nil: any byte
	text    *charSet  // the class in ASCII, for quick
	row     *charSet  // set, when Parse may check it with its neighbours
	tags    *tagTable // tagged fields of the common shape, see tlv.go
	group   *group    // all other composites
}

// kind chooses the way through Parse. The zero value is a field that the spec
// does not have, so an empty row needs no other mark.
type kind uint8

const (
	kindAbsent  kind = iota
	kindFixed        // as kindQuick, of a fixed number of bytes and with a row
	kindQuick        // lengths and encodings that nearly all fields have, by straight code
	kindGeneral      // through the encoding and prefix tables, and composites
)

// head is the length prefix of a kindQuick.
type head uint8

const (
	headNone head = iota
	headOne       // digits of a code page
	headTwo
	headThree
	headPacked // one byte of BCD
	headPackedTwo
)

// quicken finds out whether the field is one for straight code.
func (f *field) quicken() {
	f.kind = kindGeneral
	f.digits = f.digitsAlone()
	if f.sign || f.byBytes || !f.setForm() || !f.setHead() {
		return
	}
	f.kind = kindQuick
	f.text = inASCII.sets[f.class]
	f.quick = f.text != nil && f.class != classA
	if f.headInSet() {
		f.row = f.set
	}
	f.looks = f.packed || f.row == nil && f.set != nil
	if f.row == nil || f.head != headNone || f.packed && f.length&1 != 0 {
		return // an odd number of digits has a filler to look at
	}
	f.kind, f.wire = kindFixed, uint16(f.wireBytes(int(f.length)))
}

// digitsAlone says that its values are digits, and filled with digits if at all.
func (f *field) digitsAlone() bool {
	return f.class == classN && !f.sign && (f.pad == padNone || classN.holds([]byte{f.fill}))
}

// headInSet says that the bytes of the prefix are of the value's class on the
// wire, so that Parse may look at both with their neighbours.
func (f *field) headInSet() bool {
	zone := byte(0) // in BCD
	if a := encodings[f.enc].alphabet; a != nil {
		zone = a.zone
	}
	return f.class != classA && (f.head == headNone || f.zone == zone)
}

// setForm says that the encoding is one for straight code.
func (f *field) setForm() bool {
	switch f.enc {
	case encASCII, encEBCDIC, encEBCDIC1047:
		f.set = encodings[f.enc].alphabet.sets[f.class]
	case encBCD, encBCDF, encLBCD, encLBCDF:
		f.packed = true
		if f.class == classN {
			f.set = packedDigits // of class z it may be any half byte
		}
	default:
		return f.enc == encBinary
	}
	return true
}

// setHead says that the prefix is one for straight code.
func (f *field) setHead() bool {
	switch p := f.prefix; {
	case p == prefixFixed:
		return true
	case p <= prefixASCII+3:
		f.head, f.zone = headNone+head(p-prefixASCII), '0'
	case p > prefixEBCDIC && p <= prefixEBCDIC+3:
		f.head, f.zone = headNone+head(p-prefixEBCDIC), 0xf0
	case p > prefixBCD && p <= prefixBCD+2:
		f.head = headPacked
	case p > prefixBCD && p <= prefixBCD+4:
		f.head = headPackedTwo
	default:
		return false
	}
	f.width = uint8(prefixes[f.prefix].width)
	return true
}

// wireBytes is how many bytes a value of n takes, of a kindFixed or kindQuick.
func (f *field) wireBytes(n int) int {
	if f.packed {
		return packed(n)
	}
	return n
}

type padding uint8

const (
	padNone padding = iota
	padLeft
	padRight
)

// place is where the value of a field stands on the wire, after its prefix.
type place struct {
	at   int
	wire int // bytes
	n    int // bytes of the value
}

func (p place) end() int { return p.at + p.wire }

// locate reads the field's prefix at a place of b and bounds the value.
func (f *field) locate(b []byte, at int) (p place, why fault) {
	units := int(f.length)
	switch f.prefix {
	case prefixFixed:
	case prefixRest:
		p.at, p.wire = at, len(b)-at
		return f.counted(b, p)
	case prefixBER:
		if units, at, why = readBER(b, at); why != faultNone {
			return p, why
		}
	default:
		pre := &prefixes[f.prefix]
		if pre.width > len(b)-at {
			return p, faultTruncated
		}
		var ok bool
		if units, ok = pre.read(b[at : at+pre.width]); !ok {
			return p, faultLengthDigits
		}
		at += pre.width
	}
	if units > int(f.length) {
		return p, faultLength
	}
	p.at = at
	if f.byBytes {
		p.wire = units
		return f.counted(b, p)
	}
	p.n, p.wire = units, units
	if wire := encodings[f.enc].wireBytes; wire != nil {
		p.wire = wire(units)
	}
	if p.wire > len(b)-at {
		return p, faultTruncated
	}
	return p, faultNone
}

// counted bounds a value of which the bytes on the wire are known.
func (f *field) counted(b []byte, p place) (place, fault) {
	if p.wire > len(b)-p.at {
		return p, faultTruncated
	}
	p.n = p.wire
	if value := encodings[f.enc].valueBytes; value != nil {
		p.n = value(p.wire)
		if f.byBytes {
			p.n = f.enc.unfilled(b[p.at:p.end()], p.n)
		}
	}
	if p.n < 0 || p.n > MessageBytesMax {
		return p, faultLength // half a byte; longer than a view can say
	}
	return p, faultNone
}

// inPlace says that the wire bytes are the value.
func (f *field) inPlace() bool { return encodings[f.enc].decode == nil }

// valueMax is the longest value, or the exact length of a fixed one.
func (f *field) valueMax() int {
	if value := encodings[f.enc].valueBytes; f.byBytes && value != nil {
		return value(int(f.length))
	}
	return int(f.length)
}

// units is what the prefix says of a value of n bytes; -1 when there is no form
// for it: where bytes are counted only a filler F tells an odd number of digits
// from the even one above it.
func (f *field) units(n int) int {
	row := &encodings[f.enc]
	if !f.byBytes || row.wireBytes == nil {
		return n
	}
	wire := row.wireBytes(n)
	if f.enc != encBCDF && f.enc != encLBCDF && row.valueBytes(wire) != n {
		return -1
	}
	return wire
}

// fits says that a value of n bytes can be written, with padding if there is
// any, and gives what its prefix says.
func (f *field) fits(n int) (units int, ok bool) {
	if f.pad != padNone && n <= f.valueMax() {
		n = f.valueMax()
	}
	units = f.units(n)
	return units, units >= 0 && units <= int(f.length) && (f.prefix != prefixFixed || units == int(f.length))
}

// finish turns the bare value at the end of dst into the field's wire form.
func (f *field) finish(dst []byte, at int) ([]byte, fault) {
	v := dst[at:]
	if !f.accepts(v) {
		return dst, faultFormat
	}
	if f.tags != nil {
		if _, _, why := f.tags.walk(v, inASCII, true); why != faultNone {
			return dst, why
		}
	}
	if f.pad != padNone {
		dst = f.padded(dst, at)
	}
	if encode := encodings[f.enc].encode; encode != nil {
		var ok bool
		if dst, ok = encode(dst, at); !ok {
			return dst, faultFormat
		}
	}
	return dst, faultNone
}

// appendText appends the wire form of a value of a quick field, whose class has
// been checked. The code pages and packed digits need no second pass.
func (f *field) appendText(dst, v []byte) []byte {
	at := len(dst)
	switch {
	case f.enc == encASCII:
		return append(dst, v...)
	case f.enc == encEBCDIC:
		dst = slices.Grow(dst, len(v))[:at+len(v)]
		if f.digits {
			flipZone(dst[at:], v, len(v))
		} else {
			translate(dst[at:], v, len(v), &toEBCDIC)
		}
		return dst
	case f.packed && f.class == classN && len(v)&1 == 0:
		dst = slices.Grow(dst, len(v)/2)[:at+len(v)/2]
		packDigits(dst[at:], v)
		return dst
	}
	dst, _ = encodings[f.enc].encode(append(dst, v...), at) // every text of the class has a form
	return dst
}

// padded fills the value at the end of dst to the field's length.
func (f *field) padded(dst []byte, at int) []byte {
	missing := at + f.valueMax() - len(dst)
	for range missing {
		dst = append(dst, f.fill)
	}
	if missing > 0 && f.pad == padLeft {
		v := dst[at:]
		copy(v[missing:], v[:len(v)-missing])
		for i := range missing {
			v[i] = f.fill
		}
	}
	return dst
}
