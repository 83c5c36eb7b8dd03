package iso8583

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGood holds testdata/iso8583/good: each message type of every built-in
// spec as hexadecimal, with a twin that lists its fields. With -rewrite the
// files are made anew from sampleValue; then they are read by eye.
//
// A message must have what its type asks for, be written again byte for byte,
// and be read and written by the second implementation too.
func TestGood(t *testing.T) {
	rewrite := flag.Lookup("rewrite").Value.String() == "true"
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		for _, mti := range sampleTypes(s) {
			t.Run(name+"/"+mti.String(), func(t *testing.T) {
				file := filepath.Join(goldenDir, "good", name, mti.String())
				if rewrite {
					writeGood(t, file, sampleMessage(t, s, mti))
				}
				checkGood(t, s, mti, file)
			})
		}
	}
}

// sampleTypes are the types with rules, and the repeats of the requests.
func sampleTypes(s *Spec) (all []MTI) {
	for _, mti := range s.Messages() {
		all = append(all, mti)
		if mti.IsRequest() && mti.Class() != 6 {
			all = append(all, mti|1)
		}
	}
	return all
}

func writeGood(t *testing.T, file string, b []byte) {
	t.Helper()
	var text strings.Builder
	for rest := hex.EncodeToString(b); rest != ""; rest = rest[min(64, len(rest)):] {
		fmt.Fprintln(&text, rest[:min(64, len(rest))])
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".hex", []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readGood(tb testing.TB, file string) []byte {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func checkGood(t *testing.T, s *Spec, mti MTI, file string) {
	b := readGood(t, file+".hex")
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatal(err)
	}
	if m.MTI() != mti || s.Check(&m) != nil {
		t.Errorf("type %s: %v", m.MTI(), s.Check(&m))
	}
	if alone, ok := s.TypeOf(b); alone != mti || !ok {
		t.Errorf("its type alone: %s, %v", alone, ok)
	}
	if _, ok := s.TypeOf(b[:s.mtiBytes-1]); ok {
		t.Error("half a type is one")
	}
	checkRewrite(t, s, &m, b)
	checkRelay(t, &m)
	checkMoovReads(t, s, &m, b)
	got := listing(m.Fields(), "")
	if flag.Lookup("rewrite").Value.String() == "true" {
		if err := os.WriteFile(file+".txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file + ".txt")
	if err != nil || got != string(want) {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

// listing is the twin: offset, path, format, value, and the value as people see
// it where that is less.
func listing(fields []Field, indent string) string {
	var out strings.Builder
	for i := range fields {
		f := &fields[i]
		value := f.Clear()
		if len(f.Fields) > 0 {
			value = fmt.Sprint(len(f.Value), " bytes")
		}
		fmt.Fprintf(&out, "%s%3d %-7s %-11s %s", indent, f.Offset, f.Path, f.Format, value)
		if len(f.Fields) == 0 && f.Text() != value {
			fmt.Fprintf(&out, "  shown as %s, raw %s", f.Text(), f.RawText())
		}
		out.WriteString("\n" + listing(f.Fields, indent+"    "))
	}
	return out.String()
}

// sampleMessage has the elements that the type must have, those that it has on
// success, and a few more so that each kind of element occurs.
func sampleMessage(t *testing.T, s *Spec, mti MTI) []byte {
	t.Helper()
	set := make(map[int]bool)
	for _, de := range append(s.Mandatory(mti.Original()), 128) {
		set[de] = true
	}
	switch mti.Class() {
	case 1: // a card: track 2 and PIN to be checked, its chip
		asked := []int{2, 14, 22, 35, 41, 42, 43, 52, 55}
		if !mti.IsRequest() {
			asked = []int{2, 38, 41, 42, 55}
		}
		for _, de := range asked {
			set[de] = s.Name() != "iso87-binary" || de != 35 // the library has no packed track
		}
	case 2, 4:
		set[102] = true
		set[120] = mti.Class() == 2
	}
	if !mti.IsRequest() && mti.Class() != 6 {
		for _, de := range []int{4, 49} {
			set[de] = set[de] || mti.Class() == 2 || mti.Class() == 4
		}
		set[38] = set[38] || mti.Class() == 2 && mti.Function() == 1
		set[66] = mti.Class() == 5 && s.Name() != "iso93-ascii"
	}
	var w Writer
	w.Begin(s, nil, mti)
	for de := 2; de <= 128; de++ {
		if set[de] {
			w.Set(de, sampleValue(s, mti, de))
		}
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var samples = map[int]string{
	2: "4111111111111111", 3: "401000", 4: "000000012345", 7: "1122163000", 11: "000042", 12: "163000", 13: "1122",
	14: "3012", 15: "1122", 22: "051", 24: "200", 32: "100001", 33: "999999", 35: "4111111111111111=30121010000000000000",
	37: "RRN000000042", 38: "A1B2C3", 41: "TERM0001", 42: "MERCHANT0000001", 43: "SHOP 1                 MUMBAI         IN",
	49: "356", 66: "1", 70: "301", 90: "020000004211221630000000010000100000999999", 97: "C0000000000012345", 102: "00112233445566",
	103: "99887766554433",
}

// samples93 are those of the second table where they differ: DE56 is message type,
// STAN, local date and time, and the acquirer with its length.
var samples93 = map[int]string{
	12: "221122163000", 15: "221122", 22: "510101511344", 28: "221122", 56: "1200000042221122163000" + "06100001",
}

// functions93 are function codes (DE24), actions93 action codes (DE39), by class:
// the original request or the full reversal, final totals, a message that could
// not be read, an echo test; approved, reversed, in balance, accepted.
var (
	functions93 = map[int]string{1: "100", 2: "200", 4: "400", 5: "500", 6: "650", 8: "831"}
	actions93   = map[int]string{1: "000", 2: "000", 4: "400", 5: "500", 6: "600", 8: "800"}
)

func sampleValue(s *Spec, mti MTI, de int) []byte {
	second := s.Name() == "iso93-ascii"
	if v, ok := samples93[de]; ok && second {
		return []byte(v)
	}
	switch f := &s.fields[de]; {
	case f.tags != nil:
		return []byte("001003PAY003011alice@banka004009bob@bankb018014rent of August")
	case second && de == 24:
		return []byte(functions93[mti.Class()])
	case second && de == 39:
		return []byte(actions93[mti.Class()])
	case f.group != nil && !mti.IsRequest(): // what an issuer sends to the chip
		b, _ := hex.DecodeString("8a023030" + "910aa1b2c3d4e5f607183030" + "9f3602002a")
		return b
	case f.group != nil:
		b, _ := hex.DecodeString("8202390095050000008000" + "9a03221122" + "9c0100" + "5a084111111111111111" + "9f0206000000012345" + "9f2608a1b2c3d4e5f60718" + "df010112")
		return b
	case de == 39:
		return []byte("00")
	case f.class == classB:
		return []byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88}[:min(8, int(f.length))]
	case f.class == classN && f.prefix == prefixFixed && samples[de] == "":
		return []byte(strings.Repeat("0", int(f.length)-2) + fmt.Sprint(10 + de%90)[:2])
	}
	return []byte(samples[de])
}
