package conform

import (
	"fmt"
	"testing"
	"time"

	"switchd/hsm"
)

// brings has a partner bring a key for a name that has one.
func (s *suite) brings(t *testing.T, as hsm.KeyRef, k Key, overlap time.Duration) (hsm.KeyInfo, error) {
	t.Helper()
	return s.m.ImportKey(background, hsm.Import{
		As: as, Under: zmkD, Block: wrap(t, s.keys[zmkD].Bytes, k), Want: []hsm.Usage{k.Usage}, Replace: true, Overlap: overlap,
	})
}

// keyAgain: a partner who has seen no answer brings his key once more. It is in place, as
// if he had brought it once: blocks under it and under the one before are read, and the
// one before ends when it would have.
func (s *suite) keyAgain(t *testing.T) {
	const as, before, after = hsm.KeyRef("conform/again"), hsm.KeyRef("conform/before"), hsm.KeyRef("conform/after")
	first, second := s.replacing(t, as, zpkAES)
	s.keys[before], s.keys[after] = first, second
	defer delete(s.keys, before)
	defer delete(s.keys, after)
	want, err := s.m.KCV(background, as)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 { // each time in a block of its own, and with an overlap that would be over at once
		i, err := s.brings(t, as, second, 0)
		if err != nil || i.Ref != as || i.Usage != hsm.PINEncryption || i.Mode != second.Mode || !i.KCV.Matches(want) || i.Version > 2 {
			t.Errorf("time %d: %+v, %v", n+2, i, err)
		}
	}
	change := hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4}
	for _, under := range []hsm.KeyRef{after, before} {
		got, err := s.m.TranslatePIN(background, hsm.Translation{In: as, Out: as, Change: change, Block: s.block(t, under, hsm.ISO4, "98765", card), Account: secret(card)})
		if err != nil {
			t.Errorf("%s: %v", under, err)
			continue
		}
		s.holds(t, string(under), got, after, hsm.ISO4, "98765", card)
	}
	limited := second
	limited.Mode = hsm.DecryptOnly
	_, err = s.brings(t, as, limited, 0)
	s.refused(t, "the key with other limits", err, hsm.ErrDenied)
}

// keyFromBefore: who has an old key block does not bring its key back, neither while it
// still reads, nor after it has ended, nor when it is destroyed.
func (s *suite) keyFromBefore(t *testing.T) {
	const as = hsm.KeyRef("conform/from-before")
	first, second := s.replacing(t, as, macAES)
	refused := func(what string, k Key) {
		t.Helper()
		now, err := s.m.KCV(background, as)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.brings(t, as, k, time.Hour)
		s.refused(t, what, err, hsm.ErrDenied)
		if kcv, err := s.m.KCV(background, as); err != nil || kcv != now {
			t.Errorf("%s: the active key is %s, not %s: %v", what, kcv, now, err)
		}
	}
	refused("the key before", first)
	third, fourth := s.fresh(t, macAES), s.fresh(t, macAES)
	for n, k := range []Key{third, fourth} {
		if _, err := s.brings(t, as, k, 0); err != nil {
			t.Fatalf("key %d: %v", n+3, err)
		}
	}
	refused("the one that reads still", first)
	refused("one that has ended", second)
	refused("the last one that has ended", third)
}

// keysOfName: there are so many keys of a name and no more, while none of them has ended.
// Those that have ended give room.
func (s *suite) keysOfName(t *testing.T) {
	const many, ended = hsm.KeyRef("conform/many"), hsm.KeyRef("conform/ended")
	s.replacing(t, many, macAES)
	s.replacing(t, ended, macAES)
	for n := 3; n <= hsm.KeyVersionsMax+4; n++ {
		_, err := s.brings(t, many, s.fresh(t, macAES), time.Hour)
		if n > hsm.KeyVersionsMax {
			s.refused(t, fmt.Sprintf("key %d, all of which read", n), err, hsm.ErrDenied)
		} else if err != nil {
			t.Fatalf("key %d: %v", n, err)
		}
		if _, err := s.brings(t, ended, s.fresh(t, macAES), 0); err != nil {
			t.Fatalf("key %d after those that have ended: %v", n, err)
		}
	}
}

// keyOutlasts: a key reads to the end of its own overlap, also when the one after it had
// a shorter one and has gone before.
func (s *suite) keyOutlasts(t *testing.T) {
	const as = hsm.KeyRef("conform/outlasts")
	first, _ := s.replacing(t, as, macAES)
	in := hsm.MACInput{By: as, Algorithm: hsm.AESCMAC, Size: s.longest(hsm.AESCMAC), Message: []byte("0800/161")}
	reads := func(what string, k Key) {
		t.Helper()
		if err := s.m.VerifyMAC(background, in, s.cmac(t, k.Bytes.Reveal(), in.Message)[:in.Size]); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := 3; n <= 6; n++ {
		next := s.fresh(t, macAES)
		if _, err := s.brings(t, as, next, 0); err != nil {
			t.Fatalf("key %d: %v", n, err)
		}
		reads(fmt.Sprintf("the first, with key %d", n), first)
		reads(fmt.Sprintf("key %d", n), next)
	}
}

// blockLegacy: blocks of version A are not taken unless that is asked for, whatever they
// say; that they are when it is the vectors show.
func (s *suite) blockLegacy(t *testing.T) {
	const as = hsm.KeyRef("conform/legacy")
	for _, version := range "AC" {
		i := hsm.Import{As: as, Under: zmkOld, Block: string(version) + blockA[1:], Want: []hsm.Usage{hsm.PINEncryption}}
		_, err := s.m.ImportKey(background, i)
		s.refused(t, "version "+string(version), err, hsm.ErrDenied, inBlockA)
	}
	_, err := s.m.KCV(background, as)
	s.refused(t, "it was kept", err, hsm.ErrKey)
}

// twice is a TDES key of three parts whose first one comes again as the third, with
// other parity: it is no stronger than one of two.
func (s *suite) twice(t *testing.T) Key {
	t.Helper()
	k := s.fresh(t, zpk3)
	b := k.Bytes.Reveal()
	for i := range 8 {
		b[16+i] = b[i] ^ 1
	}
	return k
}

// strengthTDES: a key counts by what it is, not by how long it is. Where a module does
// not see the bytes it cannot.
func (s *suite) strengthTDES(t *testing.T) {
	keeper, keeps := s.m.(hsm.Keeper)
	if s.d.NoBits || !keeps {
		t.Skip("this driver does not see the bytes of keys")
	}
	const as, under = hsm.KeyRef("conform/three"), hsm.KeyRef("conform/zmk-twice")
	Put(t, keeper, zmkD, s.keys[zmkD].Bytes, Key{Ref: as, Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.Exportable, Bytes: s.fresh(t, zpk3).Bytes})
	_, err := s.brings(t, as, s.twice(t), 0)
	s.refused(t, "a key of two parts in the place of one of three", err, hsm.ErrDenied)
	for what, same := range map[string][2]int{"the first two": {0, 8}, "the last two": {8, 16}} {
		single := s.fresh(t, zpk3)
		copy(single.Bytes.Reveal()[same[1]:], single.Bytes.Reveal()[same[0]:same[0]+8])
		_, err = s.brings(t, as, single, 0)
		s.refused(t, what+" parts are equal", err, hsm.ErrDenied)
	}

	const two = hsm.KeyRef("conform/two")
	Put(t, keeper, zmkD, s.keys[zmkD].Bytes, Key{Ref: two, Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.Exportable, Bytes: s.twice(t).Bytes})
	if _, err := s.brings(t, two, s.fresh(t, zpkA), 0); err != nil {
		t.Errorf("a key of two parts in the place of one that is no stronger: %v", err)
	}

	zmk := s.twice(t)
	zmk.Ref, zmk.Usage, zmk.Export = under, hsm.KeyProtection, hsm.NotExportable
	Put(t, keeper, zmkD, s.keys[zmkD].Bytes, zmk)
	if _, err := s.m.ExportKey(background, hsm.Exporting{What: zpkA, Under: under, Version: 'B'}); err != nil {
		t.Errorf("a key of two parts under one of two: %v", err)
	}
	_, err = s.m.ExportKey(background, hsm.Exporting{What: zpk3, Under: under, Version: 'B'})
	s.refused(t, "a key of three parts under one of two", err, hsm.ErrDenied)
}
