//go:build pkcs11

package pkcs11

import (
	"crypto/sha256"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
	"switchd/hsm/signature"
)

// kinds of keys that the token makes, with what it must and must not let them do.
var kinds = []struct {
	hsm.New
	encrypt, decrypt, sign bool
}{
	{hsm.New{As: "zpk", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable}, true, true, false},
	{hsm.New{As: "zpk-in", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.DecryptOnly, Export: hsm.NotExportable}, false, true, false},
	{hsm.New{As: "zpk-out", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 192, Mode: hsm.EncryptOnly, Export: hsm.NotExportable}, true, false, false},
	{hsm.New{As: "pvk", Usage: hsm.PINVerifyVisaPVV, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.MACVerify, Export: hsm.NotExportable}, true, false, false},
	{hsm.New{As: "x99", Usage: hsm.MACAlg1, Algorithm: hsm.DES, Bits: 64, Mode: hsm.MACBothWays, Export: hsm.NotExportable}, true, false, false},
	{hsm.New{As: "x919", Usage: hsm.MACAlg3, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}, true, false, false},
	{hsm.New{As: "cmac", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 192, Mode: hsm.MACMake, Export: hsm.NotExportable}, false, false, true},
	{hsm.New{As: "hmac", Usage: hsm.MACHash, Algorithm: hsm.HMAC, Bits: 256, Mode: hsm.MACMake, Export: hsm.NotExportable}, false, false, true},
	{hsm.New{As: "data", Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable}, false, false, true},
	{hsm.New{As: "zmk", Usage: hsm.KeyProtection, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable}, false, false, true},
	{hsm.New{As: "ec", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 256, Mode: hsm.SignMode, Export: hsm.NotExportable}, false, false, true},
	{hsm.New{As: "rsa", Usage: hsm.SignaturePair, Algorithm: hsm.RSA, Bits: 2048, Mode: hsm.SignMode, Export: hsm.NotExportable}, false, false, true},
}

// TestAttributes: each key that the token makes can do what it must and nothing else,
// does not show, and is not given away unless it may be.
func TestAttributes(t *testing.T) {
	m := newLab(t).open(t)
	for _, c := range kinds {
		i := must(t)(m.Generate(ctx, c.New))
		if i.Bits != c.Bits || i.KCV == (hsm.KCV{}) || i.Version != 1 || i.State != hsm.StateActive {
			t.Errorf("%+v", i)
		}
		if _, err := m.Generate(ctx, c.New); err == nil {
			t.Errorf("%s is there twice", c.As)
		}
		err := m.with(ctx, func(s *session) error {
			k, err := s.present(c.As)
			if err != nil {
				return err
			}
			if k.KCV != i.KCV || k.Bits != i.Bits {
				t.Errorf("%s: %+v, not %+v", c.As, k.KeyInfo, i)
			}
			ask := []uint{p11.CKA_SENSITIVE, p11.CKA_EXTRACTABLE, p11.CKA_PRIVATE, p11.CKA_DECRYPT, p11.CKA_SIGN, p11.CKA_UNWRAP, p11.CKA_DERIVE}
			want := []bool{true, c.Export != hsm.NotExportable, true, c.decrypt, c.sign, false, false}
			if c.Usage != hsm.SignaturePair {
				ask, want = append(ask, p11.CKA_ENCRYPT, p11.CKA_WRAP), append(want, c.encrypt, false)
			}
			got, err := s.values(k.object, ask...)
			for n := range got {
				if truth(got[n]) != want[n] {
					t.Errorf("%s: attribute %#x is %v", c.As, ask[n], truth(got[n]))
				}
			}
			return err
		})
		wants(t, string(c.As), err, nil)
	}
	all, err := m.List(ctx)
	if err != nil || len(all) != len(kinds) {
		t.Errorf("%d keys, %v", len(all), err)
	}
	for _, by := range []struct {
		ref hsm.KeyRef
		hsm.SignatureAlgorithm
	}{{"ec", hsm.ES256}, {"rsa", hsm.PS256}, {"rsa", hsm.RS256}} {
		s := hsm.Signing{By: by.ref, Algorithm: by.SignatureAlgorithm, Digest: sha256.Sum256([]byte("pacs.008"))}
		sig, err := m.Sign(ctx, s)
		wants(t, "sign", err, nil)
		der, err := m.Public(ctx, by.ref)
		wants(t, "public", err, nil)
		public, err := signature.Parse(der)
		if err != nil || public.Verify(&s, sig) != nil {
			t.Errorf("%s: nobody verifies it: %v", by.ref, err)
		}
	}
}

// TestExposed: a key that the token would show or give away is not used.
func TestExposed(t *testing.T) {
	m := newLab(t).open(t)
	err := m.with(ctx, func(s *session) error {
		for label, guards := range map[string][2]bool{"shown": {false, false}, "given": {true, true}, "good": {true, false}} {
			if _, err := m.lib.CreateObject(s.handle, []*p11.Attribute{
				p11.NewAttribute(p11.CKA_CLASS, p11.CKO_SECRET_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, p11.CKK_AES), p11.NewAttribute(p11.CKA_TOKEN, true),
				p11.NewAttribute(p11.CKA_SIGN, true), p11.NewAttribute(p11.CKA_SENSITIVE, guards[0]), p11.NewAttribute(p11.CKA_EXTRACTABLE, guards[1]),
				p11.NewAttribute(p11.CKA_LABEL, label), p11.NewAttribute(p11.CKA_ID, "M6ACN"), p11.NewAttribute(p11.CKA_VALUE, make([]byte, 16)),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	wants(t, "keys made with the token's tools", err, nil)
	for label, want := range map[hsm.KeyRef]error{"shown": hsm.ErrKey, "given": hsm.ErrKey, "good": nil} {
		_, err := m.MAC(ctx, codeBy(label, "0800"))
		wants(t, string(label), err, want)
	}
	if kcv, err := m.KCV(ctx, "good"); err != nil || kcv.String() != "763CBCDE81" { // CMAC of zeros under zeros
		t.Errorf("%s, %v", kcv, err)
	}
}

// TestExposedHalf: the half of a key for X9.19 that the token would show or give away is
// half of the key: it is not used either.
func TestExposedHalf(t *testing.T) {
	m := newLab(t).open(t)
	err := m.with(ctx, func(s *session) error {
		for label, guards := range map[string][2]bool{"shown": {false, false}, "given": {true, true}, "good": {true, false}} {
			of := func(kind uint, id string, guards [2]bool, value []byte) []*p11.Attribute {
				return []*p11.Attribute{
					p11.NewAttribute(p11.CKA_CLASS, p11.CKO_SECRET_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, kind), p11.NewAttribute(p11.CKA_TOKEN, true),
					p11.NewAttribute(p11.CKA_ENCRYPT, true), p11.NewAttribute(p11.CKA_SENSITIVE, guards[0]), p11.NewAttribute(p11.CKA_EXTRACTABLE, guards[1]),
					p11.NewAttribute(p11.CKA_LABEL, label), p11.NewAttribute(p11.CKA_ID, id), p11.NewAttribute(p11.CKA_VALUE, value),
				}
			}
			key := []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10}
			if _, err := m.lib.CreateObject(s.handle, of(p11.CKK_DES2, "M3TCN/A/1/0//0/0/0", [2]bool{true, false}, key)); err != nil {
				return err
			}
			if _, err := m.lib.CreateObject(s.handle, of(p11.CKK_DES, "M3TCN/A/1/h//0/0/0", guards, key[:8])); err != nil {
				return err
			}
		}
		return nil
	})
	wants(t, "keys made with the token's tools", err, nil)
	for label, want := range map[hsm.KeyRef]error{"shown": hsm.ErrKey, "given": hsm.ErrKey, "good": nil} {
		_, err := m.MAC(ctx, hsm.MACInput{By: label, Algorithm: hsm.X919, Size: 8, Message: []byte("0800")})
		wants(t, string(label), err, want)
	}
}

// TestRotate: the key before verifies for its overlap, then it is destroyed by the next
// change; the states are the token's, for another module that opens it too.
func TestRotate(t *testing.T) {
	l := newLab(t)
	m := l.open(t)
	must(t)(m.Generate(ctx, zak))
	in := codeBy(zak.As, "0800")
	old, err := m.MAC(ctx, in)
	wants(t, "MAC", err, nil)
	if i := must(t)(m.Rotate(ctx, hsm.Rotation{Ref: zak.As, Overlap: 120 * time.Second})); i.Version != 2 {
		t.Errorf("%+v", i)
	}
	other := l.open(t)
	l.clock.advance(120*time.Second - 1)
	for _, m := range []*Module{m, other} {
		wants(t, "in the overlap", m.VerifyMAC(ctx, in, old), nil)
	}
	l.clock.advance(1)
	for _, m := range []*Module{m, other} {
		wants(t, "after the overlap", m.VerifyMAC(ctx, in, old), hsm.ErrVerify)
	}
	wants(t, "the newest goes last", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 2}), hsm.ErrDenied)
	must(t)(m.Rotate(ctx, hsm.Rotation{Ref: zak.As}))
	all, err := m.List(ctx)
	if err != nil || len(all) != 2 || all[0].Version != 3 || all[0].State != hsm.StateActive || all[1].State != hsm.StateRetired {
		t.Errorf("%+v, %v", all, err)
	}
	wants(t, "delete the old one", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 2}), nil)
	wants(t, "delete one in use", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 3}), hsm.ErrDenied)
	wants(t, "retire", m.Retire(ctx, hsm.KeyVersion{Ref: zak.As, Number: 3}), nil)
	_, err = m.MAC(ctx, in)
	wants(t, "retired", err, hsm.ErrKey)
	l.clock.advance(10 * time.Second)
	_, err = other.MAC(ctx, in)
	wants(t, "retired, to another process", err, hsm.ErrKey)
	wants(t, "delete", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 3}), nil)
	if all, err := m.List(ctx); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestOutlasts: a key reads to its own end when the one after it, which had a shorter
// overlap, has gone; that one is kept for it and goes with the change after that.
func TestOutlasts(t *testing.T) {
	l := newLab(t)
	m := l.open(t)
	must(t)(m.Generate(ctx, zak))
	in := codeBy(zak.As, "0800")
	old, err := m.MAC(ctx, in)
	wants(t, "MAC", err, nil)
	rotate := func(overlap time.Duration) {
		t.Helper()
		must(t)(m.Rotate(ctx, hsm.Rotation{Ref: zak.As, Overlap: overlap}))
	}
	states := func(want ...hsm.KeyInfo) {
		t.Helper()
		all, err := m.List(ctx)
		same := err == nil && len(all) == len(want)
		for n := 0; same && n < len(want); n++ {
			same = all[n].Version == want[n].Version && all[n].State == want[n].State
		}
		if !same {
			t.Errorf("%+v, %v", all, err)
		}
	}
	rotate(time.Hour)
	rotate(time.Second)
	l.clock.advance(5 * time.Second)
	rotate(time.Second)
	states(hsm.KeyInfo{Version: 4, State: hsm.StateActive}, hsm.KeyInfo{Version: 3, State: hsm.StateOld}, hsm.KeyInfo{Version: 2, State: hsm.StateRetired}, hsm.KeyInfo{Version: 1, State: hsm.StateOld})
	wants(t, "delete what holds its end", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 2}), hsm.ErrDenied)
	for n := 5; n <= hsm.KeyVersionsMax+4; n++ { // of those in between one stays
		l.clock.advance(time.Second)
		rotate(0)
	}
	last := uint32(hsm.KeyVersionsMax + 4)
	states(hsm.KeyInfo{Version: last, State: hsm.StateActive}, hsm.KeyInfo{Version: last - 1, State: hsm.StateRetired}, hsm.KeyInfo{Version: 2, State: hsm.StateRetired}, hsm.KeyInfo{Version: 1, State: hsm.StateOld})
	l.clock.advance(time.Hour - 5*time.Second - hsm.KeyVersionsMax*time.Second - 1)
	wants(t, "in its overlap", m.VerifyMAC(ctx, in, old), nil)
	l.clock.advance(1)
	wants(t, "after its overlap", m.VerifyMAC(ctx, in, old), hsm.ErrVerify)
	rotate(0)
	states(hsm.KeyInfo{Version: last + 1, State: hsm.StateActive}, hsm.KeyInfo{Version: last, State: hsm.StateRetired}, hsm.KeyInfo{Version: 2, State: hsm.StateRetired})
	wants(t, "delete what holds no end", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 2}), nil)
}
