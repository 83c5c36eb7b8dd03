package conform

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"testing"

	"switchd/hsm"
	"switchd/hsm/pinblock"
)

const (
	card     = "5555555551234567"
	longCard = "1234567890123456789"
	pvvCard  = "1122334455667788"
)

// block makes an encrypted PIN block under one of the suite's keys.
func (s *suite) block(t testing.TB, under hsm.KeyRef, f hsm.PINFormat, digits, account string) hsm.Secret {
	t.Helper()
	pin, err := pinblock.ParsePIN([]byte(digits))
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, f.Size())
	if err := pinblock.Encrypt(b, &pin, pinblock.Binding{Format: f, Key: s.cipher(t, under), Account: parsed(t, account)}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return hsm.NewSecret(b)
}

func parsed(t testing.TB, account string) pinblock.Account {
	t.Helper()
	a, err := pinblock.ParseAccount([]byte(account))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// holds demands the PIN in a block under one of the suite's keys.
func (s *suite) holds(t testing.TB, what string, block hsm.Secret, under hsm.KeyRef, f hsm.PINFormat, digits, account string) {
	t.Helper()
	var pin pinblock.PIN
	if err := pinblock.Decrypt(&pin, block.Reveal(), pinblock.Binding{Format: f, Key: s.cipher(t, under), Account: parsed(t, account)}); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	var text [12]byte
	if got := string(text[:pin.Digits(text[:])]); got != digits {
		t.Errorf("%s: the PIN is %s, not %s", what, got, digits)
	}
}

func secret(text string) hsm.Secret { return hsm.NewSecret([]byte(text)) }

// pinVectors: the rows of the specification (domain 5.2) that name a ZPK, whose blocks
// have nothing random, exactly; format 3 by its clear block.
func (s *suite) pinVectors(t *testing.T) {
	clear3 := unhex(t, "341261FE98FD9F9B")
	s.cipher(t, zpkA).Encrypt(clear3, clear3)
	for _, v := range []struct {
		what     string
		block    []byte
		from     hsm.PINFormat
		in, out  hsm.KeyRef
		expected string
	}{
		{"format 0 to another ZPK", unhex(t, "230B4C43B8BA2C5C"), hsm.ISO0, zpkA, zpkB, "9CA628F82B0FAD2C"},
		{"and back", unhex(t, "9CA628F82B0FAD2C"), hsm.ISO0, zpkB, zpkA, "230B4C43B8BA2C5C"},
		{"format 3 to 0", clear3, hsm.ISO3, zpkA, zpkB, "9CA628F82B0FAD2C"},
		{"under a key of any mode", unhex(t, "230B4C43B8BA2C5C"), hsm.ISO0, zpkAny, zpkAny, "230B4C43B8BA2C5C"},
		{"under keys of one way", unhex(t, "230B4C43B8BA2C5C"), hsm.ISO0, zpkIn, zpkOut, "230B4C43B8BA2C5C"},
	} {
		got, err := s.m.TranslatePIN(background, hsm.Translation{
			In: v.in, Out: v.out, Change: hsm.FormatChange{From: v.from, To: hsm.ISO0}, Block: hsm.NewSecret(v.block), Account: secret(card),
		})
		if err != nil || upper(got.Reveal()) != v.expected {
			t.Errorf("%s: %s, not %s: %v", v.what, upper(got.Reveal()), v.expected, err)
		}
	}
}

// pinTranslations: random PINs and accounts through all allowed changes under TDES; the
// inputs stay as they are.
func (s *suite) pinTranslations(t *testing.T) {
	s.translate(t, []hsm.PINFormat{hsm.ISO0, hsm.ISO1, hsm.ISO3}, []hsm.PINFormat{hsm.ISO0, hsm.ISO3})
}

// pinTranslationsAES: the same with format 4, and the block of the specification.
func (s *suite) pinTranslationsAES(t *testing.T) {
	s.translate(t, []hsm.PINFormat{hsm.ISO0, hsm.ISO1, hsm.ISO3, hsm.ISO4}, []hsm.PINFormat{hsm.ISO4})
	for _, out := range []hsm.KeyRef{zpkAES, zpkAES2} {
		got, err := s.m.TranslatePIN(background, hsm.Translation{
			In: zpkAES, Out: out, Change: hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4},
			Block: hsm.NewSecret(unhex(t, "28B41FDDD29B743E93124BD8E32D921E")), Account: secret(longCard),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.holds(t, string(out), got, out, hsm.ISO4, "1234", longCard)
	}
	wrong := hsm.Translation{
		In: zpkAES, Out: zpkAES, Change: hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4},
		Block: hsm.NewSecret(unhex(t, "28B41FDDD29B743E93124BD8E32D921E")), Account: secret("1234567890123456788"),
	}
	_, err := s.m.TranslatePIN(background, wrong)
	s.refused(t, "format 4, last digit of the account", err, hsm.ErrBlock)
	wrong.Account, wrong.Block = secret(longCard), hsm.NewSecret(unhex(t, "28B41FDDD29B743E"))
	_, err = s.m.TranslatePIN(background, wrong)
	s.refused(t, "format 4, half a block", err, hsm.ErrBlock)
	wrong.Change.From, wrong.In = hsm.ISO0, zpkAES
	_, err = s.m.TranslatePIN(background, wrong)
	s.refused(t, "format 0 under AES", err, hsm.ErrKey)
	wrong.Change.From, wrong.In, wrong.Block = hsm.ISO4, zpkA, hsm.NewSecret(make([]byte, 16))
	_, err = s.m.TranslatePIN(background, wrong)
	s.refused(t, "format 4 under TDES", err, hsm.ErrKey)
}

func (s *suite) translate(t *testing.T, from, to []hsm.PINFormat) {
	random := mathrand.New(mathrand.NewPCG(9564, 1))
	under := map[hsm.Algorithm][]hsm.KeyRef{hsm.TDES: {zpkA, zpkB, zpk3}, hsm.AES: {zpkAES, zpkAES2}}
	pick := func(f hsm.PINFormat) hsm.KeyRef { k := under[f.Algorithm()]; return k[random.IntN(len(k))] }
	for n := range 200 {
		f, g := from[random.IntN(len(from))], to[random.IntN(len(to))]
		pin, account := digits(random, 4+n%9), digits(random, 1+random.IntN(19))
		in, out := pick(f), pick(g)
		block := s.block(t, in, f, pin, account)
		before, text := upper(block.Reveal()), secret(account)
		what := fmt.Sprintf("%d: %s under %s to %s under %s, %d digits, account of %d", n, f, in, g, out, len(pin), len(account))
		got, err := s.m.TranslatePIN(background, hsm.Translation{
			In: in, Out: out, Change: hsm.FormatChange{From: f, To: g, Device: f == hsm.ISO1}, Block: block, Account: text,
		})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		s.holds(t, what, got, out, g, pin, account)
		if upper(block.Reveal()) != before || string(text.Reveal()) != account {
			t.Errorf("%s: the inputs have changed", what)
		}
	}
}

func digits(random *mathrand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(random.IntN(10))
	}
	return string(b)
}

// pinRules: what AllowTranslation refuses the driver refuses, whatever the keys.
func (s *suite) pinRules(t *testing.T) {
	formats := []hsm.PINFormat{hsm.ISO0, hsm.ISO1, 2, hsm.ISO3, hsm.ISO4, 5, 255}
	for _, from := range formats {
		for _, to := range formats {
			for _, device := range []bool{false, true} {
				change := hsm.FormatChange{From: from, To: to, Device: device}
				if hsm.AllowTranslation(change) == nil {
					continue
				}
				_, err := s.m.TranslatePIN(background, hsm.Translation{
					In: zpkA, Out: zpkB, Change: change, Block: hsm.NewSecret(make([]byte, from.Size())), Account: secret(card),
				})
				s.refused(t, fmt.Sprintf("%s to %s, device %v", from, to, device), err, hsm.ErrDenied)
			}
		}
	}
}

// pinRefusals: keys of another use, and blocks and accounts that are malformed.
func (s *suite) pinRefusals(t *testing.T) {
	good := hsm.Translation{
		In: zpkA, Out: zpkB, Change: hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO0},
		Block: hsm.NewSecret(unhex(t, "230B4C43B8BA2C5C")), Account: secret(card),
	}
	refused := func(what string, kind error, change func(*hsm.Translation)) {
		t.Helper()
		bad := good
		change(&bad)
		got, err := s.m.TranslatePIN(background, bad)
		s.refused(t, what, err, kind, "1234", card, "230B4C43B8BA2C5C", "041261AAAAEDCBA9", string(bad.Account.Reveal()))
		if got.Len() > 0 {
			t.Errorf("%s: there is a block all the same", what)
		}
	}
	for ref, k := range s.keys {
		if k.Usage != hsm.PINEncryption {
			refused("in under "+string(ref), hsm.ErrKey, func(b *hsm.Translation) { b.In = ref })
			refused("out under "+string(ref), hsm.ErrKey, func(b *hsm.Translation) { b.Out = ref })
		}
	}
	refused("in under nobody", hsm.ErrKey, func(b *hsm.Translation) { b.In = nobody })
	refused("out under nobody", hsm.ErrKey, func(b *hsm.Translation) { b.Out = nobody })
	refused("in under a key that encrypts only", hsm.ErrKey, func(b *hsm.Translation) { b.In = zpkOut })
	refused("out under a key that decrypts only", hsm.ErrKey, func(b *hsm.Translation) { b.Out = zpkIn })
	for _, ref := range []hsm.KeyRef{zpkA, zpkAny} {
		refused("a serial number for "+string(ref), hsm.ErrKey, func(b *hsm.Translation) { b.In, b.KSN = ref, unhex(t, "FFFF9876543210E00001") })
	}

	refused("another key", hsm.ErrBlock, func(b *hsm.Translation) { b.In = zpkB })
	refused("another account", hsm.ErrBlock, func(b *hsm.Translation) { b.Account = secret("5555555551234617") })
	refused("no account", hsm.ErrBlock, func(b *hsm.Translation) { b.Account = hsm.Secret{} })
	refused("an account of 20 digits", hsm.ErrBlock, func(b *hsm.Translation) { b.Account = secret(card + "1234") })
	refused("an account with a letter", hsm.ErrBlock, func(b *hsm.Translation) { b.Account = secret("555555555123456A") })
	for _, n := range []int{0, 1, 7, 9, 16} {
		refused(fmt.Sprintf("%d bytes", n), hsm.ErrBlock, func(b *hsm.Translation) { b.Block = hsm.NewSecret(make([]byte, n)) })
	}
	s.malformed(t, refused)
}

// malformed: clear blocks of format 0 that are none.
func (s *suite) malformed(t *testing.T, refused func(string, error, func(*hsm.Translation))) {
	for what, clear := range map[string]string{
		"a PIN of 3 digits": "03123FFFFFFFFFFF", "a PIN of 13 digits": "0D1234567890123F", "a letter in the PIN": "04123AFFFFFFFFFF",
		"another fill": "041234FFFFFFFFF0", "format 3": "341234ABCDEFABCD", "format 2": "241234FFFFFFFFFF", "nothing": "0000000000000000",
	} {
		b := unhex(t, clear)
		for i, v := range unhex(t, "0000555555123456") {
			b[i] ^= v
		}
		s.cipher(t, zpkA).Encrypt(b, b)
		refused(what, hsm.ErrBlock, func(t *hsm.Translation) { t.Block = hsm.NewSecret(b) })
	}
}

// pvv: the value of the specification, and wrong ones.
func (s *suite) pvv(t *testing.T) {
	good := hsm.PVVCheck{
		Input: hsm.EncryptedPIN{Under: zpkA, Format: hsm.ISO0, Block: s.block(t, zpkA, hsm.ISO0, "4524", pvvCard), Account: secret(pvvCard)},
		By:    pvkVisa, Index: 1, PVV: secret("8523"),
	}
	if err := s.m.VerifyPVV(background, good); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		kind   error
		change func(*hsm.PVVCheck)
	}{
		"another value":        {hsm.ErrVerify, func(c *hsm.PVVCheck) { c.PVV = secret("8524") }},
		"another PIN":          {hsm.ErrVerify, func(c *hsm.PVVCheck) { c.Input.Block = s.block(t, zpkA, hsm.ISO0, "4525", pvvCard) }},
		"another number":       {hsm.ErrVerify, func(c *hsm.PVVCheck) { c.Index = 2 }},
		"number 10":            {hsm.ErrBlock, func(c *hsm.PVVCheck) { c.Index = 10 }},
		"three digits":         {hsm.ErrBlock, func(c *hsm.PVVCheck) { c.PVV = secret("852") }},
		"a block that is none": {hsm.ErrBlock, func(c *hsm.PVVCheck) { c.Input.Block = hsm.NewSecret(make([]byte, 8)) }},
		"a format that is not": {hsm.ErrDenied, func(c *hsm.PVVCheck) { c.Input.Format = 2 }},
		"by a ZPK":             {hsm.ErrKey, func(c *hsm.PVVCheck) { c.By = zpkA }},
		"by nobody":            {hsm.ErrKey, func(c *hsm.PVVCheck) { c.By = nobody }},
		"under a PVK":          {hsm.ErrKey, func(c *hsm.PVVCheck) { c.Input.Under = pvkVisa }},
		"under nobody":         {hsm.ErrKey, func(c *hsm.PVVCheck) { c.Input.Under = nobody }},
	} {
		bad := good
		c.change(&bad)
		s.refused(t, what, s.m.VerifyPVV(background, bad), c.kind, "4524", "4525", "8523", pvvCard)
	}
}

// offset: the offset of the specification, and wrong ones.
func (s *suite) offset(t *testing.T) {
	good := hsm.OffsetCheck{
		Input: hsm.EncryptedPIN{Under: zpkA, Format: hsm.ISO0, Block: s.block(t, zpkA, hsm.ISO0, "1234", pvvCard), Account: secret(pvvCard)},
		By:    pvkIBM, Table: "1234567890123456", Validation: secret(pvvCard), Offset: secret("7710"),
	}
	if err := s.m.VerifyOffset(background, good); err != nil {
		t.Error(err)
	}
	natural := good
	natural.Input.Block, natural.Offset = s.block(t, zpkA, hsm.ISO0, "4524", pvvCard), secret("0000")
	if err := s.m.VerifyOffset(background, natural); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		kind   error
		change func(*hsm.OffsetCheck)
	}{
		"another offset":        {hsm.ErrVerify, func(c *hsm.OffsetCheck) { c.Offset = secret("7711") }},
		"an offset of 5 digits": {hsm.ErrVerify, func(c *hsm.OffsetCheck) { c.Offset = secret("77100") }},
		"another PIN":           {hsm.ErrVerify, func(c *hsm.OffsetCheck) { c.Input.Block = s.block(t, zpkA, hsm.ISO0, "1235", pvvCard) }},
		"another table":         {hsm.ErrVerify, func(c *hsm.OffsetCheck) { c.Table = "0123456789012345" }},
		"a table that guesses":  {hsm.ErrDenied, func(c *hsm.OffsetCheck) { c.Table = "0000000000000001" }},
		"a table of letters":    {hsm.ErrBlock, func(c *hsm.OffsetCheck) { c.Table = "123456789012345A" }},
		"short validation data": {hsm.ErrBlock, func(c *hsm.OffsetCheck) { c.Validation = secret("112233445566778") }},
		"an offset of 3 digits": {hsm.ErrBlock, func(c *hsm.OffsetCheck) { c.Offset = secret("771") }},
		"by a ZPK":              {hsm.ErrKey, func(c *hsm.OffsetCheck) { c.By = zpkA }},
		"by nobody":             {hsm.ErrKey, func(c *hsm.OffsetCheck) { c.By = nobody }},
		"under nobody":          {hsm.ErrKey, func(c *hsm.OffsetCheck) { c.Input.Under = nobody }},
	} {
		bad := good
		c.change(&bad)
		s.refused(t, what, s.m.VerifyOffset(background, bad), c.kind, "1234567", "1235", "7710", pvvCard)
	}
}

// deviceBlocks are the blocks of the specification, each of its counter.
var deviceBlocks = map[string]string{
	"FFFF9876543210E00001": "1B9C1845EB993A7A", "FFFF9876543210E00002": "10A01C8D02C69107", "FFFF9876543210E00003": "18DC07B94797B466",
}

// dukpt: devices' blocks come out under a ZPK; serial numbers that no device has do not.
func (s *suite) dukpt(t *testing.T) {
	const account = "4012345678909"
	from := hsm.Translation{
		In: bdkTDES, Out: zpkA, Change: hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO0, Device: true}, Account: secret(account),
	}
	for ksn, block := range deviceBlocks {
		from.KSN, from.Block = unhex(t, ksn), hsm.NewSecret(unhex(t, block))
		got, err := s.m.TranslatePIN(background, from)
		if err != nil {
			t.Errorf("%s: %v", ksn, err)
			continue
		}
		s.holds(t, ksn, got, zpkA, hsm.ISO0, "1234", account)
	}
	for ksn, kind := range map[string]error{
		"FFFF9876543210E00004": hsm.ErrBlock, // another key
		"FFFF9876543210E00000": hsm.ErrBlock, "FFFF9876543210FFFFFF": hsm.ErrBlock, "9876543210": hsm.ErrBlock, "FFFF9876543210E0000100": hsm.ErrBlock,
		"": hsm.ErrKey, // the base key is not the block's
	} {
		from.KSN, from.Block = unhex(t, ksn), hsm.NewSecret(unhex(t, "1B9C1845EB993A7A"))
		_, err := s.m.TranslatePIN(background, from)
		s.refused(t, "serial number "+ksn, err, kind, account)
	}
}

// dukptAES: the block that X9 publishes with X9.24-3-2017.
func (s *suite) dukptAES(t *testing.T) {
	const account = "4111111111111111"
	from := hsm.Translation{
		In: bdkAES, Out: zpkAES, Change: hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4, Device: true},
		KSN: unhex(t, "123456789012345600000001"), Block: hsm.NewSecret(unhex(t, "A912150391AB65A67E52883D81CE2D15")), Account: secret(account),
	}
	got, err := s.m.TranslatePIN(background, from)
	if err != nil {
		t.Fatal(err)
	}
	s.holds(t, "AES DUKPT", got, zpkAES, hsm.ISO4, "1234", account)
	for _, ksn := range []string{"123456789012345600000002", "123456789012345600000000", "12345678901234560001FFFF", "1234567890123456FFFF", "FFFF9876543210E00001"} {
		from.KSN = unhex(t, ksn)
		_, err := s.m.TranslatePIN(background, from)
		s.refused(t, "serial number "+ksn, err, hsm.ErrBlock, account)
	}
	from.KSN = unhex(t, "1234567890123456FFFFFFFF")
	_, err = s.m.TranslatePIN(background, from)
	s.refused(t, "the counter of the next initial key", err, hsm.ErrDenied, account)
}
