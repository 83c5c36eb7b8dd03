package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"switchd/switch/doctor"
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
	err := os.WriteFile(file, make([]byte, int64(fs.Bavail)*int64(fs.Bsize)-leave), 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) { // the switch may have taken some of it meanwhile
		t.Fatal(err)
	}
}

// fillUp adds to a file until the disk is full.
func fillUp(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(chunk)
	}
	if closing := f.Close(); closing != nil || !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err, closing)
	}
}

// filling is a switch under load on a small disk that somebody else fills.
type filling struct {
	*scheme
	p     *process
	banks []*bank
	other string // the file that fills the disk
}

// startFilling waits until payments are made. The disk has room for what opening the
// stores takes and for four logs of the journal, of 35 MiB each: its first one is full
// after 256 KiB, and where the machine is busy it takes a moment to make the payments.
func startFilling(t *testing.T, flags ...string) *filling {
	seed := newSeed(t)
	disk := tinyDisk(t, "256m")
	f := &filling{scheme: newSimulated(t, filepath.Join(disk, "data")), other: filepath.Join(disk, "other")}
	f.p = f.serve(flags...)
	f.banks = f.scheme.banks(seed, "--rate", "60", "--faults")
	until(t, patience, "100 payments", func() bool { got, ok := f.summary(); return ok && got.States["SUCCESS"] >= 100 })
	return f
}

// free gives the room back, and waits until payments are made again.
func (f *filling) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(f.other); err != nil {
		t.Fatal(err)
	}
	before, _ := f.summary()
	until(t, patience, "payments with room again", func() bool {
		got, ok := f.summary()
		return ok && got.States["SUCCESS"] > before.States["SUCCESS"]+100
	})
}

// finish ends everything in good order and judges what is in the journal by what the
// banks have seen.
func (f *filling) finish(t *testing.T) {
	t.Helper()
	f.rest(f.banks...)
	f.stopClean(f.p)
	t.Log(judge(t, readHistory(t, f.data), f.reports(f.banks...)))
}

// TestDiskBelowReserve: new payments are declined and say so, open ones finish, and
// with room again the switch goes on; nobody has to do anything to it.
func TestDiskBelowReserve(t *testing.T) {
	t.Parallel()
	f := startFilling(t)
	fill(t, f.other, 72<<20)
	const held = `switchd_requests_held_total{reason="disk"}`
	until(t, patience, "new payments are declined", func() bool { return f.metric(held) > 50 })
	until(t, patience, "the open payments have finished", func() bool { got, ok := f.summary(); return ok && got.Open == 0 })
	var ready string
	if err := f.get("/readyz?verbose", &ready); err != nil {
		t.Fatal(err)
	}
	if want := "[-] disk: new payments are declined: the disk of the data folder has "; !strings.Contains(ready, want) {
		t.Errorf("/readyz says\n%s\nwant a line with %q", ready, want)
	}
	if got := f.metric("switchd_disk_state"); got != 2 {
		t.Errorf("switchd_disk_state is %v, want 2", got)
	}
	f.seen(t)
	f.free(t)
	if f.p.ended() {
		t.Error("it has ended")
	}
	for _, line := range []string{"disk below its reserve", "payments are taken"} {
		if n := strings.Count(f.p.err.String(), line); n != 1 {
			t.Errorf("%q was logged %d times, want once", line, n)
		}
	}
	f.finish(t)
}

// seen looks at what operators are told of a disk below its reserve.
func (f *filling) seen(t *testing.T) {
	t.Helper()
	const why = "new payments are declined: the disk of the data folder has "
	until(t, patience, "status says so", func() bool { // as of the desk's next look
		var out, said strings.Builder
		code := run(t.Context(), []string{"status", "--config", f.config}, &out, &said)
		return code == exitFailed && strings.Contains(out.String(), "NOT READY") && strings.Contains(out.String(), "disk: "+why)
	})
	e := doctorBeside(t, "--config", f.config)
	e.has(doctor.Bad, "disk", "MiB free of 256 MiB", "the reserve is 96.0 MiB", "make room now")
	e.has(doctor.Bad, "ready: disk", why, "docs/runbooks/disk-low.md")
	e.has(doctor.OK, "data folder", "the running switch has")
}

// TestFullDisk: the disk is full before anybody has looked. When a write fails the
// switch stops with one clear sentence and exit code 1; it never tells anybody what
// it could not write. On the full disk it does not start; with room again it goes on
// from what is on the disk.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	f := startFilling(t, "--quiet", "--drain", "10s")
	fillUp(t, f.other)
	f.p.signal(syscall.SIGTERM) // it may not have to write more than it has set aside, until it stops
	// What it tried to set aside and did not get is free again: that must not be room.
	until(t, patience, "the full disk ends it", func() bool { fillUp(t, f.other); return f.p.ended() })
	f.p.wait(patience, exitFailed)
	oneSentence(t, f.p, "no space left on device")
	again := start(t, "serve", "--config", f.config, "--quiet")
	again.wait(patience, exitFailed)
	oneSentence(t, again, "opening the stores takes 96 MiB: make room and start again")

	if err := os.Remove(f.other); err != nil {
		t.Fatal(err)
	}
	f.p = f.serve()
	f.signedOn(patience, f.ids...)
	before, _ := f.summary()
	until(t, patience, "payments after the repair", func() bool { got, ok := f.summary(); return ok && got.Payments > before.Payments+100 })
	f.finish(t)
}

// TestStartBelowReserve: a disk below the reserve has a switch that declines, from
// the first payment on.
func TestStartBelowReserve(t *testing.T) {
	t.Parallel()
	disk := tinyDisk(t, "200m")
	s := newScheme(t, longTimers, 3, filepath.Join(disk, "data"))
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), schemeDisk, "reserve: 130MiB, warning: 131MiB, ballast: 8MiB", 1))
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(disk, "other")
	fill(t, other, 110<<20)
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()
	if a := c.ask(c.pay("BANKC", "user1@bankc")); a.de[39] != "96" || a.de[44] != "BUSY" {
		t.Errorf("a payment was answered with %s %s", a.de[39], a.de[44])
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	until(t, patience, "payments are taken", func() bool { return s.metric("switchd_disk_state") != 2 })
	c.send(c.pay("BANKC", "user1@bankc"))
	if resolve := c.receive(); resolve.mti != "0100" {
		t.Errorf("a %s, want a resolution", resolve.mti)
	}
	p.kill()
}

// oneSentence checks that the process has said once, and in words, why it ended. What
// it tells of payments meanwhile, and at the end of a drain, is not about that.
func oneSentence(t *testing.T, p *process, why string) {
	t.Helper()
	var said, logged []string
	for line := range strings.Lines(p.err.String()) {
		switch {
		case strings.HasPrefix(line, "time="):
			if !strings.Contains(line, `msg="reconciliation exception"`) {
				logged = append(logged, line)
			}
		case !strings.HasPrefix(line, "switchd: serving ") && !strings.HasPrefix(line, "switchd: stopping: ") &&
			!strings.HasPrefix(line, "switchd: payments still open: "):
			said = append(said, line)
		}
	}
	if len(said) != 1 || !strings.HasPrefix(said[0], "switchd: ") || !strings.Contains(said[0], why) || len(logged) > 10 {
		t.Errorf("want one sentence about the full disk and a short log; it said:\n%s", tail(p.err.String()))
		return
	}
	t.Log(said[0])
}
