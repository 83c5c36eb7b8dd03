package iso8583

// class is a set of character kinds as bits. A byte belongs to a class when
// the class's bit is set in charClass of that byte.
type class uint8

// The classes of ISO 8583. classB has no bit: every byte belongs to it.
const (
	classB   class = 0
	classN   class = 1 << 0 // digits
	classA   class = 1 << 1 // letters
	classAN  class = 1 << 2 // letters and digits
	classANS class = 1 << 3 // printable ASCII with space
	classNS  class = 1 << 4 // printable ASCII without letters
	classZ   class = 1 << 5 // track 2 and 3: 0x30..0x3F, and D as a separator
)

// classNames are the values of the spec key "class". "x+n" is a sign C or D
// followed by digits; the sign is a flag of the field, not a class.
var classNames = map[string]class{
	"n": classN, "a": classA, "an": classAN, "ans": classANS, "ns": classNS, "z": classZ, "b": classB, "x+n": classN,
}

// charClass maps a byte to the classes it belongs to.
var charClass = makeCharClass()

func makeCharClass() (t [256]class) {
	for c := 0x20; c < 0x7f; c++ {
		digit := c >= '0' && c <= '9'
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		t[c] |= classANS
		if digit {
			t[c] |= classN
		}
		if letter {
			t[c] |= classA
		} else {
			t[c] |= classNS
		}
		if digit || letter {
			t[c] |= classAN
		}
		if c >= 0x30 && c <= 0x3f || c == 'D' {
			t[c] |= classZ
		}
	}
	return t
}

// holds says that every character of v, in ASCII, is in k.
func (k class) holds(v []byte) bool { return k == classB || inASCII.sets[k].hold(v) }

// accepts says that v is a legal value of f: its characters are of the field's
// class, where fill on the padded side and the sign of x+n are allowed for.
func (f *field) accepts(v []byte) bool {
	if f.sign {
		return len(v) > 1 && (v[0] == 'C' || v[0] == 'D') && classN.holds(v[1:])
	}
	return f.class.holds(v) || f.pad != padNone && f.class.holds(f.unpadded(v))
}

// unpadded cuts the fill off. It is not what Value returns: a fixed field is
// handed over as it was sent, because MACs and echoes need it so.
func (f *field) unpadded(v []byte) []byte {
	switch f.pad {
	case padLeft:
		for len(v) > 0 && v[0] == f.fill {
			v = v[1:]
		}
	case padRight:
		for len(v) > 0 && v[len(v)-1] == f.fill {
			v = v[:len(v)-1]
		}
	}
	return v
}
