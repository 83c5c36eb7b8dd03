package iso8583

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestRandomSpecs combines types, encodings, classes, prefixes, fillers, counts
// and paddings as no built-in spec does. What loads must keep the promises of the
// package: a value that is written is read as it was, filled up where the spec
// pads; what is read is what the tables alone read, whichever byte is broken; and
// it can be written again and relayed.
func TestRandomSpecs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		var w Writer
		w.Begin(s, nil, 0x0200)
		values := make(map[int][]byte)
		for de := 2; de <= 6; de++ {
			if v := drawValue(t, &s.fields[de]); v != nil {
				w.Set(de, v)
				values[de] = v
			}
		}
		b, err := w.Finish()
		if err != nil {
			return // a length or a fill for which the encoding has no form
		}
		var m Message
		if err := m.Parse(s, b); err != nil {
			t.Fatalf("%v\n%x", err, b)
		}
		for de, v := range values {
			f := &s.fields[de]
			if f.pad != padNone && len(v) < f.valueMax() {
				v = f.padded(bytes.Clone(v), 0)
			}
			if got := m.Value(de); !bytes.EqualFold(got, v) && !(f.class == classZ && bytes.Equal(got, bytes.ReplaceAll(v, []byte("D"), []byte("=")))) {
				t.Fatalf("DE%d is %q, written was %q", de, got, v)
			}
		}
		checkPlainly(t, &m, b, nil)
		checkRewrite(t, s, &m, b)
		checkRelay(t, &m)
		for range 8 {
			bad := bytes.Clone(b)
			bad[rapid.IntRange(12, len(b)-1).Draw(t, "broken at")] = rapid.Byte().Draw(t, "broken byte")
			err := m.Parse(s, bad)
			checkPlainly(t, &m, bad, err)
		}
	})
}

// drawSpec draws elements 2 to 6 until they load.
func drawSpec(t *rapid.T) *Spec {
	var fields []string
	for de := 2; len(fields) < 5; {
		field := fmt.Sprintf(`"%d": {%s}`, de, drawField(t))
		if _, err := LoadSpec("random.json", specJSON(field)); err == nil {
			fields = append(fields, field)
			de++
		}
	}
	s, err := LoadSpec("random.json", specJSON(strings.Join(fields, ", ")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func drawField(t *rapid.T) string {
	one := func(key string, values ...string) string {
		v := rapid.SampledFrom(values).Draw(t, key)
		if v == "" {
			return ""
		}
		return fmt.Sprintf(`"%s": %s, `, key, v)
	}
	return one("type", `"String"`, `"Numeric"`, `"Binary"`, `"Track2"`) +
		one("enc", `"ASCII"`, `"Binary"`, `"BCD"`, `"LBCD"`, `"EBCDIC"`, `"EBCDIC1047"`, `"HexToASCII"`, `"ASCIIToHex"`, `"HexToEBCDIC"`) +
		one("prefix", `"ASCII.Fixed"`, `"ASCII.L"`, `"ASCII.LL"`, `"ASCII.LLL"`, `"BCD.LL"`, `"BCD.LLL"`, `"Binary.L"`, `"Hex.L"`, `"EBCDIC.LL"`, `"BerTLV"`) +
		one("class", "", "", `"n"`, `"a"`, `"an"`, `"ans"`, `"ns"`, `"z"`, `"b"`, `"x+n"`) +
		one("counts", "", "", `"bytes"`) +
		one("filler", "", "", `"F"`) +
		one("padding", "", "", `{"type": "Left", "pad": "0"}`, `{"type": "Right", "pad": " "}`, `{"type": "Right", "pad": "F"}`) +
		fmt.Sprintf(`"length": %d`, rapid.IntRange(1, 20).Draw(t, "length"))
}

// drawValue draws a legal value; nil leaves the element out.
func drawValue(t *rapid.T, f *field) []byte {
	n := f.valueMax()
	if f.prefix != prefixFixed || f.pad != padNone {
		n = rapid.IntRange(0, max(n, 0)).Draw(t, "size")
	}
	if f.sign && n > 0 {
		return append([]byte{rapid.SampledFrom([]byte("CD")).Draw(t, "sign")}, drawText(t, classN, n-1)...)
	}
	v := drawText(t, f.class, n)
	if f.byBytes {
		v = bytes.ReplaceAll(v, []byte("?"), []byte("0")) // a half byte F is the filler there
	}
	return v
}
