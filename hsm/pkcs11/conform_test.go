//go:build pkcs11

package pkcs11

import (
	"testing"

	"switchd/hsm"
	"switchd/hsm/conform"
)

// TestConform: with SoftHSM the driver is like all others but for what it says that it
// cannot do.
func TestConform(t *testing.T) {
	conform.Run(t, conform.Driver{
		New: func(t testing.TB, keys []conform.Key) hsm.Module {
			m := newLab(t).open(t)
			zmk := conform.Protect(t, m, "zmk")
			for _, k := range keys {
				if k.Usage == hsm.SignaturePair && k.Mode == hsm.SignMode {
					must(t)(m.ImportPair(ctx, hsm.New{As: k.Ref, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export}, k.Bytes))
					continue
				}
				conform.Put(t, m, "zmk", zmk, k)
			}
			return m
		},
		Cannot: map[conform.Ability]string{
			conform.DUKPT:        "the token cannot derive such keys and keep them in",
			conform.DUKPTWithAES: "the token cannot derive such keys and keep them in",
			conform.BlocksLegacy: "the token has no variants of a key",
		},
	})
}
