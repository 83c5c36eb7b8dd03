package iso8583

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	moov "github.com/moov-io/iso8583"
	moovencoding "github.com/moov-io/iso8583/encoding"
	moovfield "github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/specs"
	"pgregory.net/rapid"
)

// moovFaults lists where moov-io/iso8583 v0.26.0 is wrong or says less than a
// spec of ours, and what these tests do about it. Each was seen by running it;
// TestMoovFaults runs those that a few lines can show.
var moovFaults = []struct{ what, here string }{
	{"characters are not checked: letters pack into an amount", "we refuse, the format is the reason"},
	{"bytes after the last field are accepted", "we refuse: trailing bytes"},
	{"a length of +5 or -0 is read as a number", "we refuse: length digits"},
	{"a BCD length of three digits drops the fourth half byte: 1123 is 123", "we refuse: length"},
	{"the filler of an odd BCD value is not looked at", "we refuse: filler"},
	{"BCD knows no separator D, so no packed track 2 can be read", "element 35 of iso87-binary is left out"},
	{"a sign before packed digits has no type", "elements 28 to 31 and 97 of iso87-binary are raw bytes there"},
	{"EBCDIC is no IBM page: ! [ ] ^ | differ from 037 and from 1047", "text is compared by its bytes on the wire"},
	{"Hex.Fixed wants twice the length when packing a HexToASCII value", "our specs say ASCII.Fixed"},
	{"ASCIIToHex counts bytes when reading and digits when packing", "no built-in spec has it"},
	{"tags of a composite are packed in sorted order, not as they came", "elements are written in sorted order"},
	{"a tag that stands twice is read, the last one counts", "we refuse known tags that stand twice"},
	{"an empty BER-TLV value is packed without its length byte", "no empty values in the random messages"},
	{"BER-TLV lengths with leading zeros are packed shorter", "not in the random messages"},
	{"a truncated unknown tag makes Unpack panic", "caught, and taken for an error"},
	{"a third bitmap is read", "we refuse: tertiary bitmap"},
	{"a value that is all fill is unpadded to nothing", "values are compared without their fill"},
}

func TestMoovFaults(t *testing.T) {
	if len(moovFaults) == 0 {
		t.Error("no faults")
	}
	differ := ""
	for c := byte(0x20); c < 0x7f; c++ {
		b, _ := moovencoding.EBCDIC.Encode([]byte{c})
		if b[0] != toEBCDIC[c] {
			differ += string(c)
		}
	}
	if differ != "![]^|" {
		t.Errorf("EBCDIC differs at %q", differ)
	}
	for c := range 256 {
		text, _, err := moovencoding.EBCDIC1047.Decode([]byte{byte(c)}, 1)
		if err != nil || string(text) != string(rune(fromEBCDIC1047[c])) {
			t.Errorf("code page 1047 has %q at %#x, not %q", text, c, rune(fromEBCDIC1047[c]))
		}
	}
	if b, _, err := moovencoding.BCD.Decode([]byte{0x11, 0x23}, 3); err != nil || string(b) != "123" {
		t.Errorf("a fourth digit: %s, %v", b, err)
	}
	if _, _, err := moovencoding.BCD.Decode([]byte{0x1d}, 2); err == nil {
		t.Error("BCD reads a separator")
	}
}

// moovSpecs are the built-in specs, read by the second implementation.
var moovSpecs sync.Map

func moovSpec(tb rapid.TB, name string) *moov.MessageSpec {
	tb.Helper()
	if s, ok := moovSpecs.Load(name); ok {
		return s.(*moov.MessageSpec)
	}
	s, err := specs.ImportJSON(moovJSON(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	moovSpecs.Store(name, s)
	return s
}

// rawInMoov are the elements that the library can only have as raw bytes.
var rawInMoov = map[string]map[int]int{
	"iso87-binary": {28: 5, 29: 5, 30: 5, 31: 5, 97: 9},
}

// notInMoov are the elements that it cannot have at all.
func notInMoov(name string, de int) bool { return name == "iso87-binary" && de == 35 }

func moovJSON(tb rapid.TB, name string) []byte {
	tb.Helper()
	data := specFile(tb, name)
	if rawInMoov[name] == nil {
		return data
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		tb.Fatal(err)
	}
	for de, length := range rawInMoov[name] {
		file["fields"].(map[string]any)[fmt.Sprint(de)] = map[string]any{
			"type": "Binary", "length": length, "enc": "Binary", "prefix": "Binary.Fixed"}
	}
	data, err := json.Marshal(file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// moovUnpack reads b. The library can run past the end of a field with an
// unknown tag; that is an error too.
func moovUnpack(spec *moov.MessageSpec, b []byte) (m *moov.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the library panics: %v", r)
		}
	}()
	m = moov.NewMessage(spec)
	return m, m.Unpack(b)
}

// moovValue is an element's value as the library has it, with its fill.
func moovValue(m *Message, de int) []byte {
	f := &m.spec.fields[de]
	p, _ := f.locate(m.Raw(de), 0)
	body := m.Raw(de)[p.at:]
	switch {
	case f.enc == encEBCDIC && f.tags == nil:
		text, _, _ := moovencoding.EBCDIC.Decode(body, len(body))
		return text
	case f.tags != nil || f.group != nil || rawInMoov[m.spec.Name()][de] != 0:
		return body
	}
	return m.Value(de)
}

// moovCan says that the library reads the message, and writes it back as it is.
func moovCan(m *Message) (read, write bool) {
	write = true
	for de := 2; de <= 128; de++ {
		switch {
		case !m.Has(de):
		case notInMoov(m.spec.Name(), de):
			return false, false
		case m.spec.fields[de].group != nil:
			r := ReadBER(m.Value(de))
			var last uint32
			for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
				write = write && tag > last && len(v) > 0 && len(v) < 0x80
				last = tag
			}
			again := ReadBER(m.Value(de))
			size := 0
			for tag, v, ok := again.Next(); ok; tag, v, ok = again.Next() {
				size += len(TagOf(tag))/2 + 1 + len(v)
			}
			write = write && size == len(m.Value(de))
		}
	}
	return true, write
}

// checkMoovReads says that the second implementation finds the same fields
// with the same values, and packs the same bytes from them.
func checkMoovReads(tb rapid.TB, s *Spec, m *Message, b []byte) {
	tb.Helper()
	read, write := moovCan(m)
	if !read {
		return
	}
	spec := moovSpec(tb, s.Name())
	other, err := moovUnpack(spec, b)
	if err != nil {
		tb.Fatalf("we accept what the library refuses: %v", err)
	}
	if mti, _ := other.GetMTI(); mti != m.MTI().String() {
		tb.Fatalf("message type %s, the library reads %s", m.MTI(), mti)
	}
	for de := 2; de <= 128; de++ {
		f := other.GetField(de)
		if (f != nil) != m.Has(de) {
			tb.Fatalf("DE%d: we have it %v, the library %v", de, m.Has(de), f != nil)
		}
		if f != nil {
			sameValue(tb, s, m, de, f, write)
		}
	}
	if write {
		checkMoovWrites(tb, s, m, b)
	}
}

func sameValue(tb rapid.TB, s *Spec, m *Message, de int, f moovfield.Field, write bool) {
	tb.Helper()
	if c, ok := f.(*moovfield.Composite); ok {
		if write || s.fields[de].group == nil {
			sameTags(tb, m, de, c)
		}
		return
	}
	// The library cuts the fill off, also where nothing else is left.
	want := s.fields[de].unpadded(moovValue(m, de))
	got, err := f.Bytes()
	if err != nil || !bytes.Equal(got, want) {
		tb.Fatalf("DE%d: %q, the library reads %q, %v", de, want, got, err)
	}
}

func sameTags(tb rapid.TB, m *Message, de int, c *moovfield.Composite) {
	tb.Helper()
	theirs := c.GetSubfields()
	n := 0
	same := func(tag string, v []byte) {
		tb.Helper()
		n++
		f := theirs[tag]
		if f == nil {
			tb.Fatalf("DE%d: the library lacks tag %s", de, tag)
		}
		got, err := f.Bytes()
		if _, unknown := f.(*moovfield.Binary); !unknown && m.spec.fields[de].enc == encEBCDIC {
			got, _ = moovencoding.EBCDIC.Encode(got)
			got = mapped(nil, got, &fromEBCDIC)
		} else if m.spec.fields[de].enc == encEBCDIC {
			got = mapped(nil, got, &fromEBCDIC)
		}
		if err != nil || !bytes.Equal(got, v) {
			tb.Fatalf("DE%d tag %s: %q, the library reads %q, %v", de, tag, v, got, err)
		}
	}
	if m.spec.fields[de].group != nil {
		r := ReadBER(m.Value(de))
		for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
			same(TagOf(tag), v)
		}
	} else {
		r := ReadTLV(m.Value(de))
		for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
			same(fmt.Sprintf("%03d", tag), v)
		}
	}
	if n != len(theirs) {
		tb.Fatalf("DE%d: %d tags, the library has %d", de, n, len(theirs))
	}
}

// moovPack lets the library pack the same values.
func moovPack(tb rapid.TB, s *Spec, m *Message) []byte {
	tb.Helper()
	other := moov.NewMessage(moovSpec(tb, s.Name()))
	other.MTI(m.MTI().String())
	for de := 2; de <= 128; de++ {
		if !m.Has(de) {
			continue
		}
		if err := other.BinaryField(de, bytes.Clone(moovValue(m, de))); err != nil {
			tb.Fatalf("DE%d: %v", de, err)
		}
	}
	got, err := other.Pack()
	if err != nil {
		tb.Fatalf("the library packs what we read: %v", err)
	}
	return got
}

func checkMoovWrites(tb rapid.TB, s *Spec, m *Message, b []byte) {
	tb.Helper()
	if got, want := moovPack(tb, s, m), canonical(s, m, b); !bytes.Equal(got, want) {
		tb.Fatalf("the library packs\n%x\nwant\n%x", got, want)
	}
}

// laxer are the reasons, with the formats, for which we refuse a message that
// the second implementation may take; moovFaults says why for each.
var laxer = []string{
	ReasonTrailing, ReasonLengthDigits, ReasonTertiary, ReasonTLV, ReasonMTI, ReasonFiller,
}

// refusedAlone says whether a message that only we refuse is refused for a
// reason that the library does not check.
func refusedAlone(s *Spec, err error) bool {
	var bad *FieldError
	if !errors.As(err, &bad) {
		return false
	}
	inBCD := bad.Reason == ReasonLength && s.Name() == "iso87-binary" || notInMoov(s.Name(), bad.DE)
	return inBCD || slices.Contains(laxer, bad.Reason) || bad.Reason == s.Format(bad.DE) ||
		bad.Path != "" && bad.Reason != ReasonTruncated
}
