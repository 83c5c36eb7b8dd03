package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/hsm"
	"switchd/switch/config"
)

// TestOpenPayShield: a switch whose configuration names a payShield begins with its
// health and its keys, refuses a simulated one in production, and gives it back.
func TestOpenPayShield(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lmk := filepath.Join(dir, "lab.lmk")
	p, address := hsmsimAt(t, "--lmk", lmk)
	f := hsmsimKeyFlags{lmk: lmk, name: "banka/zak", usage: "M6", algorithm: "A", mode: "C", export: "N", scheme: "S"}
	entry, err := f.protect(strings.NewReader("2B7E151628AED2A6ABF7158809CF4F3C"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{HSM: config.HSM{Driver: "payshield", Keys: filepath.Join(dir, "keys.json"), Addresses: []string{address}, Workers: 8, Queue: 256, Timeout: modulePatience}}
	if err := os.WriteFile(cfg.HSM.Keys, []byte(`{"version": 1, "keys": [`+string(entry)+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	log := slog.New(slog.DiscardHandler)
	// open has more patience than a start.
	open := func() (s *security, err error) {
		for ctx.Err() == nil {
			if s, err = openSecurity(cfg, log, prometheus.NewRegistry()); !errors.Is(err, hsm.ErrDown) && !errors.Is(err, hsm.ErrTimeout) {
				return s, err
			}
		}
		return s, err
	}
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.module.KCV(ctx, "banka/zak"); err != nil || v.String() != "7AD386" {
		t.Errorf("%s, %v", v, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	cfg.Profile = "production"
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "hardware module is needed") {
		t.Errorf("a simulated module in production: %v", err)
	}
	cfg.HSM.Keys = lmk
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "key table") {
		t.Errorf("a table that is none: %v", err)
	}
	p.kill()
	patient, stop := context.WithCancel(ctx)
	stop()
	if err := s.module.(*payshieldModule).Up(patient); !errors.Is(err, hsm.ErrDown) {
		t.Errorf("after Close: %v", err)
	}
}
