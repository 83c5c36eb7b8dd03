package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/hsm"
)

// purpose is what operators call a kind of key, with limits that are safe for it.
type purpose struct {
	usage     hsm.Usage
	algorithm hsm.Algorithm
	bits      int
	mode      hsm.Mode
	export    hsm.Export // of a key that is made here; one of components stays
	says      string
}

// purposes by what --for takes.
var purposes = map[string]purpose{
	"zmk":      {hsm.KeyProtection, hsm.AES, 256, hsm.BothWays, hsm.NotExportable, "protects key blocks between two parties"},
	"zpk":      {hsm.PINEncryption, hsm.AES, 256, hsm.BothWays, hsm.Exportable, "PIN blocks of a zone; format 0 needs --algorithm TDES"},
	"zak":      {hsm.MACAlg5, hsm.AES, 256, hsm.MACBothWays, hsm.Exportable, "codes of messages, CMAC"},
	"zak-x919": {hsm.MACAlg3, hsm.TDES, 128, hsm.MACBothWays, hsm.Exportable, "codes of messages, X9.19"},
	"zak-x99":  {hsm.MACAlg1, hsm.DES, 64, hsm.MACBothWays, hsm.Exportable, "codes of messages, X9.9: weak, for partners that can nothing else"},
	"bdk":      {hsm.BaseDerivation, hsm.AES, 256, hsm.DeriveKeys, hsm.NotExportable, "base of the keys of devices (DUKPT)"},
	"pvk":      {hsm.PINVerifyVisaPVV, hsm.TDES, 128, hsm.MACVerify, hsm.NotExportable, "PIN verification, PVV"},
	"pvk-ibm":  {hsm.PINVerifyIBM3624, hsm.TDES, 128, hsm.MACVerify, hsm.NotExportable, "PIN verification, IBM 3624"},
	"data":     {hsm.DataEncryption, hsm.AES, 256, hsm.BothWays, hsm.NotExportable, "data at rest"},
	"token":    {hsm.MACHash, hsm.HMAC, 256, hsm.MACBothWays, hsm.NotExportable, "pseudonyms of account numbers"},
	"sign":     {hsm.SignaturePair, hsm.ECDSA, 256, hsm.SignMode, hsm.NotExportable, "signatures, ES256; PS256 needs --algorithm RSA"},
}

// defaultBits are the lengths of another algorithm than that of the purpose.
var defaultBits = map[hsm.Algorithm]int{hsm.DES: 64, hsm.TDES: 128, hsm.AES: 256, hsm.HMAC: 256, hsm.ECDSA: 256, hsm.RSA: 3072}

func purposeNames() []string { return slices.Sorted(maps.Keys(purposes)) }

// purposeHelp lists the purposes for --help.
func purposeHelp() string {
	var b strings.Builder
	for _, name := range purposeNames() {
		p := purposes[name]
		fmt.Fprintf(&b, "  %-9s %s %-9s %c %c  %s\n", name, p.usage, fmt.Sprintf("%s-%d", p.algorithm, p.bits), p.mode, p.export, p.says)
	}
	return b.String()
}

// limitFlags say what a key may do.
type limitFlags struct {
	purpose, algorithm, mode, export string
	usage                            string
	bits                             int
	expires                          string
	replace                          bool
	overlap                          time.Duration
}

func (l *limitFlags) register(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&l.purpose, "for", "", "what the key is for, see above")
	fl.StringVar(&l.usage, "usage", "", "its usage as key blocks have it (P0, M3, M6, K1, ...), in the place of --for's")
	fl.StringVar(&l.algorithm, "algorithm", "", "DES, TDES, AES, HMAC, ECDSA or RSA (default: that of --for)")
	fl.IntVar(&l.bits, "bits", 0, "its length, parity included (default: that of --for)")
	fl.StringVar(&l.mode, "mode", "", "mode of use as key blocks have it: B, E, D, C, G, V, X, S, N (default: that of --for)")
	fl.StringVar(&l.export, "export", "", "E: it may leave in key blocks, N: never, S: under any such key (default: that of --for)")
	l.registerEnd(c)
	l.registerPlace(c)
	completeNames(c, "for", purposeNames, cobra.ShellCompDirectiveNoFileComp)
}

// registerEnd registers the flag for the end of a key.
func (l *limitFlags) registerEnd(c *cobra.Command) {
	c.Flags().StringVar(&l.expires, "expires", "", "end of its use: a date (2027-11-30) or a number of days (365d)")
}

// registerPlace registers the flags for a key in the place of another.
func (l *limitFlags) registerPlace(c *cobra.Command) {
	c.Flags().BoolVar(&l.replace, "replace", false, "it takes the place of the key that has the name")
	c.Flags().DurationVar(&l.overlap, "overlap", defaultOverlap, "how long the key before it still reads and verifies")
}

// defaultOverlap is how long a partner has to take a new key.
const defaultOverlap = 120 * time.Second

// limits makes of the flags what is asked of the module. components tells that the key
// is one of components: partners have them too, so it needs not leave.
func (l *limitFlags) limits(name hsm.KeyRef, components bool) (hsm.New, error) {
	p, known := purposes[l.purpose]
	switch {
	case l.purpose == "" && l.usage == "":
		return hsm.New{}, usageError{fmt.Errorf("what is the key for? --for is one of %s", strings.Join(purposeNames(), ", "))}
	case l.purpose != "" && !known:
		return hsm.New{}, usageError{fmt.Errorf("--for is one of %s", strings.Join(purposeNames(), ", "))}
	case l.purpose == "" && (l.algorithm == "" || l.mode == ""):
		return hsm.New{}, usageError{errors.New("--usage without --for needs --algorithm and --mode too")}
	}
	if p.export == 0 || components {
		p.export = hsm.NotExportable
	}
	n := hsm.New{As: name, Usage: p.usage, Algorithm: p.algorithm, Bits: p.bits, Mode: p.mode, Export: p.export, Replace: l.replace}
	if err := l.over(&n); err != nil {
		return n, err
	}
	if l.replace {
		n.Overlap = l.overlap
	}
	var err error
	n.Expires, err = endOf(l.expires, clock())
	return n, err
}

// over puts what was said by itself over what the purpose has.
func (l *limitFlags) over(n *hsm.New) error {
	if l.usage != "" {
		if n.Usage = hsm.Usage(l.usage); !n.Usage.Known() {
			return usageError{errors.New("--usage is one of B0, B1, D0, K0, K1, M1, M3, M6, M7, P0, S0, V0, V1, V2")}
		}
	}
	if l.algorithm != "" {
		a, ok := algorithmOf(l.algorithm)
		if !ok {
			return usageError{errors.New("--algorithm is one of DES, TDES, AES, HMAC, ECDSA, RSA")}
		}
		if a != n.Algorithm {
			n.Algorithm, n.Bits = a, defaultBits[a]
		}
	}
	if l.bits != 0 {
		n.Bits = l.bits
	}
	if l.mode != "" {
		if n.Mode = hsm.Mode(l.mode[0]); len(l.mode) != 1 || !n.Mode.Known() {
			return usageError{errors.New("--mode is one of B, E, D, C, G, V, X, S, T, Y, N")}
		}
	}
	if l.export != "" {
		if n.Export = hsm.Export(l.export[0]); len(l.export) != 1 || !n.Export.Known() {
			return usageError{errors.New("--export is E, N or S")}
		}
	}
	return nil
}

func algorithmOf(name string) (hsm.Algorithm, bool) {
	for a := range defaultBits {
		if strings.EqualFold(a.String(), name) {
			return a, true
		}
	}
	return 0, false
}

// endOf reads the end of a key's use, 0 for never.
func endOf(text string, now int64) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		if at.UnixNano() <= now {
			return 0, usageError{fmt.Errorf("--expires %s is over", text)}
		}
		return at.UnixNano(), nil
	}
	var days int64
	if n, err := fmt.Sscanf(text, "%dd", &days); err != nil || n != 1 || text != fmt.Sprintf("%dd", days) || days < 1 || days > 36_500 {
		return 0, usageError{errors.New("--expires is a date such as 2027-11-30, or a number of days such as 365d")}
	}
	return now + days*int64(24*time.Hour), nil
}

// asked is what a deed is to make, for the audit file.
func asked(n *hsm.New) string {
	text := fmt.Sprintf("%s %s-%d %c %c", n.Usage, n.Algorithm, n.Bits, n.Mode, n.Export)
	if n.Expires != 0 {
		text += ", expires " + time.Unix(0, n.Expires).UTC().Format(time.DateOnly)
	}
	if n.Replace {
		text += ", replaces, overlap " + n.Overlap.String()
	}
	return text
}
