package iso8583

import (
	"bytes"
	"testing"
)

// TestAppendUnknown names elements that the spec lacks, whatever is done with them,
// and tags that it does not name; nothing else.
func TestAppendUnknown(t *testing.T) {
	policy := func(p string) *Spec {
		s, err := LoadSpec("test.json", bytes.Replace(specJSON(keepFields), []byte(`"fields"`), []byte(`"unknown": `+p+`, "fields"`), 1))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	b := bytesOf(t, `"0210" 0020000012000010 "000001" "03abc" "00" "02xy"`)
	var m Message
	for _, c := range []struct{ policy, want string }{
		{`"reject"`, "DE36\n"}, {`"keep"`, "DE36\n"},
		{`{"type": "String", "length": 99, "enc": "ASCII", "prefix": "ASCII.LL"}`, "DE36\nDE60\n"},
	} {
		_ = m.Parse(policy(c.policy), b)
		if got := string(m.AppendUnknown([]byte("before "))); got != "before "+c.want {
			t.Errorf("unknown: %s: %q, want %q", c.policy, got, c.want)
		}
	}
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		var w Writer
		writePush(&w, s, nil)
		plain, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		w.Begin(s, nil, 0x0200)
		w.SetString(3, "401000")
		for _, de := range []int{48, 120} {
			w.BeginTLV(de)
			w.TLVString(1, "PAY")
			w.TLVString(87, "secret")
			w.TLVString(999, "x")
			w.EndTLV()
		}
		tagged, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		for want, b := range map[string][]byte{"": plain, "DE48.087\nDE48.999\nDE120.087\nDE120.999\n": tagged} {
			if err := m.Parse(s, b); err != nil || string(m.AppendUnknown(nil)) != want {
				t.Errorf("%s: %v %q, want %q", name, err, m.AppendUnknown(nil), want)
			}
		}
	}
	if got := new(Message).AppendUnknown(nil); got != nil {
		t.Errorf("before any message: %q", got)
	}
	if _ = m.Parse(policy(`"keep"`), []byte("02")); len(m.AppendUnknown(nil)) != 0 {
		t.Errorf("of a message without bitmaps: %q", m.AppendUnknown(nil))
	}
}

func TestAppendUnknownDoesNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		b, dst := request190(t, s), make([]byte, 0, 64)
		var m Message
		if n := testing.AllocsPerRun(100, func() {
			if err := m.Parse(s, b); err != nil || len(m.AppendUnknown(dst)) != 0 {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkAppendUnknown is what it costs to see that all of a push request is in
// the spec.
func BenchmarkAppendUnknown(b *testing.B) {
	for _, name := range BuiltinNames() {
		b.Run(name, func(b *testing.B) {
			s := mustBuiltin(b, name)
			var m Message
			if err := m.Parse(s, request190(b, s)); err != nil {
				b.Fatal(err)
			}
			dst := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				if len(m.AppendUnknown(dst)) != 0 {
					b.Fatal("something is unknown")
				}
			}
		})
	}
}
