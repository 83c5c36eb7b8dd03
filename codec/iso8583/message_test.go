package iso8583

import (
	"bytes"
	"strings"
	"testing"
)

func TestValueIsAView(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	b := request190(t, s)
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatal(err)
	}
	v := m.Value(37)
	if string(v) != "RRN000000001" || cap(v) != len(v) {
		t.Errorf("%q with capacity %d", v, cap(v))
	}
	if i := bytes.Index(b, v); &b[i] != &v[0] {
		t.Error("the value is a copy")
	}
	for _, de := range []int{-1, 0, 1, 2, 65, 128, 129, 1000} {
		if m.Has(de) || m.Value(de) != nil {
			t.Errorf("DE%d is not there", de)
		}
	}
}

// TestDecodedOnce: a value that is no view is decoded when it is first asked for
// and stays where it is, whatever else is asked for.
func TestDecodedOnce(t *testing.T) {
	for _, name := range []string{"iso87-binary", "iso87-ebcdic"} {
		s := mustBuiltin(t, name)
		var m Message
		if err := m.Parse(s, sampleMessage(t, s, 0x0100)); err != nil {
			t.Fatal(err)
		}
		if m.decoded != [2]uint64{} {
			t.Errorf("%s: Parse has decoded values", name)
		}
		var views [129][]byte
		for _, again := range []bool{false, true} {
			for de := 2; de <= 128; de++ {
				v := m.Value(de)
				if again && len(v) > 0 && (&v[0] != &views[de][0] || len(v) != len(views[de]) || cap(v) != len(v)) {
					t.Errorf("%s: DE%d has moved", name, de)
				}
				views[de] = v
			}
			m.Subfield(55, "9F26")
		}
	}
}

// TestSubfieldsStayWhereTheyAre: decoded subfields have their place as values
// have, so asking again neither grows the buffer nor takes room from a value.
func TestSubfieldsStayWhereTheyAre(t *testing.T) {
	s := mustLoad(t, composites)
	var m Message
	if err := m.Parse(s, moovComposites(t)); err != nil {
		t.Fatal(err)
	}
	var w Writer
	w.Relay(&m, nil, 0x0200)
	w.SetString(2, "41111111111111")
	b, err := w.Finish()
	if err != nil || m.Parse(s, b) != nil {
		t.Fatal(err)
	}
	first, _ := m.Subfield(43, "1")
	size := cap(m.scratch)
	for range len(b) {
		if again, ok := m.Subfield(43, "1"); !ok || string(again) != "SHOP" || &again[0] != &first[0] || cap(m.scratch) != size {
			t.Fatalf("%q has moved", again)
		}
	}
	for _, v := range compositeValues {
		if got, _ := m.Subfield(v.de, v.path); string(got) != v.value {
			t.Errorf("DE%d.%s: %q", v.de, v.path, got)
		}
	}
	if got := m.Value(2); string(got) != "41111111111111" {
		t.Errorf("%q", got)
	}
	if string(first) != "SHOP" {
		t.Errorf("%q", first)
	}
}

// TestTagPaths: a tag is three digits and nothing else.
func TestTagPaths(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	var m Message
	if err := m.Parse(s, request190(t, s)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"018": true, "+18": false, "18": false, "0018": false, "": false, "018.1": false} {
		if _, ok := m.Subfield(120, path); ok != want {
			t.Errorf("%q: %v", path, ok)
		}
	}
}

// TestEmptyAndAbsentDiffer: an element with a length of 0 is there.
func TestEmptyAndAbsentDiffer(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	var w Writer
	w.Begin(s, nil, 0x0210)
	w.Set(43, nil)
	w.Set(44, []byte{})
	w.SetString(45, "")
	w.Set(55, []byte{})
	b, err := w.Finish()
	var m Message
	if err != nil || m.Parse(s, b) != nil {
		t.Fatal(err)
	}
	if !m.Has(44) || m.Value(44) == nil || len(m.Value(44)) != 0 || m.Value(55) == nil || m.Has(43) || m.Has(45) {
		t.Errorf("%x", b)
	}
}

// TestEmptyDecodedValue has a spec whose only decoded element can be empty: the
// value must not be nil, although nothing was ever decoded.
func TestEmptyDecodedValue(t *testing.T) {
	s := mustLoad(t, `"55": {"type": "Binary", "length": 255, "enc": "HexToASCII", "prefix": "ASCII.LLL"}`)
	var m Message
	if err := m.Parse(s, bytesOf(t, `"0200" 0000000000000200 "000"`)); err != nil || m.Value(55) == nil {
		t.Errorf("%v, %v", m.Value(55), err)
	}
	if err := m.Parse(s, bytesOf(t, `"0200" 0000000000000200 "003" "00fFa0"`)); err != nil || !bytes.Equal(m.Value(55), []byte{0, 0xff, 0xa0}) {
		t.Errorf("%x, %v", m.Value(55), err)
	}
	var w Writer
	w.Begin(s, nil, 0x0200)
	w.Set(55, m.Value(55))
	if b, err := w.Finish(); err != nil || !strings.HasSuffix(string(b), "00300FFA0") {
		t.Errorf("%q, %v", b, err)
	}
}

// TestNothingOfTheLastMessageShows parses a full message and then a bad one.
func TestNothingOfTheLastMessageShows(t *testing.T) {
	s := mustBuiltin(t, "iso87-ascii")
	var m Message
	if err := m.Parse(s, request190(t, s)); err != nil {
		t.Fatal(err)
	}
	for _, b := range []string{"", "0200", "02", "0200B220000108008000", "020000000000000000zz"} {
		if err := m.Parse(s, []byte(b)); err == nil {
			t.Fatalf("%q parses", b)
		}
		for de := range 130 {
			if m.Has(de) || m.Value(de) != nil {
				t.Errorf("%q: DE%d shows", b, de)
			}
		}
	}
}

func TestResetForgets(t *testing.T) {
	s := mustBuiltin(t, "iso87-ascii")
	var m Message
	if err := m.Parse(s, []byte("020000000000000010001122334455667788")); err != nil {
		t.Fatal(err)
	}
	pin := m.Value(52)
	m.Reset()
	if m.Has(52) || m.MTI() != 0 || !bytes.Equal(pin, make([]byte, 8)) {
		t.Errorf("%x", pin)
	}
	m.Reset()
}

// TestALargerBufferLeavesNoSecret: a longer message needs a larger buffer, and the
// old one is let go of without what it had.
func TestALargerBufferLeavesNoSecret(t *testing.T) {
	s := mustBuiltin(t, "iso87-ascii")
	var m Message
	if err := m.Parse(s, []byte("020000000000000010001122334455667788")); err != nil {
		t.Fatal(err)
	}
	pin := m.Value(52)
	var w Writer
	w.Begin(s, nil, 0x0200)
	w.Set(52, pin)
	w.Set(63, spaces(900))
	b, err := w.Finish()
	if err != nil || m.Parse(s, b) != nil {
		t.Fatal(err)
	}
	m.Value(52)
	if !bytes.Equal(pin, make([]byte, 8)) {
		t.Errorf("%x stays in memory", pin)
	}
}

func TestUint(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	for _, c := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"000123", 123, true}, {"9999999999999999999", 9999999999999999999, true},
		{"00000000000000000001", 0, false}, {"12 ", 0, false}, {"-1", 0, false}, {"+1", 0, false}, {"a", 0, false},
	} {
		var w Writer
		w.Begin(s, nil, 0x0200)
		w.SetString(63, c.text)
		b, _ := w.Finish()
		var m Message
		if err := m.Parse(s, b); err != nil {
			t.Fatal(err)
		}
		if n, ok := m.Uint(63); n != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v", c.text, n, ok)
		}
		if _, ok := m.Uint(62); ok {
			t.Error("an absent element is no number")
		}
	}
}

func TestTooLongMessage(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	var m Message
	b := append([]byte("0200"), make([]byte, MessageBytesMax)...)
	if err := m.Parse(s, b); err == nil || !strings.Contains(err.Error(), ReasonTooLong) {
		t.Error(err)
	}
}

// TestParseNeverPanicsOnACut cuts a message at every byte, and flips every bit
// of it: only an error may come out, and never a value outside of the buffer.
func TestParseNeverPanicsOnACut(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		b := request190(t, s)
		var m Message
		for n := range b {
			if m.Parse(s, b[:n:n]) == nil {
				t.Errorf("%s: %d of %d bytes parse", name, n, len(b))
			}
		}
		for i := range 8 * len(b) {
			b[i/8] ^= 1 << (i % 8)
			if m.Parse(s, b) == nil {
				checkRewrite(t, s, &m, b)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

func TestFindTLV(t *testing.T) {
	b := []byte("001003PAY003000018005hello")
	if v, ok := FindTLV(b, 18); !ok || string(v) != "hello" || cap(v) != len(v) {
		t.Errorf("%q", v)
	}
	if v, ok := FindTLV(b, 3); !ok || v == nil || len(v) != 0 {
		t.Errorf("an empty tag is there: %v", v)
	}
	for _, tag := range []int{2, 0, -1, 999, 1000} {
		if _, ok := FindTLV(b, tag); ok {
			t.Errorf("tag %d", tag)
		}
	}
	if _, ok := FindTLV(nil, 1); ok {
		t.Error("an absent field has no tags")
	}
	r := ReadTLV([]byte("001003PAY00"))
	r.Next()
	if _, _, ok := r.Next(); ok || r.Err() == nil {
		t.Error("a broken tag must be told from the end")
	}
	if _, _, ok := r.Next(); ok {
		t.Error("nothing comes after a broken tag")
	}
}
