package iso8583

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// TestNothingSecretIsShown looks at every text that people get of messages with
// a card number, tracks, a PIN block and a chip's data: no digits of them may
// show but the first 6 and last 4 of the number.
func TestNothingSecretIsShown(t *testing.T) {
	const pan, track1 = "5413330089020011", "B5413330089020011^DOE/JANE^30121010000012345"
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		var w Writer
		w.Begin(s, nil, 0x0100)
		w.SetString(2, pan)
		w.SetString(34, pan)
		w.SetString(35, pan+"=30121010000012345")
		w.SetString(36, "01"+pan+"=30121010000012345")
		w.SetString(45, track1)
		w.Set(52, []byte{0x54, 0x13, 0x33, 0x00, 0x89, 0x02, 0x00, 0x11})
		chip, _ := hex.DecodeString("5a085413330089020011" + "570f5413330089020011d3012101000001" + "9f0206000000012345" + "9f20035413ff" + "990400008902")
		w.Set(55, chip)
		b, err := w.Finish()
		var m Message
		if err == nil {
			err = m.Parse(s, b)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var shown strings.Builder
		for _, f := range m.Fields() {
			fmt.Fprintln(&shown, f.Path, f.Text(), f.RawText())
		}
		// In each encoding that a dialect may use.
		for _, secret := range []string{"0089", "30303839", "f0f0f8f9", "doe", "444f45", "c4d6c5", "3012", "33303132", "f3f0f1f2", "5413ff"} {
			if strings.Contains(strings.ToLower(shown.String()), secret) {
				t.Errorf("%s shows %q:\n%s", name, secret, shown.String())
			}
		}
		for _, open := range []string{"541333******0011", "9F02=000000012345"} {
			if !strings.Contains(shown.String(), open) {
				t.Errorf("%s hides %q:\n%s", name, open, shown.String())
			}
		}
	}
}

// TestTemplatesAreTakenApart: what a template of DE55 holds is masked as if it stood
// alone, at any depth; what cannot be taken apart is not shown.
func TestTemplatesAreTakenApart(t *testing.T) {
	const pan, name = "5a085413330089020011", "5f2003444f45"
	wrap := func(tag, inner string) string { return fmt.Sprintf("%s%02x%s", tag, len(inner)/2, inner) }
	deep := pan
	for range 40 {
		deep = wrap("70", deep)
	}
	for chip, want := range map[string]string{
		wrap("70", pan+name+"9f3602002a"): "70=5A=541333******0011 5F20=******** 9F36=002A",
		wrap("77", wrap("70", pan)):       "77=70=5A=541333******0011",
		wrap("70", "5a08541333008902"):    "70=********", // cut off
		wrap("bf0c", pan) + "9c0100":      "BF0C=5A=541333******0011 9C=00",
		wrap("70", ""):                    "70=",
		deep:                              "70=70=70=70=********",
		wrap("71", pan):                   "71=5A=541333******0011", // the built-in specs list it
	} {
		s := mustBuiltin(t, "iso87-npci")
		raw, err := hex.DecodeString(chip)
		if err != nil {
			t.Fatal(err)
		}
		var w Writer
		w.Begin(s, nil, 0x0100)
		w.Set(55, raw)
		b, err := w.Finish()
		var m Message
		if err != nil || m.Parse(s, b) != nil {
			t.Fatal(err)
		}
		fields := m.Fields()
		last := fields[len(fields)-1]
		if got := last.Text(); got != want {
			t.Errorf("%s:\n%s\nwant %s", chip, got, want)
		}
		if shown := last.RawText(); len(shown) != 2*len(last.Raw) || strings.Contains(shown, "0089") || strings.Contains(shown, "444F45") {
			t.Errorf("%s: %s", chip, shown)
		}
	}
}

// TestCompositeTemplates: a template that a spec lists with subfields of its own
// hides what these do not name.
func TestCompositeTemplates(t *testing.T) {
	const tags = `"tag": {"enc": "BerTLVTag", "sort": "StringsByHex", "skipUnknownTLVTags": true, "storeUnknownTLVTags": true}`
	s := mustLoad(t, `"55": {"type": "Composite", "length": 255, "prefix": "ASCII.LLL", `+tags+`, "subfields": {
		"70": {"type": "Composite", "length": 255, "prefix": "BerTLV", `+tags+`, "subfields": {
			"9C": {"type": "Binary", "length": 1, "enc": "Binary", "prefix": "BerTLV"}}}}}`)
	var m Message
	if err := m.Parse(s, bytesOf(t, `"0200" 0000000000000200 "015" 700d 9c0100 5a085413330089020011`)); err != nil {
		t.Fatal(err)
	}
	fields := m.Fields()
	if got := fields[len(fields)-1].Text(); got != "70=9C=00 5A=541333******0011" {
		t.Error(got)
	}
}

// TestFieldsCoverTheMessage: the fields stand one after another, from the first
// byte to the last, and subfields inside of them.
func TestFieldsCoverTheMessage(t *testing.T) {
	for _, name := range BuiltinNames() {
		s := mustBuiltin(t, name)
		for _, mti := range sampleTypes(s) {
			b := sampleMessage(t, s, mti)
			var m Message
			if err := m.Parse(s, b); err != nil {
				t.Fatal(err)
			}
			at := 0
			for _, f := range m.Fields() {
				if f.Offset != at || f.Description == "" || f.Format == "" || !f.Known {
					t.Errorf("%s %s: %s at %d, want %d: %+v", name, mti, f.Path, f.Offset, at, f)
				}
				at += len(f.Raw)
				for _, sub := range f.Fields {
					if sub.Offset < f.Offset || sub.Offset+len(sub.Raw) > at {
						t.Errorf("%s %s: %s is outside of its element", name, mti, sub.Path)
					}
				}
			}
			if at != len(b) {
				t.Errorf("%s %s: %d of %d bytes", name, mti, at, len(b))
			}
		}
	}
}

// TestFieldsBeforeABadOne are what people see of a broken message.
func TestFieldsBeforeABadOne(t *testing.T) {
	s := mustBuiltin(t, "iso87-npci")
	for text, want := range map[string]string{
		`"02"`:                    "",
		`"0200" 00`:               "0",
		`"0200" 2020000000000000`: "0 1",
		`"0200" 2020000000000000 "401000" "00004x"`: "0 1 3",
		`"0200" 0020000000000000 "000042" "x"`:      "0 1 11",
		// The place of DE11 depends on what was taken for DE4.
		`"0200" 3020000000000000 "401000" "00000000000x" "000042"`: "0 1 3",
	} {
		var m Message
		if m.Parse(s, bytesOf(t, text)) == nil {
			t.Errorf("%s parses", text)
		}
		var paths []string
		for _, f := range m.Fields() {
			paths = append(paths, f.Path)
		}
		if got := strings.Join(paths, " "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestTagsAreMaskedAsTheirElement: the stricter of both masks counts.
func TestTagsAreMaskedAsTheirElement(t *testing.T) {
	for mask, want := range map[string]string{
		"none": "001=541333******0011 002=plain 500=other",
		"pan":  "001=541333******0011 002=***** 500=*****",
		"all":  "001=******** 002=******** 500=********",
	} {
		s := mustLoad(t, `"48": {"type": "Composite", "length": 99, "prefix": "ASCII.LL", "class": "ans", "mask": "`+mask+`",
			"tag": {"length": 3, "enc": "ASCII", "sort": "StringsByInt", "skipUnknownTLVTags": true, "prefUnknownTLV": "ASCII.LLL"}, "subfields": {
			"001": {"type": "String", "length": 19, "enc": "ASCII", "prefix": "ASCII.LLL", "mask": "pan"},
			"002": {"type": "String", "length": 19, "enc": "ASCII", "prefix": "ASCII.LLL"}}}`)
		var m Message
		if err := m.Parse(s, bytesOf(t, `"0200" 0000000000010000 "44" "0010165413330089020011" "002005plain" "500005other"`)); err != nil || !s.Tagged(48) {
			t.Fatal(err)
		}
		fields := m.Fields()
		if got := fields[len(fields)-1].Text(); got != want {
			t.Errorf("%s: %s, want %s", mask, got, want)
		}
	}
}

func TestMasks(t *testing.T) {
	for _, c := range []struct {
		mask        Mask
		value, want string
	}{
		{MaskNone, "123", "123"},
		{MaskPAN, "4111111111111111", "411111******1111"},
		{MaskPAN, "4111111111111", "411111***1111"},
		{MaskPAN, "411111111111", "************"},
		{MaskPAN, "", ""},
		{MaskTrack, "4111111111111111=3012101", "411111******1111********"},
		{MaskTrack, "B4111111111111111^A B", "B411111******1111****"},
		{MaskTrack, "^", "*"},
		{MaskAll, "1", "********"},
		{MaskEMV, "1", "********"},
		{Mask(99), "1", "********"},
	} {
		if got := string(c.mask.Append(nil, []byte(c.value))); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.mask, c.value, got, c.want)
		}
	}
	if s := mustBuiltin(t, "iso87-npci"); s.Mask(35) != MaskTrack || s.Mask(4) != MaskNone || s.Mask(129) != MaskNone {
		t.Error("masks of the spec")
	}
	for name, mask := range maskNames {
		if mask.String() != name {
			t.Errorf("%s is %s", name, mask)
		}
	}
}

func TestTracks(t *testing.T) {
	show := func(t Track, ok bool) string {
		if !ok {
			return "no track"
		}
		return fmt.Sprintf("%s|%s|%c|%s|%s|%s|%s", t.FormatCode, t.PAN, t.Separator, t.Name, t.Expiry, t.ServiceCode, t.Discretionary)
	}
	for _, c := range []struct {
		track func([]byte) (Track, bool)
		value string
		want  string
	}{
		{ParseTrack1, "B4111111111111111^DOE/J^3012101123", "B|4111111111111111|^|DOE/J|3012|101|123"},
		{ParseTrack1, "B4111^DOE^^^x", "B|4111|^|DOE|||x"},
		{ParseTrack1, "B4111^DOE", "no track"},
		{ParseTrack1, "4111^DOE^3012101", "no track"},
		{ParseTrack1, "", "no track"},
		{ParseTrack2, "4111111111111111=3012101123", "|4111111111111111|=||3012|101|123"},
		{ParseTrack2, "4111111111111111D3012101", "|4111111111111111|D||3012|101|"},
		{ParseTrack2, "4111==1011", "|4111|=|||101|1"},
		{ParseTrack2, "4111=30121", "no track"},
		{ParseTrack2, "41111111111111111111=3012101", "no track"},
		{ParseTrack2, "=3012101", "no track"},
		{ParseTrack2, "4111", "no track"},
		{ParseTrack3, "014111111111111111=724724", "01|4111111111111111|=||||724724"},
		{ParseTrack3, "0", "no track"},
		{ParseTrack3, "x1411=1", "no track"},
		{ParseTrack3, "01=1", "no track"},
	} {
		if got := show(c.track([]byte(c.value))); got != c.want {
			t.Errorf("%q: %s, want %s", c.value, got, c.want)
		}
	}
}
