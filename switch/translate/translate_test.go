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
