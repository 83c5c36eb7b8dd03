package translate

import (
	"strings"
	"testing"

	"switchd/switch/payment"
)

func TestAddressSyntax(t *testing.T) {
	for in, want := range map[string]bool{
		"a@bc": true, "A.b-c_9@Bank1": true, "9@bank": true, "a@b": false, "@bank": false, "a@": false, "": false,
		"a@9bank": false, ".a@bank": false, "a b@bank": false, "a@ba.nk": false, "a@@bank": false, "a@b@c": false,
		"é@bank": false, strings.Repeat("a", 191) + "@" + strings.Repeat("b", 63): true,
		strings.Repeat("a", 200) + "@" + strings.Repeat("b", 64): false, "a@" + strings.Repeat("b", 65): false,
	} {
		got, ok := AppendVPA(nil, []byte(in))
		if ok != want || (ok && string(got) != strings.ToLower(in)) {
			t.Errorf("%q: %q %v, want %v", in, got, ok, want)
		}
	}
}

// TestEveryOutcomeCanBeTold: whatever the machine decides has a row, and its text
// leaves room for a bank's code in DE44.
func TestEveryOutcomeCanBeTold(t *testing.T) {
	for _, o := range payment.Outcomes() {
		if o == payment.Unreadable {
			continue // never told to anybody
		}
		if int(o) >= len(outcomes) || len(outcomes[o].Code) != 2 || outcomes[o].UPI == "" {
			t.Errorf("%v has no row", o)
			continue
		}
		if r := outcomes[o]; len(r.Text)+3 > NoteBytesMax || len(r.UPI) > 4 || (r.Text == "") != (o == payment.OK) {
			t.Errorf("%v: %+v", o, r)
		}
	}
}

func TestReferencesComeBack(t *testing.T) {
	seen := map[[12]byte]bool{}
	for _, id := range []payment.ID{1, 2, 31, 32, 1 << 40, 1<<57 - 1} {
		for _, leg := range []payment.Leg{payment.LegResolve, payment.LegDebit, payment.LegCredit} {
			ref := Reference(id, leg)
			gotID, gotLeg, ok := ParseReference(ref[:])
			if !ok || gotID != id || gotLeg != leg || seen[ref] {
				t.Errorf("%d %v: %s reads as %d %v %v", id, leg, ref, gotID, gotLeg, ok)
			}
			seen[ref] = true
		}
		if Reference(id, payment.LegReversal) != Reference(id, payment.LegDebit) || Reference(id, payment.LegAdvice) != Reference(id, payment.LegCredit) {
			t.Errorf("%d: a repair does not bear the reference of its original", id)
		}
	}
	for _, bad := range []string{"", "00000000000", "0000000000000", "00000000000i", "00000000000-"} {
		if _, _, ok := ParseReference([]byte(bad)); ok {
			t.Errorf("%q is no reference of ours", bad)
		}
	}
	if id := SwitchID(0xabc); string(id[:]) != "SWD00000000000000000000000000000abc" {
		t.Errorf("switch id %s", id)
	}
}

// TestEveryOutcomeHasAReason is the same for ISO 20022: a no has a reason, of
// ISO's list or of ours, within the four characters of a code.
func TestEveryOutcomeHasAReason(t *testing.T) {
	for _, o := range payment.Outcomes() {
		if o == payment.Unreadable {
			continue
		}
		if int(o) >= len(reasons) || len(reasons[o].Status) != 4 {
			t.Errorf("%v has no row", o)
			continue
		}
		r := reasons[o]
		if r.Status == "RJCT" && (r.Code == "") == (r.Proprietary == "") {
			t.Errorf("%v: want one reason: %+v", o, r)
		}
		if r.Code != "" && len(r.Code) != 4 || len(r.Proprietary) > 4 {
			t.Errorf("%v: %+v", o, r)
		}
		for _, code := range []string{r.Code, r.Proprietary} {
			if pair, known := reasonCodes[code]; known && (pair[PayerSide] == payment.OK || pair[PayeeSide] == payment.OK) {
				t.Errorf("%s reads as a yes", code)
			}
		}
	}
}

func TestSwitchIDsComeBack(t *testing.T) {
	for _, id := range []payment.ID{0, 1, 0xabc, 1<<64 - 1} {
		text := SwitchID(id)
		if got, ok := ParseSwitchID(text[:]); !ok || got != id {
			t.Errorf("%s reads as %d %v", text, got, ok)
		}
	}
	for _, bad := range []string{"", "SWD", "SWD1000000000000000000000000000000a", "SWD0000000000000000000000000000000G", "XWD00000000000000000000000000000001"} {
		if _, ok := ParseSwitchID([]byte(bad)); ok {
			t.Errorf("%q is no id of ours", bad)
		}
	}
}

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{
		"Asha": "Asha", "Müller & Söhne": "Mueller & Soehne", "José Ñandú": "Jose Nandu", "Łódź": "Lodz", "Straße": "Strasse",
		"line\nbreak\ttab": "line break tab", "नमस्ते": "??????", "a\xffb": "a?b", "10 €": "10 EUR", "\x00": "?", "Jose\u0301": "Jose", "u\u0308": "u", "“x”–y": `"x"-y`,
	} {
		got := AppendASCII(nil, []byte(in))
		if string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if !IsASCII(got) {
			t.Errorf("%q: %q is not printable ASCII", in, got)
		}
	}
	for i, p := range latin {
		if r := rune(latinFirst + i); p == "" {
			t.Errorf("%c (%U) has no plain form", r, r)
		}
	}
}

// TestDuplicatesProveNothing: whatever a bank calls one, the first may have been
// posted.
func TestDuplicatesProveNothing(t *testing.T) {
	for _, code := range []string{"AM05", "DU01", "DU02", "DU03", "DU04", "DU05", "DUPL"} {
		for _, side := range []Side{PayerSide, PayeeSide} {
			if got := ReadReason([]byte(code), side); got != payment.Duplicate {
				t.Errorf("%s: %v", code, got)
			}
		}
	}
}

// TestTryAgain: in whole seconds, never none, and it fits DE44.
func TestTryAgain(t *testing.T) {
	for after, want := range map[int64]string{
		-1: "TRY AGAIN IN 1 S", 0: "TRY AGAIN IN 1 S", 1: "TRY AGAIN IN 1 S", 1e9: "TRY AGAIN IN 1 S", 1e9 + 1: "TRY AGAIN IN 2 S",
		90e9: "TRY AGAIN IN 90 S", 1 << 62: "TRY AGAIN IN 90 S",
	} {
		if got := TryAgain(payment.Busy, after); got != (Refusal{payment.Busy, want}) || len(got.Note) > NoteBytesMax {
			t.Errorf("after %d ns: %+v, want %q", after, got, want)
		}
	}
}
