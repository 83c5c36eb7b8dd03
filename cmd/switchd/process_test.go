package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test binary be switchd itself, so that the tests start real
// processes of exactly the code under test, with its race detector when they have
// one.
const asCommand = "SWITCHD_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main() // exits
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what should take moments: the machine may
// be busy with something else. What a promise limits has its own limit.
const patience = 90 * time.Second

// until polls for a condition.
func until(t testing.TB, limit time.Duration, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	over := time.After(limit)
	for !done() {
		select {
		case <-over:
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

// process is one running switchd.
type process struct {
	t        testing.TB
	name     string
	cmd      *exec.Cmd
	out, err output
	over     chan struct{} // closed when it has ended
}

// start starts switchd with args. It is killed at the end of the test if it still
// runs; a data race that it reports fails the test.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	return startIn(t, "", args...)
}

// startIn is start in another working folder.
func startIn(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	return startWith(t, func(c *exec.Cmd) { c.Dir = dir }, args...)
}

// startWith is start with what a test wants otherwise.
func startWith(t testing.TB, prepare func(*exec.Cmd), args ...string) *process {
	t.Helper()
	p := &process{t: t, name: "switchd " + strings.Join(args, " "), over: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	prepare(p.cmd)
	p.cmd.Env = append(os.Environ(), asCommand+"=1")
	if os.Getenv("GORACE") == "" {
		p.cmd.Env = append(p.cmd.Env, "GORACE=atexit_sleep_ms=0") // or every process takes a second to end
	}
	// A Ctrl-C at the terminal of the tests is for the tests.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // ends when the process has; code says how
		close(p.over)
	}()
	t.Cleanup(p.clean)
	return p
}

func (p *process) clean() {
	p.kill()
	if text := p.err.String(); strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic:") {
		p.t.Errorf("%s:\n%s", p.name, text)
	} else if p.t.Failed() {
		p.t.Logf("%s, exit code %d, the end of what it said:\n%s%s", p.name, p.cmd.ProcessState.ExitCode(), tail(p.out.String()), tail(text))
	}
}

func tail(s string) string {
	const most = 3000
	if len(s) > most {
		return "..." + s[len(s)-most:]
	}
	return s
}

// kill ends the process with SIGKILL and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.over
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// wait waits for the end of the process and checks its exit code.
func (p *process) wait(limit time.Duration, code int) {
	p.t.Helper()
	select {
	case <-p.over:
	case <-time.After(limit):
		p.t.Fatalf("%s has not ended within %v", p.name, limit)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("%s: exit code %d, want %d; it said:\n%s", p.name, got, code, tail(p.err.String()))
	}
}

// ended says whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// says waits until the process has said text on stderr.
func (p *process) says(limit time.Duration, text string) {
	p.t.Helper()
	over := time.After(limit)
	for {
		changed := p.err.change()
		if strings.Contains(p.err.String(), text) {
			return
		}
		select {
		case <-changed:
		case <-p.over:
			if strings.Contains(p.err.String(), text) {
				return
			}
			p.t.Fatalf("%s ended (exit code %d) before it said %q:\n%s", p.name, p.cmd.ProcessState.ExitCode(), text, tail(p.err.String()))
		case <-over:
			p.t.Fatalf("%s has not said %q within %v", p.name, text, limit)
		}
	}
}

// runs runs switchd to its end and returns what it said.
func runs(t testing.TB, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	p := start(t, args...)
	p.wait(patience, code)
	return p.out.String(), p.err.String()
}

// output collects what a process writes.
type output struct {
	mu      sync.Mutex // guards all
	text    bytes.Buffer
	changed chan struct{}
}

// Write takes what the process has written.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.text.Write(b)
}

// change is closed when there is more than now.
func (o *output) change() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}

// String is all of it so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
