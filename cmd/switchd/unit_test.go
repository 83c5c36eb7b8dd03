package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnit: systemd takes the unit, and the binary the commands in it.
func TestUnit(t *testing.T) {
	text, err := os.ReadFile("../../deploy/systemd/switchd.service")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(string(text)) {
		_, args, found := strings.Cut(strings.TrimSpace(line), "=/usr/local/bin/switchd ")
		if !found {
			continue
		}
		commands++
		c, rest, err := newRoot().Find(strings.Fields(strings.ReplaceAll(args, `"systemctl reload"`, "why")))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ParseFlags(rest); err != nil || len(c.Flags().Args()) > 0 {
			t.Errorf("%s: %v", line, err)
		}
	}
	if commands != 2 {
		t.Errorf("%d commands, want the start and the reload", commands)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	unit := filepath.Join(t.TempDir(), "switchd.service")
	if err := os.WriteFile(unit, bytes.ReplaceAll(text, []byte("/usr/local/bin/switchd"), []byte(os.Args[0])), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v\n%s", err, said)
	}
}
