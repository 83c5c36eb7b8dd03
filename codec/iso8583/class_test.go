package iso8583

import (
	"bytes"
	"testing"
)

// alphabets are the code pages with the character of each byte.
var alphabets = map[string]struct {
	a    *alphabet
	text *[256]byte
}{"ASCII": {inASCII, &plainASCII}, "EBCDIC": {inEBCDIC, &fromEBCDIC}, "EBCDIC1047": {inEBCDIC1047, &fromEBCDIC1047}}

// oneByOne is what the fast checks must agree with.
func oneByOne(k class, text *[256]byte, v []byte) bool {
	for _, c := range v {
		if charClass[text[c]]&k == 0 {
			return false
		}
	}
	return true
}

// TestSetsAgreeWithClasses puts every byte into every place of texts of every
// short length, among characters of the class: the word-wise checks must say
// what charClass says, in each code page.
func TestSetsAgreeWithClasses(t *testing.T) {
	filler := map[class]byte{classN: '5', classA: 'q', classAN: 'Z', classANS: '~', classNS: ',', classZ: '?'}
	for name, page := range alphabets {
		for k, fill := range filler {
			set := page.a.sets[k]
			fill := byte(bytes.IndexByte(page.text[:], fill))
			for n := range 26 {
				v := bytes.Repeat([]byte{fill}, n)
				if !set.hold(v) {
					t.Errorf("%s: class %d refuses %x", name, k, v)
				}
				for i := range v {
					for c := range 256 {
						v[i] = byte(c)
						if set.hold(v) != oneByOne(k, page.text, v) {
							t.Fatalf("%s: class %d says %v of %x", name, k, set.hold(v), v)
						}
					}
					v[i] = fill
				}
			}
		}
	}
}

// TestSetsWithTwoBadBytes looks at neighbours: a carry out of one byte must not
// make the next one look good.
func TestSetsWithTwoBadBytes(t *testing.T) {
	for name, page := range alphabets {
		for k, set := range page.a.sets {
			if set == nil {
				continue
			}
			fill := byte(bytes.IndexByte(page.text[:], '0'))
			if class(k) == classA {
				fill = byte(bytes.IndexByte(page.text[:], 'a'))
			}
			v := bytes.Repeat([]byte{fill}, 8)
			for x := range 1 << 16 {
				v[3], v[4] = byte(x>>8), byte(x)
				if set.hold(v) != oneByOne(class(k), page.text, v) {
					t.Fatalf("%s: class %d: %x", name, k, v)
				}
			}
		}
	}
}

// TestPackedDigits is the same for half bytes.
func TestPackedDigits(t *testing.T) {
	for n := range 26 {
		v := bytes.Repeat([]byte{0x99}, n)
		for i := range v {
			for c := range 256 {
				v[i] = byte(c)
				if packedDigits.hold(v) != (c>>4 <= 9 && c&0xf <= 9) {
					t.Fatalf("%x", v)
				}
			}
			v[i] = 0x09
		}
		if !packedDigits.hold(v) {
			t.Errorf("%x", v)
		}
	}
	v := bytes.Repeat([]byte{0x90}, 8)
	for x := range 1 << 16 {
		v[3], v[4] = byte(x>>8), byte(x)
		if packedDigits.hold(v) != (v[3]>>4 <= 9 && v[3]&0xf <= 9 && v[4]>>4 <= 9 && v[4]&0xf <= 9) {
			t.Fatalf("%x", v)
		}
	}
}

func TestClasses(t *testing.T) {
	cases := []struct {
		class, good, bad string
	}{
		{"n", "0123456789", "+- .aA\x00\xb0/:"},
		{"a", "azAZ", "09 @[`{-"},
		{"an", "azAZ09", " -_@[`{/:"},
		{"ans", "azAZ09 ~!@:/", "\x00\x1f\x7f\x80\xff\n"},
		{"ns", "09 ~!@[`{", "azAZ\x7f"},
		{"z", "09=:;<>?D", "AEd .+"},
		{"b", "\x00\xffa0", ""},
	}
	for _, c := range cases {
		k := classNames[c.class]
		if !k.holds([]byte(c.good)) || !k.holds(nil) {
			t.Errorf("%s refuses %q", c.class, c.good)
		}
		for _, b := range []byte(c.bad) {
			if k.holds([]byte{b}) {
				t.Errorf("%s accepts %q", c.class, b)
			}
		}
	}
}

func TestSignedAmount(t *testing.T) {
	f := field{class: classN, sign: true, length: 9}
	for v, want := range map[string]bool{
		"C00000100": true, "D99999999": true, "X00000100": false, "000000100": false,
		"C0000010C": false, "C": false, "": false, "c00000100": false,
	} {
		if f.accepts([]byte(v)) != want {
			t.Errorf("%q: want %v", v, want)
		}
	}
}

func TestFillIsAllowedOnItsSideOnly(t *testing.T) {
	right := field{class: classAN, pad: padRight, fill: ' '}
	left := field{class: classN, pad: padLeft, fill: ' '}
	for _, c := range []struct {
		f    field
		v    string
		want bool
	}{
		{right, "AB    ", true}, {right, "      ", true}, {right, " AB   ", false}, {right, "A B   ", false},
		{left, "   123", true}, {left, "123   ", false}, {left, "1 2", false},
	} {
		if c.f.accepts([]byte(c.v)) != c.want {
			t.Errorf("%q: want %v", c.v, c.want)
		}
	}
}

// TestHexBitmaps puts every byte into every place of a bitmap: the eight at a
// time must say what the table says.
func TestHexBitmaps(t *testing.T) {
	for _, text := range []string{"0123456789abcdef", "FEDCBA9876543210", "F0f0a5A5009900aa"} {
		b := []byte(text)
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				got, ok := bitmapHex(b)
				want, valid := unhexNumber(b, &hexValue)
				if ok != valid || ok && got != want {
					t.Fatalf("%q: %x, %v, want %x, %v", b, got, ok, want, valid)
				}
			}
			b[i] = text[i]
		}
	}
}
