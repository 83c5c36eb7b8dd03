package iso8583

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
)

// seed adds the golden messages, with each of the built-in specs, and a few
// bytes that are no message at all.
func seed(f *testing.F) {
	f.Helper()
	for _, b := range append(goldenMessages(f), nil, []byte("0"), bytes.Repeat([]byte{0xff}, 40)) {
		for i := range BuiltinNames() {
			f.Add(uint8(i), b)
		}
	}
	for i, name := range BuiltinNames() {
		files, _ := filepath.Glob(filepath.Join(goldenDir, "good", name, "*.hex"))
		for _, file := range files {
			f.Add(uint8(i), readGood(f, file))
		}
	}
}

// composites is a spec with each kind of composite.
const composites = `"2": {"type": "String", "length": 19, "enc": "BCD", "prefix": "BCD.LL"}, ` + compositeFields

func fuzzSpecs(f *testing.F) (all []*Spec) {
	f.Helper()
	for _, name := range BuiltinNames() {
		all = append(all, mustBuiltin(f, name))
	}
	return all
}

// FuzzParse: no input panics; an error names a field and its offset, and keeps
// the fields before it readable; what parses can be written again, byte for
// byte.
func FuzzParse(f *testing.F) {
	seed(f)
	all := append(fuzzSpecs(f), mustLoad(f, composites))
	f.Add(uint8(len(all)-1), moovComposites(f))
	var m Message // one for all inputs: nothing of the last message may show
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		s := all[int(which)%len(all)]
		err := m.Parse(s, b)
		if cap(m.scratch) > scratchMax(len(b)) {
			t.Fatalf("%d bytes for an input of %d", cap(m.scratch), len(b))
		}
		m.Fields()
		notPastTheEnd(t, s, b, err)
		checkPlainly(t, &m, b, err)
		if err == nil {
			checkRewrite(t, s, &m, b)
			checkRelay(t, &m)
		}
		m.scratch = nil // the bound is that of each input alone
		if err == nil {
			return
		}
		var bad *FieldError
		if !errors.As(err, &bad) || bad.Reason == "" || bad.DE < 0 || bad.DE > 128 || bad.Offset < 0 || bad.Offset > len(b) {
			t.Fatalf("%#v", err)
		}
		if len(bad.Note()) > 25 {
			t.Fatalf("%q does not fit DE44", bad.Note())
		}
		if bad.DE > 0 && m.Has(bad.DE) {
			t.Fatalf("DE%d is readable after %v", bad.DE, err)
		}
	})
}

// notPastTheEnd reads the message again with bytes behind its end that would
// complete it: they must change nothing.
func notPastTheEnd(t *testing.T, s *Spec, b []byte, want error) {
	t.Helper()
	longer := append(bytes.Clone(b), bytes.Repeat([]byte("1"), 64)...)
	var m Message
	err := m.Parse(s, longer[:len(b)])
	if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
		t.Fatalf("%v, with bytes behind the end %v", want, err)
	}
	for de := 2; de <= 128; de++ {
		if _, to := m.Span(de); to > len(b) {
			t.Fatalf("DE%d ends at %d of %d", de, to, len(b))
		}
	}
}

// scratchMax bounds what Parse may allocate for decoded values: four times the
// input, and the first small buffer that is kept for good.
func scratchMax(input int) int { return max(4*input, 2*spareBytes) }

// FuzzLoadSpec: no file makes it panic or loop, and a spec that loads reads and
// writes without a panic.
func FuzzLoadSpec(f *testing.F) {
	f.Add(specJSON(compositeFields))
	f.Add(specJSON(keepFields))
	f.Add([]byte(`{"name": "x", "unknown": "keep", "messages": {"0200": {"mandatory": [2]}}, "fields": {` + jsonMTI + `,` + jsonBitmap + `}}`))
	message := bytesOf(f, `"0200" f23c448128e08000 0000000000000000 "0123456789012345678901234567890123456789"`)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := LoadSpec("fuzz.json", data)
		if err != nil {
			if len(SpecErrors(err)) == 0 {
				t.Fatalf("%#v", err)
			}
			return
		}
		var m Message
		if m.Parse(s, message) == nil {
			checkRelay(t, &m)
			s.CheckAll(&m)
		}
		m.Fields()
		var w Writer
		w.Begin(s, nil, 0x0200)
		for de := 2; de <= 128; de++ {
			if s.Defines(de) {
				w.SetUint(de, uint64(de))
			}
		}
		w.Finish()
	})
}

// FuzzAgainstMoov: what we accept, the second implementation accepts with equal
// values; what it accepts and we refuse, we refuse for a reason that it does
// not check.
func FuzzAgainstMoov(f *testing.F) {
	seed(f)
	all := fuzzSpecs(f)
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		s := all[int(which)%len(all)]
		var m Message
		err := m.Parse(s, b)
		if err == nil {
			checkMoovReads(t, s, &m, b)
			return
		}
		if _, refused := moovUnpack(moovSpec(t, s.Name()), b); refused != nil {
			return
		}
		if !refusedAlone(s, err) {
			t.Fatalf("only we refuse it: %v", err)
		}
	})
}

// FuzzTLV: the walk ends, its values stand inside the field, and the check of
// Parse accepts exactly what a careful walk accepts.
func FuzzTLV(f *testing.F) {
	f.Add([]byte("001003PAY002000"))
	f.Add([]byte("001003PAY001000"))
	f.Add([]byte("001003PA"))
	f.Add([]byte("00100"))
	table := mustBuiltin(f, "iso87-npci").fields[120].tags
	f.Fuzz(func(t *testing.T, b []byte) {
		r := ReadTLV(b)
		good, last, size := true, -1, 0
		for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
			if tag <= last || len(v) > int(table.rules[tag].max) || !inASCII.sets[classANS].hold(v) {
				good = false
			}
			last = tag
			size += tlvHead + len(v)
		}
		if r.Err() != nil {
			good = false
		} else if size != len(b) {
			t.Fatalf("%d of %d bytes", size, len(b))
		}
		if at, _, why := table.walk(b, inASCII, false); (why == faultNone) != good || at > len(b) {
			t.Fatalf("%q: the check says %d at %d", b, why, at)
		}
	})
}
