package soft_test

import (
	"testing"

	"switchd/hsm"
	"switchd/hsm/conform"
)

// TestConform: the software module can do all.
func TestConform(t *testing.T) {
	conform.Run(t, conform.Driver{New: func(t testing.TB, keys []conform.Key) hsm.Module {
		m, _ := memory(t)
		zmk := conform.Protect(t, m, "zmk")
		for _, k := range keys {
			if k.Usage == hsm.SignaturePair && k.Mode == hsm.SignMode {
				must(t)(m.ImportPair(ctx, hsm.New{As: k.Ref, Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export}, k.Bytes))
				continue
			}
			conform.Put(t, m, "zmk", zmk, k)
		}
		return m
	}})
}
