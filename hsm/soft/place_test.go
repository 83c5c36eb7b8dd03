package soft

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/pinblock"
	"switchd/hsm/rule"
	"switchd/hsm/symmetric"
)

// partner is a module with a protection key, and a partner who has it too.
type partner struct {
	*Module
	zmk hsm.Secret
	at  *int64
}

func withPartner(t testing.TB, m *Module) partner {
	t.Helper()
	at := int64(1_000)
	m.o.Clock = func() int64 { return at }
	p := partner{Module: m, zmk: hsm.NewSecret(bytes.Repeat([]byte{9}, 32)), at: &at}
	_, err := m.keep(ctx, mustKey(t, hsm.KeyInfo{Ref: "zmk", Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable, Origin: hsm.OriginFile}, p.zmk.Reveal()), false, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func inMemory(t testing.TB) partner {
	t.Helper()
	m, err := New(Options{Clock: func() int64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	return withPartner(t, m)
}

func mustKey(t testing.TB, i hsm.KeyInfo, b []byte) *key {
	t.Helper()
	k, err := newKey(i, formSymmetric, hsm.CopySecret(b))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// number makes keys that are told apart by a number.
func number(n byte) []byte { return append(bytes.Repeat([]byte{n}, 15), 0x55) }

// brings has the partner bring a key, for PINs unless the name is "data".
func (p partner) brings(t testing.TB, as hsm.KeyRef, key []byte, replace bool) (hsm.KeyInfo, error) {
	t.Helper()
	h := keyblock.Header{Version: 'D', Usage: hsm.PINEncryption, Algorithm: hsm.AES, Mode: hsm.BothWays, KeyVersion: "00", Export: hsm.Exportable}
	if as == "data" {
		h.Usage = hsm.DataEncryption
	}
	block, err := keyblock.Wrap(p.zmk, h, hsm.NewSecret(key), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p.ImportKey(ctx, hsm.Import{As: as, Under: "zmk", Block: block, Want: []hsm.Usage{h.Usage}, Replace: replace, Overlap: time.Minute})
}

func (p partner) good(t testing.TB) func(hsm.KeyInfo, error) hsm.KeyInfo {
	return func(i hsm.KeyInfo, err error) hsm.KeyInfo {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
}

func denied(t testing.TB, what string, _ hsm.KeyInfo, err error) {
	t.Helper()
	if !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("%s: %v", what, err)
	}
}

// TestEqualKeysCountAsOne: a file of before this rule may have one key twice under a name.
// Its PIN blocks are read; those that two keys read differently are not.
func TestEqualKeysCountAsOne(t *testing.T) {
	p := inMemory(t)
	info := hsm.KeyInfo{Ref: "zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.Exportable, State: hsm.StateActive, Version: 2}
	active := mustKey(t, info, number(0x23))
	info.State, info.Version, info.Until = hsm.StateOld, 1, 1<<40
	parity := number(0x23)
	parity[3] ^= 1
	p.keys["zpk"] = []*key{active, mustKey(t, info, parity)}

	pin, err := pinblock.ParsePIN([]byte("4711"))
	if err != nil {
		t.Fatal(err)
	}
	account, err := pinblock.ParseAccount([]byte("4012345678909"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []hsm.PINFormat{hsm.ISO0, hsm.ISO1} {
		block := make([]byte, 8)
		if err := pinblock.Encrypt(block, &pin, pinblock.Binding{Format: f, Key: active.block, Account: account}, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if _, err := p.TranslatePIN(ctx, hsm.Translation{
			In: "zpk", Out: "zpk", Change: hsm.FormatChange{From: f, To: hsm.ISO0, Device: f == hsm.ISO1}, Block: hsm.NewSecret(block), Account: hsm.NewSecret([]byte("4012345678909")),
		}); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// TestAgainChangesNothing: the active key brought again leaves the file as it is, and what
// is known of the key.
func TestAgainChangesNothing(t *testing.T) {
	o := withKey(t)
	p := withPartner(t, created(t, o))
	p.good(t)(p.brings(t, "zpk", number(1), false))
	p.good(t)(p.brings(t, "zpk", number(2), true))
	before, list := read(t, o.Path), listed(t, p.Module)
	*p.at += 5
	if i := p.good(t)(p.brings(t, "zpk", number(2), true)); i != list[1] || i.Version != 2 || i.Ref != "zpk" {
		t.Errorf("%+v, not %+v", i, list[1])
	}
	if !bytes.Equal(read(t, o.Path), before) {
		t.Error("the file was written")
	}
	_, err := p.brings(t, "zpk", number(2), false)
	denied(t, "without Replace", hsm.KeyInfo{}, err)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKeysOfBeforeStayOut: a key that was replaced, retired or destroyed does not come
// back, after a restart neither, until the name has no key at all.
func TestKeysOfBeforeStayOut(t *testing.T) {
	o := withKey(t)
	p := withPartner(t, created(t, o))
	for n := byte(1); n <= 4; n++ {
		p.good(t)(p.brings(t, "zpk", number(n), n > 1))
		*p.at += int64(time.Hour) // each before it is over, and destroyed by the next
	}
	for _, version := range []uint32{4, 3} {
		if err := p.Retire(ctx, hsm.KeyVersion{Ref: "zpk", Number: version}); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(when string) {
		t.Helper()
		for n := byte(1); n <= 4; n++ {
			_, err := p.brings(t, "zpk", number(n), false)
			denied(t, when, hsm.KeyInfo{}, err)
		}
	}
	refused("retired")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	m.o.Clock = p.o.Clock
	p.Module = m
	refused("after a restart")
	if err := p.Delete(ctx, hsm.KeyVersion{Ref: "zpk", Number: 4}); err != nil {
		t.Fatal(err)
	}
	refused("deleted, the newest first")
	p.good(t)(p.brings(t, "zpk", number(5), false))
	if ring := p.keys["zpk"]; len(ring) != 2 || len(ring[0].past) != 3 || len(ring[1].past) != 0 {
		t.Errorf("%d keys, the newest remembers %d", len(ring), len(ring[0].past))
	}
	if err := p.Delete(ctx, hsm.KeyVersion{Ref: "zpk", Number: 3}); err != nil {
		t.Fatal(err)
	}
	if err := p.Retire(ctx, hsm.KeyVersion{Ref: "zpk", Number: 4}); err != nil { // the number of the newest, which was deleted
		t.Fatal(err)
	}
	refused("deleted")
	if err := p.Delete(ctx, hsm.KeyVersion{Ref: "zpk", Number: 4}); err != nil {
		t.Fatal(err)
	}
	p.good(t)(p.brings(t, "zpk", number(1), false))
}

// TestRetiredKeysGiveRoom: of a name that has all the keys it may have, the oldest that is
// retired goes, and no other; of keys for data at rest none.
func TestRetiredKeysGiveRoom(t *testing.T) {
	p := inMemory(t)
	for _, as := range []hsm.KeyRef{"zpk", "data"} {
		for n := byte(1); n <= hsm.KeyVersionsMax; n++ {
			p.good(t)(p.brings(t, as, number(n), n > 1))
		}
		_, err := p.brings(t, as, number(100), true)
		denied(t, "all read", hsm.KeyInfo{}, err)
		for _, version := range []uint32{7, 5} {
			if err := p.Retire(ctx, hsm.KeyVersion{Ref: as, Number: version}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.good(t)(p.brings(t, "zpk", number(100), true))
	if _, k := p.keys.find(hsm.KeyVersion{Ref: "zpk", Number: 5}); k != nil || len(p.keys["zpk"]) != hsm.KeyVersionsMax {
		t.Errorf("%d keys", len(p.keys["zpk"]))
	}
	_, err := p.brings(t, "zpk", number(5), true)
	denied(t, "the one that gave room", hsm.KeyInfo{}, err)
	p.good(t)(p.brings(t, "zpk", number(101), true))
	_, err = p.brings(t, "zpk", number(102), true)
	denied(t, "none is retired any more", hsm.KeyInfo{}, err)

	_, err = p.brings(t, "data", number(100), true)
	denied(t, "data at rest", hsm.KeyInfo{}, err)
	if len(p.keys["data"]) != hsm.KeyVersionsMax {
		t.Errorf("%d keys", len(p.keys["data"]))
	}
	if err := p.Delete(ctx, hsm.KeyVersion{Ref: "data", Number: 5}); err != nil {
		t.Fatal(err)
	}
	p.good(t)(p.brings(t, "data", number(100), true))

	for n := byte(1); n <= hsm.KeyVersionsMax; n++ {
		p.good(t)(p.brings(t, "newest", number(n), n > 1))
	}
	if err := p.Retire(ctx, hsm.KeyVersion{Ref: "newest", Number: hsm.KeyVersionsMax}); err != nil {
		t.Fatal(err)
	}
	if i := p.good(t)(p.brings(t, "newest", number(100), false)); i.Version != hsm.KeyVersionsMax+1 || len(p.keys["newest"]) != hsm.KeyVersionsMax {
		t.Errorf("%+v of %d keys", i, len(p.keys["newest"]))
	}
}

// TestOldestAreForgottenFirst: of keys that end at once the newest is remembered longest.
func TestOldestAreForgottenFirst(t *testing.T) {
	p := inMemory(t)
	var want []hsm.KCV
	for n := byte(1); n <= 6; n++ {
		i := p.good(t)(p.brings(t, "zpk", number(n), n > 1))
		if n < 5 { // the fifth has just been replaced
			want = append(want, i.KCV)
		}
		if n == 5 {
			*p.at += int64(time.Hour)
		}
	}
	if past := p.keys["zpk"][0].past; !slices.Equal(past, want) {
		t.Errorf("%v, not %v", past, want)
	}
}

// TestGeneratedIsNew: a key that is made here is a new one, whatever its check value.
func TestGeneratedIsNew(t *testing.T) {
	p := inMemory(t)
	p.o.Random = bytes.NewReader(bytes.Repeat([]byte{7}, 64)) // such luck as nobody has
	n := hsm.New{As: "zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.NotExportable}
	p.good(t)(p.Generate(ctx, n))
	if i := p.good(t)(p.Rotate(ctx, hsm.Rotation{Ref: "zak"})); i.Version != 2 {
		t.Errorf("%+v", i)
	}
}

// TestOldKeyForSomethingElse: a key that was retired does not come back for another use.
func TestOldKeyForSomethingElse(t *testing.T) {
	p := inMemory(t)
	n := hsm.Components{
		New:   hsm.New{As: "zpk", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Mode: hsm.MACBothWays, Export: hsm.NotExportable},
		Parts: []hsm.Component{{Part: hsm.NewSecret(number(3))}, {Part: hsm.NewSecret(append(make([]byte, 15), 1))}},
	}
	sum := number(3)
	sum[15] ^= 1
	p.good(t)(p.brings(t, "zpk", sum, false))
	if err := p.Retire(ctx, hsm.KeyVersion{Ref: "zpk", Number: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := p.ImportComponents(ctx, n)
	denied(t, "for codes", hsm.KeyInfo{}, err)

	double := append(number(1)[:8], number(2)[:8]...)
	k := mustKey(t, hsm.KeyInfo{Ref: "tpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.Exportable, Origin: hsm.OriginFile}, double)
	p.good(t)(p.keep(ctx, k, false, 0))
	_, err = p.brings(t, "tpk", double, true)
	denied(t, "for AES", hsm.KeyInfo{}, err)
}

// TestPastIsBounded: of the keys that are destroyed the last 64 are remembered.
func TestPastIsBounded(t *testing.T) {
	p := inMemory(t)
	const all = 3 + rule.PastMax
	for n := byte(1); n <= all; n++ {
		p.good(t)(p.brings(t, "zpk", number(n), n > 1))
		*p.at += int64(time.Hour)
	}
	if past := p.keys["zpk"][0].past; len(past) != rule.PastMax || len(p.keys["zpk"]) != 2 {
		t.Fatalf("%d, and %d keys", len(past), len(p.keys["zpk"]))
	}
	_, err := p.brings(t, "zpk", number(2), true)
	denied(t, "the oldest that is remembered", hsm.KeyInfo{}, err)
	p.good(t)(p.brings(t, "zpk", number(1), true))
	for n, k := range p.keys["zpk"][1:] {
		if len(k.past) > 0 {
			t.Errorf("key %d remembers too", n+1)
		}
	}
}

// TestAgainWithOtherLimits: who enters components of the active key once more has it
// in place, unless it would end at another time, or has ended.
func TestAgainWithOtherLimits(t *testing.T) {
	p := inMemory(t)
	end := *p.at + int64(time.Hour)
	parts := hsm.Components{
		New:   hsm.New{As: "zmk/b", Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable, Expires: end},
		Parts: []hsm.Component{{Part: hsm.NewSecret(number(1))}, {Part: hsm.NewSecret(append(number(2), number(3)...)[:16])}},
	}
	p.good(t)(p.ImportComponents(ctx, parts))
	parts.New.Replace = true
	if i := p.good(t)(p.ImportComponents(ctx, parts)); i.Version != 1 {
		t.Errorf("%+v", i)
	}
	for what, change := range map[string]func(*hsm.New){
		"another end":  func(n *hsm.New) { n.Expires++ },
		"another mode": func(n *hsm.New) { n.Mode = hsm.DecryptOnly },
		"it may leave": func(n *hsm.New) { n.Export = hsm.Exportable },
	} {
		other := parts
		change(&other.New)
		_, err := p.ImportComponents(ctx, other)
		denied(t, what, hsm.KeyInfo{}, err)
	}
	*p.at = end
	parts.New.Expires = 0
	_, err := p.ImportComponents(ctx, parts)
	denied(t, "it has expired", hsm.KeyInfo{}, err)
}

// TestRank: what a key is worth is known of its bytes.
func TestRank(t *testing.T) {
	twice := append(append(number(1), 0, 0, 0, 0, 0, 0, 0, 0), 0)[:24]
	copy(twice[16:], twice[:8])
	k := mustKey(t, hsm.KeyInfo{Ref: "zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.Exportable}, twice)
	if k.Rank != 2 || k.Bits != 192 || symmetric.Rank(hsm.TDES, twice) != 2 {
		t.Errorf("%+v", k.KeyInfo)
	}
}
