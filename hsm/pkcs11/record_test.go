//go:build pkcs11

package pkcs11

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/conform"
	"switchd/hsm/keyblock"
	"switchd/hsm/rule"
)

// TestRecord: what is written is read, with all that a key can have; what is no record is
// none, and no key.
func TestRecord(t *testing.T) {
	kcv, err := checkDigits("08D7B4")
	wants(t, "check value", err, nil)
	r := record{KeyInfo: hsm.KeyInfo{
		Ref: "zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.Exportable, State: hsm.StateActive,
		Version: 70, Rank: 2, KCV: kcv, Created: 1, Expires: 2,
	}, part: partTwice, before: 3}
	for n := range rule.PastMax + 1 {
		text := r.text(r.mark())
		got, ok := parse("zpk", text)
		if !ok || got.KeyInfo != r.KeyInfo || got.part != r.part || got.before != r.before || !slices.Equal(got.past, r.past) {
			t.Fatalf("%d: %s is read as %+v", n, text, got)
		}
		v, err := hsm.NewKCV([]byte{byte(n), 2, 3, 4, 5}[:3+2*(n&1)])
		wants(t, "check value", err, nil)
		r.past = append(r.past, v)
	}
	if _, ok := parse("zpk", r.text(r.mark())); ok {
		t.Error("there are too many past")
	}
	r.past = r.past[:2]
	for what, change := range map[string][2]string{
		"a tenth field": {"020304", "020304/1"}, "a past that is none": {"000203", "0002"}, "an empty past": {"000203,", ","},
		"no hexadecimal": {"08D7B4", "08D7BX"}, "no state": {"/A/", "//"}, "another": {"/A/", "/Q/"}, "version 0": {"/70/", "/0/"}, "a part too long": {"/2/08", "/22/08"},
	} {
		text := string(r.text(r.mark()))
		bad := strings.Replace(text, change[0], change[1], 1)
		if what == "a tenth field" {
			bad = text + "/1"
		}
		if got, ok := parse("zpk", []byte(bad)); ok || bad == text {
			t.Errorf("%s: %s is read as %+v", what, bad, got)
		}
	}
}

// TestKeysOfBeforeStayOut: a key that was retired or destroyed does not come back, to
// another process neither, until the name has no key at all; keys that were retired give
// room for others.
func TestKeysOfBeforeStayOut(t *testing.T) {
	l := newLab(t)
	m := l.open(t)
	zmk := conform.Protect(t, m, "zmk")
	brings := func(m *Module, n byte, replace bool) error {
		t.Helper()
		block, err := keyblock.Wrap(zmk, keyblock.Header{Version: 'D', Usage: hsm.MACAlg5, Algorithm: hsm.AES, Mode: hsm.MACBothWays, KeyVersion: "00", Export: hsm.Exportable},
			hsm.NewSecret(append(make([]byte, 15), n)), rand.Reader)
		wants(t, "wrap", err, nil)
		_, err = m.ImportKey(ctx, hsm.Import{As: "zak", Under: "zmk", Block: block, Want: []hsm.Usage{hsm.MACAlg5}, Replace: replace, Overlap: time.Minute})
		return err
	}
	for n := byte(1); n <= 3; n++ {
		wants(t, "a new key", brings(m, n, n > 1), nil)
		l.clock.advance(time.Hour) // the one before is over, and destroyed by the next
	}
	wants(t, "again", brings(m, 3, true), nil)
	wants(t, "retire", m.Retire(ctx, hsm.KeyVersion{Ref: "zak", Number: 3}), nil)
	refused := func(when string) {
		t.Helper()
		for _, m := range []*Module{m, l.open(t)} {
			for n := byte(1); n <= 3; n++ {
				wants(t, when, brings(m, n, false), hsm.ErrDenied)
			}
		}
	}
	refused("retired")
	wants(t, "another key", brings(m, 4, false), nil)
	wants(t, "delete", m.Delete(ctx, hsm.KeyVersion{Ref: "zak", Number: 3}), nil)
	wants(t, "retire", m.Retire(ctx, hsm.KeyVersion{Ref: "zak", Number: 4}), nil)
	refused("deleted")

	all, err := m.List(ctx)
	wants(t, "list", err, nil)
	for _, i := range slices.Backward(all) {
		if i.Ref == "zak" {
			wants(t, "delete", m.Delete(ctx, hsm.KeyVersion{Ref: "zak", Number: i.Version}), nil)
		}
	}
	wants(t, "a name without a key", brings(m, 1, false), nil)

	for n := byte(2); n <= hsm.KeyVersionsMax; n++ {
		wants(t, "while all read", brings(m, n, true), nil)
	}
	wants(t, "there are too many", brings(m, 100, true), hsm.ErrDenied)
	wants(t, "retire", m.Retire(ctx, hsm.KeyVersion{Ref: "zak", Number: 5}), nil)
	wants(t, "one is retired", brings(m, 100, true), nil)
	wants(t, "it gave room", brings(m, 5, true), hsm.ErrDenied)
}
