package iso8583

import (
	"bytes"
	"testing"

	moov "github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"
)

// TestStockSpecsLoad takes the specs that the library itself has, in the files
// that it writes: a user's spec must load as it is. A message that the library
// packs by them must be read, with equal values, and written again.
func TestStockSpecsLoad(t *testing.T) {
	for _, stock := range []*moov.MessageSpec{specs.Spec87ASCII, specs.Spec87Hex, moov.Spec87} {
		data, err := specs.ExportJSON(stock)
		if err != nil {
			t.Fatal(err)
		}
		s, err := LoadSpec(stock.Name, data)
		if err != nil {
			t.Error(err)
			continue
		}
		values := map[int]string{2: "4111111111111111", 3: "401000", 4: "000000012345", 7: "1122163000", 11: "000042",
			32: "100001", 37: "RRN000000042", 39: "00", 41: "TERM0001", 48: "data", 102: "123"}
		var w Writer
		w.Begin(s, nil, 0x0210)
		for de := 2; de <= 128; de++ {
			if s.Defines(de) {
				w.SetString(de, values[de])
			}
		}
		b, err := w.Finish()
		if err != nil {
			t.Errorf("%s: %v", stock.Name, err)
			continue
		}
		other, err := moovUnpack(stock, b)
		if err != nil {
			t.Errorf("%s: %v", stock.Name, err)
			continue
		}
		var m Message
		if err := m.Parse(s, b); err != nil {
			t.Errorf("%s: %v", stock.Name, err)
			continue
		}
		for de := range values {
			if !s.Defines(de) {
				continue
			}
			got, err := other.GetBytes(de)
			want := s.fields[de].unpadded([]byte(values[de]))
			if err != nil || !bytes.Equal(got, want) || string(m.Value(de)) != values[de] {
				t.Errorf("%s: DE%d is %q, the library reads %q, want %q", stock.Name, de, m.Value(de), got, want)
			}
		}
	}
}
