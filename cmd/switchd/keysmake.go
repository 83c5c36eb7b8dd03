package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/soft"
)

func newKeysCreate() *cobra.Command {
	var f keysFlags
	var makeUnlock bool
	c := &cobra.Command{
		Use: "create", Short: "Make an empty key file, and what opens it",
		Long: `Makes the key file of --file, or of the hsm section of --config, without a key in it. It
is sealed under what is in the --unlock file: 64 hexadecimal digits are a key, anything
else a passphrase of 12 characters at least. --make-unlock makes that file as well, with
a random key, mode 0600. Never overwrites a file.

Whoever has both files has the keys: keep and copy them apart.`,
		Example: `  switchd keys create --file keys.hsm --unlock keys.unlock --make-unlock
  switchd keys create --config switchd.yml --make-unlock`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var file string
			_, err := f.do(c, keyDeed{
				action: createAction, create: true, approvals: func(*officers) int { return 0 },
				ready: func(d *keyDesk) error {
					file = d.place.keys
					return d.free(makeUnlock)
				},
				work: func(_ context.Context, d *keyDesk) (hsm.KeyInfo, error) { return hsm.KeyInfo{}, d.create(makeUnlock) },
			})
			if err == nil {
				fmt.Fprintf(c.ErrOrStderr(), "made %s without a key in it\nnext: the first officer makes her token: switchd keys officer enrol NAME\n", file)
			}
			return err
		},
	}
	f.place(c)
	c.Flags().BoolVar(&makeUnlock, "make-unlock", false, "make the --unlock file too, with a random key")
	return c
}

// free refuses to make files that are there.
func (d *keyDesk) free(makeUnlock bool) error {
	files := []string{d.place.keys}
	if makeUnlock {
		files = append(files, d.place.unlock)
	}
	for _, file := range files {
		if file == "" {
			return usageError{errors.New("--make-unlock makes the file of --unlock: name it")}
		}
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			return usageError{fmt.Errorf("%s exists: it is not overwritten", file)}
		}
	}
	if _, err := os.Lstat(d.place.unlock); d.place.unlock != "" && !makeUnlock && err != nil {
		return usageError{fmt.Errorf("what will open %s? %w: --make-unlock makes that file too", d.place.keys, err)}
	}
	return nil
}

// create makes the key file, and what opens it if that is wanted.
func (d *keyDesk) create(makeUnlock bool) (err error) {
	if makeUnlock {
		if err := makeOpener(d.place.unlock); err != nil {
			return err
		}
	}
	o := soft.Options{Path: d.place.keys, Clock: d.now}
	if err := d.place.opener(&o, d.ask); err != nil {
		return err
	}
	defer o.Passphrase.Wipe()
	defer o.Key.Wipe()
	if d.place.unlock == "" { // what was typed is typed again, or nobody may ever open it
		again, err := d.ask.secret("and again", "")
		if err != nil {
			return err
		}
		defer clear(again)
		if !bytes.Equal(again, o.Passphrase.Reveal()) {
			return usageError{errors.New("those were two different passphrases: nothing was made")}
		}
	}
	d.module, err = soft.Create(o)
	return err
}

// makeOpener makes the file of what opens a key file.
func makeOpener(file string) error {
	var key [32]byte
	rand.Read(key[:])
	defer clear(key[:])
	return writeNew(file, 0o600, func(w io.Writer) error {
		line := append(hex.AppendEncode(nil, key[:]), '\n')
		defer clear(line)
		_, err := w.Write(line)
		return err
	}, nil)
}

func newKeysGenerate() *cobra.Command {
	var f keysFlags
	var l limitFlags
	c := &cobra.Command{
		Use: "generate NAME --for PURPOSE", Short: "Make a random key",
		Long: `Makes a random key in the module. PURPOSE says what it may do; each part of it can be
said by itself (--usage, --algorithm, --bits, --mode, --export):

` + purposeHelp(),
		Example: `  switchd keys generate banka/zak --for zak --config switchd.yml --officer asha --token-file asha.token
  switchd keys generate switch/sign --for sign --expires 365d --config switchd.yml --officer asha`,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			n, err := l.limits(name, false)
			if err != nil {
				return err
			}
			info, err := f.do(c, keyDeed{
				action: "generate", name: name, detail: asked(&n),
				ready: func(*keyDesk) error {
					if n.Replace {
						return mayTakePlace(name, n.Usage)
					}
					return nil
				},
				work: func(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) { return d.module.Generate(ctx, n) },
			})
			if err != nil {
				return l.hint(err)
			}
			return f.tell(c, &info, "made")
		},
	}
	f.who(c)
	f.json(c)
	l.register(c)
	return c
}

// hint adds what to do about a name or use that the module does not know.
func hint(err error) error {
	if errors.Is(err, hsm.ErrKey) {
		return fmt.Errorf("%w\nNothing was changed. 'switchd keys list' shows what there is, '--help' what goes together", err)
	}
	return err
}

// hint adds what to do about a name that is taken.
func (l *limitFlags) hint(err error) error {
	if errors.Is(err, hsm.ErrDenied) && !l.replace {
		return fmt.Errorf("%w\nNothing was changed. Where a name has a key, 'switchd keys rotate' or --replace puts another in its place", err)
	}
	return hint(err)
}

// mayTakePlace refuses to put another in the place of a key that cannot be exchanged
// without something that is outside of the module.
func mayTakePlace(name hsm.KeyRef, usage hsm.Usage) error {
	switch usage {
	case hsm.SignaturePair:
		return fmt.Errorf("%w: partners know %s by its certificate, which would not be that of another pair, and the switch would not start with it.\nMake a pair under a new name ('switchd keys generate NAME --for sign'), have it certified ('switchd keys public NAME'), give partners the certificate, then change key and certificate in the configuration together", hsm.ErrDenied, name)
	case hsm.MACHash:
		return fmt.Errorf("%w: another key makes other pseudonyms, and what was found by those of %s would be found no more. A new one gets a new name", hsm.ErrDenied, name)
	}
	return nil
}

func newKeysRotate() *cobra.Command {
	var f keysFlags
	var l limitFlags
	c := &cobra.Command{
		Use: "rotate NAME", Short: "Make a random key of the same kind in the place of the active one",
		Long: `The key before it still reads and verifies for --overlap, so that what is under way
arrives; keys for data at rest do so until they are retired. Without --expires the new
key lasts as long as the one before was to last.

Pairs for signatures and keys for pseudonyms are not rotated: a new one gets a new name.`,
		Example: "  switchd keys rotate banka/zak --overlap 10m --config switchd.yml --officer asha --token-file asha.token",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := ownName(args)
			if err != nil {
				return err
			}
			r := hsm.Rotation{Ref: name, Overlap: l.overlap}
			if r.Expires, err = endOf(l.expires, clock()); err != nil {
				return err
			}
			info, err := f.do(c, keyDeed{
				action: "rotate", name: name, detail: "overlap " + l.overlap.String(),
				ready: func(d *keyDesk) error {
					was := d.newest(c.Context(), name)
					if err := mayTakePlace(name, was.Usage); err != nil {
						return err
					}
					if r.Expires == 0 && was.Expires != 0 {
						r.Expires = d.now() + was.Expires - was.Created
						fmt.Fprintf(d.talk, "like the one before it, the new key expires on %s\n", time.Unix(0, r.Expires).UTC().Format(time.DateOnly))
					}
					return nil
				},
				work: func(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) { return d.module.Rotate(ctx, r) },
			})
			if err != nil {
				return hint(err)
			}
			return f.tell(c, &info, "made")
		},
	}
	f.who(c)
	f.json(c)
	l.registerEnd(c)
	c.Flags().DurationVar(&l.overlap, "overlap", defaultOverlap, "how long the key before it still reads and verifies")
	return c
}
