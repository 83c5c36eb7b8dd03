package iso8583

import (
	"bytes"
	"testing"
)

// TestRangesAgreeWithTable puts every byte into every place of texts of every
// short length, among characters of the class: the word-wise check must say
// what the table says.
func TestRangesAgreeWithTable(t *testing.T) {
	filler := map[class]byte{classN: '5', classA: 'q', classAN: 'Z', classANS: '~', classZ: '?'}
	for k, fill := range filler {
		r := rangesOf[k]
		if r == nil {
			t.Fatalf("class %d has no ranges", k)
		}
		for n := range 26 {
			v := bytes.Repeat([]byte{fill}, n)
			if !r.hold(v) {
				t.Errorf("class %d refuses %q", k, v)
			}
			for i := range v {
				for c := range 256 {
					v[i] = byte(c)
					if r.hold(v) != k.holdsByTable(v) {
						t.Fatalf("class %d: %q, table says %v", k, v, k.holdsByTable(v))
					}
				}
				v[i] = fill
			}
		}
	}
}

// TestRangesWithTwoBadBytes looks at neighbours: a carry out of one byte must
// not make the next one look good.
func TestRangesWithTwoBadBytes(t *testing.T) {
	for k, r := range rangesOf {
		if r == nil {
			continue
		}
		v := []byte("00000000")
		if class(k) == classA {
			v = []byte("aaaaaaaa")
		}
		for x := range 1 << 16 {
			v[3], v[4] = byte(x>>8), byte(x)
			if r.hold(v) != class(k).holdsByTable(v) {
				t.Fatalf("class %d: %x", k, v)
			}
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
