package iso8583

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestEcho answers a request by handing values over: what is absent stays so.
func TestEcho(t *testing.T) {
	for _, from := range BuiltinNames() {
		for _, to := range BuiltinNames() {
			s, other := mustBuiltin(t, from), mustBuiltin(t, to)
			var m, answer Message
			if err := m.Parse(s, request190(t, s)); err != nil {
				t.Fatal(err)
			}
			var w Writer
			w.Begin(other, nil, m.MTI().Response())
			for _, de := range []int{3, 4, 7, 11, 32, 33, 37} {
				w.Set(de, m.Value(de))
			}
			w.SetUint(39, 0)
			w.Set(120, m.Value(120))
			b, err := w.Finish()
			if err == nil {
				err = answer.Parse(other, b)
			}
			if err != nil {
				t.Fatal(err)
			}
			if answer.MTI() != 0x0210 || answer.Has(33) || !bytes.Equal(answer.Value(120), m.Value(120)) {
				t.Errorf("%s to %s: %q", from, to, b)
			}
		}
	}
}

func TestFirstErrorStays(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	var w Writer
	w.Begin(s, []byte("kept"), 0x0200)
	w.SetString(3, "40100X")
	w.SetString(2, "1")
	w.SetUint(11, 1)
	w.BeginTLV(120)
	w.TLVString(1, "PAY")
	w.EndTLV()
	b, err := w.Finish()
	var bad *FieldError
	if string(b) != "kept" || !errors.As(err, &bad) || bad.DE != 3 || bad.Reason != "n6" || w.Err() != err {
		t.Errorf("%q, %v", b, err)
	}
	if strings.Contains(err.Error(), "40100X") {
		t.Error("the error tells the value")
	}
	w.Begin(s, b, 0x0800)
	if _, err := w.Finish(); err != nil || w.Err() != nil {
		t.Errorf("the next message has an error of the last: %v", err)
	}
}

func TestTagsOutOfPlace(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	for name, misuse := range map[string]func(w *Writer){
		"no end":             func(w *Writer) { w.BeginTLV(48); w.TLVString(1, "a") },
		"no end, no tag":     func(w *Writer) { w.BeginTLV(48) },
		"no begin":           func(w *Writer) { w.TLVString(1, "a") },
		"end alone":          func(w *Writer) { w.EndTLV() },
		"element inside":     func(w *Writer) { w.BeginTLV(48); w.SetString(49, "356"); w.EndTLV() },
		"begin inside":       func(w *Writer) { w.BeginTLV(48); w.BeginTLV(120); w.EndTLV() },
		"not a tagged one":   func(w *Writer) { w.BeginTLV(44); w.TLVString(1, "a"); w.EndTLV() },
		"tag below 0":        func(w *Writer) { w.BeginTLV(48); w.TLVString(-1, "a"); w.EndTLV() },
		"tag above 999":      func(w *Writer) { w.BeginTLV(48); w.TLVString(1000, "a"); w.EndTLV() },
		"longer than 999":    func(w *Writer) { w.BeginTLV(48); w.TLV(500, make([]byte, 1000)); w.EndTLV() },
		"together too long":  func(w *Writer) { w.BeginTLV(48); w.TLV(500, spaces(900)); w.TLV(501, spaces(99)); w.EndTLV() },
		"element not there":  func(w *Writer) { w.BeginTLV(65); w.EndTLV() },
		"below the last one": func(w *Writer) { w.SetString(49, "356"); w.BeginTLV(48); w.EndTLV() },
	} {
		var w Writer
		w.Begin(s, nil, 0x0200)
		misuse(&w)
		if b, err := w.Finish(); err == nil || len(b) != 0 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// TestTagsInAPlainElement: that it has no tags is the reason, whatever its length.
func TestTagsInAPlainElement(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	for _, de := range []int{7, 44, 55} {
		var w Writer
		w.Begin(s, nil, 0x0200)
		w.BeginTLV(de)
		var bad *FieldError
		if !errors.As(w.Err(), &bad) || bad.DE != de || bad.Reason != ReasonTLV {
			t.Errorf("DE%d: %v", de, w.Err())
		}
	}
}

func spaces(n int) []byte { return bytes.Repeat([]byte(" "), n) }

func TestPadLeft(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	var m Message
	for _, v := range []string{"1", "123456789012", "000000000001"} {
		var w Writer
		w.Begin(s, nil, 0x0200)
		w.SetString(4, v)
		b, err := w.Finish()
		if err != nil || m.Parse(s, b) != nil || string(m.Value(4)) != strings.Repeat("0", 12-len(v))+v {
			t.Errorf("%q: %q, %v", v, m.Value(4), err)
		}
	}
}

func TestWriterWithoutBegin(t *testing.T) {
	var w Writer
	w.Set(3, []byte("401000"))
	w.SetUint(4, 1)
	w.BeginTLV(48)
	w.TLVString(1, "a")
	w.EndTLV()
	if b, err := w.Finish(); err == nil || len(b) != 0 {
		t.Errorf("%q", b)
	}
	w = Writer{}
	if b, err := w.Finish(); err == nil || len(b) != 0 {
		t.Errorf("an unbegun message: %q", b)
	}
}
