package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
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
				begun, err := a.append(t.Context(), keyEvent{Action: "import", Outcome: keyStarted, Participant: "BANKA"}, 1)
				if err == nil {
					_, err = a.append(t.Context(), keyEvent{Action: "import", Outcome: keyDone, Of: begun.Seq}, 2)
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
		_, err := a.append(t.Context(), keyEvent{Action: "import", Outcome: keyDone}, 1)
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

// TestKeysAuditWaits: who has to wait for the file, because another process or another
// goroutine is at it, does so until its ctx ends, for auditPatience at most, and has
// written nothing then.
func TestKeysAuditWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/audit"
		a, err := openKeyAudit(path)
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		other, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		over, cancel := context.WithCancel(t.Context())
		cancel()
		note := func(ctx context.Context) error {
			_, err := a.append(ctx, keyEvent{Action: "import", Outcome: keyDone}, 1)
			return err
		}
		held := func(what string) {
			t.Helper()
			if err := note(over); !errors.Is(err, errAuditHeld) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: with a ctx that has ended it says %v", what, err)
			}
			begun := time.Now()
			if err := note(t.Context()); !errors.Is(err, errAuditHeld) || time.Since(begun) < auditPatience {
				t.Errorf("%s: after %v it says %v", what, time.Since(begun), err)
			}
			if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
				t.Errorf("%s: %v, and there is %q", what, err, text)
			}
		}
		if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		held("another process")
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if err := a.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		held("another goroutine")
		a.leave()
		if err := note(over); err != nil { // it need not wait
			t.Error(err)
		}
	})
}

// TestKeysAuditClosed: who closes the file waits for the line that is being written.
func TestKeysAuditClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, err := openKeyAudit(t.TempDir() + "/audit")
		if err != nil {
			t.Fatal(err)
		}
		closed, early := make(chan error, 1), false
		a.sync = func(f *os.File) error {
			go func() { closed <- a.close() }()
			synctest.Wait()
			early = len(closed) > 0
			a.sync = (*os.File).Sync
			return f.Sync()
		}
		if _, err := a.append(t.Context(), keyEvent{Action: "import", Outcome: keyDone}, 1); err != nil || early {
			t.Errorf("%v, closed within the line: %v", err, early)
		}
		if err := <-closed; err != nil || a.file != nil {
			t.Errorf("%v, open: %v", err, a.file != nil)
		}
	})
}

// TestKeysAuditTakenBack: who opens the file while a line is taken back, because the disk
// is full, does not count that line, and goes on.
func TestKeysAuditTakenBack(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/audit"
	a, err := openKeyAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	opens := newKeyAudit(path)
	defer opens.close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	e := keyEvent{Action: createAction, Outcome: keyDone}
	full := errors.New("no room")
	a.sync = func(*os.File) error {
		if _, err := opens.append(over, e, 1); !errors.Is(err, errAuditHeld) {
			t.Errorf("within the line of another it says %v", err)
		}
		return full
	}
	if _, err := a.append(t.Context(), e, 1); !errors.Is(err, full) {
		t.Errorf("it says %v", err)
	}
	if e, err := opens.append(t.Context(), e, 2); err != nil || e.Seq != 1 {
		t.Errorf("after it was taken back: %v", err)
	}
}
