package iso8583

// field is one row of the table, as small as the hot path needs it.
type field struct {
	kind    kind
	digits  uint8 // width of an ASCII length prefix, for kindPlain; 0 when fixed
	class   class
	pad     padding
	fill    byte
	sign    bool   // x+n: a C or D stands before the digits
	quick   bool   // to write: the value as it is, its row is all there is to check
	unknown bool   // the row of elements that the spec lacks but can skip
	byBytes bool   // length and prefix count bytes of the wire, not of the value
	length  uint16 // exact for a fixed field, else the maximum
	prefix  prefix
	enc     encoding
	row     *charRanges // the class as ranges when Parse may check it with its neighbours
	tags    *tagTable   // tagged fields of the common shape, see tlv.go
	group   *group      // all other composites
}

// kind chooses the way through Parse. The zero value is a field that the spec
// does not have, so an empty row needs no other mark.
type kind uint8

const (
	kindAbsent  kind = iota
	kindFixed        // as kindPlain, of fixed length and with a row
	kindPlain        // the wire bytes are the value; fixed or ASCII prefix of 1 to 3
	kindConvert      // through the encoding and prefix tables, and composites
)

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
	if p.n < 0 {
		return p, faultLength
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

// units is what the prefix says of a value of n bytes; -1 when the encoding has
// no form for it.
func (f *field) units(n int) int {
	if wire := encodings[f.enc].wireBytes; f.byBytes && wire != nil {
		return wire(n)
	}
	return n
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
	if f.tags != nil && !f.tags.check(v, f.class) {
		return dst, faultTLV
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
