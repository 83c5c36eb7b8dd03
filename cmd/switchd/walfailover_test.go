package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/journal"
)

// TestSecondDisk: production refuses a second folder on the disk of the data folder, when
// it is checked and at the start, and makes nothing; development takes it.
func TestSecondDisk(t *testing.T) {
	dir := t.TempDir()
	cfg, err := demoConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	cfg.Journal.WALFailoverDir = filepath.Join(dir, "second")
	cfg.Profile = "production"
	_, err = openDataFolder(cfg, log, &security{}, prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "journal.wal_failover_dir") || !strings.Contains(err.Error(), "another disk") {
		t.Errorf("started: %v", err)
	}
	if faults := checkKeys("switchd.yml", cfg); len(faults) != 1 || !strings.Contains(faults[0].Text, "wal_failover_dir") {
		t.Errorf("checked: %v", faults)
	}
	for _, path := range []string{cfg.Journal.WALFailoverDir, filepath.Join(cfg.DataDir, journalDir)} {
		if isThere(path) {
			t.Errorf("%s was made", path)
		}
	}
	cfg.Profile = "development"
	if faults := checkKeys("switchd.yml", cfg); len(faults) > 0 {
		t.Errorf("development, checked: %v", faults)
	}
	f, err := openDataFolder(cfg, log, &security{}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if got := f.journal.Failover(); got.Dir != cfg.Journal.WALFailoverDir {
		t.Errorf("the second folder is %q", got.Dir)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	// What no journal knows of its own must not be taken: all of it is refused by name.
	note := filepath.Join(cfg.DataDir, journalDir, journal.FailoverNote)
	if err := os.WriteFile(note, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openDataFolder(cfg, log, &security{}, prometheus.NewRegistry()); !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), note) {
		t.Errorf("a note that is none: %v", err)
	}
}

// TestFailoverWarning: readiness warns while the journal goes on elsewhere, and not else.
func TestFailoverWarning(t *testing.T) {
	if got := failoverWarning(journal.Failover{Dir: "/mnt/second", Switches: 2}); got != "" {
		t.Errorf("it is back: %s", got)
	}
	if got := failoverWarning(journal.Failover{Dir: "/mnt/second", Active: true}); !strings.Contains(got, "/mnt/second") {
		t.Errorf("it is there: %s", got)
	}
}
