package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/soft"
	"switchd/hsm/unlock"
	"switchd/switch/config"
)

func newKeys() *cobra.Command {
	c := &cobra.Command{
		Use: "keys", Short: "Make, import, export, rotate and end the keys of the security module, by named officers",
		Long: `The keys are those of the switch of --config, or of the key file of --file. Each has a
name, such as banka/zak, and says what it may be used for. None is ever shown.

Whoever changes a key is an officer, who proves it with a token of his own; a key of
components needs two or three of them. All of it, refusals too, is in an audit file
beside the key file. A key file has one writer: beside a switch that runs, keys are
listed and their check values shown, and changes are refused.

Start with: switchd keys create --file keys.hsm --unlock keys.unlock --make-unlock
            switchd keys officer enrol asha`,
	}
	c.AddCommand(newKeysCreate(), newKeysOfficer(), newKeysGenerate(), newKeysComponents(), newKeysImport(), newKeysExport(),
		newKeysList(), newKeysKCV(), newKeysPublic(), newKeysRotate(), newKeysRetire(), newKeysDelete(), newKeysAudit())
	return c
}

// keysFlags say which keys, and who cares for them.
type keysFlags struct {
	config, file, unlock string
	officer, token       string
	second, secondToken  string
	outputFlags
}

// place registers the flags that say which keys.
func (f *keysFlags) place(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "configuration file: the keys of its hsm section")
	fl.StringVar(&f.file, "file", "", "key file, without a configuration")
	fl.StringVar(&f.unlock, "unlock", "", "file with what opens --file (default: ask for the passphrase)")
}

// json registers the flag for programs.
// printAll prints what there is for people, or for programs; when there is nothing, it says so.
func printAll[T interface{ print(io.Writer) }](c *cobra.Command, o *outputFlags, all []T, none string) error {
	if o.programs() {
		return o.encode(c.OutOrStdout(), all)
	}
	for _, one := range all {
		one.print(c.OutOrStdout())
	}
	if len(all) == 0 {
		fmt.Fprintln(c.ErrOrStderr(), none)
	}
	return nil
}

func (f *keysFlags) json(c *cobra.Command) { f.outputFlags.register(c) }

// who registers the flags that say who cares for them.
func (f *keysFlags) who(c *cobra.Command) {
	f.place(c)
	fl := c.Flags()
	fl.StringVar(&f.officer, "officer", "", "your name, as 'keys officer add' has it")
	fl.StringVar(&f.token, "token-file", "", "file with your token (default: ask for it)")
}

// approver registers the flags of a second officer.
func (f *keysFlags) approver(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.second, "second", "", "name of the officer who agrees, where two must")
	fl.StringVar(&f.secondToken, "second-token-file", "", "file with that officer's token (default: ask for it)")
}

// keyPlace is where keys are, and what is beside them.
type keyPlace struct {
	keys, unlock string
	sealKeys     string // of the configuration's data folder; "" without a configuration
}

func (p keyPlace) audit() string    { return keyAuditOf(p.keys) }
func (p keyPlace) desk() string     { return p.keys + ".desk" }
func (p keyPlace) officers() string { return p.keys + ".officers" }
func (p keyPlace) pending() string  { return p.keys + ".pending" }

// find says where the keys are.
func (f *keysFlags) find() (keyPlace, error) {
	p := keyPlace{keys: f.file, unlock: f.unlock}
	switch {
	case (f.config == "") == (f.file == ""):
		return p, usageError{errors.New("which keys? Name the --config of a switch, or a key --file with its --unlock")}
	case f.config != "" && f.unlock != "":
		return p, usageError{errors.New("--unlock goes with --file: a configuration names its own")}
	case f.config != "":
		cfg, err := config.Load(f.config, known())
		switch {
		case err != nil:
			return p, usageError{err}
		case cfg.HSM.Driver == "":
			return p, usageError{fmt.Errorf("%s has no section hsm, so it has no keys: add hsm: {driver: soft, keys: keys.hsm, unlock: keys.unlock}", f.config)}
		case cfg.HSM.Driver != "soft":
			return p, usageError{fmt.Errorf("%s has driver %s: its keys are made and kept with the tools of that module; these commands are for driver soft", f.config, cfg.HSM.Driver)}
		}
		p = keyPlace{cfg.HSM.Keys, cfg.HSM.Unlock, sealKeys(cfg)}
	}
	// What is beside the keys is beside the file itself, not beside a link to it.
	if file, err := filepath.EvalSymlinks(p.keys); err == nil {
		p.keys = file
	}
	return p, nil
}

// open opens the keys; the caller closes them.
func (p keyPlace) open(ask *asker, forReading bool) (*soft.Module, error) {
	if err := p.there(); err != nil {
		return nil, err
	}
	o := soft.Options{Path: p.keys, Clock: clock, ReadOnly: forReading}
	if err := p.opener(&o, ask); err != nil {
		return nil, err
	}
	defer o.Passphrase.Wipe()
	defer o.Key.Wipe()
	m, err := soft.Open(o)
	if errors.Is(err, soft.ErrInUse) {
		return nil, fmt.Errorf("%w: a switch runs with these keys, or another 'switchd keys' is at work. Nothing was changed. Stop the switch, make the change and start it again; 'keys list' and 'keys kcv' work beside it", err)
	}
	return m, err
}

// there says what to do when there is no key file.
func (p keyPlace) there() error {
	if _, err := os.Stat(p.keys); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key file %s: 'switchd keys create' makes one", p.keys)
	}
	return nil
}

// opener reads what opens the keys, from its file or from a person.
func (p keyPlace) opener(o *soft.Options, ask *asker) error {
	if p.unlock != "" {
		err := o.Unlock(p.unlock)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no file %s, which would open %s", p.unlock, p.keys)
		}
		return err
	}
	text, err := ask.secret("passphrase of "+p.keys, "what opens "+p.keys+"? Name its --unlock file: there is no terminal to ask for the passphrase")
	o.Passphrase = hsm.NewSecret(text)
	return err
}

// keyArgument takes the one argument that names a key. What it refuses it does not repeat:
// it could be anything.
func keyArgument(args []string) (hsm.KeyRef, error) {
	if len(args) != 1 {
		return "", usageError{errors.New("which key? Give one name, such as banka/zak")}
	}
	name, err := hsm.ParseKeyRef(args[0])
	switch {
	case err != nil:
		return "", usageError{errors.New("that is no name of a key: 1 to 64 of a-z, 0-9, '.', '-' and '/', such as banka/zak")}
	case looksSecret(args[0]):
		return "", usageError{errors.New("that looks like a key or a component and not like a name: nothing was done with it, but your shell may have kept it")}
	}
	return name, nil
}

// ownName refuses the names that ceremonies have for their own keys.
func ownName(args []string) (hsm.KeyRef, error) {
	name, err := keyArgument(args)
	if err == nil && isCeremonyKey(name) {
		err = usageError{fmt.Errorf("names that begin with %s are for the keys that seal components", ceremonyKeys)}
	}
	return name, err
}

// tell prints what was done: as JSON, or in words.
func (f *keysFlags) tell(c *cobra.Command, info *hsm.KeyInfo, words string) error {
	if f.programs() {
		return f.encode(c.OutOrStdout(), viewKey(info, clock()))
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s %s version %d: %s, %s, mode %c, %s, check value %s\n",
		words, info.Ref, info.Version, info.Usage.Text(), strength(info), info.Mode, exportWords[info.Export], info.KCV)
	return err
}

// exportWords are the kinds of export as operators read them.
var exportWords = map[hsm.Export]string{hsm.Exportable: "exportable in key blocks", hsm.NotExportable: "not exportable", hsm.Sensitive: "exportable"}

// strength is the algorithm and length of a key, such as AES-256.
func strength(i *hsm.KeyInfo) string { return fmt.Sprintf("%s-%d", i.Algorithm, i.Bits) }

// readPrivate reads a file that only its owner may have access to; without one it gives
// nothing.
func readPrivate(file string, bytesMax int64) ([]byte, error) {
	text, err := ownersOnly(file, bytesMax)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// ownersOnly reads a file that only its owner may have access to.
func ownersOnly(file string, bytesMax int64) ([]byte, error) {
	text, err := unlock.File(file, bytesMax)
	if _, named := errors.AsType[*fs.PathError](err); err != nil && !named {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return text, err
}
