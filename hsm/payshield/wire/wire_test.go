package wire_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/payshield/wire"
)

func TestRead(t *testing.T) {
	read := func(text string, limit int) (string, error) {
		frame, err := wire.Read(bufio.NewReader(strings.NewReader(text)), nil, limit)
		return string(frame), err
	}
	if got, err := read("\x00\x060000NC\x00", 6); err != nil || got != "0000NC" {
		t.Errorf("%q, %v", got, err)
	}
	for text, want := range map[string]error{
		"": io.EOF, "\x00": io.ErrUnexpectedEOF, "\x00\x02": io.ErrUnexpectedEOF, "\x00\x02a": io.ErrUnexpectedEOF,
		"\x00\x00a": hsm.ErrBlock, "\x00\x07abcdefg": hsm.ErrBlock, "\xff\xff": hsm.ErrBlock,
	} {
		if got, err := read(text, 6); !errors.Is(err, want) || got != "" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	frame := append(make([]byte, 2), "0000NC"...)
	if !wire.PutLength(frame) || string(frame) != "\x00\x060000NC" {
		t.Errorf("%q", frame)
	}
	if wire.PutLength(frame[:2]) || wire.PutLength(make([]byte, 2+1<<16)) {
		t.Error("a length that cannot be written was")
	}
}

// TestReply: as the documentation has them for the commands that are used here.
func TestReply(t *testing.T) {
	for command, want := range map[string]string{
		"A0": "A1", "A6": "A7", "A8": "A9", "BU": "BV", "B2": "B3", "NC": "ND", "CA": "CB", "CC": "CD", "CI": "CJ", "G0": "G1",
		"EA": "EB", "EC": "ED", "M6": "M7", "M8": "M9", "": "", "A": "", "ABC": "",
	} {
		if got := wire.Reply(command); got != want {
			t.Errorf("%s: %s, not %s", command, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	f := wire.Take([]byte("CC12a0FF;123;x"))
	if f.Command() != "CC" || string(f.Digits(2)) != "12" || string(f.Text(1)) != "a" || f.HexNumber(3) != 0x0FF {
		t.Error("fields")
	}
	if f.Next('%') || !f.Next(';') || string(f.DigitsUntil(';', 1, 5)) != "123" || f.One("xy") != 'x' || !f.Done() {
		t.Error("delimiters")
	}
	for name, take := range map[string]func(*wire.Fields){
		"a small letter in hex":  func(f *wire.Fields) { f.Hex(2) },
		"a letter after F":       func(f *wire.Fields) { *f = *wire.Take([]byte("0G")); f.Hex(2) },
		"a letter for a digit":   func(f *wire.Fields) { f.Digits(2) },
		"too long":               func(f *wire.Fields) { f.Bytes(5) },
		"negative":               func(f *wire.Fields) { f.Bytes(-1) },
		"none of some":           func(f *wire.Fields) { f.One("xy") },
		"another text":           func(f *wire.Fields) { f.Exact("ab") },
		"no delimiter":           func(f *wire.Fields) { f.DigitsUntil(';', 0, 9) },
		"a delimiter too late":   func(f *wire.Fields) { f.Bytes(1); f.DigitsUntil('z', 0, 1) },
		"too few before one":     func(f *wire.Fields) { f.Bytes(2); f.DigitsUntil('z', 2, 9) },
		"no key":                 func(f *wire.Fields) { f.Key() },
		"small letters for code": func(f *wire.Fields) { f.Command() },
	} {
		f := wire.Take([]byte("aB1z"))
		if take(f); f.Good() || f.Done() {
			t.Errorf("%s was taken", name)
		}
		if f.Hex(0); len(f.Bytes(1)) > 0 || f.Number(1) != 0 || f.Key() != "" {
			t.Errorf("%s: something was taken after it", name)
		}
	}
	var b [2]byte
	if f := wire.Take([]byte("0AFF")); true {
		f.Into(b[:])
		if b != [2]byte{0x0A, 0xFF} || !f.Done() {
			t.Errorf("%X", b)
		}
		f.Into(b[:])
		if b != [2]byte{} || f.Good() {
			t.Error("bytes of a field that is not there")
		}
	}
	if got := wire.AppendNumber([]byte("x"), 0x1E, 4, 16); string(got) != "x001E" {
		t.Errorf("%s", got)
	}
	if got := wire.AppendHex(nil, []byte{0x0A, 0xFF}); string(got) != "0AFF" {
		t.Errorf("%s", got)
	}
}

func TestKeyLen(t *testing.T) {
	u, z, triple := "U"+strings.Repeat("0F", 16), "Z"+strings.Repeat("0F", 8), "T"+strings.Repeat("0F", 24)
	s := "S00072P0TB00E0001" + strings.Repeat("0", 56)
	for key, want := range map[string]int{
		u: 33, z: 17, triple: 49, s: 73, u + "U": 33, "R" + s[1:] + "12": 73,
		"": 0, "U": 0, u[:32]: 0, s[:72]: 0, "X" + u[1:]: 0, "U" + strings.ToLower(u[1:]): 0, "S0007": 0,
		"S00015P0TB00E0001": 0, "S0007x" + s[6:]: 0, s[:40] + "\x01" + s[41:]: 0, u[1:]: 0,
	} {
		if got := wire.KeyLen([]byte(key)); got != want {
			t.Errorf("%q: %d, not %d", key, got, want)
		}
	}
	if h, ok := wire.KeyHeader(s); !ok || h.Usage != hsm.PINEncryption || h.Algorithm != hsm.TDES || h.Mode != hsm.BothWays || h.Export != hsm.Exportable {
		t.Errorf("%+v", h)
	}
	for _, key := range []string{"", u, s + "0", "S0007271TN00E0001" + s[17:]} {
		if _, ok := wire.KeyHeader(key); ok {
			t.Errorf("%q has a header that is known", key)
		}
	}
}

func TestCodes(t *testing.T) {
	for f, code := range map[hsm.PINFormat]string{hsm.ISO0: "01", hsm.ISO1: "05", hsm.ISO3: "47", hsm.ISO4: "48", 2: ""} {
		if wire.FormatCode(f) != code {
			t.Errorf("%s", f)
		}
		if got, ok := wire.FormatOf([]byte(code)); ok != (code != "") || ok && got != f {
			t.Errorf("%s: %s", code, got)
		}
	}
	for u, want := range map[hsm.Usage]string{hsm.PINEncryption: "001", hsm.KeyProtection: "000", hsm.MACAlg3: "008", hsm.BaseDerivation: "009", hsm.PINVerifyVisaPVV: "002", hsm.SignaturePair: ""} {
		if got := wire.KeyType(wire.SchemeDouble, u); got != want || wire.KeyType(wire.SchemeBlock, u) != "FFF" {
			t.Errorf("%s: %s", u, got)
		}
	}
	if wire.BadPINBlock.Text() != wire.BadPINLength.Text() || wire.Code("??").Text() != "error" {
		t.Error("texts")
	}
}

// FuzzRead: whatever comes, what is read is what was sent and within the limit.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x060000NC\x00\x010"), uint16(8))
	f.Fuzz(func(t *testing.T, text []byte, limit uint16) {
		in := bufio.NewReader(bytes.NewReader(text))
		var back []byte
		for {
			frame, err := wire.Read(in, nil, int(limit))
			if err != nil {
				break
			}
			if len(frame) == 0 || len(frame) > int(limit) {
				t.Fatalf("%d bytes of %d", len(frame), limit)
			}
			again := append(make([]byte, 2), frame...)
			wire.PutLength(again)
			back = append(back, again...)
		}
		if !bytes.HasPrefix(text, back) {
			t.Fatal("frames are not what was sent")
		}
	})
}
