package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/switch/journal"
)

// spoil changes one bit in the middle of the largest file of a journal with an
// ending.
func spoil(t *testing.T, data, ending string) {
	t.Helper()
	spoilAt(t, filepath.Join(data, journalDir, "*"+ending), 2)
}

// spoilAt changes one bit of the largest file of a pattern, where a part of it ends:
// a half, a quarter.
func spoilAt(t *testing.T, pattern string, part int) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	var largest []byte
	name := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > len(largest) {
			largest, name = text, file
		}
	}
	largest[len(largest)/part] ^= 8
	if err := os.WriteFile(name, largest, 0o600); err != nil {
		t.Fatal(err)
	}
}

// reopen opens the journal of a folder as a switch does, and closes it.
func reopen(t *testing.T, data string, f func(*journal.PebbleLog)) {
	t.Helper()
	l, err := journal.OpenPebble(filepath.Join(data, journalDir), journal.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestJournalDamaged: verify names what is damaged, and every other command that
// meets it fails instead of showing something else.
func TestJournalDamaged(t *testing.T) {
	t.Parallel()
	s := newJournalScheme(t)
	s.p.kill()
	out, said := runs(t, 0, "journal", "verify", "--dir", s.data, "--json")
	if r := unmarshal[verifyReport](t, out); !r.OK || r.Applied == nil || *r.Applied > r.Journal.Last {
		t.Fatalf("after kill -9: %s%s", out, said)
	}
	damaged := func(data string, want ...string) {
		t.Helper()
		out, said := runs(t, exitFailed, "journal", "verify", "--dir", data, "--json")
		r := unmarshal[verifyReport](t, out)
		if r.OK || len(r.Damage) == 0 || strings.Contains(said, "stack") || !strings.Contains(said, "switchd: damaged: "+r.Damage[0]) {
			t.Errorf("verify: %s%s", out, said)
		}
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("nothing about %q: %s", w, said)
			}
		}
		if out, _ := runs(t, exitFailed, "journal", "verify", "--dir", data); !strings.Contains(out, "DAMAGED") || strings.Contains(out, "good") {
			t.Errorf("verify for people:\n%s", out)
		}
		t.Log(r.Damage[0])
	}
	log := copyFolder(t, s.data)
	spoil(t, log, ".log")
	damaged(log, ".log cannot be read from offset")
	s.refused(t, log, "journal is damaged", "restore a backup")

	// Closed and opened again, the records are in sorted files.
	sorted := copyFolder(t, s.data)
	reopen(t, sorted, func(*journal.PebbleLog) {})
	reopen(t, sorted, func(*journal.PebbleLog) {})
	spoil(t, sorted, ".sst")
	damaged(sorted, ".sst", "checksum")
	if _, said := runs(t, exitFailed, "journal", "dump", "--dir", sorted); !strings.Contains(said, "switchd: ") {
		t.Error(said)
	}

	// A damaged mark keeps verify from nothing; a missing file is damage.
	mark := copyFolder(t, s.data)
	spoil(t, mark, "DURABLE")
	damaged(mark, "DURABLE", "this file can be removed")
	if out, _ := runs(t, exitFailed, "journal", "verify", "--dir", mark, "--json"); unmarshal[verifyReport](t, out).Applied == nil {
		t.Errorf("verify stopped at the mark: %s", out)
	}
	s.refused(t, mark, "DURABLE")
	gone := copyFolder(t, sorted)
	lost, err := filepath.Glob(filepath.Join(gone, journalDir, "*.sst"))
	if err != nil || len(lost) == 0 {
		t.Fatal(lost, err)
	}
	if err := os.Remove(lost[0]); err != nil {
		t.Fatal(err)
	}
	damaged(gone, filepath.Base(lost[0])+" is missing")
	s.refused(t, gone, "is missing", "restore a backup")

	// A state store that is ahead: the journal has lost records that had taken effect.
	s.p = s.serve("--drain", "100ms")
	s.stop()
	cut := copyFolder(t, s.data)
	reopen(t, cut, func(l *journal.PebbleLog) {
		if err := l.CutAfter(s.paid); err != nil {
			t.Fatal(err)
		}
	})
	damaged(cut, "records are missing")

	none := copyFolder(t, s.data)
	if err := os.RemoveAll(filepath.Join(none, journalDir)); err != nil {
		t.Fatal(err)
	}
	s.refused(t, none, "has the folder state, but no journal", "restore a backup")

	rows := copyFolder(t, s.data)
	spoilAt(t, filepath.Join(rows, stateDir, "*.sst"), 8)
	damaged(rows, "state store", "checksum", "move the folder state away")
	files, err := filepath.Glob(filepath.Join(rows, stateDir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	damaged(rows, "open state store", "move the folder state away")
	s.refused(t, rows, "open state store", "move the folder state away")
}

// refused checks that no switch starts on a data folder, and that it says why and
// what helps in one line.
func (s *journalScheme) refused(t *testing.T, data string, want ...string) {
	t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(s.dir, "refused.yml")
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), s.data, data, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, said := runs(t, exitFailed, "serve", "--config", config, "--quiet")
	for _, w := range want {
		if !strings.Contains(said, w) || strings.Count(said, "\n") != 1 {
			t.Errorf("nothing about %q, or not one line: %s", w, said)
		}
	}
}
