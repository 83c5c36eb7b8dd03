package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/mac"
	"switchd/hsm/payshield"
	"switchd/hsm/payshield/wire"
	"switchd/hsm/payshieldsim"
)

// hsmsimKeyFlags are a key that the simulated HSM shares with a test.
type hsmsimKeyFlags struct {
	lmk, name, usage, algorithm, mode, export, scheme, kind string
}

func newHSMSimKey() *cobra.Command {
	var f hsmsimKeyFlags
	c := &cobra.Command{
		Use: "key --lmk FILE --name NAME --usage XX", Short: "Put a clear key under the LMK of a simulated HSM",
		Long: `Reads a key in hexadecimal from standard input, and prints its entry for the key table
of the payShield driver: the key under the LMK, its limits and its check value. It is
how a test and the simulated HSM come to share a key, such as the one that protects
key blocks. A real one takes keys in a ceremony at the machine.`,
		Example: `  openssl rand -hex 32 | tee zmk.hex | switchd hsmsim key --lmk lab.lmk --name banka/zmk --usage K1 --algorithm A`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			entry, err := f.protect(c.InOrStdin())
			if err != nil {
				return usageError{err}
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", entry)
			return err
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.lmk, "lmk", "", "file of the LMK (required)")
	fl.StringVar(&f.name, "name", "", "name of the key, such as banka/zmk (required)")
	fl.StringVar(&f.usage, "usage", "", "what it is for, as in key blocks: P0, M1, M3, M6, K1, B0, V1, V2 ... (required)")
	fl.StringVar(&f.algorithm, "algorithm", "T", "D, T or A")
	fl.StringVar(&f.mode, "mode", "B", "mode of use, as in key blocks")
	fl.StringVar(&f.export, "export", "N", "E, N or S, as in key blocks")
	fl.StringVar(&f.scheme, "scheme", "S", "how it is written: S (key block), U, T or Z")
	fl.StringVar(&f.kind, "type", "", "three digits, of a key that is no key block, where its usage does not say it: 70D for a terminal's")
	for _, name := range []string{"lmk", "name", "usage"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return c
}

// keyDigitsMax is the longest key, in hexadecimal digits.
const keyDigitsMax = 64

// protect reads a key and gives its entry.
func (f *hsmsimKeyFlags) protect(in io.Reader) ([]byte, error) {
	lmk, err := payshieldsim.ReadLMK(f.lmk)
	if err != nil {
		return nil, err
	}
	if len(f.algorithm) != 1 || len(f.mode) != 1 || len(f.export) != 1 || len(f.scheme) != 1 {
		return nil, errors.New("--algorithm, --mode, --export and --scheme are one character each")
	}
	text, err := io.ReadAll(io.LimitReader(in, keyDigitsMax+3))
	if err != nil {
		return nil, err
	}
	defer clear(text)
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, errors.New("standard input is no key: hexadecimal digits")
	}
	p := payshieldsim.Plain{
		Scheme: f.scheme[0], Type: f.kind, Usage: hsm.Usage(f.usage), Algorithm: hsm.Algorithm(f.algorithm[0]),
		Mode: hsm.Mode(f.mode[0]), Export: hsm.Export(f.export[0]), Bytes: hsm.NewSecret(key),
	}
	defer p.Bytes.Wipe()
	if p.Type == "" {
		p.Type = wire.KeyType(p.Scheme, p.Usage)
	}
	kcv, err := mac.CheckValue(p.Algorithm, p.Bytes.Reveal(), mac.CheckStandard)
	if err != nil {
		return nil, err
	}
	protected, err := lmk.Protect(p, rand.Reader)
	if err != nil {
		return nil, err
	}
	return payshield.Entry(protected, f.kind, hsm.KeyInfo{
		Ref: hsm.KeyRef(f.name), Usage: p.Usage, Algorithm: p.Algorithm, Mode: p.Mode, Export: p.Export, Bits: 8 * p.Bytes.Len(), KCV: kcv,
	})
}
