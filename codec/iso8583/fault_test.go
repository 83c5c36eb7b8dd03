package iso8583

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// faultBase is a message of five elements of one row and others, as SetString
// takes them.
var faultBase = []struct {
	de   int
	text string
}{{3, "401000"}, {4, "000000001000"}, {7, "1122163000"}, {11, "000042"}, {12, "163000"}, {32, "123456"}, {37, "RRN000000001"}, {41, "TERM0001"}, {49, "356"}, {102, "1000000001"}, {120, "001003PAY004003bob"}}

// TestABadValueLeavesTheOthers spoils each element in turn, and two at once: the
// first is the fault, neither can be read, and all others can.
func TestABadValueLeavesTheOthers(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		var w Writer
		w.Begin(s, nil, 0x0200)
		for _, e := range faultBase {
			w.SetString(e.de, string(fitted(s, e.de, e.text)))
		}
		good, err := w.Finish()
		var m Message
		if err != nil || m.Parse(s, good) != nil {
			t.Fatal(name, err)
		}
		ends := map[int]int{}
		for _, e := range faultBase {
			_, ends[e.de] = m.Span(e.de)
		}
		for i, first := range faultBase {
			for _, second := range faultBase[i:] {
				b := append([]byte{}, good...)
				b[ends[first.de]-1], b[ends[second.de]-1] = 0x0e, 0x0e // in no class of any encoding
				checkFaults(t, s, b, first.de, second.de)
			}
		}
	}
}

func fitted(s *Spec, de int, text string) []byte {
	if f := &s.fields[de]; f.prefix == prefixFixed {
		text = text[:min(len(text), f.valueMax())] + strings.Repeat("0", max(0, f.valueMax()-len(text)))
	}
	return []byte(text)
}

func checkFaults(t *testing.T, s *Spec, b []byte, first, second int) {
	t.Helper()
	var m Message
	err := m.Parse(s, b)
	var bad *FieldError
	if !errors.As(err, &bad) || bad.DE != first {
		t.Fatalf("%s: %v, want the fault in DE%d", s.Name(), err, first)
	}
	for _, e := range faultBase {
		hidden := e.de == first || e.de == second
		if v := m.Value(e.de); m.Has(e.de) == hidden || !hidden && string(v) != string(fitted(s, e.de, e.text)) || hidden && v != nil {
			t.Errorf("%s: DE%d is %q after %v (and DE%d)", s.Name(), e.de, v, err, second)
		}
	}
	var w Writer
	if _, ok := m.MAC(); ok {
		t.Error("a MAC of a bad message")
	}
	if w.Relay(&m, nil, 0x0200); w.Err() == nil {
		t.Error("a bad message is relayed")
	}
}

// TestALengthEndsTheReading: behind a bad length nothing is certain, and a bad
// value before it stays the fault that is reported.
func TestALengthEndsTheReading(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	for text, want := range map[string]string{
		`"0200" 3020000108000000 "401000" "000000001000" "000042" "06123456" "RRN000000001"`:  "3 4 11 32 37",
		`"0200" 3020000108000000 "401000" "00000000100x" "000042" "06123456" "RRN000000001"`:  "3 11 32 37 DE4 n12",
		`"0200" 3020000108000000 "401000" "00000000100x" "000042" "0x123456" "RRN000000001"`:  "3 11 DE4 n12",
		`"0200" 3020000108000000 "401000" "000000001000" "000042" "0x123456" "RRN000000001"`:  "3 4 11 DE32 length digits",
		`"0200" 3020000108000000 "401000" "000000001000" "000042" "06123456" "RRN0000"`:       "3 4 11 32 DE37 truncated",
		`"0200" 3020000108000000 "401000" "000000001000" "00004x" "06123456" "RRN0000000014"`: "3 4 32 37 DE11 n6",
	} {
		var m Message
		err := m.Parse(s, bytesOf(t, text))
		var got []string
		for de := 2; de <= 128; de++ {
			if m.Has(de) {
				got = append(got, fmt.Sprint(de))
			}
		}
		var bad *FieldError
		if errors.As(err, &bad) {
			got = append(got, bad.Note())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", text, strings.Join(got, " "), want)
		}
	}
}

// TestTagFaults names the tag and where it begins, in each code page.
func TestTagFaults(t *testing.T) {
	for text, want := range map[string]string{
		"001003PAY00300":              "DE120.003 tlv at byte 32",
		"001003PAY00":                 "DE120 tlv at byte 32",
		"001003PAY0+3003bob":          "DE120 tlv at byte 32",
		"001003PAY003004bob":          "DE120.003 truncated at byte 32",
		"001003PAY003+03bob":          "DE120.003 length digits at byte 32",
		"003003bob001003PAY":          "DE120.001 tlv at byte 32",
		"001003PAY001003PAY":          "DE120.001 tlv at byte 32",
		"001003PAY003003b\x00b":       "DE120.003 ans...255 at byte 32",
		"001003PAY500003b\x00b":       "DE120.500 ans...999 at byte 32",
		"001003P\x00Y003004bob":       "DE120.001 ans...20 at byte 23",
		"001003PAY411111PAY":          "DE120 truncated at byte 32", // 411 may be content
		"001003PAY411x11PAY":          "DE120 length digits at byte 32",
		"004003PAY002000":             "DE120.002 tlv at byte 32",
		"444003PAY411000":             "DE120 tlv at byte 32",
		"001021PAYPAYPAYPAYPAYPAYPAY": "DE120.001 length at byte 23",
	} {
		for _, name := range []string{"iso87-npci", "iso87-ebcdic"} {
			s := mustBuiltin(t, name)
			body := append(appendDigits3(nil, len(text)), text...)
			head := append([]byte("0200"), 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)
			if name == "iso87-ebcdic" {
				translate(head[:4], head[:4], 4, &toEBCDIC)
				translate(body, body, len(body), &toEBCDIC)
			}
			var m Message
			var e *FieldError
			if err := m.Parse(s, append(head, body...)); !errors.As(err, &e) || m.Has(120) {
				t.Errorf("%s %q: %v", name, text, err)
				continue
			}
			if got := fmt.Sprintf("%s at byte %d", e.Note(), e.Offset); got != want || e.Expected == "" {
				t.Errorf("%s %q: %s, want %s", name, text, got, want)
			}
		}
	}
}
