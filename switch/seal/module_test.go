package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// xor stands for a module: it is no secret in a test.
func xor(key string, public, text []byte) ([]byte, error) {
	if key != "kek" {
		return nil, errors.New("no such key")
	}
	out := bytes.Clone(text)
	for i := range out {
		out[i] ^= 0x55
	}
	return append(out, byte(len(public))), nil
}

func unxor(key string, public, sealed []byte) ([]byte, error) {
	if n := len(sealed) - 1; n < 0 || sealed[n] != byte(len(public)) {
		return nil, errors.New("it was changed")
	}
	out, err := xor(key, nil, sealed[:len(sealed)-1])
	if err != nil {
		return nil, err
	}
	return out[:len(out)-1], nil
}

func TestModuleFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.key")
	clear, err := CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// What the module does not open again is not sealed.
	for what, open := range map[string]ModuleOpen{
		"refuses": func(string, []byte, []byte) ([]byte, error) { return nil, errors.New("mode E") },
		"differs": func(string, []byte, []byte) ([]byte, error) { return []byte("token 00"), nil },
	} {
		err := ModuleFile(path, "kek", xor, open)
		if after, _ := os.ReadFile(path); err == nil || !bytes.Equal(before, after) {
			t.Errorf("a module that %s: %v, changed %v", what, err, !bytes.Equal(before, after))
		}
	}
	if err := ModuleFile(path, "kex", xor, unxor); err == nil {
		t.Error("a key that is not there")
	}
	if err := ModuleFile(path, "kek", xor, unxor); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte("token ")) || !bytes.Contains(text, []byte("\nmodule kek ")) {
		t.Errorf("%v\n%s", err, text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	keys, err := LoadFileWith(path, unxor)
	if err != nil || keys.Token([]byte("1")) != clear.Token([]byte("1")) {
		t.Errorf("other keys, %v", err)
	}
	if _, err := LoadFile(path); !errors.Is(err, ErrModule) || !strings.Contains(err.Error(), "kek") {
		t.Errorf("without a module: %v", err)
	}
	if err := ModuleFile(path, "kek", xor, unxor); err == nil {
		t.Error("sealed twice")
	}
	for at := bytes.LastIndexByte(text, ' ') + 1; at < len(text); at += 7 {
		bad := bytes.Clone(text)
		bad[at] = '!'
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadFileWith(path, unxor); err == nil {
			t.Errorf("byte %d is another", at)
		}
	}
}
