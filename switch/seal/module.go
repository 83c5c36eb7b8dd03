package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrModule says that a key file is sealed by a security module, and there is none.
var ErrModule = errors.New("its keys are sealed by a security module")

// ModuleOpen has a security module open what it has sealed together with public bytes,
// under a key of its own.
type ModuleOpen func(key string, public, sealed []byte) ([]byte, error)

// ModuleSeal is the opposite.
type ModuleSeal func(key string, public, text []byte) ([]byte, error)

// moduleFile begins a key file that a module has sealed: the name of the module's key
// and Base64 follow.
const moduleFile = "module "

// moduleHead is what such a file says about itself. It is sealed with what follows.
const moduleHead = `# Keys of the account numbers and names in a switchd data folder, sealed by its
# security module. Keep a copy in a safe place: without it, or without that key of the
# module, they cannot be read.
`

// ModuleFile has a module seal a key file that is in the clear, and open it again: only
// then the file is replaced, as a whole. Copies of it as it was, in backups too, stay readable: who needs that they
// are not adds a key to the file first.
func ModuleFile(path, key string, seal ModuleSeal, open ModuleOpen) error {
	text, err := readFile(path)
	if err == nil {
		_, sealed := sealedBy(text)
		if sealed != nil {
			return fmt.Errorf("seal: %s is sealed by a module already", path)
		}
		_, err = parse(text)
	}
	if err != nil {
		return fmt.Errorf("seal: %s: %w", path, err)
	}
	defer clear(text)
	sealed, err := seal(key, []byte(moduleHead), text)
	if err != nil {
		return fmt.Errorf("seal: %s: %w", path, err)
	}
	back, err := open(key, []byte(moduleHead), sealed)
	defer clear(back)
	switch {
	case err != nil:
		return fmt.Errorf("seal: %s stays in the clear: what the module seals it does not open: %w", path, err)
	case !bytes.Equal(back, text):
		return fmt.Errorf("seal: %s stays in the clear: the module opens what it seals as something else", path)
	}
	whole := moduleHead + moduleFile + key + " " + base64.StdEncoding.EncodeToString(sealed) + "\n"
	if len(whole) > fileBytesMax {
		return fmt.Errorf("seal: %s has more keys than a module seals", path)
	}
	return replace(path, []byte(whole))
}

// replace writes a file beside another and has it take its place.
func replace(path string, text []byte) error {
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return fmt.Errorf("seal: %w", errors.Join(err, os.Remove(next)))
	}
	return syncFolder(filepath.Dir(path))
}

// sealedBy finds the module's key and what it has sealed; nil: the text is in the clear.
func sealedBy(text []byte) (key string, sealed []byte) {
	rest, found := bytes.CutPrefix(text, []byte(moduleHead+moduleFile))
	if !found {
		return "", nil
	}
	words := strings.Fields(string(rest))
	if len(words) != 2 {
		return "", []byte{}
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(words[1])
	if err != nil {
		return words[0], []byte{}
	}
	return words[0], sealed
}

// opened is the text in the clear.
func opened(text []byte, open ModuleOpen) ([]byte, error) {
	key, sealed := sealedBy(text)
	switch {
	case sealed == nil:
		return text, nil
	case len(sealed) == 0:
		return nil, errors.New("what the security module has sealed is damaged")
	case open == nil:
		return nil, fmt.Errorf("%w under %s: name a configuration that has it (hsm)", ErrModule, key)
	}
	return open(key, []byte(moduleHead), sealed)
}
