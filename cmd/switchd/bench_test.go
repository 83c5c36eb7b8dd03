package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchRun runs the load generator and checks what every good run has.
func benchRun(t *testing.T, flags ...string) benchReport {
	t.Helper()
	// A loaded machine must not fail a test of correctness, so the exit code is
	// asked for the books only.
	p := start(t, append([]string{"bench", "--json", "-"}, flags...)...)
	select {
	case <-p.over:
	case <-time.After(3 * patience):
		t.Fatal("the run does not end")
	}
	var r benchReport
	d := json.NewDecoder(strings.NewReader(p.out.String()))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v in %q; it said:\n%s", err, p.out.String(), tail(p.err.String()))
	}
	if rest := strings.TrimSpace(p.out.String()[d.InputOffset():]); rest != "" {
		t.Errorf("after the object comes %q", rest)
	}
	if !r.BooksBalanced || r.Open != 0 || r.Unanswered != 0 || r.Success+r.DeclinedExpected+r.Silent != r.Payments || r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P999 {
		t.Errorf("%s", p.out.String())
	}
	if code := p.cmd.ProcessState.ExitCode(); (code == 0) != r.Valid || code > 1 {
		t.Errorf("exit code %d, valid %t", code, r.Valid)
	}
	if !r.Valid {
		t.Logf("a slow machine: %s", r.Reasons)
	}
	return r
}

// TestBenchSpawn: a run with a switch of its own, with addresses to resolve and
// more than one link each, in a folder that is gone afterwards.
func TestBenchSpawn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := benchRun(t, "--spawn", "--rate", "300", "--duration", "2s", "--warmup", "500ms", "--links", "2", "--vpa-share", "0.5", "--dir", dir, "--consoles", "2")
	if w := r.Watching; w == nil || w.Consoles != 2 || w.Fault != "" || w.Messages == 0 || w.Scrapes == 0 {
		t.Errorf("consoles and scrapes: %+v", w)
	}
	if r.Payments != 600 || r.Participants != 8 || r.Links != 16 || r.Dialects[3] != "iso87-ascii" || !strings.HasPrefix(r.TLS, "TLS 1.3") {
		t.Errorf("%+v", r)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%s is left", left[0].Name())
	}
	if !r.Valid {
		return // the figures may be missing
	}
	// Three commits, or four with an address, less what shared one.
	if r.CommitsPerPayment == nil || *r.CommitsPerPayment > 4 || *r.CommitsPerPayment <= 0 || r.CommitEventsMean == nil || *r.CommitEventsMean < 1 {
		t.Errorf("commits %s, events in each %s", figure(r.CommitsPerPayment, 3), figure(r.CommitEventsMean, 3))
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil && (r.CPUPerPayment == nil || r.RSS == nil || r.GeneratorCPUPerPayment == nil) {
		t.Error("the CPU time of the switch is unknown")
	}
}

// TestBenchMix: a short run of each thing that a mix can have; its books balance.
func TestBenchMix(t *testing.T) {
	t.Parallel()
	for _, mix := range []string{"pin-mac", "iso20022=1,receipts", "declines=0.2", "iso20022,pin-mac=AES-CMAC,declines=0.2,silence=0.05"} {
		t.Run(mix, func(t *testing.T) {
			t.Parallel()
			r := benchRun(t, "--spawn", "--rate", "300", "--duration", "2s", "--warmup", "500ms", "--participants", "4", "--mix", mix, "--dir", t.TempDir())
			if len(r.Mix) == 0 || len(r.Mix) != strings.Count(mix, ",")+1 || strings.HasPrefix(mix, "iso20022") != slices.Contains(r.Dialects, "iso20022") {
				t.Errorf("the report says of the mix: %q", r.Mix)
			}
			if strings.Contains(mix, "declines") != (r.DeclinedExpected > 0) || strings.Contains(mix, "silence") != (r.Silent > 0) {
				t.Errorf("%d declined, %d silent", r.DeclinedExpected, r.Silent)
			}
		})
	}
}

// TestBenchKill: the switch is killed under load and comes back, and no payment is lost or
// doubled by it. Banks that are silent for some are why payments are in flight then, however
// fast the machine is.
func TestBenchKill(t *testing.T) {
	t.Parallel()
	r := benchRun(t, "--spawn", "--rate", "200", "--duration", "3s", "--warmup", "500ms", "--participants", "4", "--kill-at", "1s", "--mix", "silence=0.1", "--dir", t.TempDir())
	k := r.Kill
	if k == nil || !k.Balanced || k.InFlight == 0 || k.NotSent == 0 || k.Serving <= 0 || k.Ready < k.Serving || k.At < 1 || k.Later > k.InFlight {
		t.Fatalf("%+v", k)
	}
	if r.CPUPerPayment != nil || r.Payments+k.NotSent > 600 {
		t.Errorf("a process that has begun again has figures: %v; %d payments and %d not sent", r.CPUPerPayment, r.Payments, k.NotSent)
	}
}

// TestBenchKnee: a search that is stopped after its first trials tells the highest rate that
// has passed, with its report.
func TestBenchKnee(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, "bench", "--spawn", "--find-knee", "--knee-p99", "1m", "--rate", "50", "--duration", "1s", "--warmup", "200ms", "--participants", "2", "--dir", dir, "--json", "-")
	p.says(3*patience, "us/payment: passed")
	p.signal(syscall.SIGINT)
	p.wait(patience, exitFailed)
	var r benchReport
	if err := json.Unmarshal([]byte(p.out.String()), &r); err != nil {
		t.Fatal(err)
	}
	k := r.Knee
	if !r.Valid || k == nil || !k.Stopped || k.Rate <= 0 || k.Rate != r.Rate || len(k.Trials) == 0 || !strings.Contains(p.err.String(), "interrupted before its end") {
		t.Errorf("%+v", r.Knee)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

// TestBenchLimits: a run is held against the limits of its machine.
func TestBenchLimits(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "limits.json")
	runs(t, 0, "bench", "raw", "--duration", "30ms", "--dir", t.TempDir(), "--json", file)
	r := benchRun(t, "--spawn", "--rate", "100", "--duration", "1s", "--warmup", "200ms", "--participants", "2", "--dir", t.TempDir(), "--raw", file)
	if l := r.Limits; l == nil || !l.SameMachine || l.Events == 0 || l.Fsync <= 0 || l.FsyncShare <= 0 || (r.CPUPerPayment != nil && l.CPU != nil) != (l.CPUTimes != nil) {
		t.Errorf("%+v", l)
	}
}

// TestBenchProfile: all profiles of the switch are saved while it is loaded, and a picture.
func TestBenchProfile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "profiles")
	benchRun(t, "--spawn", "--rate", "200", "--duration", "2s", "--warmup", "500ms", "--participants", "4", "--profile", dir, "--dir", t.TempDir())
	for _, name := range []string{"cpu.pprof", "mutex.pprof", "block.pprof", "heap.pprof", "trace.out", flameFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 100 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}

// TestBenchSurge: each payment of a surge is answered, and counted once.
func TestBenchSurge(t *testing.T) {
	t.Parallel()
	r := benchRun(t, "--spawn", "--rate", "200", "--duration", "1s", "--warmup", "500ms", "--participants", "4", "--surge", "4", "--surge-for", "2s", "--dir", t.TempDir())
	s := r.Surge
	if s == nil || s.Rate != 800 || s.Payments != 1600 || s.Success+s.Refused != 1600 || s.Unanswered != 0 || s.Kept <= 0 || s.Watched != 5 || r.Payments != 200 {
		t.Fatalf("%+v", s)
	}
}

// TestBenchRunning: two runs against one running switch; its positions of the
// first are no fault of the second. The report goes to a file as well.
func TestBenchRunning(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 3)
	p := s.serve()
	for i := range 2 {
		r := benchRun(t, "--config", s.config, "--rate", "200", "--duration", "1s", "--warmup", "0s", "--seed", []string{"1", "2"}[i])
		if r.Payments != 200 || r.Participants != 3 {
			t.Errorf("%+v", r)
		}
	}
	file := filepath.Join(t.TempDir(), "report.json")
	q := start(t, "bench", "--config", s.config, "--target", s.listen, "--rate", "100", "--duration", "1s", "--warmup", "0s", "--json", file)
	<-q.over
	var r benchReport
	if data, err := os.ReadFile(file); err != nil || json.Unmarshal(data, &r) != nil || !r.BooksBalanced {
		t.Errorf("%v %+v", err, r)
	}
	for _, want := range []string{"latency ", "switch ", "journal ", "books        balanced: true"} {
		if !strings.Contains(q.out.String(), want) {
			t.Errorf("no %q in\n%s", want, q.out.String())
		}
	}
	s.stopClean(p)
}

// TestBenchNotValid: a run that does not reach its rate says so and ends with 1. It
// takes all of the machine, so no other test runs beside it.
func TestBenchNotValid(t *testing.T) {
	p := start(t, "bench", "--spawn", "--rate", "200000", "--duration", "1s", "--warmup", "0s", "--drain", "1s", "--participants", "2", "--json", "-")
	p.wait(3*patience, 1)
	var r benchReport
	if err := json.Unmarshal([]byte(p.out.String()), &r); err != nil {
		t.Fatal(err)
	}
	if r.Valid || len(r.Reasons) == 0 || !strings.Contains(p.err.String(), "the run is not valid: ") {
		t.Errorf("%+v", r.Reasons)
	}
}

var servingAt = regexp.MustCompile(`serving (\S+), admin`)

// TestBenchEndsItsSwitch: by Ctrl-C the switch ends in good order, with the
// generator killed it ends as well.
func TestBenchEndsItsSwitch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		signal syscall.Signal
	}{{"interrupted", syscall.SIGINT}, {"killed", syscall.SIGKILL}} {
		t.Run(c.name, func(t *testing.T) {
			if c.signal == syscall.SIGKILL && childAttributes() == nil {
				t.Skip("the kernel does not tie a child to its parent here")
			}
			dir := t.TempDir()
			p := start(t, "bench", "--spawn", "--rate", "100", "--duration", "1h", "--dir", dir)
			p.says(patience, "  sent ")
			at := servingAt.FindStringSubmatch(p.err.String())
			if at == nil {
				t.Fatal("it does not say where the switch is")
			}
			p.signal(c.signal)
			<-p.over
			until(t, patience, "end of the switch", func() bool {
				conn, err := net.Dial("tcp", at[1])
				if err == nil {
					conn.Close()
				}
				return err != nil
			})
			if left, _ := os.ReadDir(dir); c.signal == syscall.SIGINT && (len(left) != 0 || p.cmd.ProcessState.ExitCode() != 1) {
				t.Errorf("exit code %d, %d folders left", p.cmd.ProcessState.ExitCode(), len(left))
			}
		})
	}
}

// TestBenchUsage: what cannot be meant ends with 2 before anything starts.
func TestBenchUsage(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"", "say either --spawn, or --config"},
		{"--spawn --config x.yml", "say either --spawn, or --config"},
		{"--spawn --rate 0 --participants 1", "--participants is 1"},
		{"--spawn --rate 0", "rate 0"},
		{"--spawn --duration 1ms", "duration 1ms"},
		{"--spawn --dir /no/such/folder", "/no/such/folder"},
		{"--config /no/such/file.yml", "/no/such/file.yml"},
		{"--config x.yml --find-knee", "--find-knee needs --spawn"},
		{"--spawn --find-knee --surge 3", "goes with none of"},
		{"--spawn --find-knee --knee-p99 0s", "--knee-p99 is 0s"},
		{"compare a.json", "missing: B"},
		{"compare /no/such/a.json /no/such/b.json", "/no/such/a.json"},
		{"--config x.yml --kill-at 1s", "--kill-at needs --spawn"},
		{"--spawn --kill-at -1s", "--kill-at is -1s"},
		{"--spawn --kill-at 9500ms", "killed at 9.5s of a window of 10s"},
		{"--spawn --surge 1", "a surge of 1 times"},
		{"--spawn --surge 3 --surge-for 1ms", "a surge for 1ms"},
		{"--spawn --surge 3 --surge-for 1500ms", "whole seconds"},
		{"--spawn --surge 3 --kill-at 1s", "one of a surge"},
		{"--spawn --mix pins", `"pins" is not known`},
		{"--spawn --mix pin-mac,pin-mac", "twice"},
		{"--spawn --mix pin-mac=DES", `"DES" is none of`},
		{"--spawn --mix iso20022=2", `"2" is no share`},
		{"--spawn --mix silence=0.2", `"0.2" is no share`},
		{"--spawn --mix receipts", "goes with iso20022"},
		{"--config x.yml --mix pin-mac", "needs --spawn"},
	} {
		t.Run(c.line, func(t *testing.T) {
			out, said := runs(t, exitUsage, append([]string{"bench"}, strings.Fields(c.line)...)...)
			if out != "" || !strings.Contains(said, c.want) {
				t.Errorf("stdout %q, stderr %q", out, said)
			}
		})
	}
}
