package iso8583

import (
	"bytes"
	"encoding/binary"

	"pgregory.net/rapid"
)

// checkRewrite writes all fields of a message again: the bytes must be those
// that were read.
func checkRewrite(tb rapid.TB, s *Spec, m *Message, b []byte) {
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
	out := append([]byte{}, b[:s.mtiBytes]...)
	out = appendBitmaps(out, s, m.bits)
	for de := 2; de <= 128; de++ {
		raw := m.Raw(de)
		if f := &s.fields[de]; raw != nil && f.enc == encHex {
			n := prefixes[f.prefix].width
			out = append(out, raw[:n]...)
			raw = bytes.ToUpper(raw[n:])
		}
		out = append(out, raw...)
	}
	_, rest := m.Rest()
	return append(out, rest...)
}

func appendBitmaps(dst []byte, s *Spec, set [2]uint64) []byte {
	if set[1] != 0 && s.bitmaps == bitmapsByBit {
		set[0] |= 1 << 63
	}
	for i, word := range set {
		if i == 1 && word == 0 && s.bitmaps != bitmapsTwo {
			break
		}
		at := len(dst)
		dst = binary.BigEndian.AppendUint64(dst, word)
		if encode := encodings[s.fields[1].enc].encode; encode != nil {
			dst, _ = encode(dst, at)
		}
	}
	return dst
}

// rewriteTags builds every tagged field again tag by tag.
func rewriteTags(tb rapid.TB, s *Spec, m *Message) {
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

// checkRelay relays a message with no change, with another type, and with every
// element taken out or written anew.
func checkRelay(tb rapid.TB, m *Message) {
	tb.Helper()
	var w Writer
	w.Relay(m, []byte("before"), m.MTI())
	b, err := w.Finish()
	if err != nil || !bytes.Equal(b[6:], m.buf) {
		tb.Fatalf("relayed without a change: %v\n%x\nwant\n%x", err, b[6:], m.buf)
	}
	for de := 2; de <= 128; de++ {
		if !m.Has(de) {
			continue
		}
		var without, again Message
		w.Relay(m, nil, 0x0421)
		w.Remove(de)
		b, err := w.Finish()
		if err == nil {
			err = without.Parse(m.spec, b)
		}
		if err != nil || without.Has(de) || without.MTI() != 0x0421 {
			tb.Fatalf("without DE%d: %v", de, err)
		}
		w.Relay(&without, nil, m.MTI())
		w.Set(de, m.Value(de))
		if b, err = w.Finish(); err == nil {
			err = again.Parse(m.spec, b)
		}
		if err != nil {
			tb.Fatalf("with DE%d again: %v", de, err)
		}
		for i := 2; i <= 128; i++ {
			if !bytes.Equal(again.Value(i), m.Value(i)) {
				tb.Fatalf("DE%d out and in again: DE%d is %q, want %q", de, i, again.Value(i), m.Value(i))
			}
		}
	}
}
