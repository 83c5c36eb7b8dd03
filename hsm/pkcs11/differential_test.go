//go:build pkcs11

package pkcs11

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"testing"

	"switchd/hsm"
	"switchd/hsm/conform"
	"switchd/hsm/soft"
)

// shared are the keys that both modules have: the token makes them, and the software
// module gets them in key blocks.
var shared = []hsm.New{
	{As: "zpk-a", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable},
	{As: "zpk-b", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 192, Mode: hsm.BothWays, Export: hsm.Exportable},
	{As: "zpk-aes", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable},
	{As: "x99", Usage: hsm.MACAlg1, Algorithm: hsm.DES, Bits: 64, Mode: hsm.MACBothWays, Export: hsm.Exportable},
	{As: "x919", Usage: hsm.MACAlg3, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable},
	{As: "cmac", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable},
	{As: "cmac-tdes", Usage: hsm.MACAlg5, Algorithm: hsm.TDES, Bits: 192, Mode: hsm.MACBothWays, Export: hsm.Exportable},
	{As: "data", Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable},
	{As: "token", Usage: hsm.MACHash, Algorithm: hsm.HMAC, Bits: 256, Mode: hsm.MACMake, Export: hsm.Exportable},
}

// both makes the two modules, with the same protection key and the same keys.
func both(t testing.TB) (*Module, *soft.Module) {
	t.Helper()
	l := newLab(t)
	token := l.open(t)
	other, err := soft.New(soft.Options{Clock: l.o.Clock})
	if err != nil {
		t.Fatal(err)
	}
	zmk := conform.Protect(t, token, "zmk")
	zeros := make([]byte, zmk.Len())
	zeros[0] = 2 // components of zeros are refused: one and its sum with the key
	rest := bytes.Clone(zmk.Reveal())
	rest[0] ^= 2
	must(t)(other.ImportComponents(ctx, hsm.Components{
		New:   hsm.New{As: "zmk", Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable},
		Parts: []hsm.Component{{Part: hsm.NewSecret(zeros)}, {Part: hsm.NewSecret(rest)}},
	}))
	for _, n := range shared {
		i := must(t)(token.Generate(ctx, n))
		block, err := token.ExportKey(ctx, hsm.Exporting{What: n.As, Under: "zmk", Version: 'D'})
		wants(t, string(n.As), err, nil)
		must(t)(other.ImportKey(ctx, hsm.Import{As: n.As, Under: "zmk", Block: block, Want: []hsm.Usage{n.Usage}, KCV: i.KCV}))
	}
	return token, other
}

// TestAgainstSoft: on random inputs both modules give the same codes, PIN blocks and
// tokens, the same kinds of errors, and read what the other has made.
func TestAgainstSoft(t *testing.T) {
	token, other := both(t)
	random := mathrand.New(mathrand.NewPCG(8, 3))
	good := 0
	for n := range 300 {
		message := make([]byte, random.IntN(400))
		for i := range message {
			message[i] = byte(random.UintN(256))
		}
		codes := []hsm.MACInput{
			{By: "x99", Algorithm: hsm.X99, Padding: hsm.Padding(random.IntN(4))}, {By: "x919", Algorithm: hsm.X919, Padding: hsm.Padding(random.IntN(4))},
			{By: "cmac", Algorithm: hsm.AESCMAC}, {By: "cmac-tdes", Algorithm: hsm.DESCMAC}, {By: "cmac", Algorithm: hsm.X919},
		}
		in := codes[random.IntN(len(codes))]
		in.Size, in.Message = 2+random.IntN(8), message
		a, errA := token.MAC(ctx, in)
		b, errB := other.MAC(ctx, in)
		if !bytes.Equal(a, b) || kindOf(errA) != kindOf(errB) {
			t.Errorf("%d: %s of %d bytes: %x, %v; %x, %v", n, in.Algorithm, len(message), a, errA, b, errB)
		}
		value := hsm.NewSecret(message)
		one, errA := token.Token(ctx, "token", value)
		two, errB := other.Token(ctx, "token", value)
		if one != two || errA != nil || errB != nil {
			t.Errorf("%d: token: %v, %v", n, errA, errB)
		}
		good += samePINs(t, token, other, random)
	}
	if good == 0 {
		t.Error("no block was good")
	}
	boxes(t, token, other)
	boxes(t, other, token)
	blocks(t, token, other)
}

// kindOf is what an error is by the contract.
func kindOf(err error) error {
	for _, kind := range []error{hsm.ErrDenied, hsm.ErrVerify, hsm.ErrKey, hsm.ErrBlock, hsm.ErrDown, hsm.ErrTimeout} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return err
}

// samePINs: random bytes as a block, seldom a good one; a good one of format 1 goes to
// format 0 under either key, and from there on.
func samePINs(t *testing.T, token, other hsm.Module, random *mathrand.Rand) (good int) {
	t.Helper()
	block := make([]byte, 8)
	for i := range block {
		block[i] = byte(random.UintN(256))
	}
	account := fmt.Sprint(1e12 + random.Int64N(1e12))
	first := hsm.Translation{
		In: "zpk-a", Out: "zpk-b", Change: hsm.FormatChange{From: hsm.ISO1, To: hsm.ISO0, Device: true}, Block: hsm.NewSecret(block), Account: hsm.NewSecret([]byte(account)),
	}
	for range 40 { // one block of some hundred is good
		block[0]++
		a, errA := token.TranslatePIN(ctx, first)
		b, errB := other.TranslatePIN(ctx, first)
		if !bytes.Equal(a.Reveal(), b.Reveal()) || kindOf(errA) != kindOf(errB) {
			t.Errorf("PIN: %v; %v", errA, errB)
		}
		if errA != nil {
			continue
		}
		good++
		back := first
		back.Change, back.In, back.Out, back.Block = hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO4}, "zpk-b", "zpk-aes", a
		on, err := token.TranslatePIN(ctx, back)
		wants(t, "to format 4", err, nil)
		back.Change, back.In, back.Block = hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4}, "zpk-aes", on
		_, err = other.TranslatePIN(ctx, back)
		wants(t, "format 4, read by the other", err, nil)
	}
	return good
}

// boxes: what one has sealed the other opens.
func boxes(t *testing.T, from, to hsm.Module) {
	t.Helper()
	for _, n := range []int{0, 1, 16, 500} {
		data := bytes.Repeat([]byte{7}, n)
		sealed, err := from.Seal(ctx, hsm.Box{By: "data", Public: []byte("payment 17"), Data: data})
		wants(t, "seal", err, nil)
		got, err := to.Open(ctx, hsm.Box{By: "data", Public: []byte("payment 17"), Data: sealed})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// blocks: keys of the software module come into the token with their check values, and a
// signature of the one is verified by the other.
func blocks(t *testing.T, token *Module, other *soft.Module) {
	t.Helper()
	for _, n := range shared {
		back := n.As + "/back"
		block, err := other.ExportKey(ctx, hsm.Exporting{What: n.As, Under: "zmk", Version: 'D'})
		wants(t, string(n.As), err, nil)
		kcv, err := other.KCV(ctx, n.As)
		wants(t, string(n.As), err, nil)
		must(t)(token.ImportKey(ctx, hsm.Import{As: back, Under: "zmk", Block: block, Want: []hsm.Usage{n.Usage}, KCV: kcv}))
	}
	pair := hsm.New{As: "sign", Usage: hsm.SignaturePair, Algorithm: hsm.ECDSA, Bits: 256, Mode: hsm.SignMode, Export: hsm.NotExportable}
	must(t)(token.Generate(ctx, pair))
	public, err := token.Public(ctx, pair.As)
	wants(t, "public", err, nil)
	must(t)(other.ImportPublic(ctx, pair, public))
	s := hsm.Signing{By: pair.As, Algorithm: hsm.ES256, Digest: sha256.Sum256([]byte("pacs.008"))}
	sig, err := token.Sign(ctx, s)
	wants(t, "sign", err, nil)
	wants(t, "verified by the other", other.Verify(ctx, s, sig), nil)
}

// BenchmarkMessage: what a switch does for one message of a bank with codes and PINs:
// PIN translation from format 0 to 4, MAC check and MAC make over 300 bytes.
func BenchmarkMessage(b *testing.B) {
	m := newLab(b).open(b)
	for _, n := range shared {
		must(b)(m.Generate(ctx, n))
	}
	account := hsm.NewSecret([]byte("4012345678909"))
	t := hsm.Translation{In: "zpk-a", Out: "zpk-b", Change: hsm.FormatChange{From: hsm.ISO1, To: hsm.ISO0, Device: true}, Account: account}
	var found hsm.Secret
	for i := 0; found.Len() == 0 && i < 1<<16; i++ { // random blocks of format 1 until one is good
		t.Block = hsm.NewSecret([]byte{byte(i), byte(i >> 8), 3, 1, 2, 3, 4, 5})
		found, _ = m.TranslatePIN(ctx, t)
	}
	t.In, t.Out, t.Change, t.Block = "zpk-b", "zpk-aes", hsm.FormatChange{From: hsm.ISO0, To: hsm.ISO4}, found
	for _, in := range []hsm.MACInput{{By: "x919", Algorithm: hsm.X919}, {By: "cmac", Algorithm: hsm.AESCMAC}} {
		in.Size, in.Message = 8, make([]byte, 300)
		code, err := m.MAC(ctx, in)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("0to4/"+in.Algorithm.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := m.TranslatePIN(ctx, t)
				if err == nil {
					err = m.VerifyMAC(ctx, in, code)
				}
				if err == nil {
					_, err = m.MAC(ctx, in)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
