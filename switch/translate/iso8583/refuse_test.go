package iso8583

import (
	"bytes"
	"os"
	"testing"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// withoutNotes is a built-in spec that lacks DE44.
func withoutNotes(t *testing.T) *codec.Spec {
	t.Helper()
	file, err := os.ReadFile("../../../codec/iso8583/specs/iso87-npci.json")
	if err != nil {
		t.Fatal(err)
	}
	from := bytes.Index(file, []byte(`    "44":`))
	to := from + bytes.IndexByte(file[from:], '\n') + 1
	spec, err := codec.LoadSpec("short.json", append(bytes.Clone(file[:from]), file[to:]...))
	if err != nil || spec.Defines(44) {
		t.Fatalf("DE44 %v: %v", spec.Defines(44), err)
	}
	return spec
}

// TestNotesOfRefusals: the note stands in DE44 instead of the outcome's own text, and
// is left out where the spec has no DE44; the refusal leaves all the same. An enquiry
// that is to come again says "not decided", never how the payment has ended.
func TestNotesOfRefusals(t *testing.T) {
	ask := map[int]string{
		3: "380000", 7: "1122160000", 11: "000099", 32: "100001", 37: "RRN000000001",
		90: "0200" + "000007" + "1122153000" + "00000100001" + "00000999999", 120: "1=CHKTXN",
	}
	short := dialect(t, "iso87-npci", 0)
	short.Spec = withoutNotes(t)
	for _, c := range []struct {
		d                *Dialect
		busy, note, asks string
	}{
		{dialect(t, "iso87-npci", 0), "BUSY", "TRY AGAIN IN 7 S", "TRY AGAIN IN 90 S"},
		{dialect(t, "iso87-ebcdic", 0), "BUSY", "TRY AGAIN IN 7 S", "TRY AGAIN IN 90 S"},
		{short, "", "", ""},
	} {
		i := c.d.Open()
		var ev payment.Event
		if in := i.Read(fields(t, c.d, 0x0200, pushFields()), &ev); in.Kind != translate.Request {
			t.Fatal(in)
		}
		for r, want := range map[translate.Refusal]string{translate.Busy: c.busy, translate.TryAgain(payment.Busy, 7e9): c.note} {
			b, err := i.RefuseRequest(nil, &ev, r)
			m := new(codec.Message)
			if err == nil {
				err = m.Parse(c.d.Spec, b)
			}
			if err != nil || m.MTI() != 0x0210 || string(m.Value(39)) != "96" || string(m.Value(44)) != want || string(m.Value(11)) != "000007" {
				t.Errorf("%s %+v: %v %v DE39 %s DE44 %q, want %q", c.d.Spec.Name(), r, err, m.MTI(), m.Value(39), m.Value(44), want)
			}
		}
		if in := i.Read(fields(t, c.d, 0x0100, ask), &ev); in.Kind != translate.Enquiry {
			t.Fatal(in)
		}
		b, ok := i.Refuse(nil, translate.TryAgain(payment.Pending, 90e9))
		m := new(codec.Message)
		if err := m.Parse(c.d.Spec, b); !ok || err != nil || m.MTI() != 0x0110 || string(m.Value(39)) != "09" ||
			string(m.Value(44)) != c.asks || string(m.Value(37)) != "RRN000000001" || m.Has(4) || m.Has(120) {
			t.Errorf("%s: an enquiry is told %v %v DE39 %s DE44 %q", c.d.Spec.Name(), err, m.MTI(), m.Value(39), m.Value(44))
		}
	}
}
