package iso8583

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestEncodings writes and reads one field in each encoding and kind of length.
func TestEncodings(t *testing.T) {
	for _, c := range []struct{ field, value, wire string }{
		{`"length": 5, "enc": "BCD", "prefix": "BCD.Fixed"`, "12345", `012345`},
		{`"length": 5, "enc": "BCD", "prefix": "BCD.Fixed", "filler": "F"`, "12345", `f12345`},
		{`"length": 5, "enc": "LBCD", "prefix": "BCD.Fixed"`, "12345", `123450`},
		{`"length": 19, "enc": "LBCD", "prefix": "BCD.LL", "filler": "F"`, "12345", `05 12345f`},
		{`"length": 19, "enc": "LBCD", "prefix": "BCD.LL", "filler": "F"`, "", `00`},
		{`"length": 10, "enc": "LBCD", "prefix": "Binary.L", "filler": "F", "counts": "bytes"`, "12345", `03 12345f`},
		{`"length": 10, "enc": "LBCD", "prefix": "Binary.L", "filler": "F", "counts": "bytes"`, "1234", `02 1234`},
		{`"length": 10, "enc": "BCD", "prefix": "Binary.L", "filler": "F", "counts": "bytes"`, "123", `02 f123`},
		{`"length": 37, "enc": "LBCD", "prefix": "BCD.LL", "filler": "F", "class": "z"`, "41=30", `05 41d30f`},
		{`"length": 9, "enc": "BCD", "prefix": "BCD.Fixed", "class": "x+n", "filler": "0"`, "C00000123", `"C" 00000123`},
		{`"length": 8, "enc": "BCD", "prefix": "BCD.Fixed", "class": "x+n"`, "D0000123", `"D" 00000123`},
		{`"length": 4, "enc": "EBCDIC", "prefix": "EBCDIC.Fixed"`, "A[]^", `c1babbb0`},
		{`"length": 4, "enc": "EBCDIC1047", "prefix": "EBCDIC1047.Fixed"`, "A[]^", `c1adbd5f`},
		{`"length": 99, "enc": "EBCDIC1047", "prefix": "EBCDIC1047.LL"`, "a|!", `f0f3 814f5a`},
		{`"length": 9, "enc": "HexToASCII", "prefix": "Hex.LL"`, "AB", `"0002" "4142"`},
		{`"length": 9, "enc": "HexToASCII", "prefix": "ASCII.LL", "counts": "bytes"`, "AB", `"04" "4142"`},
		{`"length": 9, "enc": "HexToEBCDIC", "prefix": "EBCDIC.LL"`, "OK", `f0f2 f4c6f4c2`},
		{`"length": 9, "enc": "ASCIIToHex", "prefix": "Binary.L"`, "41D3", `02 41d3`},
		{`"length": 999, "enc": "ASCII", "prefix": "Binary.LLLLLL"`, "ab", `000000000002 "ab"`},
		{`"length": 999, "enc": "ASCII", "prefix": "ASCII.LLLLLL"`, "ab", `"000002ab"`},
		{`"length": 999, "enc": "ASCII", "prefix": "BCD.LLLLL"`, "ab", `000002 "ab"`},
		{`"length": 999, "enc": "ASCII", "prefix": "BerTLV"`, strings.Repeat("x", 200), `81c8 "x"*200`},
		{`"length": 999, "enc": "ASCII", "prefix": "BerTLV"`, strings.Repeat("x", 300), `82012c "x"*300`},
		{`"enc": "ASCII", "prefix": "None.Fixed"`, "the rest", `"the rest"`},
		{`"length": 6, "enc": "ASCII", "prefix": "ASCII.LL", "padding": {"type": "Left", "pad": "0"}`, "000012", `"06000012"`},
	} {
		s := mustLoad(t, `"60": {"type": "String", `+c.field+`}`)
		want := bytesOf(t, `"0200" 0000000000000010 `+c.wire)
		var w Writer
		w.Begin(s, nil, 0x0200)
		w.Set(60, []byte(c.value))
		b, err := w.Finish()
		if err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %v\n%x\nwant\n%x", c.field, err, b, want)
			continue
		}
		var m Message
		if err := m.Parse(s, b); err != nil || string(m.Value(60)) != c.value {
			t.Errorf("%s: %q, %v", c.field, m.Value(60), err)
		}
		checkRelay(t, &m)
		for n := 12; n < len(b); n++ {
			if m.Parse(s, b[:n:n]) == nil && !strings.Contains(c.field, "None") {
				t.Errorf("%s: %d of %d bytes parse", c.field, n, len(b))
			}
		}
	}
}

// TestPaddedOnWriting: a field with padding is filled, whatever its prefix.
func TestPaddedOnWriting(t *testing.T) {
	s := mustLoad(t, `"60": {"type": "Numeric", "length": 6, "enc": "BCD", "prefix": "BCD.LL", "padding": {"type": "Left", "pad": "0"}}`)
	var w Writer
	w.Begin(s, nil, 0x0200)
	w.SetString(60, "12")
	if b, err := w.Finish(); err != nil || !bytes.Equal(b[12:], []byte{6, 0, 0, 0x12}) {
		t.Errorf("%x, %v", b, err)
	}
}

// TestFillThatIsNoDigit: a field of digits may be filled with something else, and
// the same must be read in each code page.
func TestFillThatIsNoDigit(t *testing.T) {
	for _, enc := range []string{"ASCII", "EBCDIC", "EBCDIC1047"} {
		s := mustLoad(t, `"60": {"type": "Numeric", "length": 12, "enc": "`+enc+`", "prefix": "ASCII.Fixed", "padding": {"type": "Left", "pad": " "}}`)
		var w Writer
		w.Begin(s, nil, 0x0200)
		w.SetString(60, "1234")
		b, err := w.Finish()
		var m Message
		if err == nil {
			err = m.Parse(s, b)
		}
		if err != nil || string(m.Value(60)) != "        1234" {
			t.Errorf("%s: %q, %v", enc, m.Value(60), err)
		}
	}
}

// TestNumericInBytes: a Numeric in encoding Binary is text as its bytes.
func TestNumericInBytes(t *testing.T) {
	s := mustLoad(t, `"60": {"type": "Numeric", "length": 6, "enc": "Binary", "prefix": "Binary.L"}`)
	var w Writer
	w.Begin(s, nil, 0x0200)
	w.SetString(60, "0123")
	b, err := w.Finish()
	var m Message
	if err != nil || !bytes.Equal(b[12:], []byte("\x040123")) || m.Parse(s, b) != nil || string(m.Value(60)) != "0123" {
		t.Errorf("%q, %v", b, err)
	}
	if m.Parse(s, bytesOf(t, `"0200" 0000000000000010 02 "1A"`)) == nil {
		t.Error("a letter in a number")
	}
}

// TestSignWithoutDigits: a length that leaves no room for digits is refused, and
// what follows is read.
func TestSignWithoutDigits(t *testing.T) {
	s := mustLoad(t, `"60": {"type": "String", "length": 9, "enc": "BCD", "class": "x+n", "prefix": "ASCII.L"},
		"61": {"type": "String", "length": 2, "enc": "ASCII", "prefix": "ASCII.Fixed"}`)
	for _, text := range []string{`"0" "ab"`, `"1C" "ab"`} {
		var m Message
		var e *FieldError
		if err := m.Parse(s, bytesOf(t, `"0200" 0000000000000018 `+text)); !errors.As(err, &e) || e.Note() != "DE60 x+n.8" || string(m.Value(61)) != "ab" {
			t.Errorf("%s: %v, %q", text, err, m.Value(61))
		}
	}
}

// TestOddDigitsInCountedBytes: without the filler F a reader would find one more
// digit than was written.
func TestOddDigitsInCountedBytes(t *testing.T) {
	for _, field := range []string{`"enc": "LBCD", "prefix": "Binary.L"`, `"enc": "BCD", "prefix": "BCD.LL"`, `"enc": "BCD", "prefix": "BCD.Fixed"`} {
		s := mustLoad(t, `"60": {"type": "String", "length": 3, "counts": "bytes", `+field+`}`)
		for text, good := range map[string]bool{"123456": true, "12345": false} {
			var w Writer
			w.Begin(s, nil, 0x0200)
			w.SetString(60, text)
			if _, err := w.Finish(); (err == nil) != good {
				t.Errorf("%s %s: %v", field, text, err)
			}
		}
	}
}

// TestMessageTypeAndBitmaps in each of their encodings.
func TestMessageTypeAndBitmaps(t *testing.T) {
	for _, c := range []struct{ mti, bitmap, wire string }{
		{`"type": "String", "enc": "BCD", "prefix": "BCD.Fixed"`, `"length": 8, "enc": "Binary", "prefix": "Binary.Fixed"`, `0210 8000000000000000 0400000000000000`},
		{`"type": "Numeric", "enc": "EBCDIC", "prefix": "EBCDIC.Fixed"`, `"enc": "HexToEBCDIC", "prefix": "EBCDIC.Fixed"`, `f0f2f1f0 f8 f0*15 f0f4 f0*14`},
		{`"type": "String", "enc": "HexToASCII", "prefix": "Hex.Fixed"`, `"enc": "HexToASCII", "prefix": "Hex.Fixed"`, `"30323130" "8000000000000000" "0400000000000000"`},
		{`"type": "Binary", "enc": "Binary", "prefix": "Binary.Fixed"`, `"length": 16, "enc": "Binary", "prefix": "Binary.Fixed"`, `"0210" 0000000000000000 0400000000000000`},
	} {
		data := `{"name": "test", "fields": {"0": {"length": 4, ` + c.mti + `}, "1": {"type": "Bitmap", ` + c.bitmap + `},
			"70": {"type": "String", "length": 3, "enc": "ASCII", "prefix": "ASCII.Fixed", "class": "n"}}}`
		s, err := LoadSpec("test.json", []byte(data))
		if err != nil {
			t.Error(err)
			continue
		}
		var w Writer
		w.Begin(s, nil, 0x0210)
		w.SetUint(70, 301)
		want := append(bytesOf(t, c.wire), "301"...)
		b, err := w.Finish()
		if err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %v\n%x\nwant\n%x", c.mti, err, b, want)
		}
		var m Message
		if err := m.Parse(s, b); err != nil || m.MTI() != 0x0210 || string(m.Value(70)) != "301" {
			t.Errorf("%s: %v", c.mti, err)
		}
		checkRelay(t, &m)
		for n := range b {
			if m.Parse(s, b[:n:n]) == nil {
				t.Errorf("%s: %d of %d bytes parse", c.mti, n, len(b))
			}
		}
	}
}

// TestOneBitmap is a spec without a second bitmap.
func TestOneBitmap(t *testing.T) {
	data := strings.Replace(string(specJSON(`"11": {"type": "Numeric", "length": 6, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"70": {"type": "Numeric", "length": 3, "enc": "ASCII", "prefix": "ASCII.Fixed"}`)), `"length": 8`, `"length": 8, "disableAutoExpand": true`, 1)
	s, err := LoadSpec("test.json", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var m Message
	if err := m.Parse(s, bytesOf(t, `"0800" 0020000000000000 "000001"`)); err != nil {
		t.Error(err)
	}
	if err := m.Parse(s, bytesOf(t, `"0800" 8020000000000000 "000001"`)); err == nil {
		t.Error("a second bitmap is read")
	}
	var w Writer
	w.Begin(s, nil, 0x0800)
	w.SetUint(70, 301)
	if _, err := w.Finish(); err == nil {
		t.Error("a second bitmap is written")
	}
}

const keepFields = `"11": {"type": "Numeric", "length": 6, "enc": "ASCII", "prefix": "ASCII.Fixed"},
	"39": {"type": "String", "length": 2, "enc": "ASCII", "prefix": "ASCII.Fixed"}`

// TestUnknownElements has the three policies for elements that a spec lacks.
func TestUnknownElements(t *testing.T) {
	load := func(policy string) *Spec {
		s, err := LoadSpec("test.json", bytes.Replace(specJSON(keepFields), []byte(`"fields"`), []byte(`"unknown": `+policy+`, "fields"`), 1))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	b := bytesOf(t, `"0210" 0020000012000010 "000001" "03abc" "00" "02xy"`)
	var m Message
	var e *FieldError
	if err := m.Parse(load(`"reject"`), b); !errors.As(err, &e) || e.DE != 36 || e.Reason != ReasonUnknown {
		t.Error(err)
	}
	if err := m.Parse(load(`"keep"`), b); err != nil || !m.Has(11) || m.Has(36) || m.Has(39) {
		t.Error(err)
	}
	if de, rest := m.Rest(); de != 36 || string(rest) != "03abc0002xy" {
		t.Errorf("DE%d %q", de, rest)
	}
	checkRelay(t, &m)
	var w Writer
	w.Relay(&m, nil, 0x0430)
	w.SetUint(11, 42)
	got, err := w.Finish()
	if want := bytesOf(t, `"0430" 0020000012000010 "000042" "03abc" "00" "02xy"`); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v %q", err, got)
	}
	w.Relay(&m, nil, 0x0430)
	w.SetString(39, "05")
	if _, err := w.Finish(); err == nil {
		t.Error("an element behind unknown ones was changed")
	}

	s := load(`{"type": "Binary", "length": 99, "enc": "Binary", "prefix": "ASCII.LL"}`)
	if err := m.Parse(s, b); err != nil || string(m.Value(36)) != "abc" || string(m.Value(39)) != "00" || string(m.Value(60)) != "xy" {
		t.Error(err)
	}
	if s.Defines(36) {
		t.Error("it is known now")
	}
	checkRelay2 := func(change func(w *Writer), want string) {
		w.Relay(&m, nil, 0x0210)
		change(&w)
		if got, err := w.Finish(); err != nil || !bytes.Equal(got, bytesOf(t, want)) {
			t.Errorf("%v %q", err, got)
		}
	}
	checkRelay2(func(w *Writer) { w.SetString(39, "05") }, `"0210" 0020000012000010 "000001" "03abc" "05" "02xy"`)
	checkRelay2(func(w *Writer) { w.Remove(36) }, `"0210" 0020000002000010 "000001" "00" "02xy"`)
	w.Begin(s, nil, 0x0200)
	w.SetString(36, "new")
	if _, err := w.Finish(); err == nil {
		t.Error("an element that the spec lacks is written")
	}
}

// TestAllFaultsAtOnce: a user repairs a spec file in one go.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := LoadSpec("bank.json", []byte(`{"name": "x", "fields": {
		"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"2": {"type": "String", "length": 4, "enc": "ASCI", "prefix": "ASCII.Fixed"},
		"48": {"type": "Composite", "length": 4, "prefix": "ASCII.LL", "tag": {"enc": "BerTLVTag", "sort": "StringsByHex"}, "subfields": {
			"9A": {"type": "Binary", "length": 3, "enc": "Binary", "prefix": "Ber"},
			"5F2A": {"type": "Binary", "length": 2, "enc": "Binary", "prefix": "BerTLV", "class": "n"}}}},
		"messages": {"0200": {"mandatory": [3]}, "02": {}, "0210": {"conditional": [{"fields": [2]}]}}}`))
	var got []string
	for _, e := range SpecErrors(err) {
		got = append(got, e.Field)
	}
	if want := []string{"2", "48.9A", "48.5F2A", "1", "messages.0200", "messages.02", "messages.0210"}; !slices.Equal(got, want) {
		t.Errorf("%v\n%v", got, err)
	}
	_, err = LoadSpec("bank.json", specJSON(`
		"4": {"type": "Date", "length": "12", "enc": "ASCI", "prefix": "X", "class": "q", "mask": "some", "colour": 1, "counts": "chars"},
		"5": {"type": "Strin", "length": 0, "enc": "ASCI", "prefix": "ASCII.LL", "class": "q", "mask": "some", "colour": 1, "counts": "chars",
			"filler": "E", "padding": {"type": "Up", "pad": "0"}},
		"6": {"type": "String", "length": 70000, "enc": "BCD", "prefix": "BCD.Fixed", "class": "an", "filler": "E", "padding": {"type": "Left", "pad": " "}},
		"48": {"type": "Composite", "enc": "ASCII", "length": 9, "prefix": "ASCII.L", "filler": "F", "mask": "some"}`))
	got = nil
	for _, e := range SpecErrors(err) {
		first, _, _ := strings.Cut(e.Reason, " ")
		got = append(got, e.Field+" "+first)
	}
	if want := []string{`4 "length"`, "4 unknown", "5 unknown", "5 mask", "5 type", "5 encoding", "5 counts", "5 class", "5 length", "5 padding",
		"6 filler", "6 class", "6 length", "6 pad", "48 mask", "48 a", "48 a", "48 a"}; !slices.Equal(got, want) {
		t.Errorf("%q\n%v", got, err)
	}
	if SpecErrors(nil) != nil || SpecErrors(errors.New("other")) != nil {
		t.Error("no faults of a spec")
	}
}

func TestCheck(t *testing.T) {
	s, err := LoadSpec("test.json", bytes.Replace(specJSON(keepFields), []byte(`"fields"`), []byte(`"messages": {
		"0200": {"mandatory": [11], "forbidden": [39]},
		"0210": {"mandatory": [39], "conditional": [{"fields": [11], "when": {"field": 39, "is": ["00", "10"]}}, {"fields": [11], "unless": {"field": 39}}]}},
		"fields"`), 1))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`"0200" 0020000000000000 "000001"`:      "",
		`"0201" 0020000000000000 "000001"`:      "",
		`"0201" 0000000000000000`:               "DE11 missing",
		`"0200" 0000000002000000 "00"`:          "DE11 missing, DE39 not allowed",
		`"0200" 0020000002000000 "000001" "00"`: "DE39 not allowed",
		`"0210" 0000000002000000 "05"`:          "",
		`"0210" 0000000002000000 "10"`:          "DE11 missing",
		`"0210" 0000000000000000`:               "DE11 missing, DE39 missing",
		`"0220" 0000000000000000`:               "DE0 mti",
	} {
		var m Message
		if err := m.Parse(s, bytesOf(t, text)); err != nil {
			t.Fatal(err)
		}
		var notes []string
		for _, e := range s.CheckAll(&m) {
			notes = append(notes, e.Note())
		}
		if got := strings.Join(notes, ", "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		var first *FieldError
		if err := s.Check(&m); (err != nil) != (want != "") || errors.As(err, &first) && first.Note() != notes[0] {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got := s.Messages(); !slices.Equal(got, []MTI{0x0200, 0x0210}) {
		t.Errorf("%v", got)
	}
	if got := s.Mandatory(0x0200); !slices.Equal(got, []int{11}) {
		t.Errorf("%v", got)
	}
}
