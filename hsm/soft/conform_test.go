package soft_test

import (
	"crypto/rand"
	"testing"

	"switchd/hsm"
	"switchd/hsm/conform"
	"switchd/hsm/keyblock"
	"switchd/hsm/soft"
)

// TestConform: the software module can do all.
func TestConform(t *testing.T) {
	conform.Run(t, conform.Driver{New: func(t testing.TB, keys []conform.Key) hsm.Module {
		m, _ := memory(t)
		zmk := protection(t, m, "zmk")
		for _, k := range keys {
			load(t, m, zmk, k)
		}
		return m
	}})
}

// protection is a key block protection key that the module and the test have.
func protection(t testing.TB, m *soft.Module, ref hsm.KeyRef) hsm.Secret {
	t.Helper()
	var sum [32]byte
	c := hsm.Components{New: hsm.New{As: ref, Usage: hsm.KeyProtection, Algorithm: hsm.AES, Mode: hsm.BothWays, Export: hsm.NotExportable}}
	for range 3 {
		var part [32]byte
		rand.Read(part[:])
		for i := range sum {
			sum[i] ^= part[i]
		}
		c.Parts = append(c.Parts, hsm.Component{Part: hsm.CopySecret(part[:])})
	}
	must(t)(m.ImportComponents(ctx, c))
	return hsm.CopySecret(sum[:])
}

// load has the module hold a key of the suite, by the ways that it has for that.
func load(t testing.TB, m *soft.Module, zmk hsm.Secret, k conform.Key) {
	t.Helper()
	n := hsm.New{As: k.Ref, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export}
	switch {
	case k.Usage == hsm.SignaturePair && k.Mode == hsm.MACVerify:
		must(t)(m.ImportPublic(ctx, n, k.Bytes.Reveal()))
		return
	case k.Usage == hsm.SignaturePair:
		must(t)(m.ImportPair(ctx, n, k.Bytes))
		return
	}
	block, err := keyblock.Wrap(zmk, keyblock.Header{
		Version: 'D', Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, KeyVersion: "00", Export: k.Export,
	}, k.Bytes, rand.Reader)
	if err != nil {
		t.Fatal(k.Ref, err)
	}
	must(t)(m.ImportKey(ctx, hsm.Import{As: k.Ref, Under: "zmk", Block: block, Want: []hsm.Usage{k.Usage}}))
}
