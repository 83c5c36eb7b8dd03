package main

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

// TestKeysAuditShared: several that write to one audit file, in one process and beside
// it, write lines that follow each other.
func TestKeysAuditShared(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/audit"
	var writers []*keyAudit
	for range 3 {
		a, err := openKeyAudit(path)
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		writers = append(writers, a, a) // two goroutines each
	}
	const lines = 2
	var all sync.WaitGroup
	for _, a := range writers {
		all.Go(func() {
			for range lines {
				begun, err := a.append(keyEvent{Action: "import", Outcome: keyStarted, Participant: "BANKA"}, 1)
				if err == nil {
					_, err = a.append(keyEvent{Action: "import", Outcome: keyDone, Of: begun.Seq}, 2)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	read := new(keyChain)
	if err := readInto(read, path, func(*keyEvent) error { return nil }); err != nil || len(read.open) > 0 || len(read.torn) > 0 {
		t.Errorf("%v, %d without an outcome", err, len(read.open))
	}
	if want := uint64(1 + len(writers)*lines*2); read.last.Seq != want {
		t.Errorf("%d events, want %d with the one that the file begins with", read.last.Seq, want)
	}
}

// TestKeysAuditMovedAway: who writes for long, as a switch does, goes on in the file that
// has the name, and writes to none that is not what was written.
func TestKeysAuditMovedAway(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/audit"
	a, err := openKeyAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	note := func() error {
		_, err := a.append(keyEvent{Action: "import", Outcome: keyDone}, 1)
		return err
	}
	events := func(file string) (n uint64) {
		t.Helper()
		read := new(keyChain)
		if err := readInto(read, file, func(*keyEvent) error { return nil }); err != nil {
			t.Error(err)
		}
		return read.last.Seq
	}
	for range 2 {
		if err := note(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := note(); err != nil || events(path) != 2 || events(path+".away") != 3 {
		t.Errorf("%v: %d and %d events", err, events(path), events(path+".away"))
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	other, err := openKeyAudit(path) // somebody else has made the next one
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := note(); err != nil || events(path) != 2 || events(path+".away") != 2 {
		t.Errorf("%v: %d and %d events", err, events(path), events(path+".away"))
	}

	// A line that another process has not finished is cut off, and said.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "{half"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := note(); err != nil || events(path) != 4 {
		t.Errorf("%v: %d events, want one of the line that was cut off", err, events(path))
	}

	for _, row := range []struct{ what, spoilt string }{{"cut off", string(text)}, {"changed", strings.Repeat("x", 4000) + "\n"}} {
		if err := os.WriteFile(path, []byte(row.spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := note(); !errors.Is(err, errAudit) {
				t.Errorf("%s, and it says %v", row.what, err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := note(); err != nil || events(path) != 2 {
			t.Errorf("after it was moved away: %v, %d events", err, events(path))
		}
	}
}
