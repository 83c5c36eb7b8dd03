package iso8583

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// checkRewrite writes all fields of a message again: the bytes must be those
// that were read.
func checkRewrite(tb testing.TB, s *Spec, m *Message, b []byte) {
	tb.Helper()
	var w Writer
	w.Begin(s, nil, m.MTI())
	for de := 2; de <= 128; de++ {
		w.Set(de, m.Value(de))
	}
	got, err := w.Finish()
	if err != nil {
		tb.Fatalf("what was read cannot be written: %v", err)
	}
	if want := canonical(s, m, b); !bytes.Equal(got, want) {
		tb.Fatalf("written again:\n%x\nwant\n%x", got, want)
	}
	rewriteTags(tb, s, m)
}

// canonical undoes the two freedoms that a sender has: hexadecimal digits in
// lower case, and a second bitmap that names no field.
func canonical(s *Spec, m *Message, b []byte) []byte {
	size := 8
	if s.fields[1].kind == kindConvert {
		size = 16
	}
	one, two := m.present[0], m.present[1]
	from := 4 + size
	if bitmap := b[4]; size == 8 && bitmap >= 0x80 || size == 16 && hexValue[bitmap] >= 8 {
		from += size
	}
	out := append([]byte{}, b[:4]...)
	if two != 0 {
		out = appendBitmap(out, size, one|1<<63)
		out = appendBitmap(out, size, two)
	} else {
		out = appendBitmap(out, size, one)
	}
	for de := 2; de <= 128; de++ {
		if !m.Has(de) {
			continue
		}
		f := &s.fields[de]
		n := prefixes[f.prefix].width
		if f.kind == kindConvert {
			n += encodings[f.enc].wireBytes(len(m.Value(de)))
			out = append(out, bytes.ToUpper(b[from:from+n])...)
		} else {
			n += len(m.Value(de))
			out = append(out, b[from:from+n]...)
		}
		from += n
	}
	return append(out, b[from:]...)
}

func appendBitmap(dst []byte, size int, set uint64) []byte {
	at := len(dst)
	dst = binary.BigEndian.AppendUint64(dst, set)
	if size == 16 {
		dst = encodeHex(dst, at)
	}
	return dst
}

// rewriteTags builds every tagged field again tag by tag.
func rewriteTags(tb testing.TB, s *Spec, m *Message) {
	tb.Helper()
	for de := 2; de <= 128; de++ {
		if !m.Has(de) || !s.Tagged(de) {
			continue
		}
		var w Writer
		w.Begin(s, nil, 0x0200)
		w.BeginTLV(de)
		r := ReadTLV(m.Value(de))
		for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
			w.TLV(tag, v)
			if found, ok := FindTLV(m.Value(de), tag); !ok || !bytes.Equal(found, v) {
				tb.Fatalf("tag %d is not found", tag)
			}
		}
		w.EndTLV()
		if r.Err() != nil {
			tb.Fatalf("an accepted field has broken tags: %v", r.Err())
		}
		b, err := w.Finish()
		if err != nil {
			tb.Fatal(err)
		}
		var again Message
		if err := again.Parse(s, b); err != nil || !bytes.Equal(again.Value(de), m.Value(de)) {
			tb.Fatalf("DE%d written tag by tag: %q, %v", de, again.Value(de), err)
		}
	}
}
