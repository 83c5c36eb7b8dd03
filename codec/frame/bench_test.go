package frame

import "testing"

// BenchmarkNext cuts a buffer of 16 frames of 190 bytes; ns/op is for one frame.
func BenchmarkNext(b *testing.B) {
	for _, f := range []Framing{BIN2, ASCII4, NAC, VAP, B24TCP, STXETX} {
		b.Run(f.String(), func(b *testing.B) {
			stream := streamOfSixteen(b, f)
			b.ReportAllocs()
			for i, rest := 0, stream; i < b.N; i++ {
				_, n, err := f.Next(rest, Limits{})
				if err != nil || n == 0 {
					b.Fatal(n, err)
				}
				if rest = rest[n:]; len(rest) == 0 {
					rest = stream
				}
			}
		})
	}
}

// BenchmarkReader is the same with headers and keep-alives looked at.
func BenchmarkReader(b *testing.B) {
	for _, f := range []Framing{BIN2, NAC, VAP} {
		b.Run(f.String(), func(b *testing.B) {
			stream := streamOfSixteen(b, f)
			reader := Reader{Framing: f}
			b.ReportAllocs()
			for i, rest := 0, stream; i < b.N; i++ {
				fr, err := reader.Next(rest)
				if err != nil || fr.Kind != Message {
					b.Fatal(fr, err)
				}
				if rest = rest[fr.Bytes:]; len(rest) == 0 {
					rest = stream
				}
			}
		})
	}
}

// BenchmarkFrame begins and ends a frame around a body that is already there.
func BenchmarkFrame(b *testing.B) {
	for _, f := range []Framing{BIN2, ASCII4, NAC, VAP, B24TCP, STXETX} {
		b.Run(f.String(), func(b *testing.B) {
			header := f.AppendReply(nil, []byte(rows[f].carried.plain()))
			out := make([]byte, 0, 512)
			b.ReportAllocs()
			for range b.N {
				dst := f.Begin(out)
				if header != nil {
					dst, _ = f.BeginHeader(out, header)
				}
				if _, err := f.End(dst[:len(dst)+190], 0, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDiagnose judges 3 KiB of messages under every framing.
func BenchmarkDiagnose(b *testing.B) {
	stream := streamOfSixteen(b, BIN2)
	for b.Loop() {
		Diagnose(stream)
	}
}

func streamOfSixteen(b *testing.B, f Framing) []byte {
	var stream []byte
	for range 16 {
		start := len(stream)
		var err error
		if stream, err = f.End(append(f.Begin(stream), make([]byte, 190)...), start, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
	return stream
}
