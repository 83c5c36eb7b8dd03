package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// TestCheckpointKey: the key is made once, for its owner's eyes; what it signs is
// good under the verifier that goes with it, and under no other.
func TestCheckpointKey(t *testing.T) {
	dir := t.TempDir()
	var said strings.Builder
	key, err := openCheckpointKey(dir, "", "999999", slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, checkpointKeyFile)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, mode %v", err, info.Mode())
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "\n# "+key.verifier+"\n") || key.Name() != "switchd/999999" {
		t.Errorf("the verifier %s is not in the file, or %v", key.verifier, err)
	}
	if log := said.String(); !strings.Contains(log, key.verifier) || strings.Contains(log, "PRIVATE") {
		t.Errorf("the log says %s", log)
	}
	again, err := openCheckpointKey(dir, "", "999999", slog.New(slog.DiscardHandler))
	if err != nil || again.verifier != key.verifier {
		t.Fatalf("the second time: %v, %v", again, err)
	}
	signed, err := note.Sign(&note.Note{Text: "so it is\n"}, again)
	if err != nil {
		t.Fatal(err)
	}
	pinned := filepath.Join(dir, "pinned")
	open := func(lines string) error {
		if err := os.WriteFile(pinned, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := loadVerifiers(pinned)
		if err != nil {
			return err
		}
		_, err = note.Open(signed, known)
		return err
	}
	_, other, err := note.GenerateKey(nil, "switchd/999999")
	if err != nil {
		t.Fatal(err)
	}
	if err := open("# the old one and the new one\n" + other + "\n\n" + key.verifier + "\n"); err != nil {
		t.Error(err)
	}
	if err := open(other + "\n"); err == nil {
		t.Error("good under the verifier of another")
	}
	for lines, want := range map[string]string{
		"": "has no verifier", "switchd/999999": "is no verifier", string(text): "must not leave the switch",
		strings.Repeat("#\n", keyFileBytesMax): "longer than",
	} {
		if err := open(lines); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("verifiers %.20q: %v, want %s", lines, err, want)
		}
	}
}

// TestBadCheckpointKey: a file that is not one key for its owner alone is refused,
// and what is in it is not told.
func TestBadCheckpointKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k")
	if err := createCheckpointKey(file, "switchd/1"); err != nil {
		t.Fatal(err)
	}
	if err := createCheckpointKey(file, "switchd/1"); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("made twice: %v", err)
	}
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(good)), "\n")
	secret := lines[len(lines)-1]
	f := func(text string, mode os.FileMode, want string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		_, err := loadCheckpointKey(file)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret[len(secret)-20:]) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f(string(good), 0o640, "chmod 600")
	f("", 0o600, "has 0 lines, want one key")
	f(secret+"\n"+secret, 0o600, "has 2 lines, want one key")
	f(secret[:len(secret)-4], 0o600, "no signing key")
	f(strings.Replace(secret, "switchd", "other", 1), 0o600, "no signing key")
	if _, err := openCheckpointKey(t.TempDir(), file+".none", "1", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file of the configuration was made up")
	}
}
