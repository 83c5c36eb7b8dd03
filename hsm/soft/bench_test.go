package soft_test

import (
	"testing"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// message is what a switch does for one message of a bank with MACs and PINs: a request
// of 300 bytes, in by one key, out by another.
type message struct {
	m       *soft.Module
	pin     hsm.Translation
	in, out hsm.MACInput
	code    []byte
}

func newMessage(t testing.TB, to hsm.PINFormat, by hsm.New, algorithm hsm.MACAlgorithm) *message {
	t.Helper()
	m, _ := memory(t)
	zpk := hsm.New{As: "in", Usage: hsm.PINEncryption, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.Exportable}
	must(t)(m.Generate(ctx, zpk))
	zpk.As = "out"
	if zpk.Algorithm = to.Algorithm(); to == hsm.ISO4 {
		zpk.Bits = 256
	}
	must(t)(m.Generate(ctx, zpk))
	by.Mode, by.Export = hsm.MACBothWays, hsm.Exportable
	for _, ref := range []hsm.KeyRef{"from", "onward"} {
		by.As = ref
		must(t)(m.Generate(ctx, by))
	}
	// A first PIN block, of format 1 as a device may make it: 16 digits that are found.
	account := hsm.NewSecret([]byte("4012345678909"))
	made := &message{m: m, in: hsm.MACInput{By: "from", Algorithm: algorithm, Size: 8, Message: make([]byte, 300)}}
	made.out = made.in
	made.out.By = "onward"
	made.pin = hsm.Translation{In: "in", Out: "out", Change: hsm.FormatChange{From: hsm.ISO0, To: to}, Block: found(t, m, account), Account: account}
	var err error
	if made.code, err = m.MAC(ctx, made.in); err != nil {
		t.Fatal(err)
	}
	return made
}

// found is a block of format 0 under the key "in": random blocks are tried as format 1
// until one is good, and that is translated.
func found(t testing.TB, m *soft.Module, account hsm.Secret) hsm.Secret {
	t.Helper()
	for i := range 1 << 20 {
		block := []byte{byte(i), byte(i >> 8), byte(i >> 16), 1, 2, 3, 4, 5}
		got, err := m.TranslatePIN(ctx, hsm.Translation{
			In: "in", Out: "in", Change: hsm.FormatChange{From: hsm.ISO1, To: hsm.ISO0, Device: true}, Block: hsm.NewSecret(block), Account: account,
		})
		if err == nil {
			return got
		}
	}
	t.Fatal("no block found")
	return hsm.Secret{}
}

func (b *message) translate(t testing.TB) {
	if _, err := b.m.TranslatePIN(ctx, b.pin); err != nil {
		t.Fatal(err)
	}
}

func (b *message) check(t testing.TB) {
	if err := b.m.VerifyMAC(ctx, b.in, b.code); err != nil {
		t.Fatal(err)
	}
}

func (b *message) make(t testing.TB) {
	if _, err := b.m.MAC(ctx, b.out); err != nil {
		t.Fatal(err)
	}
}

var (
	x919 = hsm.New{Usage: hsm.MACAlg3, Algorithm: hsm.TDES, Bits: 128}
	cmac = hsm.New{Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128}
)

// BenchmarkMessage: PIN translation, MAC check and MAC make for one message.
func BenchmarkMessage(b *testing.B) {
	for _, c := range []struct {
		name      string
		to        hsm.PINFormat
		by        hsm.New
		algorithm hsm.MACAlgorithm
	}{
		{"0to4/X9.19", hsm.ISO4, x919, hsm.X919}, {"0to0/X9.19", hsm.ISO0, x919, hsm.X919}, {"0to4/AES-CMAC", hsm.ISO4, cmac, hsm.AESCMAC},
	} {
		made := newMessage(b, c.to, c.by, c.algorithm)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				made.translate(b)
				made.check(b)
				made.make(b)
			}
		})
	}
}

// TestAllocations: what a message costs the garbage collector stays small.
func TestAllocations(t *testing.T) {
	made := newMessage(t, hsm.ISO4, x919, hsm.X919)
	for _, c := range []struct {
		what string
		run  func(testing.TB)
		max  float64
	}{
		{"PIN translation", made.translate, 3}, {"MAC check", made.check, 0}, {"MAC make", made.make, 1},
	} {
		if got := testing.AllocsPerRun(200, func() { c.run(t) }); got > c.max {
			t.Errorf("%s: %v allocations, above %v", c.what, got, c.max)
		}
	}
}
