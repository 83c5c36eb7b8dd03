package soft_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/conform"
	"switchd/hsm/keyblock"
	"switchd/hsm/mac"
	"switchd/hsm/pinblock"
	"switchd/hsm/rule"
	"switchd/hsm/soft"
	"switchd/hsm/symmetric"
	"switchd/hsm/vector"
)

func kcv(t testing.TB, text string) hsm.KCV {
	t.Helper()
	k, err := hsm.NewKCV(vector.Hex(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestGenerate: all kinds of keys that are good for something, and none that are not.
func TestGenerate(t *testing.T) {
	m, c := memory(t)
	good := []hsm.New{
		{Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 192, Mode: hsm.BothWays}, {Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 192, Mode: hsm.DecryptOnly},
		{Usage: hsm.KeyProtection, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays}, {Usage: hsm.BaseDerivation, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.DeriveKeys},
		{Usage: hsm.MACAlg3, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.MACVerify}, {Usage: hsm.MACHash, Algorithm: hsm.HMAC, Bits: 1024, Mode: hsm.MACMake},
		{Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 256, Mode: hsm.SignMode}, {Usage: hsm.SignaturePair, Algorithm: hsm.RSA, Bits: 2048, Mode: hsm.SignMode},
		{Usage: hsm.PINVerifyVisaPVV, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.AnyMode},
	}
	for i, n := range good {
		n.As, n.Export, n.Expires = hsm.KeyRef(fmt.Sprintf("good/%d", i)), hsm.NotExportable, c.at+int64(time.Hour)
		k := must(t)(m.Generate(ctx, n))
		if k.Ref != n.As || k.Usage != n.Usage || k.Algorithm != n.Algorithm || k.Mode != n.Mode || k.Bits != n.Bits || k.Version != 1 ||
			k.State != hsm.StateActive || k.Origin != hsm.OriginGenerated || k.Created != c.at || k.Expires != n.Expires || len(k.KCV.String()) < 6 {
			t.Errorf("%+v of %+v", k, n)
		}
	}
	for i, n := range []hsm.New{
		{Usage: hsm.PINEncryption, Algorithm: hsm.DES, Bits: 64, Mode: hsm.BothWays}, {Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 127, Mode: hsm.BothWays},
		{Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 512, Mode: hsm.BothWays}, {Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACMake},
		{Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 128}, {Usage: hsm.PINEncryption, Bits: 128, Mode: hsm.BothWays},
		{Usage: "Z9", Algorithm: hsm.AES, Bits: 128, Mode: hsm.BothWays}, {Algorithm: hsm.AES, Bits: 128, Mode: hsm.BothWays},
		{Usage: hsm.MACAlg1, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.MACMake}, {Usage: hsm.MACAlg3, Algorithm: hsm.TDES, Bits: 192, Mode: hsm.MACMake},
		{Usage: hsm.MACHash, Algorithm: hsm.HMAC, Bits: 64, Mode: hsm.MACMake}, {Usage: hsm.MACHash, Algorithm: hsm.HMAC, Bits: 1 << 30, Mode: hsm.MACMake},
		{Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 384, Mode: hsm.SignMode}, {Usage: hsm.SignaturePair, Algorithm: hsm.RSA, Bits: 1024, Mode: hsm.SignMode},
		{Usage: hsm.SignaturePair, Algorithm: hsm.AES, Bits: 128, Mode: hsm.SignMode}, {Usage: hsm.MACHash, Algorithm: hsm.RSA, Bits: 2048, Mode: hsm.MACMake},
		{Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: -128, Mode: hsm.BothWays},
	} {
		n.As, n.Export = hsm.KeyRef(fmt.Sprintf("bad/%d", i)), hsm.NotExportable
		_, err := m.Generate(ctx, n)
		wants(t, err, hsm.ErrKey)
	}
	n := good[0]
	n.As, n.Export = "Bad Name", hsm.NotExportable
	_, err := m.Generate(ctx, n)
	wants(t, err, hsm.ErrKey)
	n.As, n.Export = "bad", 'X'
	_, err = m.Generate(ctx, n)
	wants(t, err, hsm.ErrKey)
	n.Export, n.Expires = hsm.NotExportable, c.at
	_, err = m.Generate(ctx, n)
	wants(t, err, hsm.ErrDenied)
	if all, err := m.List(ctx); err != nil || len(all) != len(good) {
		t.Errorf("%d keys, %v", len(all), err)
	}
}

// components of a double-length key, each with odd parity; the check values were made
// with the command openssl: the first 3 bytes of the encrypted zero block.
var components = []string{"0123456789ABCDEFFEDCBA9876543210", "89E98CF7921545F234BC7546FD3E380D", "DA01B5D94C7A683B29E3C2A1807FFE46"}

// TestCheckComponent: a component is looked at before the others are there.
func TestCheckComponent(t *testing.T) {
	n := hsm.New{Algorithm: hsm.TDES, Bits: 128}
	c := hsm.Component{Part: hsm.NewSecret(vector.Hex(t, components[0]))}
	if got, err := rule.CheckComponent(n, c); err != nil || got != kcv(t, "08D7B4") {
		t.Errorf("%v, %v", got, err)
	}
	c.KCV = kcv(t, "010203")
	_, err := rule.CheckComponent(n, c)
	wants(t, err, hsm.ErrVerify)
	c.KCV = kcv(t, "08D7B4")
	n.Bits = 192
	_, err = rule.CheckComponent(n, c)
	wants(t, err, hsm.ErrKey)
	n.Bits = 0
	c.Part.Reveal()[3] ^= 1
	_, err = rule.CheckComponent(n, c)
	wants(t, err, hsm.ErrBlock)
}

// TestComponents: keys come of what two or three people hold, if each holds what he
// thinks, and the sum is what was agreed.
func TestComponents(t *testing.T) {
	m, _ := memory(t)
	part := func(i int) hsm.Component { return hsm.Component{Part: hsm.NewSecret(vector.Hex(t, components[i]))} }
	n := hsm.New{As: "banka/zmk", Usage: hsm.KeyProtection, Algorithm: hsm.TDES, Mode: hsm.BothWays, Export: hsm.NotExportable}
	sum := vector.Hex(t, components[0])
	for i := range sum {
		sum[i] ^= vector.Hex(t, components[1])[i] ^ vector.Hex(t, components[2])[i]
	}
	want, err := mac.CheckValue(hsm.TDES, sum, mac.CheckStandard)
	wants(t, err, nil)
	first := part(0)
	first.KCV = kcv(t, "08D7B4")
	three := hsm.Components{New: n, Parts: []hsm.Component{first, part(1), part(2)}, KCV: want}
	if k := must(t)(m.ImportComponents(ctx, three)); k.KCV != want || k.Bits != 128 || k.Origin != hsm.OriginComponents {
		t.Errorf("%+v", k)
	}

	// Two components with odd parity add up to even parity: the module sets it right.
	n.As = "banka/zak"
	n.Usage, n.Mode, n.Export = hsm.MACAlg3, hsm.MACBothWays, hsm.Exportable
	must(t)(m.ImportComponents(ctx, hsm.Components{New: n, Parts: []hsm.Component{part(0), part(1)}}))
	block, err := m.ExportKey(ctx, hsm.Exporting{What: n.As, Under: "banka/zmk", Version: 'B'})
	wants(t, err, nil)
	_, key, err := keyblock.Unwrap(hsm.NewSecret(sum), block)
	wants(t, err, nil)
	for i, b := range key.Reveal() {
		even := vector.Hex(t, components[0])[i] ^ vector.Hex(t, components[1])[i]
		if b != even^1 {
			t.Errorf("byte %d is %02X of %02X", i, b, even)
		}
	}

	for what, c := range map[string]struct {
		change func(*hsm.Components)
		kind   error
	}{
		"one part":              {func(c *hsm.Components) { c.Parts = c.Parts[:1] }, hsm.ErrDenied},
		"four parts":            {func(c *hsm.Components) { c.Parts = append(c.Parts[:3:3], part(0)) }, hsm.ErrDenied},
		"no part":               {func(c *hsm.Components) { c.Parts = nil }, hsm.ErrDenied},
		"parts of two lengths":  {func(c *hsm.Components) { c.Parts[1].Part = hsm.NewSecret(make([]byte, 24)) }, hsm.ErrBlock},
		"another length":        {func(c *hsm.Components) { c.New.Bits = 192 }, hsm.ErrKey},
		"even parity":           {func(c *hsm.Components) { c.Parts[2].Part.Reveal()[7] ^= 1 }, hsm.ErrBlock},
		"another check value":   {func(c *hsm.Components) { c.KCV = kcv(t, "010203") }, hsm.ErrVerify},
		"a part's check value":  {func(c *hsm.Components) { c.Parts[1].KCV = kcv(t, "08D7B4") }, hsm.ErrVerify},
		"a part of zeros":       {func(c *hsm.Components) { c.Parts[1].Part = hsm.NewSecret(bytes.Repeat([]byte{1}, 16)) }, hsm.ErrDenied},
		"the same part twice":   {func(c *hsm.Components) { c.Parts = []hsm.Component{part(0), part(0)} }, hsm.ErrDenied},
		"the last two equal":    {func(c *hsm.Components) { c.Parts = []hsm.Component{part(0), part(1), part(1)} }, hsm.ErrDenied},
		"two of three equal":    {func(c *hsm.Components) { c.Parts = []hsm.Component{part(0), part(1), part(0)} }, hsm.ErrDenied},
		"halves that are equal": {func(c *hsm.Components) { c.Parts = halves(t) }, hsm.ErrDenied},
		"a name that is taken":  {func(c *hsm.Components) { c.New.As = "banka/zmk" }, hsm.ErrDenied},
		"a pair": {func(c *hsm.Components) {
			c.New.Usage, c.New.Algorithm, c.New.Mode = hsm.SignaturePair, hsm.RSA, hsm.SignMode
		}, hsm.ErrKey},
		"a key for something odd": {func(c *hsm.Components) { c.New.Usage = "Z9" }, hsm.ErrKey},
	} {
		bad := hsm.Components{New: n, Parts: []hsm.Component{first, part(1), part(2)}}
		bad.New.As = "bad"
		c.change(&bad)
		_, err := m.ImportComponents(ctx, bad)
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && strings.Contains(strings.ToUpper(err.Error()), components[0][:8]) {
			t.Errorf("%s: %v", what, err)
		}
	}
	twice := hsm.Component{Part: hsm.NewSecret(vector.Hex(t, components[0]))}
	_, err = m.ImportComponents(ctx, hsm.Components{Parts: []hsm.Component{twice, twice}, New: hsm.New{
		As: "bad", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Mode: hsm.MACBothWays, Export: hsm.Exportable,
	}})
	wants(t, err, hsm.ErrDenied)
	if all, err := m.List(ctx); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestHalvesThatAreEqual: parity does not make two keys of one.
func TestHalvesThatAreEqual(t *testing.T) {
	m, _ := memory(t)
	zmk := conform.Protect(t, m, "zmk")
	for _, key := range []string{"0123456789ABCDEF0022446688AACCEE", "0123456789ABCDEFFEDCBA9876543210FFDDBB9977553311"} {
		block, err := keyblock.Wrap(zmk, keyblock.Header{Version: 'D', Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, KeyVersion: "00", Export: hsm.Exportable}, hsm.NewSecret(vector.Hex(t, key)), rand.Reader)
		wants(t, err, nil)
		_, err = m.ImportKey(ctx, hsm.Import{As: "zpk", Under: "zmk", Block: block, Want: []hsm.Usage{hsm.PINEncryption}})
		wants(t, err, hsm.ErrDenied)
	}
}

// halves are components whose sum is single DES.
func halves(t testing.TB) []hsm.Component {
	a, b := vector.Hex(t, components[0]), vector.Hex(t, components[0])
	for i := range 8 {
		b[i], b[8+i] = a[8+i], a[i]
	}
	return []hsm.Component{{Part: hsm.NewSecret(a)}, {Part: hsm.NewSecret(b)}}
}

// TestExpiry: a key that has expired makes and reads nothing, but for data at rest.
func TestExpiry(t *testing.T) {
	m, c := memory(t)
	end := c.at + int64(time.Hour)
	must(t)(m.Generate(ctx, hsm.New{As: "zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable, Expires: end}))
	must(t)(m.Generate(ctx, hsm.New{As: "zmk", Usage: hsm.KeyProtection, Algorithm: hsm.AES, Bits: 128, Mode: hsm.BothWays, Export: hsm.NotExportable}))
	must(t)(m.Generate(ctx, hsm.New{As: "data", Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable, Expires: end}))
	in := hsm.MACInput{By: "zak", Algorithm: hsm.AESCMAC, Size: 4, Message: []byte("0200")}
	code, err := m.MAC(ctx, in)
	wants(t, err, nil)
	box, err := m.Seal(ctx, hsm.Box{By: "data", Data: []byte("4711")})
	wants(t, err, nil)
	c.advance(time.Hour - 1)
	wants(t, m.VerifyMAC(ctx, in, code), nil)
	c.advance(1)
	wants(t, m.VerifyMAC(ctx, in, code), hsm.ErrKey)
	_, err = m.MAC(ctx, in)
	wants(t, err, hsm.ErrKey)
	_, err = m.ExportKey(ctx, hsm.Exporting{What: "zak", Under: "zmk", Version: 'D'})
	wants(t, err, hsm.ErrKey)
	_, err = m.Seal(ctx, hsm.Box{By: "data", Data: []byte("4711")})
	wants(t, err, hsm.ErrKey)
	got, err := m.Open(ctx, hsm.Box{By: "data", Data: box})
	if err != nil || string(got) != "4711" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestOldKeysMakeNothing: also when the active one is gone.
func TestOldKeysMakeNothing(t *testing.T) {
	m, _ := memory(t)
	must(t)(m.Generate(ctx, hsm.New{As: "zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}))
	in := hsm.MACInput{By: "zak", Algorithm: hsm.AESCMAC, Size: 4, Message: []byte("0200")}
	code, err := m.MAC(ctx, in)
	wants(t, err, nil)
	must(t)(m.Rotate(ctx, hsm.Rotation{Ref: "zak", Overlap: time.Hour}))
	active := hsm.KeyVersion{Ref: "zak", Number: 2}
	for _, end := range []func() error{func() error { return m.Retire(ctx, active) }, func() error { return m.Delete(ctx, active) }} {
		wants(t, end(), nil)
		wants(t, m.VerifyMAC(ctx, in, code), nil)
		_, err = m.MAC(ctx, in)
		wants(t, err, hsm.ErrKey)
		_, err = m.KCV(ctx, "zak")
		wants(t, err, hsm.ErrKey)
	}
}

// TestAnotherAlgorithmReplaces: a signature that is wrong stays wrong, though the key
// before was not even one of its algorithm.
func TestAnotherAlgorithmReplaces(t *testing.T) {
	m, _ := memory(t)
	n := hsm.New{As: "jws", Usage: hsm.SignaturePair, Algorithm: hsm.RSA, Bits: 2048, Mode: hsm.SignMode, Export: hsm.NotExportable}
	must(t)(m.Generate(ctx, n))
	digest := sha256.Sum256([]byte("pacs.008"))
	old, err := m.Sign(ctx, hsm.Signing{By: "jws", Algorithm: hsm.PS256, Digest: digest})
	wants(t, err, nil)
	n.Algorithm, n.Bits, n.Replace, n.Overlap = hsm.ECDSA, 256, true, time.Hour
	must(t)(m.Generate(ctx, n))
	wants(t, m.Verify(ctx, hsm.Signing{By: "jws", Algorithm: hsm.PS256, Digest: digest}, old), nil)
	wants(t, m.Verify(ctx, hsm.Signing{By: "jws", Algorithm: hsm.ES256, Digest: digest}, old), hsm.ErrVerify)
}

// TestDUKPTOf256Bits: the device's key is as long as the base key.
func TestDUKPTOf256Bits(t *testing.T) {
	m, _ := memory(t)
	zmk := conform.Protect(t, m, "zmk")
	bdk := hsm.NewSecret(vector.Hex(t, "FEDCBA9876543210F1F1F1F1F1F1F1F1FEDCBA9876543210F1F1F1F1F1F1F1F1"))
	conform.Put(t, m, "zmk", zmk, conform.Key{Ref: "bdk", Usage: hsm.BaseDerivation, Algorithm: hsm.AES, Mode: hsm.DeriveKeys, Export: hsm.NotExportable, Bytes: bdk})
	must(t)(m.Generate(ctx, hsm.New{As: "zpk", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable}))
	// The PIN key of X9.24-3's vectors for a base key of 256 bits, counter 1.
	key, err := symmetric.New(hsm.AES, vector.Hex(t, "8C1AB7BEE973829E30242E0BBBDD4946D540C98FC1B5BDCF94790001A23FD502"))
	wants(t, err, nil)
	pin, err := pinblock.ParsePIN([]byte("1234"))
	wants(t, err, nil)
	account, err := pinblock.ParseAccount([]byte("4111111111111111"))
	wants(t, err, nil)
	block := make([]byte, 16)
	wants(t, pinblock.Encrypt(block, &pin, pinblock.Binding{Format: hsm.ISO4, Key: key, Account: account}, rand.Reader), nil)
	_, err = m.TranslatePIN(ctx, hsm.Translation{
		In: "bdk", Out: "zpk", Change: hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4, Device: true},
		KSN: vector.Hex(t, "123456789012345600000001"), Block: hsm.NewSecret(block), Account: hsm.NewSecret([]byte("4111111111111111")),
	})
	wants(t, err, nil)
}

// TestDataKeysStay: what was sealed is opened after any number of rotations, until the
// key is retired.
func TestDataKeysStay(t *testing.T) {
	m, c := memory(t)
	must(t)(m.Generate(ctx, hsm.New{As: "data", Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable}))
	var boxes [][]byte
	for range 4 {
		box, err := m.Seal(ctx, hsm.Box{By: "data", Data: []byte("4711")})
		wants(t, err, nil)
		boxes = append(boxes, box)
		must(t)(m.Rotate(ctx, hsm.Rotation{Ref: "data"}))
		c.advance(400 * 24 * time.Hour)
	}
	for i, box := range boxes {
		got, err := m.Open(ctx, hsm.Box{By: "data", Data: box})
		if err != nil || string(got) != "4711" {
			t.Errorf("box %d: %q, %v", i, got, err)
		}
	}
	second := hsm.KeyVersion{Ref: "data", Number: 2}
	wants(t, m.Delete(ctx, second), hsm.ErrDenied)
	wants(t, m.Retire(ctx, second), nil)
	_, err := m.Open(ctx, hsm.Box{By: "data", Data: boxes[1]})
	wants(t, err, hsm.ErrKey)
	wants(t, m.Delete(ctx, second), nil)
	_, err = m.Open(ctx, hsm.Box{By: "data", Data: boxes[1]})
	wants(t, err, hsm.ErrVerify)
	wants(t, m.Delete(ctx, second), hsm.ErrKey)
	wants(t, m.Retire(ctx, second), hsm.ErrKey)
	_, err = m.Open(ctx, hsm.Box{By: "data", Data: boxes[2]})
	wants(t, err, nil)
	var versions []uint32
	all, err := m.List(ctx)
	for _, k := range all {
		versions = append(versions, k.Version)
	}
	if want := "[5 4 3 1]"; err != nil || fmt.Sprint(versions) != want {
		t.Errorf("%v, not %s: %v", versions, want, err)
	}
}

// TestRetire: a name whose key is retired has none, and may get another.
func TestRetire(t *testing.T) {
	m, _ := memory(t)
	n := hsm.New{As: "zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}
	must(t)(m.Generate(ctx, n))
	in := hsm.MACInput{By: "zak", Algorithm: hsm.AESCMAC, Size: 4, Message: []byte("0200")}
	code, err := m.MAC(ctx, in)
	wants(t, err, nil)
	wants(t, m.Retire(ctx, hsm.KeyVersion{Ref: "zak", Number: 1}), nil)
	wants(t, m.VerifyMAC(ctx, in, code), hsm.ErrKey)
	_, err = m.MAC(ctx, in)
	wants(t, err, hsm.ErrKey)
	_, err = m.Rotate(ctx, hsm.Rotation{Ref: "zak"})
	wants(t, err, hsm.ErrKey)
	if k := must(t)(m.Generate(ctx, n)); k.Version != 2 {
		t.Errorf("%+v", k)
	}
	wants(t, m.VerifyMAC(ctx, in, code), hsm.ErrVerify)
	_, err = m.Rotate(ctx, hsm.Rotation{Ref: "nobody"})
	wants(t, err, hsm.ErrKey)
	_, err = m.Rotate(ctx, hsm.Rotation{Ref: "zak", Overlap: -1})
	wants(t, err, hsm.ErrDenied)
}

// TestBlockThatFitsTwoKeys: while two keys read, a block of format 1 that is one under
// both is refused, since it cannot be said which PIN it has. The blocks were found by
// trying: one in some hundred fits a key.
func TestBlockThatFitsTwoKeys(t *testing.T) {
	m, c := memory(t)
	zmk := conform.Protect(t, m, "zmk")
	put := func(as hsm.KeyRef, key string, replace bool) {
		k := hsm.NewSecret(vector.Hex(t, key))
		block, err := keyblock.Wrap(zmk, keyblock.Header{Version: 'D', Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Mode: hsm.BothWays, KeyVersion: "00", Export: hsm.Exportable}, k, rand.Reader)
		wants(t, err, nil)
		must(t)(m.ImportKey(ctx, hsm.Import{As: as, Under: "zmk", Block: block, Want: []hsm.Usage{hsm.PINEncryption}, Replace: replace, Overlap: time.Minute}))
	}
	put("tpk", "0123456789ABCDEFFEDCBA9876543210", false)
	put("other", "89E88CF7931444F334BD7547FC3F380C", false)
	put("out", "1A9B2C7D3E5F40618293A4B5C6D7E8F9", false)
	translate := func(in hsm.KeyRef, block []byte) error {
		_, err := m.TranslatePIN(ctx, hsm.Translation{
			In: in, Out: "out", Change: hsm.FormatChange{From: hsm.ISO1, To: hsm.ISO0, Device: true}, Block: hsm.CopySecret(block), Account: hsm.NewSecret([]byte("4012345678909")),
		})
		return err
	}
	one, both := vector.Hex(t, "0F5814F82D13A60F"), vector.Hex(t, "91E0CE1EB4E2684A")
	wants(t, translate("tpk", one), nil)
	wants(t, translate("other", one), hsm.ErrBlock)
	wants(t, translate("tpk", both), nil)
	wants(t, translate("other", both), nil)
	put("tpk", "89E88CF7931444F334BD7547FC3F380C", true)
	wants(t, translate("tpk", one), nil)
	wants(t, translate("tpk", both), hsm.ErrBlock)
	c.advance(time.Minute)
	wants(t, translate("tpk", one), hsm.ErrBlock)
	wants(t, translate("tpk", both), nil)
}

// TestPublic: partners' keys come as certificates or as keys, in DER or PEM, and those
// that are too weak do not.
func TestPublic(t *testing.T) {
	m, c := memory(t)
	n := hsm.New{As: "banka/jws", Usage: hsm.SignaturePair}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	wants(t, err, nil)
	end := time.Unix(0, c.at).Add(time.Hour).Truncate(time.Second)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "banka"}, NotBefore: end.Add(-2 * time.Hour), NotAfter: end}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	wants(t, err, nil)
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	wants(t, err, nil)
	digest := sha256.Sum256([]byte("pacs.008"))
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	wants(t, err, nil)
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)

	for i, file := range [][]byte{
		cert, spki, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}),
	} {
		n.As = hsm.KeyRef(fmt.Sprintf("banka/jws-%d", i))
		k := must(t)(m.ImportPublic(ctx, n, file))
		isCert := i%2 == 0
		if k.Mode != hsm.MACVerify || k.Algorithm != hsm.ECDSA || k.Bits != 256 || k.Origin != hsm.OriginFile || (k.Expires == end.UnixNano()) != isCert || (k.Expires == 0) == isCert {
			t.Errorf("%+v", k)
		}
		got, err := m.Public(ctx, n.As)
		if err != nil || !bytes.Equal(got, spki) {
			t.Errorf("%x, %v", got, err)
		}
		wants(t, m.Verify(ctx, hsm.Signing{By: n.As, Algorithm: hsm.ES256, Digest: digest}, signature), nil)
		_, err = m.Rotate(ctx, hsm.Rotation{Ref: n.As})
		wants(t, err, hsm.ErrDenied)
	}
	for late, want := range map[time.Duration]int64{time.Hour: end.UnixNano(), -time.Minute: end.Add(-time.Minute).UnixNano()} {
		n.As, n.Expires = hsm.KeyRef(fmt.Sprintf("banka/end%d", late)), end.Add(late).UnixNano()
		if k := must(t)(m.ImportPublic(ctx, n, cert)); k.Expires != want {
			t.Errorf("%s after the certificate: %+v", late, k)
		}
	}
	n.Expires = 0
	for usage, want := range map[x509.KeyUsage]error{x509.KeyUsageKeyAgreement: hsm.ErrKey, x509.KeyUsageKeyAgreement | x509.KeyUsageDigitalSignature: nil} {
		template.KeyUsage = usage
		other, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
		wants(t, err, nil)
		n.As = hsm.KeyRef(fmt.Sprintf("banka/usage%d", usage))
		_, err = m.ImportPublic(ctx, n, other)
		wants(t, err, want)
	}
	c.advance(2 * time.Hour)
	wants(t, m.Verify(ctx, hsm.Signing{By: "banka/jws-0", Algorithm: hsm.ES256, Digest: digest}, signature), hsm.ErrKey)
	wants(t, m.Verify(ctx, hsm.Signing{By: "banka/jws-1", Algorithm: hsm.ES256, Digest: digest}, signature), nil)

	n.As = "bad"
	_, err = m.ImportPublic(ctx, n, cert)
	wants(t, err, hsm.ErrDenied) // it has expired
	for what, file := range map[string][]byte{
		"nothing": nil, "words": []byte("-----BEGIN PUBLIC KEY-----"), "two": bytes.Repeat(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), 2),
		"more": append(bytes.Clone(spki), 0), "a certificate cut": cert[:100],
	} {
		if _, err := m.ImportPublic(ctx, n, file); !errors.Is(err, hsm.ErrBlock) {
			t.Errorf("%s: %v", what, err)
		}
	}
	weak(t, m, n)
}

// weak keys of partners are refused, and a pair of theirs is none of ours.
func weak(t *testing.T, m *soft.Module, n hsm.New) {
	t.Helper()
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	wants(t, err, nil)
	two, err := rsa.GenerateKey(rand.Reader, 2048)
	wants(t, err, nil)
	small := two.PublicKey
	small.E = 3
	short := rsa.PublicKey{N: new(big.Int).Rsh(two.N, 1025), E: 65537}
	short.N.SetBit(short.N, 0, 1)
	for what, public := range map[string]any{"P-384": other.Public(), "exponent 3": &small, "RSA of 1023 bits": &short} {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(what, err)
		}
		if _, err := m.ImportPublic(ctx, n, der); !errors.Is(err, hsm.ErrKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
	n.Algorithm, n.Mode, n.Export = hsm.ECDSA, hsm.SignMode, hsm.NotExportable
	der, err := x509.MarshalPKCS8PrivateKey(other)
	wants(t, err, nil)
	_, err = m.ImportPair(ctx, n, hsm.NewSecret(der))
	wants(t, err, hsm.ErrKey)
	_, err = m.ImportPair(ctx, n, hsm.NewSecret([]byte("no pair")))
	wants(t, err, hsm.ErrBlock)
}

// TestPairAndPublic: a partner's key does not take the place of a pair, so that nothing is
// signed any more, nor a pair that of a partner's key.
func TestPairAndPublic(t *testing.T) {
	m, _ := memory(t)
	n := hsm.New{As: "jws", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 256, Mode: hsm.SignMode, Export: hsm.NotExportable}
	must(t)(m.Generate(ctx, n))
	der, err := m.Public(ctx, "jws")
	wants(t, err, nil)
	n.Replace = true
	_, err = m.ImportPublic(ctx, n, der)
	wants(t, err, hsm.ErrDenied)
	must(t)(m.Generate(ctx, n))
	n.As, n.Replace = "banka/jws", false
	must(t)(m.ImportPublic(ctx, n, der))
	n.Replace = true
	must(t)(m.ImportPublic(ctx, n, der)) // as with a new certificate
	_, err = m.Generate(ctx, n)
	wants(t, err, hsm.ErrDenied)
}

// TestPairsStay: a pair never leaves, whatever it says.
func TestPairsStay(t *testing.T) {
	m, _ := memory(t)
	conform.Protect(t, m, "zmk")
	must(t)(m.Generate(ctx, hsm.New{As: "jws", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 256, Mode: hsm.SignMode, Export: hsm.Exportable}))
	_, err := m.ExportKey(ctx, hsm.Exporting{What: "jws", Under: "zmk", Version: 'D'})
	wants(t, err, hsm.ErrDenied)
}

// TestChangesUnderLoad: keys are exchanged while codes are made and checked; no call
// fails, and after Close all are refused.
func TestChangesUnderLoad(t *testing.T) {
	m, _ := memory(t)
	must(t)(m.Generate(ctx, hsm.New{As: "zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}))
	in := hsm.MACInput{By: "zak", Algorithm: hsm.AESCMAC, Size: 16, Message: []byte("0200")}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				code, err := m.MAC(ctx, in)
				if err == nil {
					err = m.VerifyMAC(ctx, in, code)
				}
				if errors.Is(err, hsm.ErrDown) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range hsm.KeyVersionsMax - 1 { // all of them read
		must(t)(m.Rotate(ctx, hsm.Rotation{Ref: "zak", Overlap: time.Hour}))
	}
	wants(t, m.Close(), nil)
	all.Wait()
}

// TestNotForProduction: the module says so wherever it is asked.
func TestNotForProduction(t *testing.T) {
	m, _ := memory(t)
	h, err := m.Health(ctx)
	if err != nil || h.Production || h.Driver != "soft" || !strings.Contains(h.Detail, "development only") || !strings.Contains(m.Banner(), "Not for production") {
		t.Errorf("%+v, %v, %s", h, err, m.Banner())
	}
}
