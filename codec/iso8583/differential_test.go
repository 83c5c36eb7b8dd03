package iso8583

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	moov "github.com/moov-io/iso8583"
)

// TestRandomMessagesAgainstMoov writes random messages over all elements of
// both specs, lets the second implementation read and write them, and then
// breaks single bytes: whoever is stricter must have a reason.
func TestRandomMessagesAgainstMoov(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		r := rand.New(rand.NewPCG(8583, 1987))
		for i := range 400 {
			values := randomValues(r, s)
			b := writeAll(t, s, values)
			var m Message
			if err := m.Parse(s, b); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			for de := range values {
				if !bytes.Equal(m.Value(de), values[de]) {
					t.Fatalf("message %d, DE%d: %q, want %q", i, de, m.Value(de), values[de])
				}
			}
			checkRewrite(t, s, &m, b)
			checkMoovReads(t, s, &m, b)
			parseWhatMoovWrites(t, s, values)
			breakBytes(t, r, s, b)
		}
	}
}

// breakBytes changes one byte at a time.
func breakBytes(t *testing.T, r *rand.Rand, s *Spec, b []byte) {
	t.Helper()
	var m Message
	for range 10 {
		bad := bytes.Clone(b)
		bad[r.IntN(len(bad))] = "0+ a9Z\x00\xff"[r.IntN(8)]
		err := m.Parse(s, bad)
		if err == nil {
			checkMoovReads(t, s, &m, bad)
			continue
		}
		var e *FieldError
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if _, refused := moovUnpack(moovSpec(t, s.Name()), bad); refused == nil && !laxer[e.Reason] && e.Reason != s.Format(e.DE) {
			t.Fatalf("only we refuse it: %v\n%q", err, bad)
		}
	}
}

// parseWhatMoovWrites goes the other way: the library packs, we read.
func parseWhatMoovWrites(t *testing.T, s *Spec, values map[int][]byte) {
	t.Helper()
	other := moov.NewMessage(moovSpec(t, s.Name()))
	other.MTI("0200")
	for de, v := range values {
		if err := other.BinaryField(de, bytes.Clone(v)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := other.Pack()
	if err != nil {
		t.Fatal(err)
	}
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatalf("the library writes what we refuse: %v\n%q", err, b)
	}
	for de, v := range values {
		if !bytes.Equal(m.Value(de), v) {
			t.Fatalf("DE%d: %q, want %q", de, m.Value(de), v)
		}
	}
}

func writeAll(t *testing.T, s *Spec, values map[int][]byte) []byte {
	t.Helper()
	var w Writer
	w.Begin(s, nil, 0x0200)
	for de := 2; de <= 128; de++ {
		w.Set(de, values[de])
	}
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func randomValues(r *rand.Rand, s *Spec) map[int][]byte {
	values := make(map[int][]byte)
	for de := 2; de <= 128; de++ {
		if !s.Defines(de) || r.IntN(6) != 0 {
			continue
		}
		f := &s.fields[de]
		n := int(f.length)
		if f.prefix != prefixFixed {
			n = r.IntN(n + 1)
		}
		switch {
		case f.tags != nil:
			values[de] = randomTags(r, f, n)
		case f.sign:
			values[de] = append([]byte{"CD"[r.IntN(2)]}, randomText(r, classN, n-1)...)
		default:
			values[de] = randomText(r, f.class, n)
		}
	}
	return values
}

// randomText takes characters that the class's table allows. Fixed fields are
// full here, because fill would not survive the library.
func randomText(r *rand.Rand, k class, n int) []byte {
	v := make([]byte, n)
	for i := range v {
		for v[i] = byte(r.IntN(256)); charClass[v[i]]&k != k; {
			v[i] = byte(r.IntN(256))
		}
	}
	return v
}

func randomTags(r *rand.Rand, f *field, room int) []byte {
	var tags []int
	for range r.IntN(6) {
		tags = append(tags, r.IntN(30)*(1+r.IntN(33)))
	}
	slices.Sort(tags)
	out := []byte{}
	for _, tag := range slices.Compact(tags) {
		n := r.IntN(min(int(f.tags[tag].max), 60) + 1)
		if len(out)+tlvHead+n > room {
			break
		}
		out = fmt.Appendf(out, "%03d%03d", tag, n)
		out = append(out, randomText(r, f.tags[tag].class, n)...)
	}
	return out
}
