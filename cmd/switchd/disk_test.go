package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// tinyDisk mounts a file system of its own, or skips the test.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("a full disk needs a file system of its own, and mounting one needs root on Linux")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "switchd-test", dir).CombinedOutput(); err != nil {
		t.Skipf("a file system cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", dir, err, out)
		}
	})
	return dir
}

// fill writes a file that leaves so many bytes free.
func fill(t *testing.T, file string, leave int64) {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(file), &fs); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, make([]byte, int64(fs.Bavail)*int64(fs.Bsize)-leave), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk: when the disk is full the switch stops with one clear sentence
// and exit code 1; it never tells anybody what it could not write. With room
// again it goes on from what is on the disk.
func TestFullDisk(t *testing.T) {
	seed := newSeed(t)
	disk := tinyDisk(t, "64m")
	s := newSimulated(t, filepath.Join(disk, "data"))
	p := s.serve("--quiet")
	banks := s.banks(seed, "--rate", "150", "--faults")
	until(t, patience, "100 payments", func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] >= 100 })
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast, 512<<10)

	p.wait(patience, exitFailed) // by itself
	oneSentence(t, p)
	again := start(t, "serve", "--config", s.config, "--quiet") // still no room
	again.wait(patience, exitFailed)
	oneSentence(t, again)

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p = s.serve()
	s.signedOn(patience, s.ids...)
	before, _ := s.summary()
	until(t, patience, "payments after the repair", func() bool { got, ok := s.summary(); return ok && got.Payments > before.Payments+100 })
	s.rest(banks...)
	s.stopClean(p)
	t.Log(judge(t, readHistory(t, s.data), s.reports(banks...)))
}

// oneSentence checks that the process has said once, and in words, that the disk
// is full.
func oneSentence(t *testing.T, p *process) {
	t.Helper()
	var said, logged []string
	for line := range strings.Lines(p.err.String()) {
		switch {
		case strings.HasPrefix(line, "time="):
			logged = append(logged, line)
		case !strings.HasPrefix(line, "switchd: serving "):
			said = append(said, line)
		}
	}
	if len(said) != 1 || !strings.HasPrefix(said[0], "switchd: ") || !strings.Contains(said[0], "no space left on device") || len(logged) > 10 {
		t.Errorf("want one sentence about the full disk and a short log; it said:\n%s", tail(p.err.String()))
		return
	}
	t.Log(said[0])
}
