package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/box"
	"switchd/switch/config"
	"switchd/switch/seal"
)

// losses is what ends with a key for good: no partner has a copy, and nothing that is
// made anew does instead. Other keys can be exchanged again.
var losses = map[hsm.Usage]string{
	hsm.DataEncryption: `What it has sealed can never be read again. If that is the key file of a data folder
(hsm.seal), these are the account numbers and names in its journal, its state and all of
its backups, and no switch starts with the folder.
`,
	hsm.MACHash: `Pseudonyms that were made with it can never be made again: what is filed under them is
never found.
`,
}

// loseFlags are for those who end a key without which something is lost.
type loseFlags struct{ sure bool }

func (l *loseFlags) register(c *cobra.Command, f *keysFlags) {
	f.approver(c)
	c.Flags().BoolVar(&l.sure, "lose-data", false, "also a key for data at rest or pseudonyms: nothing is left that needs it (two officers)")
}

// approvals is how many officers come: two if a second is named. Whether two must is
// known only when the key is (may).
func (l *loseFlags) approvals(f *keysFlags) func(*officers) int {
	return func(*officers) int {
		if f.second != "" {
			return 2
		}
		return 1
	}
}

// may refuses to end a key that data depends on, unless two officers say that none does.
func (l *loseFlags) may(d *keyDesk, k *hsm.KeyInfo) error {
	loss := losses[k.Usage]
	if loss == "" {
		return nil
	}
	fmt.Fprintf(d.talk, "warning: %s version %d is for %s.\n%s", k.Ref, k.Version, k.Usage.Text(), loss)
	if k.Usage == hsm.DataEncryption {
		here, err := d.place.sealedWith(k)
		if err != nil {
			return err
		}
		fmt.Fprint(d.talk, here)
	}
	switch {
	case d.second == "":
		return usageError{errors.New("two officers must agree to that: name the other one with --second and --second-token-file")}
	case !l.sure:
		return fmt.Errorf("%w: look first whether anything still needs it; --lose-data says that nothing does", hsm.ErrDenied)
	}
	d.detail = "with --lose-data"
	return nil
}

// sealKeys is the file that opens the data folder of a configuration.
func sealKeys(cfg *config.Config) string {
	return cmp.Or(cfg.SealKey, filepath.Join(cfg.DataDir, sealKeyFile))
}

// sealedWith says whether the data folder of the configuration needs a key.
func (p keyPlace) sealedWith(k *hsm.KeyInfo) (string, error) {
	if p.sealKeys == "" {
		return `Without --config nothing was looked up: in the key file of a data folder (seal_key, or
seal.key in the folder), and in each copy of it, the line "module NAME" says what seals it.
`, nil
	}
	by, version, err := sealedBy(p.sealKeys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("There is no %s yet; look at those of other folders, and at copies in backups.\n", p.sealKeys), nil
	case err != nil:
		return "", err
	case by == k.Ref && version == k.Version:
		return p.sealKeys + " IS SEALED WITH THIS KEY: the data folder is lost without it.\n", nil
	}
	return p.sealKeys + " is not sealed with this key; look at those of other folders, and at copies in backups.\n", nil
}

// sealedBy is the key of the module with which the key file of a data folder is sealed;
// none: it is in the clear.
func sealedBy(file string) (by hsm.KeyRef, version uint32, err error) {
	asked := errors.New("seen")
	_, err = seal.LoadFileWith(file, func(key string, _, sealed []byte) ([]byte, error) {
		var fault error
		by = hsm.KeyRef(key)
		if version, fault = box.Version(sealed); fault != nil {
			return nil, fault
		}
		return nil, asked
	})
	if errors.Is(err, asked) {
		err = nil
	}
	return by, version, err
}
