package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// keyView is what --json says of a key.
type keyView struct {
	Name      hsm.KeyRef `json:"name"`
	Version   uint32     `json:"version"`
	Usage     string     `json:"usage"`
	Words     string     `json:"usage_words"`
	Algorithm string     `json:"algorithm"`
	Bits      int        `json:"bits"`
	Mode      string     `json:"mode"`
	Export    string     `json:"export"`
	KCV       string     `json:"kcv"`
	State     string     `json:"state"`
	Origin    string     `json:"origin"`
	Created   string     `json:"created"`
	AgeDays   int64      `json:"age_days"`
	Expires   string     `json:"expires,omitempty"`
	Until     string     `json:"until,omitempty"` // of an old key: when it reads no more
	Warning   string     `json:"warning,omitempty"`
}

const day = int64(24 * time.Hour)

// expiryWarning is how long before its end a key is warned of.
const expiryWarning = 30 * day

func viewKey(k *hsm.KeyInfo, now int64) keyView {
	v := keyView{
		Name: k.Ref, Version: k.Version, Usage: string(k.Usage), Words: k.Usage.Text(), Algorithm: k.Algorithm.String(), Bits: k.Bits,
		Mode: string(rune(k.Mode)), Export: string(rune(k.Export)), KCV: k.KCV.String(), State: k.State.String(), Origin: k.Origin.String(),
		Created: keyTime(k.Created), AgeDays: (now - k.Created) / day, Expires: keyTime(k.Expires), Until: keyTime(k.Until),
	}
	if k.State == 0 {
		v.State = "deleted"
	}
	if k.State != hsm.StateActive || k.Expires == 0 {
		return v
	}
	switch left := k.Expires - now; {
	case left <= 0:
		v.Warning = "has expired: nothing is made or checked with it"
	case left < expiryWarning:
		v.Warning = "expires " + remaining(time.Duration(left))
	}
	return v
}

func keyTime(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(0, at).UTC().Format(time.RFC3339)
}

func newKeysList() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "list [NAME...]", Short: "List keys: what they are for, check value, state, age and end; never a key",
		Long: `Lists all keys, or those whose names begin with one of the arguments; of one name the
newest first. Works beside a running switch. An active key within 30 days of its end has
a "!" in the table, a warning on standard error and a "warning" in --json.

States: active; old: its place was taken, it still reads and verifies until its overlap
is over; retired: for nothing.`,
		Example: "  switchd keys list --config switchd.yml\n  switchd keys list banka/ --json --config switchd.yml",
		RunE: func(c *cobra.Command, args []string) error {
			for _, a := range args {
				if _, err := keyArgument([]string{a}); err != nil {
					return err
				}
			}
			views := []keyView{}
			return f.look(c, keyLook{
				action: "list",
				find: func(ctx context.Context, m *soft.Module) (string, error) {
					all, err := m.List(ctx)
					for _, k := range all {
						if begins(string(k.Ref), args) {
							views = append(views, viewKey(&k, clock()))
						}
					}
					return "", err
				},
				show: func() error { return f.showKeys(c, views) },
			})
		},
	}
	f.place(c)
	f.json(c)
	return c
}

// showKeys prints a list of keys, and warns of those whose end is near.
func (f *keysFlags) showKeys(c *cobra.Command, views []keyView) error {
	for _, v := range views {
		if v.Warning != "" {
			fmt.Fprintf(c.ErrOrStderr(), "warning: %s version %d %s\n", v.Name, v.Version, v.Warning)
		}
	}
	if f.programs() {
		return f.encode(c.OutOrStdout(), views)
	}
	if len(views) == 0 {
		fmt.Fprintln(c.ErrOrStderr(), "there is no key, or none of such a name")
	}
	return printKeys(c.OutOrStdout(), views)
}

func begins(name string, with []string) bool {
	for _, w := range with {
		if strings.HasPrefix(name, w) {
			return true
		}
	}
	return len(with) == 0
}

// shortUsage is what the table says, where the words of a usage are too long.
var shortUsage = map[hsm.Usage]string{
	hsm.BaseDerivation: "DUKPT base", hsm.InitialDUKPT: "DUKPT initial", hsm.DataEncryption: "data", hsm.KeyEncryption: "keys",
	hsm.KeyProtection: "key blocks", hsm.PINEncryption: "PIN blocks", hsm.PINVerification: "PIN check", hsm.PINVerifyIBM3624: "PIN check IBM", hsm.PINVerifyVisaPVV: "PIN check PVV",
}

// shortOrigin is where a key came from, in one word.
var shortOrigin = map[string]string{"generated": "made", "components": "parts", "key block": "block", "file": "file"}

// nameColumn is the widest name that the table has in a column; a longer one has a line
// of its own.
const nameColumn = 14

// printKeys prints a table that fits 100 columns.
func printKeys(w io.Writer, views []keyView) error {
	if len(views) == 0 {
		return nil
	}
	const row = "%-14s %3s  %-13s %-9s %-10s  %-7s  %-10s %4s  %-11s %s\n"
	_, err := fmt.Fprintf(w, row, "NAME", "VER", "USAGE", "CIPHER", "KCV", "STATE", "CREATED", "AGE", "EXPIRES", "FROM")
	for _, v := range views {
		name := string(v.Name)
		if len(name) > nameColumn {
			_, fault := fmt.Fprintln(w, name)
			err, name = errors.Join(err, fault), ""
		}
		usage := v.Words
		if short := shortUsage[hsm.Usage(v.Usage)]; short != "" {
			usage = short
		}
		expires := "never"
		if v.Expires != "" {
			expires = v.Expires[:len(time.DateOnly)]
		}
		if v.Warning != "" {
			expires += "!"
		}
		_, fault := fmt.Fprintf(w, row, name, fmt.Sprint(v.Version), usage, fmt.Sprintf("%s-%d", v.Algorithm, v.Bits), v.KCV, v.State,
			v.Created[:len(time.DateOnly)], fmt.Sprintf("%dd", v.AgeDays), expires, shortOrigin[v.Origin])
		err = errors.Join(err, fault)
	}
	return err
}

func newKeysKCV() *cobra.Command {
	var f keysFlags
	var expect string
	c := &cobra.Command{
		Use: "kcv NAME", Short: "Show the check value of the active key, or compare it with the partner's",
		Long: `The check value of a key of DES and TDES is the beginning of zeros encrypted with it, of
AES the beginning of the CMAC of a block of zeros (not the older encrypted zeros), of HMAC
the beginning of the HMAC of nothing, of a pair the beginning of the SHA-256 of its public
half. With --expect it ends with 1 if the value is another.`,
		Example: "  switchd keys kcv banka/zmk --config switchd.yml\n  switchd keys kcv banka/zmk --expect 08D7B4 --config switchd.yml",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := keyArgument(args)
			if err != nil {
				return err
			}
			want, err := checkDigits(expect)
			if err != nil {
				return err
			}
			var kcv hsm.KCV
			other := func() bool { return want != (hsm.KCV{}) && !kcv.Matches(want) }
			return f.look(c, keyLook{
				action: "kcv", name: name,
				find: func(ctx context.Context, m *soft.Module) (detail string, err error) {
					if kcv, err = m.KCV(ctx, name); err == nil && other() {
						detail = "compared with another check value"
					}
					return detail, err
				},
				show: func() error {
					switch {
					case other():
						return fmt.Errorf("%s has check value %s, which is another", name, kcv)
					case f.programs():
						return f.encode(c.OutOrStdout(), struct {
							Name hsm.KeyRef `json:"name"`
							KCV  string     `json:"kcv"`
						}{name, kcv.String()})
					}
					_, err := fmt.Fprintln(c.OutOrStdout(), kcv)
					return err
				},
			})
		},
	}
	f.place(c)
	f.json(c)
	c.Flags().StringVar(&expect, "expect", "", "check value that it must have")
	return c
}

func newKeysPublic() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "public NAME", Short: "Print the public half of a pair, for a certificate",
		Long: `Prints the public half of the active pair as PEM (PKIX), which a CA can certify and
partners can verify with. The other half never leaves. Works beside a running switch.`,
		Example: "  switchd keys public switch/sign --config switchd.yml > switch-sign.pub",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := keyArgument(args)
			if err != nil {
				return err
			}
			var der []byte
			return f.look(c, keyLook{
				action: "public", name: name,
				find: func(ctx context.Context, m *soft.Module) (_ string, err error) {
					der, err = m.Public(ctx, name)
					return "", err
				},
				show: func() error { return pem.Encode(c.OutOrStdout(), &pem.Block{Type: "PUBLIC KEY", Bytes: der}) },
			})
		},
	}
	f.place(c)
	return c
}
