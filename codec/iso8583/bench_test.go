package iso8583

import (
	"errors"
	"math"
	"testing"
	"time"

	moov "github.com/moov-io/iso8583"
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

// request20 has 20 elements, for the comparison.
func request20(tb testing.TB, s *Spec) []byte {
	tb.Helper()
	var w Writer
	w.Begin(s, nil, 0x0200)
	for _, de := range []int{3, 4, 5, 7, 11, 12, 13, 15, 18, 22, 25, 32, 33, 37, 41, 42, 43, 49, 102, 120} {
		w.Set(de, sampleValue(s, 0x0200, de))
	}
	b, err := w.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// relayed are the elements that BenchmarkRelay changes.
var relayed = []struct {
	de    int
	value []byte
}{{7, []byte("1122163001")}, {11, []byte("000043")}, {33, []byte("999999")}, {37, []byte("RRN000000043")}}

// BenchmarkAgainstMoov does the three things that a switch does to a message,
// with this package and with the library of the same run: read 20 elements and
// use 8, relay with 4 changed elements, build a reply of 8. ours-ns and moov-ns
// are the nanoseconds of each in its fastest of twenty runs, as other load can
// only make a run slower, x-moov is how many times faster; make bench prints them
// as a table.
func BenchmarkAgainstMoov(b *testing.B) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(b, name)
		msg := request20(b, s)
		for _, job := range []struct {
			name string
			ours func() error
			moov func() error
		}{
			{"read", oursRead(s, msg), moovRead(b, name, msg)},
			{"relay", oursRelay(b, s, msg), moovRelay(b, name, msg)},
			{"reply", oursReply(b, s, msg), moovReply(b, name, msg)},
		} {
			b.Run(job.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				// In turn, so that a time in which the machine is slow is that of both.
				own, theirs := math.Inf(1), math.Inf(1)
				for range 20 {
					theirs = min(theirs, nanoseconds(b, job.moov, 150))
					own = min(own, nanoseconds(b, job.ours, 3000))
				}
				b.ResetTimer()
				for b.Loop() {
					if err := job.ours(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(own, "ours-ns")
				b.ReportMetric(theirs, "moov-ns")
				b.ReportMetric(theirs/own, "x-moov")
			})
		}
	}
}

// nanoseconds is what a call takes.
func nanoseconds(b *testing.B, do func() error, rounds int) float64 {
	b.Helper()
	start := time.Now()
	for range rounds {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(start).Nanoseconds()) / float64(rounds)
}

func oursRead(s *Spec, msg []byte) func() error {
	var m Message
	return func() error {
		err := m.Parse(s, msg)
		for _, de := range read190 {
			if m.Value(de) == nil {
				return errors.New("absent")
			}
		}
		return err
	}
}

func moovRead(b *testing.B, name string, msg []byte) func() error {
	spec := moovSpec(b, name)
	return func() error {
		m := moov.NewMessage(spec)
		err := m.Unpack(msg)
		for _, de := range read190 {
			if v, err := m.GetBytes(de); v == nil || err != nil {
				return errors.New("absent")
			}
		}
		return err
	}
}

func oursRelay(b *testing.B, s *Spec, msg []byte) func() error {
	b.Helper()
	var m Message
	var w Writer
	dst := make([]byte, 0, 1024)
	return func() error {
		if err := m.Parse(s, msg); err != nil {
			return err
		}
		w.Relay(&m, dst, 0x0200)
		for i := range relayed {
			w.Set(relayed[i].de, relayed[i].value)
		}
		_, err := w.Finish()
		return err
	}
}

func moovRelay(b *testing.B, name string, msg []byte) func() error {
	b.Helper()
	spec := moovSpec(b, name)
	return func() error {
		m := moov.NewMessage(spec)
		if err := m.Unpack(msg); err != nil {
			return err
		}
		m.MTI("0200")
		for i := range relayed {
			if err := m.BinaryField(relayed[i].de, relayed[i].value); err != nil {
				return err
			}
		}
		_, err := m.Pack()
		return err
	}
}

// replied are the elements that a reply echoes, and 39.
var replied = [...]int{3, 4, 7, 11, 32, 37, 49}

func oursReply(b *testing.B, s *Spec, msg []byte) func() error {
	b.Helper()
	var m Message
	if err := m.Parse(s, msg); err != nil {
		b.Fatal(err)
	}
	var w Writer
	dst := make([]byte, 0, 1024)
	code := string(sampleValue(s, 0x0210, 39))
	return func() error {
		w.Begin(s, dst, 0x0210)
		for _, de := range replied {
			if de == 49 {
				w.SetString(39, code)
			}
			w.Set(de, m.Value(de))
		}
		_, err := w.Finish()
		return err
	}
}

func moovReply(b *testing.B, name string, msg []byte) func() error {
	b.Helper()
	spec := moovSpec(b, name)
	request, err := moovUnpack(spec, msg)
	if err != nil {
		b.Fatal(err)
	}
	code := string(sampleValue(mustBuiltin(b, name), 0x0210, 39))
	return func() error {
		m := moov.NewMessage(spec)
		m.MTI("0210")
		for _, de := range replied {
			v, err := request.GetBytes(de)
			if err == nil {
				err = m.BinaryField(de, v)
			}
			if err != nil {
				return err
			}
		}
		if err := m.Field(39, code); err != nil {
			return err
		}
		_, err := m.Pack()
		return err
	}
}

// BenchmarkRelay is the relay alone, of a message that has been read.
func BenchmarkRelay(b *testing.B) {
	for _, name := range BuiltinNames() {
		b.Run(name, func(b *testing.B) {
			s := mustBuiltin(b, name)
			var m Message
			if err := m.Parse(s, request190(b, s)); err != nil {
				b.Fatal(err)
			}
			var w Writer
			dst := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				w.Relay(&m, dst, 0x0200)
				for i := range relayed {
					w.Set(relayed[i].de, relayed[i].value)
				}
				if _, err := w.Finish(); err != nil {
					b.Fatal(err)
				}
			}
		})
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
