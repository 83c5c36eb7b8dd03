package frame

import (
	"bytes"
	"testing"
)

// FuzzRoundTrip frames arbitrary bodies and reads them back, whole.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(0), []byte("0800 and twelve more"), []byte("0810 and twelve more"))
	f.Add(uint8(0), []byte("short"), bytes.Repeat([]byte{0xff}, 8193))
	f.Fuzz(func(t *testing.T, kind uint8, first, second []byte) {
		framing := Framing(int(kind) % len(rows))
		var stream []byte
		var sent [][]byte
		for _, body := range [][]byte{first, second} {
			start := len(stream)
			var err error
			stream, err = framing.End(append(framing.Begin(stream), body...), start, Limits{})
			if fits := len(body) >= BodyMinDefault && len(body) <= BodyMaxDefault; fits != (err == nil) {
				t.Fatalf("body of %d: %v", len(body), err)
			}
			if err == nil {
				sent = append(sent, body)
			}
		}
		got, reason := drain(framing, stream)
		if reason != "" || len(got) != len(sent) {
			t.Fatalf("%d of %d frames, %s", len(got), len(sent), reason)
		}
		for i := range got {
			if !bytes.Equal(got[i], sent[i]) {
				t.Fatalf("frame %d differs", i)
			}
		}
	})
}

// FuzzChunks feeds arbitrary bytes in arbitrary pieces: the same frames and the
// same refusal must come out as from one buffer.
func FuzzChunks(f *testing.F) {
	good := append([]byte{0, 12}, "0800abcdefgh"...)
	f.Add(uint8(0), append(good, good...), []byte{1, 1, 5})
	f.Add(uint8(0), []byte{0, 11, 1, 2, 3}, []byte{1})
	f.Add(uint8(0), []byte{0xff, 0xff, 1, 2, 3}, []byte{2, 1})
	f.Fuzz(func(t *testing.T, kind uint8, stream, cuts []byte) {
		framing := Framing(int(kind) % len(rows))
		want, wantReason := drain(framing, stream)
		var got [][]byte
		var gotReason string
		var pending []byte
		for len(stream) > 0 && gotReason == "" {
			n := len(stream)
			if len(cuts) > 0 {
				n = min(n, int(cuts[0])+1)
				cuts = cuts[1:]
			}
			pending = append(pending, stream[:n]...)
			stream = stream[n:]
			for {
				body, used, err := framing.Next(pending, Limits{})
				gotReason = reason(err)
				if used == 0 {
					break
				}
				got = append(got, bytes.Clone(body))
				pending = pending[used:]
			}
		}
		if gotReason != wantReason || len(got) != len(want) {
			t.Fatalf("%d frames and %q in pieces, %d and %q whole", len(got), gotReason, len(want), wantReason)
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("frame %d differs", i)
			}
		}
	})
}

func drain(f Framing, b []byte) (bodies [][]byte, why string) {
	for {
		body, n, err := f.Next(b, Limits{})
		if err != nil {
			return bodies, reason(err)
		}
		if n == 0 {
			return bodies, ""
		}
		bodies = append(bodies, body)
		b = b[n:]
	}
}
