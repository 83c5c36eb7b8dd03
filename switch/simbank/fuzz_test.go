package simbank

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"switchd/codec/frame"
)

// FuzzDecode: no bytes make the codec panic, and what it accepts it writes again
// as the same bytes, from the plain values alone.
func FuzzDecode(f *testing.F) {
	spec, err := os.ReadFile("../../codec/iso8583/specs/iso87-npci.json")
	must(f, err)
	c, err := newCodec(spec)
	must(f, err)
	for _, step := range script() {
		body, err := c.encode(step.m)
		must(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, bad := c.decode(body)
		if isRequest(m.mti) && bad == nil {
			if r, _, bad := examine(m); r != nil && bad == nil {
				again, err := c.encode(m)
				if err != nil || !bytes.Equal(again, body) {
					t.Errorf("%q comes out as %q, %v", body, again, err)
				}
			}
		}
	})
}

// FuzzReadFrame: a frame is in bounds or an error, what was framed comes back, and
// BIN2 is what this test takes it for, without the package that cuts it.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x0c0123456789ab\x00\x0c0123456789ab"))
	f.Add([]byte("\x00\x0b0123456789a"))
	f.Add([]byte("\xff\xff"))
	f.Add([]byte("\x00\x20")) // ends right behind the header
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := newInput(bytes.NewReader(stream), frame.BIN2)
		var again []byte
		for {
			fr, err := in.next()
			if err != nil {
				if !bytes.HasPrefix(stream, again) {
					t.Errorf("%q was read as %q", stream, again)
				}
				if errors.Is(err, io.EOF) && len(again) != len(stream) {
					t.Errorf("end of stream after %d of %d bytes", len(again), len(stream))
				}
				return
			}
			again = append(binary.BigEndian.AppendUint16(again, uint16(len(fr.Body))), fr.Body...)
			if framed, ok := (&Options{}).appendFrame(nil, fr.Body); !ok || !bytes.HasSuffix(again, framed) {
				t.Errorf("%q is framed as %q", fr.Body, framed)
			}
		}
	})
}
