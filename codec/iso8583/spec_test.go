package iso8583

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const (
	jsonMTI    = `"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"}`
	jsonBitmap = `"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"}`
	jsonTag    = `"tag": {"length": 3, "enc": "ASCII", "sort": "StringsByInt", "skipUnknownTLVTags": true, "storeUnknownTLVTags": true, "prefUnknownTLV": "ASCII.LLL"}`
)

func specJSON(fields string) []byte {
	return []byte(`{"name": "test", "fields": {` + jsonMTI + `, ` + jsonBitmap + `, ` + fields + `}}`)
}

func mustLoad(tb testing.TB, fields string) *Spec {
	tb.Helper()
	s, err := LoadSpec("test.json", specJSON(fields))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestBuiltins(t *testing.T) {
	if names := BuiltinNames(); !slices.Equal(names, []string{"iso87-ascii", "iso87-binary", "iso87-ebcdic", "iso87-npci", "iso93-ascii"}) {
		t.Errorf("%v", names)
	}
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		if s.Name() != name {
			t.Errorf("%s is called %s", name, s.Name())
		}
		for de := 2; de <= 128; de++ {
			if s.Defines(de) != (de != 65) {
				t.Errorf("%s: DE%d", name, de)
			}
			if de != 65 && s.Description(de) == "" {
				t.Errorf("%s: DE%d has no name", name, de)
			}
			if note := (&FieldError{DE: de, Reason: s.Format(de)}).Note(); len(note) > 25 {
				t.Errorf("%q does not fit DE44", note)
			}
		}
		for de, want := range map[int]string{
			2: "n..19", 4: "n12", 28: "x+n8", 35: "z..37", 43: "ans40", 48: "ans...999", 52: "b8", 55: "b...255", 65: "", 0: "", 129: "", -1: "",
		} {
			if of93, differs := map[int]string{28: "n6", 43: "ans..99"}[de]; differs && name == "iso93-ascii" {
				want = of93
			}
			if got := s.Format(de); got != want {
				t.Errorf("%s: DE%d is %q, want %q", name, de, got, want)
			}
		}
		if !s.Tagged(48) || !s.Tagged(120) || s.Tagged(44) || s.Tagged(200) {
			t.Errorf("%s: the tagged elements", name)
		}
	}
	var bad *SpecError
	if _, err := Builtin("iso99"); !errors.As(err, &bad) || !strings.Contains(err.Error(), "iso87-npci") {
		t.Errorf("%v", err)
	}
}

func TestClassOfTheType(t *testing.T) {
	s := mustLoad(t, `
		"2": {"type": "Numeric", "length": 19, "enc": "ASCII", "prefix": "ASCII.LL"},
		"35": {"type": "Track2", "length": 37, "enc": "ASCII", "prefix": "ASCII.LL"},
		"44": {"type": "String", "length": 5, "enc": "ASCII", "prefix": "ASCII.L", "padding": {"type": "None"}},
		"48": {"type": "Composite", "length": 99, "prefix": "ASCII.LL", `+jsonTag+`},
		"55": {"type": "Binary", "length": 255, "enc": "Binary", "prefix": "ASCII.LLL"}`)
	for de, want := range map[int]string{2: "n..19", 35: "z..37", 44: "ans.5", 48: "ans..99", 55: "b...255"} {
		if got := s.Format(de); got != want {
			t.Errorf("DE%d is %q, want %q", de, got, want)
		}
	}
	var m Message
	for text, want := range map[string]string{
		`"0200" 0000000000100000 "5hello"`:             "",
		`"0200" 0000000000100000 "6hello!"`:            "DE44 length",
		`"0200" 0000000000100000 ":hello"`:             "DE44 length digits",
		`"0200" 4000000000000000 "05" "123 5"`:         "DE2 n..19",
		`"0200" 0000000000010000 "09" "500003abc"`:     "",
		`"0200" 0000000000010000 "09" "500004abc"`:     "DE48.500 truncated",
		`"0200" 0000000000010000 "99500003abc"`:        "DE48 truncated",
		`"0200" 4000000000100000 "05" "123 5" "5hell"`: "DE2 n..19",
	} {
		got := ""
		var bad *FieldError
		if errors.As(m.Parse(s, bytesOf(t, text)), &bad) {
			got = bad.Note()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestTagOfItsOwnClass has digits in a tag of a printable field.
func TestTagOfItsOwnClass(t *testing.T) {
	s := mustLoad(t, `"48": {"type": "Composite", "length": 999, "prefix": "ASCII.LLL", `+jsonTag+`, "subfields": {
		"001": {"type": "Numeric", "length": 4, "enc": "ASCII", "prefix": "ASCII.LLL"}}}`)
	var m Message
	if err := m.Parse(s, bytesOf(t, `"0200" 0000000000010000 "010" "0010041234"`)); err != nil {
		t.Error(err)
	}
	if err := m.Parse(s, bytesOf(t, `"0200" 0000000000010000 "010" "001004123a"`)); err == nil {
		t.Error("a letter in a tag of digits")
	}
	var w Writer
	w.Begin(s, nil, 0x0200)
	w.BeginTLV(48)
	w.TLVString(1, "123a")
	w.EndTLV()
	if w.Err() == nil {
		t.Error("a letter in a tag of digits is written")
	}
}

func TestSpecErrors(t *testing.T) {
	field := func(extra string) string { return `"4": {"type": "String", "length": 12, ` + extra + `}` }
	plain := `"enc": "ASCII", "prefix": "ASCII.Fixed"`
	composite := func(tag string) string {
		return `"48": {"type": "Composite", "length": 999, "prefix": "ASCII.LLL", ` + tag + `}`
	}
	for _, c := range []struct{ fields, field, reason string }{
		{field(`"enc": "UTF-8", "prefix": "ASCII.Fixed"`), "4", `encoding "UTF-8" is not supported (known: ASCII, Binary, HexToASCII, ASCIIToHex, BCD, LBCD, EBCDIC, EBCDIC1047, HexToEBCDIC)`},
		{field(`"enc": "ASCII", "prefix": "ASCII.LLLLLLL"`), "4", `prefix "ASCII.LLLLLLL" is not supported`},
		{field(`"enc": "ASCII", "prefix": ""`), "4", `prefix "" is not supported`},
		{field(`"enc": "BCD", "prefix": "BCD.Fixed", "class": "an"`), "4", "class an does not fit encoding BCD"},
		{field(`"enc": "BCD", "prefix": "BCD.Fixed", "filler": "E"`), "4", "filler is 0 or F"},
		{field(plain + `, "filler": "F"`), "4", "filler is 0 or F"},
		{field(plain + `, "counts": "chars"`), "4", "counts is value or bytes"},
		{field(plain + `, "mask": "some"`), "4", `mask "some" is not known`},
		{`"4": {"type": "Binary", "length": 5, "counts": "bytes", "enc": "HexToASCII", "prefix": "Hex.Fixed"}`, "4", "must be even"},
		{field(plain + `, "class": "nn"`), "4", `class "nn" is not known`},
		{field(plain + `, "class": "b"`), "4", "class b is for type Binary"},
		{field(plain + `, "colour": 1`), "4", `unknown field "colour"`},
		{field(plain + `, "description": 1`), "4", `"description" must not be a number`},
		{field(plain + `, "bitmap": {}`), "4", "has no tag, subfields, bitmap"},
		{field(plain + `, "padding": {"type": "Middle", "pad": " "}`), "4", `padding type "Middle"`},
		{field(plain + `, "padding": {"type": "Left", "pad": "00"}`), "4", "pad must be one"},
		{field(`"enc": "BCD", "prefix": "BCD.Fixed", "padding": {"type": "Left", "pad": " "}`), "4", "pad of a BCD field is a digit"},
		{field(`"enc": "LBCD", "prefix": "BCD.LL", "padding": {"type": "Right", "pad": "F"}`), "4", "pad of a BCD field is a digit"},
		{field(`"enc": "ASCIIToHex", "prefix": "Binary.L", "padding": {"type": "Right", "pad": " "}`), "4", "pad of hexadecimal text"},
		{field(plain + `, "class": "x+n", "padding": {"type": "Left", "pad": "0"}`), "4", "class x+n has no padding"},
		{`"4": {"type": "Date", "length": 1}`, "4", `type "Date" is not supported`},
		{`"4": {"type": "String", "length": 0, ` + plain + `}`, "4", "length must be 1 to 65535"},
		{`"4": {"type": "String", "length": 1, "class": "x+n", ` + plain + `}`, "4", "2 or more"},
		{`"4": 5`, "4", "an object is expected"},
		{field(plain + `, "enc": "BCD"`), "4", `"enc" stands there twice`},
		{composite(jsonTag + `, "counts": "bytes"`), "48", "no counts or filler"},
		{`"4": {"type": "Binary", "length": 8, "class": "n", "enc": "Binary", "prefix": "Binary.Fixed"}`, "4", "class b"},
		{`"129": {}`, "129", "0 to 128"},
		{`"04": {}`, "04", "0 to 128"},
		{`"x": {}`, "x", "0 to 128"},
		{field(plain) + `, ` + field(plain), "", `"4" stands there twice`},
		{composite(`"class": "ans"`), "48", "needs a tag or a bitmap"},
		{composite(jsonTag + `, "bitmap": {}`), "48", "not both"},
		{composite(`"tag": {"length": 2, "enc": "ASCII", "sort": "Strings"}`), "48", `tag sort "Strings" is not known`},
		{composite(`"tag": {"length": 2, "sort": "StringsByInt"}`), "48", "a tag with a length has an encoding"},
		{composite(`"tag": {"length": 0, "enc": "ASCII", "sort": "StringsByInt"}`), "48", "tag: length must be"},
		{composite(`"tag": {"enc": "BerTLVTag", "sort": "StringsByHex", "prefUnknownTLV": "Ber"}`), "48", "of unknown tags is not supported"},
		{composite(`"tag": {"sort": "StringsByInt"}`), "48", "without tags needs subfields"},
		{composite(`"tag": {"enc": "BerTLVTag", "sort": "StringsByHex"}, "class": "ans"`), "48", "class is for values"},
		{composite(jsonTag + `, "enc": "ASCII"`), "48", "no encoding of its own"},
		{composite(jsonTag + `, "padding": {"type": "Left", "pad": "0"}`), "48", "no padding of its own"},
		{composite(jsonTag + `, "subfields": {"001": {"what": 1}}`), "48.001", "unknown field"},
		{composite(jsonTag + `, "subfields": 5`), "48", "object"},
		{composite(`"tag": {"enc": "BerTLVTag", "sort": "StringsByHex"}, "subfields": {"9F": {"type": "Binary", "length": 6, "enc": "Binary", "prefix": "BerTLV"}}`), "48.9F", "no BER-TLV tag"},
		{composite(`"bitmap": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"}`), "48", "with disableAutoExpand"},
		{composite(`"bitmap": {"type": "Bitmap", "length": 17, "disableAutoExpand": true}`), "48", "at most 16"},
		{composite(`"bitmap": {"type": "Bitmap", "length": 1, "disableAutoExpand": true, "enc": "Binary", "prefix": "Binary.Fixed"}, "subfields": {"9": {}}`), "48.9", "numbered 1 to 8"},
	} {
		_, err := LoadSpec("bank.json", specJSON(c.fields))
		var bad *SpecError
		if !errors.As(err, &bad) || bad.File != "bank.json" || bad.Field != c.field || !strings.Contains(bad.Reason, c.reason) {
			t.Errorf("%s:\n%v\nwant field %q: %s", c.fields, err, c.field, c.reason)
		}
	}
}

func TestSpecFileErrors(t *testing.T) {
	for data, want := range map[string]string{
		``:                        "unexpected end",
		"{\n\n  \"name\": }":      "line 3",
		`[]`:                      "an object is expected",
		`{"name": 5}`:             "name must be",
		`{"name": ""}`:            "name must be",
		`{"nmae": "x"}`:           `unknown key "nmae"`,
		`{"name": "x"}`:           "field 0: the spec lacks the message type",
		`{"fields": {}}`:          "has no name",
		`{"name": "x"} {}`:        "line 1",
		`{"name":"a","name":"b"}`: `"name" stands there twice`,
		`{"name": "x", "fields": {"0": {"type": "String", "length": 5, "enc": "ASCII", "prefix": "ASCII.Fixed"}}}`:                 "4 fixed digits",
		`{"name": "x", "fields": {` + jsonMTI + `}}`:                                                                               "field 1: the spec lacks the bitmap",
		`{"name": "x", "fields": {"1": {"type": "Bitmap", "length": 9, "enc": "Binary", "prefix": "Binary.Fixed"}}}`:               "length 8 or 16",
		`{"name": "x", "fields": {"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "ASCII.L"}}}`:                    "the bitmap is fixed",
		`{"name": "x", "fields": {"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed", "what": true}}}`: "unknown field",
	} {
		_, err := LoadSpec("bank.json", []byte(data))
		var bad *SpecError
		if !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), "bank.json: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", data, err, want)
		}
	}
}
