package conform

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/keyblock"
	"switchd/hsm/mac"
)

// The blocks of the specification (domain 5.2): the same key, for encrypting PINs, under
// two protection keys; and one of version A of the same standard.
const (
	blockB = "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E"
	blockD = "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34"
	blockA = "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701"

	inBlock  = "3F419E1CB7079442AA37474C2EFBF8B8"
	inBlockA = "F039121BEC83D26B169BDCD5B22AAF8F"
)

// blockVectors: the key that comes out is the vector's, for its use only, and encrypts.
func (s *suite) blockVectors(t *testing.T) {
	for _, v := range []struct {
		as        hsm.KeyRef
		under     hsm.KeyRef
		block     string
		key       string
		algorithm hsm.Algorithm
		ability   Ability
	}{
		{"conform/vector-b", zmkB, blockB, inBlock, hsm.TDES, BlocksB},
		{"conform/vector-d", zmkD, blockD, inBlock, hsm.AES, BlocksD},
		{"conform/vector-d.in", zmkIn, blockD, inBlock, hsm.AES, BlocksD},
		{"conform/vector-a", zmkOld, blockA, inBlockA, hsm.TDES, BlocksLegacy},
	} {
		if !s.can(v.ability) {
			continue
		}
		want, err := mac.CheckValue(v.algorithm, unhex(t, v.key), mac.CheckStandard)
		if err != nil {
			t.Fatal(err)
		}
		i, err := s.m.ImportKey(background, hsm.Import{
			As: v.as, Under: v.under, Block: v.block, Legacy: v.ability == BlocksLegacy, Want: []hsm.Usage{hsm.MACAlg5, hsm.PINEncryption}, KCV: want,
		})
		if err != nil {
			t.Errorf("%s: %v", v.as, err)
			continue
		}
		if i.Ref != v.as || i.Usage != hsm.PINEncryption || i.Algorithm != v.algorithm || i.Mode != hsm.EncryptOnly || i.Export != hsm.Exportable || !s.isBits(i.Bits, 128) || !i.KCV.Matches(want) {
			t.Errorf("%s: %+v, check value %s, not %s", v.as, i, i.KCV, want)
		}
		s.usable(t, v.as, Key{Usage: i.Usage, Algorithm: i.Algorithm, Bytes: hsm.NewSecret(unhex(t, v.key)), For: PINs})
	}
}

// usable: a key of mode E encrypts PINs and decrypts none.
func (s *suite) usable(t *testing.T, ref hsm.KeyRef, k Key) {
	t.Helper()
	f, g, in := hsm.ISO0, hsm.ISO0, zpkA
	if k.Algorithm == hsm.AES {
		f, g, in = hsm.ISO4, hsm.ISO4, zpkAES
	}
	if _, held := s.keys[in]; !held {
		return
	}
	got, err := s.m.TranslatePIN(background, hsm.Translation{
		In: in, Out: ref, Change: hsm.FormatChange{From: f, To: g}, Block: s.block(t, in, f, "12345", card), Account: secret(card),
	})
	if err != nil {
		t.Errorf("%s: %v", ref, err)
		return
	}
	s.keys[ref] = k
	defer delete(s.keys, ref)
	s.holds(t, string(ref), got, ref, g, "12345", card)
	_, err = s.m.TranslatePIN(background, hsm.Translation{In: ref, Out: in, Change: hsm.FormatChange{From: g, To: f}, Block: got, Account: secret(card)})
	s.refused(t, "decrypting with a key of mode E", err, hsm.ErrKey)
}

// blockExport: what leaves can be read by a partner, who finds the key and its limits.
func (s *suite) blockExport(t *testing.T) {
	for _, c := range []struct {
		under   hsm.KeyRef
		version byte
		what    []hsm.KeyRef
		ability Ability
	}{
		{zmkB, 'B', []hsm.KeyRef{zpkA, zpkOut, macX99, macX919, macTwo}, BlocksB},
		{zmkD, 'D', []hsm.KeyRef{zpkA, zpk3, zpkAES, zpkAES2, macX99, macX919, macAES, macAES2, macMake, macTDES}, BlocksD},
		{zmkOut, 'D', []hsm.KeyRef{zpkA, macAES2}, BlocksD},
		{zmkD128, 'D', []hsm.KeyRef{zpkA, zpkAES}, BlocksD},
	} {
		if !s.can(c.ability) {
			continue
		}
		for _, ref := range c.what {
			k, held := s.keys[ref]
			if !held {
				continue
			}
			block, err := s.m.ExportKey(background, hsm.Exporting{What: ref, Under: c.under, Version: c.version})
			if err != nil {
				t.Errorf("%s under %s: %v", ref, c.under, err)
				continue
			}
			h, key, err := keyblock.Unwrap(s.keys[c.under].Bytes, block)
			if err != nil || !equalKeys(k, key) || h.Version != c.version || h.Usage != k.Usage || h.Algorithm != k.Algorithm || h.Mode != k.Mode || h.Export != k.Export {
				t.Errorf("%s under %s: %v: %s", ref, c.under, err, block[:16])
			}
		}
	}
}

// equalKeys compares keys; the parity of DES is the module's affair.
func equalKeys(k Key, other hsm.Secret) bool {
	if k.Algorithm != hsm.DES && k.Algorithm != hsm.TDES {
		return k.Bytes.Equal(other)
	}
	a, b := k.Bytes.Reveal(), other.Reveal()
	same := len(a) == len(b)
	for i := 0; same && i < len(a); i++ {
		same = a[i]&^1 == b[i]&^1
	}
	return same
}

// fresh is a new key like one of the suite's.
func (s *suite) fresh(t *testing.T, like hsm.KeyRef) Key {
	t.Helper()
	k := s.keys[like]
	b := make([]byte, k.Bytes.Len())
	rand.Read(b)
	k.Bytes = hsm.NewSecret(b)
	return k
}

// blockImportRefusals: nothing is kept of a block that is refused.
func (s *suite) blockImportRefusals(t *testing.T) {
	const as = hsm.KeyRef("conform/refused")
	good := hsm.Import{As: as, Under: zmkD, Block: blockD, Want: []hsm.Usage{hsm.PINEncryption}}
	refused := func(what string, kind error, change func(*hsm.Import)) {
		t.Helper()
		bad := good
		change(&bad)
		_, err := s.m.ImportKey(background, bad)
		s.refused(t, what, err, kind, inBlock, blockD[16:48], blockD[80:])
		_, err = s.m.KCV(background, as)
		s.refused(t, what+": it was kept", err, hsm.ErrKey)
	}
	refused("another use", hsm.ErrKey, func(i *hsm.Import) { i.Want = []hsm.Usage{hsm.MACAlg5, hsm.KeyProtection} })
	refused("no use", hsm.ErrDenied, func(i *hsm.Import) { i.Want = nil })
	refused("another check value", hsm.ErrVerify, func(i *hsm.Import) { i.KCV, _ = hsm.NewKCV([]byte{1, 2, 3}) })
	refused("under nobody", hsm.ErrKey, func(i *hsm.Import) { i.Under = nobody })
	refused("under another key", hsm.ErrVerify, func(i *hsm.Import) { i.Under = zmkD128 })
	refused("under a key that only wraps", hsm.ErrKey, func(i *hsm.Import) { i.Under = zmkOut })
	for ref, k := range s.keys {
		if k.Usage != hsm.KeyProtection {
			refused("under "+string(ref), hsm.ErrKey, func(i *hsm.Import) { i.Under = ref })
		}
	}
	if s.can(BlocksB) {
		refused("under a key for TDES", hsm.ErrKey, func(i *hsm.Import) { i.Under = zmkB })
	}
	for _, name := range []hsm.KeyRef{"", "Conform/Refused", "conform/refused ", hsm.KeyRef(fmt.Sprintf("%065d", 0))} {
		refused("name", hsm.ErrKey, func(i *hsm.Import) { i.As = name })
	}
	for _, n := range []int{0, 1, 15, 16, 17, len(blockD) - 32, len(blockD) - 1} {
		refused(fmt.Sprintf("%d characters", n), hsm.ErrBlock, func(i *hsm.Import) { i.Block = blockD[:n] })
	}
	refused("something after it", hsm.ErrBlock, func(i *hsm.Import) { i.Block += "00" })
	for at := 5; at < len(blockD); at += 7 { // the version and the length are other cases
		changed := []byte(blockD)
		changed[at] ^= 1 // of a digit: another digit, or a character that is none
		_, err := s.m.ImportKey(background, hsm.Import{As: as, Under: zmkD, Block: string(changed), Want: []hsm.Usage{hsm.PINEncryption}})
		if _, e := keyblock.Parse(string(changed)); e != nil {
			s.refused(t, fmt.Sprintf("character %d", at), err, hsm.ErrBlock)
		} else {
			s.refused(t, fmt.Sprintf("character %d", at), err, hsm.ErrVerify)
		}
	}
	if s.can(CMAC) {
		_, err := s.m.ImportKey(background, hsm.Import{As: macAES, Under: zmkD, Block: wrap(t, s.keys[zmkD].Bytes, s.fresh(t, macAES)), Want: []hsm.Usage{hsm.MACAlg5}})
		s.refused(t, "a name that is taken", err, hsm.ErrDenied)
	}
}

// blockExportRefusals: keys that must not leave, or not like this.
func (s *suite) blockExportRefusals(t *testing.T) {
	refused := func(what string, kind error, e hsm.Exporting) {
		t.Helper()
		block, err := s.m.ExportKey(background, e)
		s.refused(t, what, err, kind)
		if block != "" {
			t.Errorf("%s: there is a block all the same", what)
		}
	}
	for ref, k := range s.keys {
		if k.Export == hsm.NotExportable {
			refused(string(ref)+" must not leave", hsm.ErrDenied, hsm.Exporting{What: ref, Under: zmkD, Version: 'D'})
		}
	}
	refused("nobody's key", hsm.ErrKey, hsm.Exporting{What: nobody, Under: zmkD, Version: 'D'})
	if !s.can(CMAC) {
		return
	}
	for ref, k := range s.keys {
		if k.Usage != hsm.KeyProtection {
			refused("under "+string(ref), hsm.ErrKey, hsm.Exporting{What: macAES, Under: ref, Version: 'D'})
		}
	}
	refused("under nobody", hsm.ErrKey, hsm.Exporting{What: macAES, Under: nobody, Version: 'D'})
	refused("under a key that only unwraps", hsm.ErrKey, hsm.Exporting{What: macAES, Under: zmkIn, Version: 'D'})
	refused("version B under AES", hsm.ErrKey, hsm.Exporting{What: macAES, Under: zmkD, Version: 'B'})
	for _, v := range []byte("ACEd \x00") {
		refused(fmt.Sprintf("version %q", v), hsm.ErrDenied, hsm.Exporting{What: macAES, Under: zmkD, Version: v})
	}
	refused("AES-256 under AES-128", hsm.ErrDenied, hsm.Exporting{What: macAES2, Under: zmkD128, Version: 'D'})
	if s.can(BlocksB) {
		refused("AES under TDES", hsm.ErrDenied, hsm.Exporting{What: macAES, Under: zmkB, Version: 'B'})
		refused("version D under TDES", hsm.ErrKey, hsm.Exporting{What: macAES, Under: zmkB, Version: 'D'})
	}
}

// blockStrength: a partner has wrapped keys with our protection key that break our
// rules; all is proven to be his.
func (s *suite) blockStrength(t *testing.T) {
	body := func(bits, size int) []byte {
		b := make([]byte, size)
		rand.Read(b)
		b[0], b[1] = byte(bits>>8), byte(bits)
		return b
	}
	for _, c := range []struct {
		what, kind string
		body       []byte
		kind2      error
	}{
		{"AES-256 under AES-128", "M6AC", body(256, 48), hsm.ErrDenied},
		{"AES-192 under AES-128", "M6AC", body(192, 32), hsm.ErrDenied},
		{"AES of 20 bytes", "M6AC", body(160, 32), hsm.ErrKey},
		{"an algorithm of some vendor", "M6ZC", body(128, 32), hsm.ErrKey},
		{"a mode of some vendor", "M6AQ", body(128, 32), hsm.ErrKey},
		{"a usage of some vendor", "77AC", body(128, 32), hsm.ErrKey},
		{"no bits", "M6AC", body(0, 32), hsm.ErrBlock},
		{"bits that are no bytes", "M6AC", body(127, 32), hsm.ErrBlock},
		{"more bits than there are", "M6AC", body(256, 32), hsm.ErrBlock},
	} {
		_, err := s.m.ImportKey(background, hsm.Import{
			As: "conform/strength", Under: zmkD128, Block: s.proven(t, c.kind, c.body), Want: []hsm.Usage{hsm.MACAlg5},
		})
		s.refused(t, c.what, err, c.kind2)
	}
	i, err := s.m.ImportKey(background, hsm.Import{As: "conform/strength", Under: zmkD128, Block: s.proven(t, "M6AC", body(128, 64)), Want: []hsm.Usage{hsm.MACAlg5}})
	if err != nil || !s.isBits(i.Bits, 128) {
		t.Errorf("one that keeps the rules and hides its length: %+v, %v", i, err)
	}
}

// proven makes a block of version D around any body under zmkD128, with a right MAC.
func (s *suite) proven(t *testing.T, kind string, body []byte) string {
	t.Helper()
	derived := func(use byte) []byte {
		return s.cmac(t, s.keys[zmkD128].Bytes.Reveal(), []byte{1, 0, use, 0, 0, 2, 0, 128})
	}
	header := fmt.Sprintf("D%04d%s00N0000", 16+2*len(body)+32, kind)
	code := s.cmac(t, derived(1), append([]byte(header), body...))
	block, err := aes.NewCipher(derived(0))
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, len(body))
	cipher.NewCBCEncrypter(block, code).CryptBlocks(sealed, body)
	return header + upper(sealed) + upper(code)
}

func (s *suite) cmac(t *testing.T, key, message []byte) []byte {
	t.Helper()
	k, err := mac.NewKey(hsm.AESCMAC, 0, key)
	if err != nil {
		t.Fatal(err)
	}
	return k.Sum(nil, message)
}

// replacing puts a new key like one of the suite's under a name, twice.
func (s *suite) replacing(t *testing.T, as, like hsm.KeyRef) (first, second Key) {
	t.Helper()
	first, second = s.fresh(t, like), s.fresh(t, like)
	for n, k := range []Key{first, second} {
		_, err := s.m.ImportKey(background, hsm.Import{
			As: as, Under: zmkD, Block: wrap(t, s.keys[zmkD].Bytes, k), Want: []hsm.Usage{k.Usage}, Replace: n == 1, Overlap: time.Duration(n) * time.Hour,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return first, second
}

// replaceMAC: codes of the key before are verified, new ones made with the new key.
func (s *suite) replaceMAC(t *testing.T) {
	const as = hsm.KeyRef("conform/replaced-mac")
	first, second := s.replacing(t, as, macAES)
	in := hsm.MACInput{By: as, Algorithm: hsm.AESCMAC, Size: s.longest(hsm.AESCMAC), Message: []byte("0800/161")}
	old, fresh := s.cmac(t, first.Bytes.Reveal(), in.Message)[:in.Size], s.cmac(t, second.Bytes.Reveal(), in.Message)[:in.Size]
	if got, err := s.m.MAC(background, in); err != nil || upper(got) != upper(fresh) {
		t.Errorf("made with another key than the new one: %v", err)
	}
	for _, code := range [][]byte{old, fresh} {
		if err := s.m.VerifyMAC(background, in, code); err != nil {
			t.Error(err)
		}
	}
	old[0] ^= 1
	s.refused(t, "nobody's code", s.m.VerifyMAC(background, in, old), hsm.ErrVerify)
}

// replacePIN: blocks under the key before are read, those that go out are under the new
// one.
func (s *suite) replacePIN(t *testing.T) {
	const as, before, after = hsm.KeyRef("conform/replaced-pin"), hsm.KeyRef("conform/before"), hsm.KeyRef("conform/after")
	s.keys[before], s.keys[after] = s.replacing(t, as, zpkAES)
	defer delete(s.keys, before)
	defer delete(s.keys, after)
	change := hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4}
	for _, under := range []hsm.KeyRef{before, after} {
		got, err := s.m.TranslatePIN(background, hsm.Translation{In: as, Out: as, Change: change, Block: s.block(t, under, hsm.ISO4, "98765", card), Account: secret(card)})
		if err != nil {
			t.Errorf("%s: %v", under, err)
			continue
		}
		s.holds(t, string(under), got, after, hsm.ISO4, "98765", card)
	}
	_, err := s.m.TranslatePIN(background, hsm.Translation{In: as, Out: as, Change: change, Block: s.block(t, zpkAES, hsm.ISO4, "98765", card), Account: secret(card)})
	s.refused(t, "nobody's block", err, hsm.ErrBlock)
}

// replaceRefusals: a key takes the place of one of its kind only.
func (s *suite) replaceRefusals(t *testing.T) {
	const as = hsm.KeyRef("conform/replaced-strong")
	s.replacing(t, as, macAES2)
	kcv, err := s.m.KCV(background, as)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what    string
		as      hsm.KeyRef
		like    hsm.KeyRef
		overlap time.Duration
		kind    error
	}{
		{"a weaker key", as, macAES, 0, hsm.ErrDenied},
		{"a key for something else", as, zpkAES2, 0, hsm.ErrDenied},
		{"nothing to be replaced", nobody, macAES2, 0, hsm.ErrKey},
		{"less than no time", as, macAES2, -time.Second, hsm.ErrDenied},
		{"a year and more", as, macAES2, 367 * 24 * time.Hour, hsm.ErrDenied},
	} {
		if _, held := s.keys[c.like]; !held {
			continue
		}
		k := s.fresh(t, c.like)
		_, err := s.m.ImportKey(background, hsm.Import{As: c.as, Under: zmkD, Block: wrap(t, s.keys[zmkD].Bytes, k), Want: []hsm.Usage{k.Usage}, Replace: true, Overlap: c.overlap})
		s.refused(t, c.what, err, c.kind)
	}
	if now, err := s.m.KCV(background, as); err != nil || now != kcv {
		t.Errorf("the key is %s, not %s, after a refusal: %v", now, kcv, err)
	}
}
