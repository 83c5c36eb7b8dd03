package iso8583

import (
	"testing"

	moov "github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"
	"pgregory.net/rapid"
)

// read190 are the elements that BenchmarkParse190 reads: what ingress needs of
// a push request.
var read190 = [8]int{3, 4, 7, 11, 32, 37, 102, 120}

// request190 is a push request of about 190 bytes: 10 elements, the second
// bitmap, and a tagged field of five tags.
func request190(tb testing.TB, s *Spec) []byte {
	tb.Helper()
	var w Writer
	writePush(&w, s, nil)
	b, err := w.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func writePush(w *Writer, s *Spec, dst []byte) {
	w.Begin(s, dst, 0x0200)
	w.SetString(3, "401000")
	w.SetUint(4, 1000)
	w.SetString(7, "0102030405")
	w.SetUint(11, 42)
	w.SetString(32, "100001")
	w.SetString(37, "RRN000000001")
	w.SetString(49, "356")
	w.SetString(102, "1000000001")
	w.BeginTLV(120)
	w.TLVString(1, "PAY")
	w.TLVString(3, "alice@banka")
	w.TLVString(4, "bob@bankb")
	w.TLVString(10, "E2E0000000000000001")
	w.TLVString(18, "rent of January 2026 flat")
	w.EndTLV()
}

func BenchmarkParse190(b *testing.B) {
	for _, name := range BuiltinNames() {
		b.Run(name, func(b *testing.B) {
			s := mustBuiltin(b, name)
			msg := request190(b, s)
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			var m Message
			sum := 0
			for b.Loop() {
				if err := m.Parse(s, msg); err != nil {
					b.Fatal(err)
				}
				for _, de := range read190 {
					sum += len(m.Value(de))
				}
			}
			if sum == 0 {
				b.Fatal("nothing was read")
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, name := range BuiltinNames() {
		b.Run(name, func(b *testing.B) {
			s := mustBuiltin(b, name)
			dst := make([]byte, 0, 1024)
			var w Writer
			b.ReportAllocs()
			for b.Loop() {
				writePush(&w, s, dst)
				if _, err := w.Finish(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFindTLV(b *testing.B) {
	s := mustBuiltin(b, "iso87-npci")
	var m Message
	if err := m.Parse(s, request190(b, s)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := FindTLV(m.Value(120), 18); !ok {
			b.Fatal("no note")
		}
	}
}

// BenchmarkMoovUnpack reads the same message and elements with the library
// that the project uses as its second opinion.
func BenchmarkMoovUnpack(b *testing.B) {
	s := mustBuiltin(b, "iso87-npci")
	msg := request190(b, s)
	spec, err := specs.ImportJSON(specFile(b, "iso87-npci"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	sum := 0
	for b.Loop() {
		m := moov.NewMessage(spec)
		if err := m.Unpack(msg); err != nil {
			b.Fatal(err)
		}
		for _, de := range read190 {
			v, err := m.GetBytes(de)
			if err != nil {
				b.Fatal(err)
			}
			sum += len(v)
		}
	}
	if sum == 0 {
		b.Fatal("nothing was read")
	}
}

func mustBuiltin(tb testing.TB, name string) *Spec {
	tb.Helper()
	s, err := Builtin(name)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func specFile(tb rapid.TB, name string) []byte {
	tb.Helper()
	data, err := builtin.ReadFile("specs/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestBenchmarkMessageIsAbout190Bytes(t *testing.T) {
	if n := len(request190(t, mustBuiltin(t, "iso87-npci"))); n < 185 || n > 195 {
		t.Errorf("%d bytes", n)
	}
}
