package iso8583

import "testing"

func TestParseDoesNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		b := request190(t, s)
		var m Message
		if n := testing.AllocsPerRun(100, func() {
			if err := m.Parse(s, b); err != nil {
				t.Error(err)
			}
			for _, de := range read190 {
				if m.Value(de) == nil {
					t.Errorf("DE%d is absent", de)
				}
			}
			amount, ok := m.Uint(4)
			note, found := FindTLV(m.Value(120), 18)
			if amount != 1000 || !ok || len(note) == 0 || !found {
				t.Error("wrong values")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestWriteDoesNotAllocate writes 14 elements, two of them decoded by one
// dialect, and a tagged one, into a buffer that is large enough.
func TestWriteDoesNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		dst := make([]byte, 0, 1024)
		pin := []byte{1, 2, 3, 4, 5, 6, 7, 8}
		var w Writer
		if n := testing.AllocsPerRun(100, func() {
			w.Begin(s, dst, 0x0200)
			w.SetString(3, "401000")
			w.SetUint(4, 1000)
			w.SetString(7, "0102030405")
			w.SetUint(11, 42)
			w.SetString(32, "100001")
			w.SetString(33, "999999")
			w.SetString(37, "RRN000000001")
			w.SetString(41, "TERM1")
			w.SetString(49, "356")
			w.Set(52, pin)
			w.SetString(102, "1000000001")
			w.SetString(103, "2000000002")
			w.BeginTLV(120)
			w.TLVString(1, "DEBIT")
			w.TLV(2, pin[:0])
			w.TLVString(4, "bob@bankb")
			w.EndTLV()
			w.Set(128, pin)
			if b, err := w.Finish(); err != nil || len(b) == 0 {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestRelayDoesNotAllocate relays with changes that add, replace and remove.
func TestRelayDoesNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		var m Message
		if err := m.Parse(s, request190(t, s)); err != nil {
			t.Fatal(err)
		}
		dst := make([]byte, 0, 1024)
		var w Writer
		if n := testing.AllocsPerRun(100, func() {
			w.Relay(&m, dst, 0x0201)
			w.Set(7, relayed[0].value)
			w.SetUint(11, 43)
			w.SetString(33, "999999")
			w.Remove(49)
			w.BeginTLV(120)
			w.TLVString(1, "PAY")
			w.EndTLV()
			if _, err := w.Finish(); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestCompositesDoNotAllocate reads and checks a message with a chip's data.
func TestCompositesDoNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		mti := MTI(0x0100)
		if name == "iso93-ascii" {
			mti = 0x1100
		}
		b := sampleMessage(t, s, mti)
		var m Message
		if n := testing.AllocsPerRun(100, func() {
			if err := m.Parse(s, b); err != nil || s.Check(&m) != nil {
				t.Error(err)
			}
			cryptogram, ok := FindBER(m.Value(55), 0x9f26)
			other, found := m.Subfield(55, "9F26")
			if _, mac := m.MAC(); !ok || !found || !mac || len(cryptogram) != 8 || len(other) != 8 {
				t.Error("wrong values")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestDecodingDoesNotAllocate asks for every value of messages of several lengths
// in turn, after the longest has been read once.
func TestDecodingDoesNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		mti := MTI(0x0100)
		if name == "iso93-ascii" {
			mti = 0x1100
		}
		messages := [][]byte{sampleMessage(t, s, mti), request190(t, s), request20(t, s)}
		var m Message
		if n := testing.AllocsPerRun(100, func() {
			for _, b := range messages {
				if err := m.Parse(s, b); err != nil {
					t.Error(err)
				}
				for de := 2; de <= 128; de++ {
					if (m.Value(de) != nil) != m.Has(de) {
						t.Errorf("DE%d", de)
					}
				}
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestLongTextDoesNotAllocate: SetString makes no copy of its text.
func TestLongTextDoesNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		dst := make([]byte, 0, 1024)
		note := "a note of more than thirty-two characters in " + name
		var w Writer
		if n := testing.AllocsPerRun(100, func() {
			w.Begin(s, dst, 0x0200)
			w.SetString(63, note)
			if _, err := w.Finish(); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
