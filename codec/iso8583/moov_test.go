package iso8583

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	moov "github.com/moov-io/iso8583"
	moovfield "github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/specs"
)

// moovSpecs are the built-in specs, read by the second implementation.
var moovSpecs sync.Map

func moovSpec(tb testing.TB, name string) *moov.MessageSpec {
	tb.Helper()
	if s, ok := moovSpecs.Load(name); ok {
		return s.(*moov.MessageSpec)
	}
	s, err := specs.ImportJSON(specFile(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	moovSpecs.Store(name, s)
	return s
}

// moovUnpack reads b. The library can run past the end of a field with an
// unknown tag; that is an error too.
func moovUnpack(spec *moov.MessageSpec, b []byte) (m *moov.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the library panics: %v", r)
		}
	}()
	m = moov.NewMessage(spec)
	return m, m.Unpack(b)
}

// checkMoovReads says that the second implementation finds the same fields
// with the same values, and packs the same bytes from them.
func checkMoovReads(tb testing.TB, s *Spec, m *Message, b []byte) {
	tb.Helper()
	spec := moovSpec(tb, s.Name())
	other, err := moovUnpack(spec, b)
	if err != nil {
		tb.Fatalf("we accept what the library refuses: %v", err)
	}
	if mti, _ := other.GetMTI(); mti != m.MTI().String() {
		tb.Fatalf("message type %s, the library reads %s", m.MTI(), mti)
	}
	for de := 2; de <= 128; de++ {
		f := other.GetField(de)
		if (f != nil) != m.Has(de) {
			tb.Fatalf("DE%d: we have it %v, the library %v", de, m.Has(de), f != nil)
		}
		if f != nil {
			sameValue(tb, s, m, de, f)
		}
	}
	checkMoovWrites(tb, s, m, b)
}

func sameValue(tb testing.TB, s *Spec, m *Message, de int, f moovfield.Field) {
	tb.Helper()
	if c, ok := f.(*moovfield.Composite); ok {
		sameTags(tb, m, de, c)
		return
	}
	// The library cuts the fill off, also where nothing else is left.
	want := s.fields[de].unpadded(m.Value(de))
	got, err := f.Bytes()
	if err != nil || !bytes.Equal(got, want) {
		tb.Fatalf("DE%d: %q, the library reads %q, %v", de, want, got, err)
	}
}

func sameTags(tb testing.TB, m *Message, de int, c *moovfield.Composite) {
	tb.Helper()
	theirs := c.GetSubfields()
	r := ReadTLV(m.Value(de))
	n := 0
	for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
		n++
		f := theirs[fmt.Sprintf("%03d", tag)]
		if f == nil {
			tb.Fatalf("DE%d: the library lacks tag %d", de, tag)
		}
		if got, err := f.Bytes(); err != nil || !bytes.Equal(got, v) {
			tb.Fatalf("DE%d tag %d: %q, the library reads %q, %v", de, tag, v, got, err)
		}
	}
	if n != len(theirs) {
		tb.Fatalf("DE%d: %d tags, the library has %d", de, n, len(theirs))
	}
}

// checkMoovWrites lets the library pack the same values.
func checkMoovWrites(tb testing.TB, s *Spec, m *Message, b []byte) {
	tb.Helper()
	other := moov.NewMessage(moovSpec(tb, s.Name()))
	other.MTI(m.MTI().String())
	for de := 2; de <= 128; de++ {
		if !m.Has(de) {
			continue
		}
		if err := other.BinaryField(de, bytes.Clone(m.Value(de))); err != nil {
			tb.Fatalf("DE%d: %v", de, err)
		}
	}
	got, err := other.Pack()
	if err != nil {
		tb.Fatalf("the library packs what we read: %v", err)
	}
	if want := canonical(s, m, b); !bytes.Equal(got, want) {
		tb.Fatalf("the library packs\n%x\nwant\n%x", got, want)
	}
}
