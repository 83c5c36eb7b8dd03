package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/hsm"
)

// TestSealKeysInModule: with hsm.seal the file with the keys of the data folder is
// sealed by the module from the first start on. The switch starts again by it, commands
// that name the configuration read by it, others say what is missing.
func TestSealKeysInModule(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 2)
	kek := func(k hsm.Keeper) {
		n := hsm.New{As: "switch/kek", Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable}
		if _, err := k.Generate(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	s.withModule(kek)
	text, err := os.ReadFile(s.config)
	if err == nil {
		err = os.WriteFile(s.config, []byte(strings.Replace(string(text), "unlock: keys.unlock}", "unlock: keys.unlock, seal: switch/kek}", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := s.serve()
	c := s.connect("BANKA")
	c.signOn()
	m := c.payAccount("BANKA", "BANKB")
	c.ask(m) // BANKB is not there
	file, err := os.ReadFile(filepath.Join(s.data, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte("token ")) || bytes.Contains(file, []byte("key 1")) || !bytes.Contains(file, []byte("\nmodule switch/kek ")) {
		t.Errorf("the file is\n%s", file)
	}
	search := []string{"payment", "find", "--account", m.de[102]}
	if out, _ := runs(t, 0, append(search, "--config", s.config)...); !strings.Contains(out, "DECLINED") {
		t.Errorf("found beside the switch:\n%s", out)
	}
	p.signal(os.Interrupt)
	p.wait(patience, 0)
	if out, _ := runs(t, 0, append(search, "--config", s.config)...); !strings.Contains(out, "DECLINED") {
		t.Errorf("found without the switch:\n%s", out)
	}
	if _, said := runs(t, exitFailed, append(search, "--dir", s.data)...); !strings.Contains(said, "sealed by a security module under switch/kek: name a configuration") {
		t.Error(said)
	}

	s.backedUp("DECLINED", search...)

	// Another name is refused, by a running switch and by a start, and not passed over.
	p = s.serve()
	s.edit("seal: switch/kek", "seal: switch/other")
	if _, said := runs(t, exitFailed, "config", "reload", "--config", s.config, "--reason", "a test"); !strings.Contains(said, "hsm.seal switch/kek -> switch/other (needs a restart)") {
		t.Error(said)
	}
	p.kill()
	if _, said := runs(t, exitFailed, "serve", "--config", s.config); !strings.Contains(said, "sealed under key switch/kek of the security module, and hsm.seal is switch/other") {
		t.Error(said)
	}
	s.edit("seal: switch/other", "seal: switch/kek")

	// Another key of that name does not open it.
	if err := os.Remove(filepath.Join(s.dir, "keys.hsm")); err != nil {
		t.Fatal(err)
	}
	s.keyFile(kek)
	if _, said := runs(t, exitFailed, "serve", "--config", s.config); !strings.Contains(said, "key switch/kek of the security module: ") {
		t.Error(said)
	}
}

// backedUp restores a backup of a folder whose key file a module has sealed, by the book: the
// key file has been kept elsewhere, and the folder is gone.
func (s *scheme) backedUp(want string, search ...string) {
	s.t.Helper()
	out, kept := filepath.Join(s.dir, "backup"), filepath.Join(s.dir, "kept.key")
	runs(s.t, 0, "backup", "--out", out, "--config", s.config, "--reason", "a test")
	if good, _ := runs(s.t, 0, "backup", "verify", out, "--config", s.config); !strings.Contains(good, "good "+out) {
		s.t.Error(good)
	}
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if name := d.Name(); err == nil && (name == sealKeyFile || strings.HasPrefix(name, "keys.")) {
			s.t.Errorf("%s is in the backup", path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	lost := s.data + ".lost"
	text, err := os.ReadFile(s.sealKey())
	if err = errors.Join(err, os.WriteFile(kept, text, 0o600), os.Rename(s.data, lost)); err != nil {
		s.t.Fatal(err)
	}
	if _, said := runs(s.t, exitFailed, "backup", "verify", out, "--seal-key", kept); !strings.Contains(said, "sealed by a security module under switch/kek: name a configuration") {
		s.t.Error(said)
	}
	if _, said := runs(s.t, exitUsage, "backup", "verify", out, "--config", s.config); !strings.Contains(said, "name the key file with --seal-key") {
		s.t.Error(said)
	}
	runs(s.t, 0, "backup", "verify", out, "--config", s.config, "--seal-key", kept)
	runs(s.t, 0, "restore", "--from", out, "--to", s.data, "--config", s.config, "--seal-key", kept)
	if err := os.Rename(kept, s.sealKey()); err != nil {
		s.t.Fatal(err)
	}
	p := s.serve()
	if found, _ := runs(s.t, 0, append(search, "--config", s.config)...); !strings.Contains(found, want) {
		s.t.Errorf("found in what was restored:\n%s", found)
	}
	s.stopClean(p)
}
