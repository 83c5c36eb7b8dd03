package iso8583

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestAgainstMoov makes random valid messages over all elements of every
// built-in spec. We write and read; the second implementation reads what we
// write, with equal values, and packs the same bytes; we read what it packs.
// Then single bytes are broken: whoever is stricter must have a reason.
func TestAgainstMoov(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			values := drawValues(t, s)
			b := writeAll(t, s, values)
			var m Message
			if err := m.Parse(s, b); err != nil {
				t.Fatal(err)
			}
			for de := range values {
				if !bytes.Equal(m.Value(de), values[de]) {
					t.Fatalf("DE%d: %q, want %q", de, m.Value(de), values[de])
				}
			}
			checkRewrite(t, s, &m, b)
			checkMoovReads(t, s, &m, b)
			checkRelay(t, &m)
			if _, write := moovCan(&m); write {
				parseWhatMoovPacks(t, s, &m)
			}
			breakByte(t, s, b)
		}))
	}
}

// parseWhatMoovPacks goes the other way: the library packs, we read.
func parseWhatMoovPacks(t *rapid.T, s *Spec, m *Message) {
	b := moovPack(t, s, m)
	var back Message
	if err := back.Parse(s, b); err != nil {
		t.Fatalf("the library packs what we refuse: %v\n%q", err, b)
	}
	for de := 2; de <= 128; de++ {
		if !bytes.Equal(back.Value(de), m.Value(de)) {
			t.Fatalf("DE%d: %q, want %q", de, back.Value(de), m.Value(de))
		}
	}
}

func breakByte(t *rapid.T, s *Spec, b []byte) {
	at := rapid.IntRange(0, len(b)-1).Draw(t, "broken at")
	bad := bytes.Clone(b)
	bad[at] = rapid.SampledFrom([]byte("0+ a9Z\x00\xff\x1f\xf0")).Draw(t, "broken byte")
	var m Message
	err := m.Parse(s, bad)
	if err == nil {
		checkMoovReads(t, s, &m, bad)
		return
	}
	if _, refused := moovUnpack(moovSpec(t, s.Name()), bad); refused == nil && !refusedAlone(s, err) {
		t.Fatalf("only we refuse it: %v\n%q", err, bad)
	}
}

func writeAll(t *rapid.T, s *Spec, values map[int][]byte) []byte {
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

func drawValues(t *rapid.T, s *Spec) map[int][]byte {
	values := make(map[int][]byte)
	for _, de := range rapid.SliceOfNDistinct(rapid.IntRange(2, 128), 1, 30, rapid.ID).Draw(t, "elements") {
		if !s.Defines(de) || notInMoov(s.Name(), de) {
			continue
		}
		f := &s.fields[de]
		n := int(f.length)
		if f.prefix != prefixFixed {
			n = rapid.IntRange(0, min(n, 200)).Draw(t, "length")
		}
		switch {
		case f.tags != nil:
			values[de] = drawTags(t, f, n)
		case f.group != nil:
			values[de] = drawBER(t, f, n)
		case f.sign:
			values[de] = append([]byte{rapid.SampledFrom([]byte("CD")).Draw(t, "sign")}, drawText(t, classN, n-1)...)
		default:
			values[de] = drawText(t, f.class, n)
		}
	}
	return values
}

// charactersOf lists the bytes of each class. Fixed fields are full here,
// because fill would not survive the library.
var charactersOf = func() map[class][]byte {
	of := make(map[class][]byte)
	for _, k := range classNames {
		for c := range 256 {
			if k.holds([]byte{byte(c)}) {
				of[k] = append(of[k], byte(c))
			}
		}
	}
	return of
}()

func drawText(t *rapid.T, k class, n int) []byte {
	return rapid.SliceOfN(rapid.SampledFrom(charactersOf[k]), n, n).Draw(t, "text")
}

func drawTags(t *rapid.T, f *field, room int) []byte {
	tags := rapid.SliceOfNDistinct(rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 999)), 0, 6, rapid.ID).Draw(t, "tags")
	slices.Sort(tags)
	out := []byte{}
	for _, tag := range tags {
		n := rapid.IntRange(0, min(int(f.tags.rules[tag].max), 60)).Draw(t, "length")
		if len(out)+tlvHead+n > room {
			break
		}
		out = appendDigits3(appendDigits3(out, tag), n)
		out = append(out, drawText(t, f.tags.rules[tag].class, n)...)
	}
	return out
}

// drawBER takes known tags and others, in the order that the library packs.
func drawBER(t *rapid.T, f *field, room int) []byte {
	var known []uint32
	for _, sub := range f.group.subs {
		known = append(known, tagNumber(sub.tag))
	}
	known = append(known, 0xdf01, 0xdf8129, 0xc0, 0x9f70)
	tags := rapid.SliceOfNDistinct(rapid.SampledFrom(known), 0, 8, rapid.ID).Draw(t, "tags")
	slices.SortFunc(tags, cmp.Compare[uint32])
	out := []byte{}
	for _, tag := range tags {
		most := 20
		if i, ok := f.group.index[TagOf(tag)]; ok {
			most = min(most, int(f.group.subs[i].f.length))
		}
		v := drawText(t, classB, rapid.IntRange(1, most).Draw(t, "length"))
		at := len(out)
		out = append(out, TagOf(tag)...)
		out, _ = encodeText(out, at)
		out = append(appendBER(out, len(v)), v...)
		if len(out) > room {
			return out[:at]
		}
	}
	return out
}

func tagNumber(text string) (n uint32) {
	for _, c := range []byte(text) {
		n = n<<4 | uint32(hexValue[c])
	}
	return n
}
