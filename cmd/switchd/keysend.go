package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"switchd/hsm"
)

func newKeysRetire() *cobra.Command {
	var f keysFlags
	var l loseFlags
	var version uint32
	var inUse bool
	c := &cobra.Command{
		Use: "retire NAME --version N", Short: "End the use of a key at once, for reading too",
		Long: `Nothing is made, read or verified with the key any more; data that it has sealed cannot
be opened. A key that is active is retired only with --in-use: what depends on it fails
from the next start of the switch on. It stays in the file until it is deleted, but
nothing makes it active again.

A key for data at rest or pseudonyms needs two officers, and --lose-data.`,
		Example: "  switchd keys retire banka/zak --version 3 --config switchd.yml --officer asha --token-file asha.token",
		RunE: func(c *cobra.Command, args []string) error {
			return f.end(c, args, retireAction, version, &l, func(ctx context.Context, d *keyDesk, k *hsm.KeyInfo) error {
				if k.State == hsm.StateActive && !inUse {
					return fmt.Errorf("%s version %d is active: rotate it, or say --in-use to have nothing in its place", k.Ref, k.Version)
				}
				return nil
			}, func(ctx context.Context, d *keyDesk, k *hsm.KeyInfo) error {
				return d.module.Retire(ctx, hsm.KeyVersion{Ref: k.Ref, Number: k.Version})
			})
		},
	}
	f.who(c)
	f.json(c)
	l.register(c, &f)
	c.Flags().Uint32Var(&version, "version", 0, "which of the keys that the name has had (default: the only one)")
	c.Flags().BoolVar(&inUse, "in-use", false, "also if it is the active one")
	return c
}

func newKeysDelete() *cobra.Command {
	var f keysFlags
	var l loseFlags
	var version uint32
	c := &cobra.Command{
		Use: "delete NAME --version N", Short: "Destroy a key that was retired",
		Long: `The key is gone from the key file; copies of the file of before still have it. A key that
is active, or still reads, is retired first. A key for data at rest or pseudonyms needs two
officers, and --lose-data.`,
		Example: "  switchd keys delete banka/zak --version 2 --config switchd.yml --officer asha --token-file asha.token",
		RunE: func(c *cobra.Command, args []string) error {
			return f.end(c, args, deleteAction, version, &l, func(_ context.Context, _ *keyDesk, k *hsm.KeyInfo) error {
				if k.State != hsm.StateRetired {
					return fmt.Errorf("%s version %d is %s: 'switchd keys retire' ends its use first", k.Ref, k.Version, k.State)
				}
				return nil
			}, func(ctx context.Context, d *keyDesk, k *hsm.KeyInfo) error {
				return d.module.Delete(ctx, hsm.KeyVersion{Ref: k.Ref, Number: k.Version})
			})
		},
	}
	f.who(c)
	f.json(c)
	l.register(c, &f)
	c.Flags().Uint32Var(&version, "version", 0, "which of the keys that the name has had (default: the only one)")
	return c
}

// The actions that are on one version of a key.
const (
	retireAction = "retire"
	deleteAction = "delete"
)

// end ends the use of one key, in one way or the other.
func (f *keysFlags) end(c *cobra.Command, args []string, action string, version uint32, l *loseFlags, may, work func(context.Context, *keyDesk, *hsm.KeyInfo) error) error {
	name, err := ownName(args)
	if err != nil {
		return err
	}
	var k hsm.KeyInfo
	info, err := f.do(c, keyDeed{
		action: action, name: name, approvals: l.approvals(f),
		ready: func(d *keyDesk) error {
			if k, err = d.pick(c.Context(), name, version); err != nil {
				return err
			}
			d.about = k
			if err := may(c.Context(), d, &k); err != nil {
				return err
			}
			return l.may(d, &k)
		},
		work: func(ctx context.Context, d *keyDesk) (hsm.KeyInfo, error) { return k, work(ctx, d, &k) },
	})
	if err != nil {
		return hint(err)
	}
	if info.State = hsm.StateRetired; action == deleteAction {
		info.State = 0
	}
	return f.tell(c, &info, action+"d")
}

// pick finds one of the keys that a name has had.
func (d *keyDesk) pick(ctx context.Context, name hsm.KeyRef, version uint32) (hsm.KeyInfo, error) {
	all, err := d.module.List(ctx)
	if err != nil {
		return hsm.KeyInfo{}, err
	}
	var here []hsm.KeyInfo
	var said []string
	for _, k := range all {
		if k.Ref == name {
			here = append(here, k)
			said = append(said, fmt.Sprintf("%d (%s)", k.Version, k.State))
		}
	}
	switch {
	case len(here) == 0:
		return hsm.KeyInfo{}, fmt.Errorf("%w: there is no key %s", hsm.ErrKey, name)
	case version == 0 && len(here) == 1:
		return here[0], nil
	case version == 0:
		return hsm.KeyInfo{}, usageError{fmt.Errorf("which key %s? --version is one of %s", name, strings.Join(said, ", "))}
	}
	for _, k := range here {
		if k.Version == version {
			return k, nil
		}
	}
	return hsm.KeyInfo{}, fmt.Errorf("%w: %s has no version %d, it has %s", hsm.ErrKey, name, version, strings.Join(said, ", "))
}
