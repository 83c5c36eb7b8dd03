package iso20022

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	moov "github.com/moov-io/iso20022/pkg/document"
)

// plain008 is a pacs.008 of the part of the schema that moov-io/iso20022 handles:
// no choice beside a member number, an account number that is no IBAN.
var plain008 = strings.NewReplacer(`<ClrSysId><Cd>INFSC</Cd></ClrSysId>`, "", `<Prxy><Tp><Prtry>VPA</Prtry></Tp><Id>bob@bankb</Id></Prxy>`, "",
	`<PmtTpInf><LclInstrm><Prtry>PUSH</Prtry></LclInstrm></PmtTpInf>`, "").Replace(creditTransfer)

// moovAccepts asks the library: it must read the message and find it valid.
func moovAccepts(text string) error {
	d, err := moov.ParseIso20022Document([]byte(text))
	if err != nil {
		return err
	}
	return d.Validate()
}

// TestMoovVerdicts lists where the library and we differ, and that xmllint's side
// is ours: all of these are judged by the schema in the other tests. If one of
// them changes, the library has.
func TestMoovVerdicts(t *testing.T) {
	const remittance = "<RmtInf>"
	for _, c := range []struct {
		name, old, new string
		ours, moov     bool
	}{
		{"as it is", "", "", true, true},
		{"a clearing system by its code", "<ClrSysMmbId><MmbId>BNKA0000001", "<ClrSysMmbId><ClrSysId><Cd>INFSC</Cd></ClrSysId><MmbId>BNKA0000001", true, true},
		{"no end-to-end id", "<EndToEndId>E2E0000000000000001</EndToEndId>", "", false, false},
		{"an id too long", "E2E0000000000000001", strings.Repeat("E", 36), false, false},
		{"an unknown code", "SLEV", "SLEX", false, false},
		{"a UETR of capitals", "8a562c67-ca16-48ba-b074-65581be6f011", "8A562C67-CA16-48BA-B074-65581BE6F011", false, false},
		{"not ended", "</Document>", "", false, false},

		// Valid, and the library refuses it: it does not know choices.
		{"an IBAN", "<Othr><Id>2000000001</Id></Othr>", "<IBAN>GB29NWBK60161331926819</IBAN>", true, false},
		{"a purpose by its code", remittance, "<Purp><Cd>SALA</Cd></Purp>" + remittance, true, false},
		{"a proxy's type by its code", "</Id></CdtrAcct>", "</Id><Prxy><Tp><Cd>TELE</Cd></Tp><Id>x</Id></Prxy></CdtrAcct>", true, false},
		// Valid, and it cannot read it: prefixes.
		{"prefixes", "PREFIXES", "", true, false},

		// Invalid, and the library accepts it.
		{"no debtor", "<Dbtr><Nm>Alice &amp; Sons</Nm></Dbtr>", "", false, true},
		{"an unknown element", remittance, "<Unknown>x</Unknown>" + remittance, false, true},
		{"the wrong order", "<InstrId>BNKA20260102000001</InstrId><EndToEndId>E2E0000000000000001</EndToEndId>",
			"<EndToEndId>E2E0000000000000001</EndToEndId><InstrId>BNKA20260102000001</InstrId>", false, true},
		{"an element twice", "<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>SLEV</ChrgBr><ChrgBr>SLEV</ChrgBr>", false, true},
		{"a negative amount", "1234.50", "-1234.50", false, true},
		{"seven decimals", "1234.50", "1234.5012345", false, true},
		{"an amount with an exponent", "1234.50", "1e3", false, true},
		{"a currency of four letters", `"INR"`, `"INRX"`, false, true},
		{"a BIC inside of other letters", "<ClrSysMmbId><MmbId>BNKB0000001</MmbId></ClrSysMmbId>", "<BICFI>zzDEUTDEFFzzzzz</BICFI>", false, true},
		{"text between elements", remittance, "x" + remittance, false, true},
		{"a comment", remittance, "<!-- -->" + remittance, false, true}, // valid, but not of our subset
	} {
		text := strings.Replace(plain008, c.old, c.new, 1)
		switch {
		case c.old == "PREFIXES":
			text = withPrefixes(plain008)
		case c.old != "" && text == plain008:
			t.Fatalf("%s: nothing was changed", c.name)
		}
		ours, theirs := new(Message).Parse(nil, []byte(text)), moovAccepts(text)
		if (ours == nil) != c.ours || (theirs == nil) != c.moov {
			t.Errorf("%s: we say %v, moov says %v", c.name, ours, theirs)
		}
	}
}

// TestMoovValues reads messages of every definition that both know with both, and
// compares each text of each field of the profile. Amounts are compared as far as
// a float goes; times are left out, as the library drops their zones.
func TestMoovValues(t *testing.T) {
	p := mustProfile(t, "ips-base")
	known, compared := 0, 0
	var w Writer
	var m Message
	for _, d := range Definitions() {
		if _, err := moov.NewDocument(d.Namespace()); err != nil || !p.Accepts(d) || d == p.Header() {
			continue
		}
		b := writeSample(t, &w, p, d, everything)
		if err := m.Parse(p, b); err != nil {
			t.Fatal(err)
		}
		doc, err := moov.ParseIso20022Document(m.Document())
		if err != nil {
			t.Errorf("%s: moov says %v", d.Name, err)
			continue
		}
		known++
		for _, place := range p.Places(d) {
			if !m.Has(place.Field) {
				continue
			}
			theirs, ok := moovValue(reflect.ValueOf(doc.InspectMessage()), strings.Split(place.Path, "/")[2:])
			if !ok {
				continue
			}
			compared++
			if ours := string(m.Text(place.Field)); !sameValue(ours, theirs) {
				t.Errorf("%s %s: we read %q, moov %q", d.Name, place.Path, ours, theirs)
			}
		}
	}
	if known < 15 || compared < 150 {
		t.Errorf("%d values of %d messages prove too little", compared, known)
	}
	t.Logf("%d values of %d messages are the same", compared, known)
}

// moovValue follows a path of element names through the library's structs. It is
// not ok where that ends in something other than text or a number.
func moovValue(v reflect.Value, path []string) (text string, ok bool) {
	for {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if v.IsNil() {
				return "", true
			}
			v = v.Elem()
			continue
		case reflect.Slice:
			if v.Len() == 0 {
				return "", false
			}
			v = v.Index(0)
			continue
		}
		if len(path) == 0 {
			break
		}
		name, later, _ := strings.Cut(strings.TrimPrefix(path[0], "@"), "[")
		if v.Kind() != reflect.Struct || later != "" {
			return "", false
		}
		if v = v.FieldByName(name); !v.IsValid() {
			return "", false
		}
		path = path[1:]
	}
	if v.Kind() == reflect.Struct && v.FieldByName("Value").IsValid() {
		v = v.FieldByName("Value")
	}
	switch v.Kind() {
	case reflect.String, reflect.Float64, reflect.Bool:
		return fmt.Sprint(v.Interface()), true
	}
	return "", false
}

func sameValue(ours, theirs string) bool {
	if ours == theirs {
		return true
	}
	a, errA := strconv.ParseFloat(ours, 64)
	b, errB := strconv.ParseFloat(theirs, 64)
	return errA == nil && errB == nil && a == b
}
