package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptedVerify: Ctrl-C ends a reading at once, in the middle of a file and
// with one sentence.
func TestInterruptedVerify(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "segment")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"verify", "dump"} {
		p := start(t, "journal", command, "--segment", pipe)
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when the process has begun to read
		if err != nil {
			t.Fatal(err)
		}
		p.signal(os.Interrupt)
		p.wait(patience, exitFailed)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if said := p.err.String(); said != "switchd: journal "+command+" was interrupted before its end\n" || p.out.String() != "" {
			t.Errorf("%s: it said %q and %q", command, said, p.out.String())
		}
	}
}

// testInterruptedExport: an export that is interrupted leaves nothing behind.
func (s *journalScheme) testInterruptedExport(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	dir := t.TempDir()
	var said strings.Builder
	code := run(ctx, []string{"journal", "export", "--dir", s.data, "--from", "2", "--to", "3", "--out", filepath.Join(dir, "segment")}, io.Discard, &said)
	if code != exitFailed || said.String() != "switchd: journal export was interrupted before its end\n" {
		t.Errorf("it ended with %d and said %q", code, said.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
