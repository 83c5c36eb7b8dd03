package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/config"
	"switchd/switch/disk"
	"switchd/switch/doctor"
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

// stoppedBadly is a configuration whose data folder a switch has left without a stop, so that
// its second folder is needed.
func stoppedBadly(t *testing.T) (file string, cfg *config.Config) {
	t.Helper()
	dir := t.TempDir()
	if _, err := demoConfig(dir); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "switchd.yml")
	inSecond(t, file, filepath.Join(dir, "second"))
	cfg, err := loadConfig(file, true)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openDataFolder(cfg, slog.New(slog.DiscardHandler), &security{}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{cfg.DataDir, cfg.Journal.WALFailoverDir}
	for _, folder := range folders {
		err = errors.Join(err, os.CopyFS(folder+".left", os.DirFS(folder)))
	}
	err = errors.Join(err, f.close())
	for _, folder := range folders {
		err = errors.Join(err, os.RemoveAll(folder), os.Rename(folder+".left", folder))
	}
	for _, key := range []string{sealKeyFile, checkpointKeyFile} { // a copy is open to all
		err = errors.Join(err, os.Chmod(filepath.Join(cfg.DataDir, key), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	return file, cfg
}

// inSecond adds to a configuration where the second folder of the journal is.
func inSecond(t *testing.T, file, dir string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		before, _, _ := strings.Cut(string(text), "\njournal:")
		before = strings.Replace(before, "admin: 127.0.0.1:0", "admin: "+fixedAddress(t), 1)
		err = os.WriteFile(file, fmt.Appendf(nil, "%s\njournal: {wal_failover_dir: %s}\n", before, dir), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMovedSecondFolder: who looks at a journal whose second folder is mounted elsewhere now
// finds it by the configuration, like a start, or by a flag; without both it is told which
// folder is wanted and how to name it.
func TestMovedSecondFolder(t *testing.T) {
	t.Parallel()
	file, cfg := stoppedBadly(t)
	was, now := cfg.Journal.WALFailoverDir, cfg.Journal.WALFailoverDir+".moved"
	if err := os.Rename(was, now); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "backup")
	commands := map[string][]string{
		"verify": {"journal", "verify"}, "stat": {"journal", "stat"}, "dump": {"journal", "dump"},
		"backup": {"backup", "--out", out, "--reason", "moved"},
	}
	for what, args := range commands {
		for _, from := range []string{"--config=" + file, "--dir=" + cfg.DataDir} {
			if _, said := runs(t, exitFailed, append(args, from)...); !strings.Contains(said, was+" is not it or is not there") || !strings.Contains(said, "--wal-failover-dir") {
				t.Errorf("%s %s, not moved in the configuration: %s", what, from, said)
			}
		}
	}
	inSecond(t, file, now)
	for what, args := range commands {
		runs(t, 0, append(args, "--config="+file)...)
		if what == "backup" {
			if err := os.RemoveAll(out); err != nil {
				t.Fatal(err)
			}
		}
		runs(t, 0, append(args, "--dir="+cfg.DataDir, "--wal-failover-dir="+now)...)
	}
	doctorBeside(t, "--config", file).has(doctor.OK, "journal", "opens")
	// And so does a start that has to look at the folder before it opens it.
	if err := os.MkdirAll(filepath.Join(cfg.DataDir, "backup.staging"), 0o700); err != nil {
		t.Fatal(err)
	}
	cfg.Journal.WALFailoverDir = now
	f, err := openDataFolder(cfg, slog.New(slog.DiscardHandler), &security{}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Error(err)
	}
}

// TestLinkedSecondFolder: a data folder that is reached by a link is the same one, and a second
// folder that is reached by one, too; but it must not lead into the data folder.
func TestLinkedSecondFolder(t *testing.T) {
	_, cfg := stoppedBadly(t)
	dir := filepath.Dir(cfg.DataDir)
	for name, to := range map[string]string{"datalink": "data", "secondlink": "second", "into": "data", "data/out": "../second"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	starts := func(data, second string) error {
		cfg.DataDir, cfg.Journal.WALFailoverDir = filepath.Join(dir, data), filepath.Join(dir, second)
		f, err := openDataFolder(cfg, slog.New(slog.DiscardHandler), &security{}, prometheus.NewRegistry())
		if err != nil {
			return err
		}
		return f.close()
	}
	for _, c := range [][2]string{{"datalink", "second"}, {"data", "secondlink"}, {"data", "data/out"}, {"datalink", "secondlink"}} {
		if err := starts(c[0], c[1]); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
	for _, second := range []string{"into", "into/none/yet", "datalink/journal", "."} {
		if err := starts("data", second); err == nil || !strings.Contains(err.Error(), "lead into each other") {
			t.Errorf("%s: %v", second, err)
		}
		if faults := checkKeys("switchd.yml", cfg); len(faults) != 1 || !strings.Contains(faults[0].Text, "lead into each other") {
			t.Errorf("%s, checked: %v", second, faults)
		}
	}
}

// TestFailoverWarning: readiness warns while the journal goes on elsewhere, and not else.
func TestFailoverWarning(t *testing.T) {
	free := int64(1 << 40)
	second := func() *disk.Second {
		return disk.OpenSecond(disk.SecondOptions{Dir: "/mnt/second", Free: func() (int64, error) { return free, nil }, Log: slog.New(slog.DiscardHandler)})
	}
	if got := failoverWarning(journal.Failover{Dir: "/mnt/second", Switches: 2}, second()); got != "" {
		t.Errorf("it is back: %s", got)
	}
	if got := failoverWarning(journal.Failover{Dir: "/mnt/second", Active: true}, second()); !strings.Contains(got, "/mnt/second") {
		t.Errorf("it is there: %s", got)
	}
	free = 1 << 20
	if got := failoverWarning(journal.Failover{Dir: "/mnt/second", Active: true}, second()); !strings.Contains(got, "goes on in /mnt/second") || !strings.Contains(got, "; the disk of /mnt/second has 1 MiB free") {
		t.Errorf("it is there, and there is no room: %s", got)
	}
}
