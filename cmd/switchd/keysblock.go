package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"switchd/hsm"
)

// blockBytesMax is the longest key block that is read.
const blockBytesMax = 16 << 10

func newKeysImport() *cobra.Command {
	var f keysFlags
	var l limitFlags
	var under, block, check string
	var legacy bool
	c := &cobra.Command{
		Use: "import NAME --under ZMK --for PURPOSE", Short: "Take a key out of a key block (TR-31, X9.143)",
		Long: `Reads one key block of version B or D from --block or standard input, and keeps its key
under NAME. Mode, algorithm and exportability are those of the block; its usage must be
that of --for or --usage. --kcv compares the check value that the partner has given.
Versions A and C are weak and are read with --legacy-block only.`,
		Example: `  switchd keys import banka/zpk --under banka/zmk --for zpk --block zpk.tr31 --kcv D1D812 \
    --config switchd.yml --officer asha --token-file asha.token`,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			i := hsm.Import{As: name, Replace: l.replace, Legacy: legacy}
			if err := l.wanted(&i); err != nil {
				return err
			}
			if i.Under, err = underName(under); err != nil {
				return err
			}
			if i.KCV, err = checkDigits(check); err != nil {
				return err
			}
			if i.Block, err = readBlock(c, block); err != nil {
				return err
			}
			info, err := f.do(c, keyDeed{
				action: "import", name: name, detail: fmt.Sprintf("%s under %s%s", i.Want[0], i.Under, replaces(&i)),
				ready: func(*keyDesk) error {
					if i.Replace {
						return mayTakePlace(name, i.Want[0])
					}
					return nil
				},
				work: func(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) { return d.module.ImportKey(ctx, i) },
			})
			if err != nil {
				return l.hint(err)
			}
			return f.tell(c, &info, "imported")
		},
	}
	f.who(c)
	f.json(c)
	fl := c.Flags()
	fl.StringVar(&under, "under", "", "name of the key that protects the block (required)")
	fl.StringVar(&block, "block", "-", "file with the key block")
	fl.BoolVar(&legacy, "legacy-block", false, "take a block of version A or C too, whose code has 4 bytes")
	fl.StringVar(&check, "kcv", "", "check value that the key must have")
	fl.StringVar(&l.purpose, "for", "", "what the key is for: "+strings.Join(purposeNames(), ", "))
	fl.StringVar(&l.usage, "usage", "", "its usage as key blocks have it, in the place of --for")
	l.registerPlace(c)
	completeNames(c, "for", purposeNames, cobra.ShellCompDirectiveNoFileComp)
	return c
}

// wanted says which key an import accepts.
func (l *limitFlags) wanted(i *hsm.Import) error {
	usage := hsm.Usage(l.usage)
	if l.usage == "" {
		usage = purposes[l.purpose].usage
	}
	if !usage.Known() {
		return usageError{fmt.Errorf("what is the key for? --for is one of %s", strings.Join(purposeNames(), ", "))}
	}
	if i.Want = []hsm.Usage{usage}; l.replace {
		i.Overlap = l.overlap
	}
	return nil
}

func replaces(i *hsm.Import) string {
	text := ""
	if i.Legacy {
		text = ", of any version"
	}
	if i.Replace {
		text += ", replaces, overlap " + i.Overlap.String()
	}
	return text
}

func underName(text string) (hsm.KeyRef, error) {
	if text == "" {
		return "", usageError{errors.New("under which key? --under names the one that protects key blocks (ZMK)")}
	}
	return keyArgument([]string{text})
}

// readBlock reads a key block.
func readBlock(c *cobra.Command, file string) (string, error) {
	in := c.InOrStdin()
	if file != "-" {
		if looksSecret(file) || strings.ContainsRune("ABCD", rune(file[0])) && len(file) > 32 {
			return "", usageError{errors.New("--block wants the name of a file, and not the block itself")}
		}
		f, err := os.Open(file)
		if err != nil {
			return "", usageError{fmt.Errorf("--block: %w", err)}
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, blockBytesMax+1))
	switch {
	case err != nil:
		return "", usageError{fmt.Errorf("--block: %w", err)}
	case len(text) > blockBytesMax:
		return "", usageError{fmt.Errorf("--block: it has more than %d bytes", blockBytesMax)}
	}
	return strings.TrimSpace(string(text)), nil
}

func newKeysExport() *cobra.Command {
	var f keysFlags
	var under, version, out string
	c := &cobra.Command{
		Use: "export NAME --under ZMK", Short: "Give a key as a key block (TR-31, X9.143), if it may leave",
		Long: `Prints a key block, or writes it to --out (mode 0600, never over another file). The block
is of version D under a key of AES, of version B under one of TDES. Keys that are not
exportable, and pairs, never leave.`,
		Example: "  switchd keys export banka/zpk --under banka/zmk --out zpk.tr31 --config switchd.yml --officer asha --token-file asha.token",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			e := hsm.Exporting{What: name}
			if e.Under, err = underName(under); err != nil {
				return err
			}
			if version != "" && version != "B" && version != "D" {
				return usageError{errors.New("--block-version is B or D: others are read, and not made")}
			}
			var block string
			info, err := f.do(c, keyDeed{
				action: "export", name: name, detail: "under " + string(e.Under),
				ready: func(d *keyDesk) error {
					if _, err := os.Lstat(out); out != "" && err == nil {
						return usageError{fmt.Errorf("--out: %s exists: it is not overwritten", out)}
					}
					return d.blockVersion(c.Context(), &e, version)
				},
				work: func(ctx context.Context, d *keyDesk) (info hsm.KeyInfo, err error) {
					info = d.newest(ctx, name)
					block, err = d.module.ExportKey(ctx, e)
					return info, err
				},
			})
			if err != nil {
				return hint(err)
			}
			return f.give(c, &info, block, out)
		},
	}
	f.who(c)
	f.json(c)
	fl := c.Flags()
	fl.StringVar(&under, "under", "", "name of the key that protects the block (required)")
	fl.StringVar(&version, "block-version", "", "B or D (default: by the key of --under)")
	fl.StringVar(&out, "out", "", "file for the block (default: standard output)")
	return c
}

// blockVersion chooses the version of a block by the key that protects it.
func (d *keyDesk) blockVersion(ctx context.Context, e *hsm.Exporting, said string) error {
	under := d.newest(ctx, e.Under)
	switch {
	case said != "":
		e.Version = said[0]
	case under.Algorithm == hsm.AES:
		e.Version = 'D'
	default:
		e.Version = 'B'
	}
	return nil
}

// give prints an exported key, or writes it to a file.
func (f *keysFlags) give(c *cobra.Command, info *hsm.KeyInfo, block, out string) error {
	if out != "" {
		err := writeNew(out, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, block+"\n")
			return err
		}, nil)
		if err != nil {
			return fmt.Errorf("the key was exported, as the audit file says, but the block was not kept: %w", err)
		}
		return f.tell(c, info, "exported")
	}
	if f.programs() {
		return f.encode(c.OutOrStdout(), struct {
			keyView
			Block string `json:"block"`
		}{viewKey(info, clock()), block})
	}
	fmt.Fprintf(c.ErrOrStderr(), "exported %s version %d, check value %s\n", info.Ref, info.Version, info.KCV)
	_, err := fmt.Fprintln(c.OutOrStdout(), block)
	return err
}
