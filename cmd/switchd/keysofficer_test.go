package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/hsm"
)

// TestKeysEnrol: an officer makes her token herself, without any keys; what she tells
// the others is its fingerprint, and a token is never written over.
func TestKeysEnrol(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "asha.token")
	enrol := []string{"keys", "officer", "enrol", "asha", "--out", file}
	fingerprint, said := runs(t, 0, enrol...)
	token, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if secret := string(token[len(tokenHead) : len(token)-1]); strings.Contains(said+fingerprint, secret) {
		t.Errorf("it shows the token: %q, %q", fingerprint, said)
	}
	all := officers{Version: 1, Officers: []officer{{Name: "asha", Token: strings.TrimSpace(fingerprint)}}}
	if err := all.proves("asha", token); err != nil {
		t.Error(err)
	}
	if _, said := runs(t, exitFailed, enrol...); !strings.Contains(said, "it is not overwritten") {
		t.Error(said)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(token) {
		t.Errorf("the token is another now, %v", err)
	}
	_, said = runs(t, exitUsage, "keys", "officer", "enrol")
	if !strings.Contains(said, "which officer?") {
		t.Error(said)
	}
}

// TestKeysOfficersSeen: whoever changes the file of officers by another way needs
// nobody's approval, and is in the audit file, once.
func TestKeysOfficersSeen(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	generate := func(name string, who ...string) {
		t.Helper()
		l.ok(append([]string{"keys", "generate", name, "--for", "zak"}, who...)...)
	}
	generate("banka/zak", l.as("asha")...)
	l.last("asha officer add done", "asha generate started", "asha generate done")

	// Two become one.
	whole := l.read("k.hsm.officers")
	people, err := readOfficers(l.path("k.hsm.officers"))
	if err != nil {
		t.Fatal(err)
	}
	people.Officers[people.at("biko")].Token = people.Officers[people.at("asha")].Token
	if err := people.write(l.path("k.hsm.officers")); err != nil {
		t.Fatal(err)
	}
	generate("bankb/zak", "--officer", "biko", "--token-file", l.path("asha.token"))
	l.last("officers found", "biko generate started", "biko generate done")
	generate("bankc/zak", l.as("asha")...)
	l.last("biko generate done", "asha generate started", "asha generate done")
	l.write("k.hsm.officers", whole)
	generate("bankd/zak", l.as("biko")...)
	l.last("officers found", "biko generate started", "biko generate done")

	// All are taken away, and somebody begins again.
	if err := os.Remove(l.path("k.hsm.officers")); err != nil {
		t.Fatal(err)
	}
	l.officer("chen")
	l.last("officers found", "officer add started", "officer add done")
	generate("banke/zak", l.as("chen")...)
	l.last("officer add done", "chen generate started", "chen generate done")
	l.noSecret()
}

// TestKeysOfficersFailed: where the file of officers cannot be written it is said whether
// they are others now.
func TestKeysOfficersFailed(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	fails := func(work func(*keyDesk) error) error {
		t.Helper()
		f := &keysFlags{file: l.file, unlock: l.path("k.unlock")}
		d := &keyDesk{place: keyPlace{keys: l.file, unlock: f.unlock}, flags: f, ask: &asker{}, talk: &l.said, now: clock}
		_, err := d.do(t.Context(), &keyDeed{
			action: "officer add", approvals: func(*officers) int { return 0 }, ready: func(*keyDesk) error { return nil },
			work: func(_ context.Context, d *keyDesk) (hsm.KeyInfo, error) { return hsm.KeyInfo{}, work(d) },
		})
		return err
	}
	full := errors.New("no room")
	if err := fails(func(*keyDesk) error { return full }); !errors.Is(err, full) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("it says %v", err)
	}
	l.last("officer add started", "officer add refused")
	if err := fails(func(d *keyDesk) error {
		if err := d.people.add("chen", strings.Repeat("5f", 32), 1); err != nil {
			return err
		}
		return errors.Join(full, d.people.write(d.place.officers()))
	}); !errors.Is(err, full) {
		t.Errorf("it says %v", err)
	}
	l.last("officer add started", "officer add failed")
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	l.last("officer add failed", "asha generate started", "asha generate done")
}

// TestKeysLost: what nobody can have again, neither from a partner nor made anew, is
// ended by two officers only, who say so; and they are told what is known of its use.
func TestKeysLost(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	second := []string{"--second", "biko", "--second-token-file", l.path("biko.token")}
	do := func(args string, more ...string) []string {
		return append(append(append([]string{"keys"}, strings.Fields(args)...), l.as("asha")...), more...)
	}
	for purpose, lost := range map[string]string{"data": "can never be read again", "token": "can never be made again"} {
		name := "switch/" + purpose
		l.ok(do("generate " + name + " --for " + purpose)...)
		for _, action := range []string{"retire " + name + " --in-use", "delete " + name} {
			l.fails(exitUsage, lost, do(action+" --lose-data")...)
			l.last("asha " + strings.Fields(action)[0] + " refused")
			l.fails(exitUsage, "two officers must agree to that", do(action)...)
			l.fails(exitFailed, "--lose-data says that nothing does", do(action, second...)...)
			l.fails(exitFailed, errToken.Error(), do(action+" --lose-data", "--second", "biko", "--second-token-file", l.path("asha.token"))...)
			l.ok(do(action+" --lose-data", second...)...)
			if e := l.events()[len(l.events())-1]; e.Second != "biko" || e.Detail != "with --lose-data" || e.Outcome != keyDone {
				t.Errorf("%+v", e)
			}
		}
	}
	l.ok(do("generate banka/zmk --for zmk")...)
	l.ok(do("retire banka/zmk --in-use")...)
	l.ok(do("delete banka/zmk")...)
}

// TestKeysSealInUse: of a key that seals a data folder it is said that it does.
func TestKeysSealInUse(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 2)
	s.withModule(func(k hsm.Keeper) {
		n := hsm.New{Usage: hsm.DataEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.NotExportable}
		for _, n.As = range []hsm.KeyRef{"switch/kek", "switch/other"} {
			if _, err := k.Generate(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
	})
	s.edit("unlock: keys.unlock}", "unlock: keys.unlock, seal: switch/kek}")
	l := &keysLab{t: t, dir: s.dir, file: filepath.Join(s.dir, "keys.hsm"), secrets: map[string][]byte{}}
	l.officer("asha", "--config", s.config)
	retire := func(name string) []string {
		return append([]string{"keys", "retire", name, "--in-use", "--config", s.config}, l.as("asha")...)
	}
	l.fails(exitUsage, "There is no "+filepath.Join(s.data, sealKeyFile)+" yet", retire("switch/kek")...)
	s.stopClean(s.serve())
	l.fails(exitUsage, "IS SEALED WITH THIS KEY", retire("switch/kek")...)
	l.fails(exitUsage, "is not sealed with this key", retire("switch/other")...)
	s.stopClean(s.serve())
}
