package seal

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// fileBytesMax bounds a key file: KeysMax keys and some comments.
const fileBytesMax = 64 << 10

// fileHead is what a new file says about itself.
const fileHead = `# Keys of the account numbers and names in a switchd data folder.
# Keep a copy in a safe place, not beside the backups: without it they cannot be read.
# The last key seals, all open. A new key: add a line with the next number.
# The token key must never change: payments are searched by account with it.
`

// LoadFile is LoadFileWith without a module.
func LoadFile(path string) (*Keys, error) { return LoadFileWith(path, nil) }

// LoadFileWith reads a key file: lines "token HEX" and "key NUMBER HEX", with # for
// comments, or all of that sealed by a security module (ModuleFile), which open undoes;
// with open nil such a file is an ErrModule. Nobody but its owner may have access to
// it.
func LoadFileWith(path string, open ModuleOpen) (*Keys, error) {
	text, err := readFile(path)
	if err == nil {
		text, err = opened(text, open)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %s: %w", path, err)
	}
	defer clear(text)
	keys, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("seal: %s: %w", path, err)
	}
	keys.file = path
	return keys, nil
}

// readFile reads a file that is its owner's alone.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, bare(err)
	case info.IsDir():
		return nil, errors.New("it is a folder, not a key file")
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("it can be read by others than its owner (mode %04o): chmod 600 %s", info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, fileBytesMax+1))
	return text, bare(err)
}

// bare is an error without the name of its file, which is said already.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// CreateFile makes a key file with one new key, which must not be there yet, and
// reads it back.
func CreateFile(path string) (*Keys, error) {
	var token, key [keyBytes]byte
	rand.Read(token[:])
	rand.Read(key[:])
	text := fmt.Sprintf("%stoken %x\nkey 1 %x\n", fileHead, token, key)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return LoadFile(path)
}

// syncFolder makes a new name in a folder durable: what is sealed with a key whose
// file a power cut takes away is lost.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// OpenFile is LoadFile, or CreateFile when there is none; created says which.
func OpenFile(path string) (keys *Keys, created bool, err error) {
	keys, err = LoadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = CreateFile(path)
		return keys, true, err
	}
	return keys, false, err
}

func parse(text []byte) (*Keys, error) {
	if len(text) > fileBytesMax {
		return nil, fmt.Errorf("longer than %d bytes", fileBytesMax)
	}
	var ring []Key
	var token *[keyBytes]byte
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "token" && len(words) == 2 && token == nil:
			token = new([keyBytes]byte)
			if !unhex(token, words[1]) {
				return nil, fmt.Errorf("line %d: the token key is not %d hex digits", n, 2*keyBytes)
			}
		case words[0] == "key" && len(words) == 3:
			id, err := strconv.ParseUint(words[1], 10, 32)
			k := Key{ID: uint32(id)}
			if err != nil || !unhex(&k.Secret, words[2]) {
				return nil, fmt.Errorf("line %d: want \"key NUMBER\" and %d hex digits", n, 2*keyBytes)
			}
			ring = append(ring, k)
		default:
			return nil, fmt.Errorf("line %d: want \"token HEX\", once, or \"key NUMBER HEX\"", n)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if token == nil {
		return nil, errors.New("has no line \"token HEX\"")
	}
	return New(*token, ring...)
}

func unhex(key *[keyBytes]byte, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && copy(key[:], b) == keyBytes && len(b) == keyBytes
}
