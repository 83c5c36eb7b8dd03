package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"text/template"
	"time"

	"switchd/certs"
)

// Bounds of the life of a spawned switch.
const (
	spawnStartLimit = 30 * time.Second
	spawnStopLimit  = 30 * time.Second
	spawnDrain      = 2 * time.Second // the run itself has waited already
)

// benchTemplate has timers that no healthy run meets, so that a stall shows as
// latency and not as a repair, and caps and windows that no run reaches: what a run
// finds is how fast the switch is, not how much one line is trusted with. All
// participants come from one address, which may connect them all at once.
var benchTemplate = template.Must(template.New("bench").Parse(`# Written by switchd bench.
listen: 127.0.0.1:0
admin: 127.0.0.1:0
data_dir: ./data
currency: INR
institution: "999999"
tls: {ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}
{{- if .Mix.MAC }}
hsm: {driver: soft, keys: keys/switch.hsm, unlock: keys/switch.unlock, queue: 65536, timeout: 10s}
{{- end }}
limits: {links: {{ .Links }}, open_payments: 4000000, outbox: 64MiB, half_open: 4096, handshakes_per_address: 100000, handshake_burst: 100000}
defaults:
  timers: {{ .Timers }}
participants:
{{- range .Participants }}
  - {id: {{ .ID }}, institution: "{{ .Institution }}", handles: [{{ .Handle }}], ifsc_prefixes: [{{ .IFSC }}], dialect: {{ .Dialect }}, framing: {{ .Framing }}, net_debit_cap: "10000000000000.00", links: {window: 65536}{{ .Proof }}}
{{- end }}
`))

// spawnedParticipant is a row of benchTemplate.
type spawnedParticipant struct{ ID, Institution, Handle, IFSC, Dialect, Framing, Proof string }

// spawnedParticipants invents n participants.
func spawnedParticipants(n int) (out []spawnedParticipant, ids []string) {
	letter := func(v int) byte { return byte('A' + v%26) }
	for i := range n {
		p := spawnedParticipant{
			ID: fmt.Sprintf("BANK%03d", i+1), Institution: fmt.Sprintf("%06d", 100_001+i), Handle: fmt.Sprintf("bank%03d", i+1),
			IFSC: string([]byte{'B', letter(i / 676), letter(i / 26), letter(i)}),
		}
		out, ids = append(out, p), append(ids, p.ID)
	}
	return out, ids
}

// start makes a folder and starts a switch in it.
func (f *benchFlags) start(ctx context.Context, talk io.Writer) (subject, error) {
	if f.participants < 2 || f.participants > 512 {
		return subject{}, usageError{fmt.Errorf("--participants is %d: from 2 to 512 are possible", f.participants)}
	}
	dir, err := os.MkdirTemp(f.dir, "switchd-bench-")
	if err != nil {
		return subject{}, usageError{err}
	}
	remove := func() error { return os.RemoveAll(dir) }
	s := subject{dir: dir}
	file, err := f.writeConfig(dir, &s)
	if err != nil {
		return subject{}, errors.Join(err, remove())
	}
	if s.cfg, err = loadConfig(file, true); err != nil {
		return subject{}, errors.Join(err, remove())
	}
	child, err := spawn(ctx, file, talk)
	if err != nil {
		return subject{}, errors.Join(err, remove())
	}
	own := &spawned{file: file, talk: talk, now: child}
	s.address, s.admin, s.kill, s.again = child.address, own.at(), own.kill, own.again
	s.stop = func() error { return errors.Join(own.stop(), remove()) }
	return s, nil
}

// writeConfig writes certificates, keys and a configuration into dir.
func (f *benchFlags) writeConfig(dir string, s *subject) (file string, err error) {
	participants, ids := spawnedParticipants(f.participants)
	f.mix.dialects(participants)
	if s.proofs, err = f.mix.makeKeys(filepath.Join(dir, "keys"), participants); err != nil {
		return "", err
	}
	if err := certs.InitAt(filepath.Join(dir, "certs"), ids, time.Unix(0, clock()), certs.LeafValidity); err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = benchTemplate.Execute(&text, struct {
		Links        int
		Participants []spawnedParticipant
		Mix          benchMix
		Timers       string
	}{f.participants*max(f.links, 1) + 64, participants, f.mix, f.fault.timers(f.mix.Silence > 0)})
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "switchd.yml")
	return file, os.WriteFile(file, text.Bytes(), 0o600)
}

// child is a switch as a process of its own.
type child struct {
	cmd            *exec.Cmd
	address, admin string
	ended          chan struct{} // closed when the process is gone
	err            error         // how it ended; after ended
}

// spawn starts "switchd serve" and waits until it serves. What it says on stderr
// goes to talk.
func spawn(ctx context.Context, file string, talk io.Writer) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(exe, "serve", "--config", file, "--quiet", "--drain", spawnDrain.String()), ended: make(chan struct{})}
	c.cmd.SysProcAttr = childAttributes()
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	started, serving := make(chan error, 1), make(chan [2]string, 1)
	go func() {
		// The kernel ties a child to the thread that started it (childAttributes).
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(c.ended)
		err := c.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		relay(stderr, talk, serving)
		c.err = c.cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	late := time.NewTimer(spawnStartLimit)
	defer late.Stop()
	select {
	case at := <-serving:
		c.address, c.admin = at[0], at[1]
		return c, nil
	case <-c.ended:
		return nil, fmt.Errorf("the switch did not start: %v", c.cmd.ProcessState)
	case <-late.C:
		err = fmt.Errorf("the switch does not serve after %v", spawnStartLimit)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, c.stop())
}

// relay copies lines to talk and looks for the one that says where the switch is:
// "switchd: serving ADDR, admin http://ADDR".
func relay(from io.Reader, talk io.Writer, serving chan<- [2]string) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(talk, line)
		rest, ours := strings.CutPrefix(line, "switchd: serving ")
		address, admin, whole := strings.Cut(rest, ", admin ")
		if ours && whole {
			select {
			case serving <- [2]string{address, admin}:
			default:
			}
		}
	}
	// A line that is too long for the scanner must not stop the switch.
	_, _ = io.Copy(io.Discard, from)
}

// stop ends the switch as an operator would; one that does not end is killed, and
// that is an error, as any other end than the asked one.
func (c *child) stop() error {
	select {
	case <-c.ended:
		return fmt.Errorf("the switch ended by itself: %v", c.cmd.ProcessState)
	default:
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.NewTimer(spawnStopLimit)
	defer late.Stop()
	select {
	case <-c.ended:
		if c.err != nil {
			return fmt.Errorf("the switch did not end well: %w", c.err)
		}
		return nil
	case <-late.C:
		err := fmt.Errorf("the switch did not end in %v and was killed", spawnStopLimit)
		err = errors.Join(err, c.cmd.Process.Kill())
		<-c.ended
		return err
	}
}
