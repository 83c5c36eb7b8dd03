package payshield_test

import (
	"testing"

	"switchd/hsm"
	"switchd/hsm/conform"
	"switchd/hsm/payshield"
	"switchd/hsm/payshieldsim"
)

// TestConform: over the simulator, with keys in key blocks, the driver is like all others
// but for what it says that it cannot do.
func TestConform(t *testing.T) {
	const never = "not asked of a payShield"
	conform.Run(t, conform.Driver{
		New: func(t testing.TB, keys []conform.Key) hsm.Module {
			var own []key
			for _, k := range keys {
				own = append(own, key{name: string(k.Ref), scheme: 'S', plain: payshieldsim.Plain{
					Usage: k.Usage, Algorithm: k.Algorithm, Mode: k.Mode, Export: k.Export, Bytes: k.Bytes,
				}})
			}
			return newLab(t, payshield.Options{}, own).Module
		},
		CodeSizes: []int{4, 8}, NoBits: true,
		Cannot: map[conform.Ability]string{
			conform.CMACWithTDES: "M6 has CMAC for AES keys",
			conform.Sealing:      never, conform.Tokens: never, conform.ECDSA: never, conform.RSA: never,
		},
	})
}
