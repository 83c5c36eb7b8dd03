package iso8583

import (
	"bytes"
	"testing"
)

var code = []byte{1, 2, 3, 4, 5, 6, 7, 8}

// TestMAC writes codes over messages with one and two bitmaps, and over relayed
// ones that had a code before: the writer's range must be the reader's.
func TestMAC(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		for _, c := range []struct {
			name  string
			de    int
			build func(w *Writer)
		}{
			{"one bitmap", 64, func(w *Writer) { w.Begin(s, []byte("frame"), 0x0200); w.SetUint(11, 1) }},
			{"two bitmaps", 128, func(w *Writer) { w.Begin(s, []byte("frame"), 0x0200); w.SetUint(11, 1); w.SetString(102, "1") }},
			{"relayed 64", 64, func(w *Writer) { w.Relay(withMAC(t, s, 64), []byte("frame"), 0x0201); w.SetUint(12, 1) }},
			{"relayed 128", 128, func(w *Writer) { w.Relay(withMAC(t, s, 128), []byte("frame"), 0x0201); w.SetString(103, "2") }},
			{"grown", 128, func(w *Writer) {
				w.Relay(withMAC(t, s, 64), []byte("frame"), 0x0201)
				w.Remove(64)
				w.SetString(103, "2")
			}},
		} {
			var w Writer
			c.build(&w)
			covered, err := w.MACInput()
			if err != nil {
				t.Errorf("%s, %s: %v", name, c.name, err)
				continue
			}
			covered = bytes.Clone(covered)
			b, err := w.FinishMAC(code)
			var m Message
			if err == nil {
				err = m.Parse(s, b[len("frame"):])
			}
			mac, ok := m.MAC()
			if err != nil || !ok || mac.DE != c.de || !bytes.Equal(mac.Covered, covered) || !bytes.Equal(mac.Code, code) {
				t.Errorf("%s, %s: %v, %+v\n%x", name, c.name, err, mac, covered)
			}
			if !bytes.HasPrefix(m.buf, covered) || m.buf[s.mtiBytes] != covered[s.mtiBytes] {
				t.Errorf("%s, %s: the bit is not in the covered bitmap", name, c.name)
			}
		}
	}
}

// withMAC is a message of elements 11 and, with a second bitmap, 102.
func withMAC(t *testing.T, s *Spec, de int) *Message {
	t.Helper()
	var w Writer
	w.Begin(s, nil, 0x0200)
	w.SetUint(11, 7)
	if de == 128 {
		w.SetString(102, "1")
	}
	w.Set(de, []byte("oldcode!"))
	b, err := w.Finish()
	m := new(Message)
	if err != nil || m.Parse(s, b) != nil {
		t.Fatal(err)
	}
	return m
}

func TestMACMisuse(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	for name, misuse := range map[string]func(w *Writer) ([]byte, error){
		"not begun":    func(w *Writer) ([]byte, error) { return w.MACInput() },
		"no input":     func(w *Writer) ([]byte, error) { w.Begin(s, nil, 0x0200); return w.FinishMAC(code) },
		"not finished": func(w *Writer) ([]byte, error) { w.Begin(s, nil, 0x0200); w.MACInput(); return w.Finish() },
		"wrong length": func(w *Writer) ([]byte, error) { w.Begin(s, nil, 0x0200); w.MACInput(); return w.FinishMAC(code[:7]) },
		"element behind": func(w *Writer) ([]byte, error) {
			w.Begin(s, nil, 0x0200)
			w.MACInput()
			w.SetString(102, "1")
			return w.FinishMAC(code)
		},
		"old code stays": func(w *Writer) ([]byte, error) {
			w.Relay(withMAC(t, s, 64), nil, 0x0201)
			w.SetString(103, "2")
			return w.MACInput()
		},
		"there already": func(w *Writer) ([]byte, error) { w.Begin(s, nil, 0x0200); w.Set(64, code); return w.MACInput() },
		"relay of nothing": func(w *Writer) ([]byte, error) {
			w.Relay(new(Message), nil, 0x0200)
			return w.Finish()
		},
		"remove behind": func(w *Writer) ([]byte, error) {
			w.Relay(withMAC(t, s, 128), nil, 0x0200)
			w.SetString(102, "1")
			w.Remove(11)
			return w.Finish()
		},
	} {
		var w Writer
		if b, err := misuse(&w); err == nil || len(b) != 0 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	var m Message
	if _, ok := m.MAC(); ok {
		t.Error("a message that was not parsed has a code")
	}
	// Element 64 does not cover what follows it: it is no code then.
	if err := m.Parse(s, bytesOf(t, `"0200" 8000000000000001 0000000004000000 "oldcode!" "011"`)); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.MAC(); ok {
		t.Error("a code in the middle")
	}
}
