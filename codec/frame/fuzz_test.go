package frame

import (
	"bytes"
	"fmt"
	"testing"
)

// FuzzRoundTrip frames arbitrary bodies, with a header where the framing carries
// one, and reads them back, whole.
func FuzzRoundTrip(f *testing.F) {
	for kind := range framingCount {
		f.Add(uint8(kind), []byte(nil), []byte("0800 and twelve more"), []byte("0810 and twelve more"))
		f.Add(uint8(kind), []byte("\x60\x00\x03\x12\x34"), []byte("short"), bytes.Repeat([]byte{0xff}, 8193))
		f.Add(uint8(kind), []byte(plainBaseI), []byte("0800 with \x03 inside"), bytes.Repeat([]byte{0x02}, 98))
	}
	f.Fuzz(func(t *testing.T, kind uint8, header, first, second []byte) {
		framing := Framing(kind % uint8(framingCount))
		if framing.CheckHeader(header) != nil {
			header = nil
		}
		var stream []byte
		var sent [][]byte
		for _, body := range [][]byte{first, second} {
			start := len(stream)
			b, err := framing.BeginHeader(stream, header)
			if err != nil {
				t.Fatal(err)
			}
			stream, err = framing.End(append(b, body...), start, Limits{})
			if may := sendable(framing, header, body); may != (err == nil) {
				t.Fatalf("%v: body of %d: %v", framing, len(body), err)
			}
			if err == nil {
				sent = append(sent, body)
			}
		}
		got, why := drain(framing, stream)
		if why != "" || len(got) != len(sent) {
			t.Fatalf("%v: %d of %d frames, %s", framing, len(got), len(sent), why)
		}
		for i, fr := range got {
			if fr.Kind != Message || !bytes.Equal(fr.Body, sent[i]) {
				t.Fatalf("%v: frame %d differs", framing, i)
			}
			// A BASE I header gets its total length on the way.
			if len(header) == tpduBytes && !bytes.Equal(fr.Header, header) || len(header) > 0 && len(fr.Header) != len(header) {
				t.Fatalf("%v: header %x came as %x", framing, header, fr.Header)
			}
		}
	})
}

// sendable is End's rule, told once more without the table.
func sendable(f Framing, header, body []byte) bool {
	most := BodyMaxDefault
	switch f {
	case ASCII2:
		most = 99
	case ASCII3:
		most = 999
	case VML:
		most = 2048
	case B24:
		most = 4095
	}
	if (f == B24 || f == STXETX) && bytes.IndexByte(body, 3) >= 0 {
		return false
	}
	return len(body) >= BodyMinDefault && len(body) <= most
}

// FuzzChunks feeds arbitrary bytes in arbitrary pieces: the same frames and the
// same refusal must come out as from one buffer.
func FuzzChunks(f *testing.F) {
	for kind := range framingCount {
		good, _ := kind.End(append(kind.Begin(nil), "0800abcdefgh"...), 0, Limits{})
		alive, _ := kind.AppendKeepAlive(nil)
		f.Add(uint8(kind), bytes.Repeat(append(good, alive...), 2), []byte{1, 1, 5})
		f.Add(uint8(kind), append(good, "GET / HTTP/1.1\r\n"...), []byte{0})
	}
	f.Add(uint8(0), []byte{0, 11, 1, 2, 3}, []byte{1})
	f.Add(uint8(0), []byte{0xff, 0xff, 1, 2, 3}, []byte{2, 1})
	f.Fuzz(func(t *testing.T, kind uint8, stream, cuts []byte) {
		framing := Framing(kind % uint8(framingCount))
		want, wantWhy := drain(framing, stream)
		var got []Frame
		var gotWhy string
		var pending []byte
		for len(stream) > 0 && gotWhy == "" {
			n := len(stream)
			if len(cuts) > 0 {
				n = min(n, int(cuts[0])+1)
				cuts = cuts[1:]
			}
			pending = append(pending, stream[:n]...)
			stream = stream[n:]
			var more []Frame
			more, gotWhy = drain(framing, pending)
			for _, fr := range more {
				fr.Header, fr.Body = bytes.Clone(fr.Header), bytes.Clone(fr.Body)
				got = append(got, fr)
				pending = pending[fr.Bytes:]
			}
		}
		if gotWhy != wantWhy || len(got) != len(want) {
			t.Fatalf("%v: %d frames and %q in pieces, %d and %q whole", framing, len(got), gotWhy, len(want), wantWhy)
		}
		for i := range got {
			if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
				t.Fatalf("%v: frame %d differs", framing, i)
			}
		}
	})
}

// drain reads all frames of b. The views must stay inside it.
func drain(f Framing, b []byte) (frames []Frame, why string) {
	for {
		fr, err := f.Read(b, Limits{})
		if err != nil || fr.Kind == Incomplete {
			return frames, reason(err)
		}
		if cap(fr.Body) > len(b) || cap(fr.Header) > len(fr.Header) || cap(fr.Body) > len(fr.Body) {
			panic("a view that can grow into the next frame")
		}
		frames = append(frames, fr)
		b = b[fr.Bytes:]
	}
}
