package iso20022

import (
	"strings"
	"testing"
)

// TestAppendUnknown names what a schema does not know, whether the message is refused
// for it or not, and shows no number that a name may hold.
func TestAppendUnknown(t *testing.T) {
	const inside = "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/Dbtr/"
	for _, c := range []struct {
		name, place, wild, want string
	}{
		{"all known", "A", "", ""},
		{"an extension", "A", plainWild, "extension a\n"},
		{"inside of an extension", "A", `<a xmlns="urn:a"><b/></a>`, "extension a\n"},
		{"an element", "A</Nm><LoyaltyId>secret</LoyaltyId><Nm>", plainWild, inside + "LoyaltyId\n"},
		{"an element with prefix", `A</Nm><x:Id2 xmlns:x="urn:x">secret</x:Id2><Nm>`, plainWild, inside + "Id2\n"},
		{"a known element at the wrong place", "A</Nm><Id></Id><Nm>A</Nm><Nm>", plainWild, ""},
		{"a number", "A</Nm><N4111111111111111v123/><Nm>", plainWild, inside + "N411#############v123\n"},
		{"a long name", "A</Nm><" + strings.Repeat("Ab", 100) + "/><Nm>", plainWild, inside + strings.Repeat("Ab", nameBytesMax/2) + "\n"},
	} {
		var m Message
		text := message("", c.place, c.wild)
		if c.wild == "" {
			text = []byte(strings.Replace(string(text), "<SplmtryData><Envlp></Envlp></SplmtryData>", "", 1))
		}
		for range 2 { // a Message is used again
			_ = m.Parse(nil, text)
			if got := string(m.AppendUnknown([]byte("before "))); got != "before "+c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		if err := m.Parse(nil, message("", "A", plainWild)); err != nil || string(m.AppendUnknown(nil)) != "extension a\n" {
			t.Errorf("after %s: %v %q", c.name, err, m.AppendUnknown(nil))
		}
	}
	if got := new(Message).AppendUnknown(nil); got != nil {
		t.Errorf("before any message: %q", got)
	}
}

func TestAppendUnknownDoesNotAllocate(t *testing.T) {
	var m Message
	text, dst := message("", "A", plainWild), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		if err := m.Parse(nil, text); err != nil || len(m.AppendUnknown(dst)) == 0 {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
