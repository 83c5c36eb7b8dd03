package iso8583

import (
	"bytes"
	"errors"
	"testing"

	moov "github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"
)

// compositeFields has each kind of composite that the spec format knows, with
// lengths and values in each of its encodings. The library reads it too.
const compositeFields = `
"3": {"type": "Composite", "length": 6, "prefix": "ASCII.Fixed", "tag": {"sort": "StringsByInt"}, "subfields": {
	"1": {"type": "String", "length": 2, "enc": "ASCII", "prefix": "ASCII.Fixed"},
	"2": {"type": "String", "length": 2, "enc": "ASCII", "prefix": "ASCII.Fixed"},
	"3": {"type": "String", "length": 2, "enc": "ASCII", "prefix": "ASCII.Fixed"}}},
"43": {"type": "Composite", "length": 99, "prefix": "Binary.L", "tag": {"sort": "StringsByInt"}, "subfields": {
	"1": {"type": "String", "length": 20, "enc": "EBCDIC", "prefix": "EBCDIC.LL"},
	"2": {"type": "String", "length": 5, "enc": "BCD", "prefix": "BCD.Fixed"},
	"10": {"type": "Binary", "length": 9, "enc": "Binary", "prefix": "Hex.L"}}},
"48": {"type": "Composite", "length": 255, "prefix": "BCD.LLL", "tag": {"length": 2, "enc": "BCD", "padding": {"type": "Left", "pad": "0"}, "sort": "StringsByInt", "skipUnknownTLVTags": true, "storeUnknownTLVTags": true, "prefUnknownTLV": "ASCII.LL"}, "subfields": {
	"1": {"type": "String", "length": 20, "enc": "ASCII", "prefix": "ASCII.LL"},
	"2": {"type": "String", "length": 19, "enc": "BCD", "prefix": "ASCII.LL"},
	"11": {"type": "String", "length": 9, "enc": "EBCDIC", "prefix": "EBCDIC.LL"}}},
"55": {"type": "Composite", "length": 255, "prefix": "ASCII.LLL", "tag": {"enc": "BerTLVTag", "sort": "StringsByHex", "skipUnknownTLVTags": true, "storeUnknownTLVTags": true}, "subfields": {
	"9A": {"type": "Binary", "length": 3, "enc": "Binary", "prefix": "BerTLV"},
	"9F02": {"type": "Binary", "length": 6, "enc": "Binary", "prefix": "BerTLV"}}},
"63": {"type": "Composite", "length": 255, "prefix": "ASCII.LLL", "bitmap": {"type": "Bitmap", "length": 3, "enc": "HexToASCII", "prefix": "Hex.Fixed", "disableAutoExpand": true}, "subfields": {
	"1": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
	"7": {"type": "String", "length": 9, "enc": "ASCII", "prefix": "ASCII.L"},
	"24": {"type": "Composite", "length": 99, "prefix": "Binary.LL", "tag": {"length": 1, "enc": "ASCII", "sort": "StringsByInt"}, "subfields": {
		"1": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "EBCDIC.L"},
		"2": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "EBCDIC.L"}}}}}`

// compositeValues are the subfields of a message by path.
var compositeValues = []struct {
	de    int
	path  string
	value string
}{
	{3, "1", "40"}, {3, "2", "10"}, {3, "3", "00"},
	{43, "1", "SHOP"}, {43, "2", "12345"}, {43, "10", "\x00\xff"},
	{48, "1", "first"}, {48, "2", "123"}, {48, "11", "late"},
	{55, "9A", "\x22\x11\x22"}, {55, "9F02", "\x00\x00\x00\x01\x23\x45"},
	{63, "1", "bits"}, {63, "7", "seven"}, {63, "24.1", "one"}, {63, "24.2", "two"},
}

// moovComposites is the message as the library writes it.
func moovComposites(t testing.TB) []byte {
	t.Helper()
	spec, err := specs.ImportJSON(specJSON(compositeFields))
	if err != nil {
		t.Fatal(err)
	}
	m := moov.NewMessage(spec)
	m.MTI("0200")
	for _, v := range compositeValues {
		if err := m.MarshalPath(itoa(v.de)+"."+v.path, []byte(v.value)); err != nil {
			if err = m.MarshalPath(itoa(v.de)+"."+v.path, v.value); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func itoa(n int) string { return string(appendDigitsShort(nil, n)) }

func appendDigitsShort(dst []byte, n int) []byte {
	if n >= 10 {
		dst = appendDigitsShort(dst, n/10)
	}
	return append(dst, byte('0'+n%10))
}

// TestComposites reads what the library writes and writes it again, from the
// subfields up.
func TestComposites(t *testing.T) {
	s := mustLoad(t, compositeFields)
	b := moovComposites(t)
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatalf("%v\n%q", err, b)
	}
	for _, v := range compositeValues {
		if got, ok := m.Subfield(v.de, v.path); !ok || string(got) != v.value {
			t.Errorf("DE%d.%s: %q, %v, want %q", v.de, v.path, got, ok, v.value)
		}
	}
	for de, path := range map[int]string{3: "4", 43: "3", 48: "12", 55: "9F03", 63: "24.3", 2: "1", 4: "1"} {
		if v, ok := m.Subfield(de, path); ok || v != nil {
			t.Errorf("DE%d.%s is not there", de, path)
		}
	}
	var w, inner Writer
	w.Begin(s, nil, 0x0200)
	de := 0
	for _, v := range compositeValues {
		if v.de != de {
			if de != 0 {
				w.EndGroup()
			}
			w.BeginGroup(v.de)
			de = v.de
		}
		switch v.path {
		case "24.1":
			nested, _ := m.Subfield(63, "24")
			w.Sub("24", nested)
		case "24.2":
		default:
			w.Sub(v.path, []byte(v.value))
		}
	}
	w.EndGroup()
	if got, err := w.Finish(); err != nil || !bytes.Equal(got, b) {
		t.Errorf("%v\n%q\nwant\n%q", err, got, b)
	}
	checkRelay(t, &m)
	inner.Relay(&m, nil, 0x0210)
	inner.BeginGroup(55)
	inner.Sub("DF8101", []byte{1})
	inner.SubString("9F02", "123456")
	inner.EndGroup()
	inner.BeginGroup(63)
	inner.EndGroup() // no subfield: taken out
	got, err := inner.Finish()
	if err == nil {
		err = m.Parse(s, got)
	}
	if v, ok := m.Subfield(55, "DF8101"); err != nil || !ok || len(v) != 1 || m.Has(63) || !m.Has(48) {
		t.Errorf("%v\n%q", err, got)
	}
}

// TestUnknownTagsAreKept reads tags that the spec lacks, in the order of the
// sender, and relays them.
func TestUnknownTagsAreKept(t *testing.T) {
	s := mustLoad(t, compositeFields)
	b := bytesOf(t, `"0200" 0000000000010200 0015 11 f0f2 8182 99 "03xyz" 01 "01a" "017" df810a02aabb 9f0206000000000001 c000`)
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatal(err)
	}
	if v, ok := m.Subfield(48, "99"); !ok || string(v) != "xyz" {
		t.Errorf("%q", v)
	}
	if v, ok := FindBER(m.Value(55), 0xdf810a); !ok || !bytes.Equal(v, []byte{0xaa, 0xbb}) {
		t.Errorf("%x", v)
	}
	if v, ok := FindBER(m.Value(55), 0xc0); !ok || v == nil || len(v) != 0 {
		t.Errorf("an empty value is there: %x", v)
	}
	checkRelay(t, &m)
	checkRewrite(t, s, &m, b)
}

// TestBadComposites says where in a composite the fault is.
func TestBadComposites(t *testing.T) {
	s := mustLoad(t, compositeFields)
	for text, want := range map[string]string{
		`"0200" 2000000000000000 "40100" 07`:                       "iso8583: DE3.3 ans2 at byte 16",
		`"0200" 2000000000000000 "4010"`:                           "iso8583: DE3 truncated at byte 12",
		`"0200" 0000000000200000 06 f0f1 c1 1a2345`:                "iso8583: DE43.2 filler at byte 16",
		`"0200" 0000000000200000 06 f0f1 c1 01234a`:                "iso8583: DE43.2 n5 at byte 16",
		`"0200" 0000000000200000 08 f0f1 c1 012345 "FF"`:           "iso8583: DE43.10 length at byte 19",
		`"0200" 0000000000200000 0a f0f1 c1 012345 "01" 00 00`:     "iso8583: DE43 trailing bytes at byte 22",
		`"0200" 0000000000010000 0006 01 "01a" 01 "0"`:             "iso8583: DE48 tlv at byte 18",
		`"0200" 0000000000010000 0003 99 "05"`:                     "iso8583: DE48 truncated at byte 14",
		`"0200" 0000000000010000 0004 99 "+1x"`:                    "iso8583: DE48 length digits at byte 14",
		`"0200" 0000000000000200 "004" 9a032211`:                   "iso8583: DE55.9A truncated at byte 15",
		`"0200" 0000000000000200 "006" 9a0422112233`:               "iso8583: DE55.9A length at byte 15",
		`"0200" 0000000000000200 "002" 9f02`:                       "iso8583: DE55.9F02 truncated at byte 15",
		`"0200" 0000000000000200 "001" 9f`:                         "iso8583: DE55 tlv at byte 15",
		`"0200" 0000000000000200 "003" 9f8080`:                     "iso8583: DE55 tlv at byte 15",
		`"0200" 0000000000000200 "002" c080`:                       "iso8583: DE55 length digits at byte 15",
		`"0200" 0000000000000200 "006" c08400000001`:               "iso8583: DE55 length digits at byte 15",
		`"0200" 0000000000000200 "010" 9a03221122 9a03221122`:      "iso8583: DE55 tlv at byte 20",
		`"0200" 0000000000000002 "006" "400000"`:                   "iso8583: DE63 unknown field at byte 21",
		`"0200" 0000000000000002 "006" "00000G"`:                   "iso8583: DE63 hex at byte 15",
		`"0200" 0000000000000002 "013" "000001" 0005 "1" f4 "onx"`: "iso8583: DE63.24.1 truncated at byte 23",
	} {
		var m Message
		err := m.Parse(s, bytesOf(t, text))
		var e *FieldError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v, want %s", text, err, want)
			continue
		}
		full := FieldError{DE: e.DE, Path: e.Path, Offset: e.Offset, Reason: e.Reason}
		if full.Error() != want || e.Expected == "" {
			t.Errorf("%s:\n%s, expected %q\nwant\n%s", text, full.Error(), e.Expected, want)
		}
	}
}

func TestGroupMisuse(t *testing.T) {
	s := mustLoad(t, compositeFields+`, "60": {"type": "String", "length": 9, "enc": "ASCII", "prefix": "ASCII.L"}`)
	for name, misuse := range map[string]func(w *Writer){
		"no end":          func(w *Writer) { w.BeginGroup(55); w.SubString("9A", "abc") },
		"no begin":        func(w *Writer) { w.SubString("9A", "abc") },
		"end alone":       func(w *Writer) { w.EndGroup() },
		"element inside":  func(w *Writer) { w.BeginGroup(55); w.SetString(60, "a"); w.EndGroup() },
		"begin inside":    func(w *Writer) { w.BeginGroup(55); w.BeginGroup(63); w.EndGroup() },
		"not a composite": func(w *Writer) { w.BeginGroup(60) },
		"not tagged":      func(w *Writer) { w.BeginTLV(55); w.EndTLV() },
		"unknown bit":     func(w *Writer) { w.BeginGroup(63); w.SubString("2", "a"); w.EndGroup() },
		"out of order":    func(w *Writer) { w.BeginGroup(3); w.SubString("2", "aa"); w.SubString("1", "bb"); w.EndGroup() },
		"too short":       func(w *Writer) { w.BeginGroup(3); w.SubString("1", "aa"); w.EndGroup() },
		"twice":           func(w *Writer) { w.BeginGroup(55); w.SubString("9A", "abc"); w.SubString("9A", "abc"); w.EndGroup() },
		"bad tag":         func(w *Writer) { w.BeginGroup(55); w.SubString("9F", "abc"); w.EndGroup() },
		"no tag":          func(w *Writer) { w.BeginGroup(55); w.SubString("", "abc"); w.EndGroup() },
		"too long":        func(w *Writer) { w.BeginGroup(55); w.SubString("9A", "abcd"); w.EndGroup() },
		"no digits":       func(w *Writer) { w.BeginGroup(48); w.SubString("2", "12a"); w.EndGroup() },
		"wide tag":        func(w *Writer) { w.BeginGroup(48); w.SubString("100", "12"); w.EndGroup() },
	} {
		var w Writer
		w.Begin(s, nil, 0x0200)
		misuse(&w)
		if b, err := w.Finish(); err == nil || len(b) != 0 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
