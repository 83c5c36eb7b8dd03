//go:build pkcs11

package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/config"
)

// TestPKCS11: a configuration that names a token has it opened, with the PIN of its file;
// SoftHSM is none for production.
func TestPKCS11(t *testing.T) {
	const library = "/usr/lib/softhsm/libsofthsm2.so"
	tool, err := exec.LookPath("softhsm2-util")
	if _, e := os.Stat(library); err != nil || e != nil {
		t.Skip("SoftHSM is not here (Debian: softhsm2)")
	}
	dir := t.TempDir()
	conf, pin := filepath.Join(dir, "softhsm2.conf"), filepath.Join(dir, "pin")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s\nlog.level = ERROR\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	if out, err := exec.Command(tool, "--init-token", "--free", "--label", "switch", "--so-pin", "314159", "--pin", "271828").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(pin, []byte("271828\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{HSM: config.HSM{Driver: "pkcs11", Library: library, Token: "switch", Unlock: pin, Workers: 2, Queue: 16, AccountRule: "padded13"}}
	s, err := openSecurity(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	cfg.Profile = "production"
	if _, err := openSecurity(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "development and tests") {
		t.Errorf("for production: %v", err)
	}
	if err := os.Chmod(pin, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openSecurity(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil || strings.Contains(err.Error(), "271828") {
		t.Errorf("a PIN that all may read: %v", err)
	}
}
