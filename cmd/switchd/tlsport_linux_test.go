package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/certs"
)

// tlsPort is a running switch whose admin port has TLS and users: omar has a token, asha a
// certificate.
type tlsPort struct {
	*scheme
	t     *testing.T
	p     *process
	token string // file
}

func newTLSPort(t *testing.T) *tlsPort {
	t.Helper()
	s := &tlsPort{scheme: newScheme(t, longTimers, 3), t: t}
	s.token = filepath.Join(s.dir, "omar.token")
	users := filepath.Join(s.dir, "admin.users")
	commands(t, 0, "user", "add", "omar", "--roles", "operator", "--users", users, "--token-out", s.token)
	commands(t, 0, "user", "add", "asha", "--roles", "operator", "--users", users, "--certificate", "urn:switch:participant:asha")
	if err := certs.InitAt(s.people(), []string{"asha"}, time.Now(), certs.LeafValidity); err != nil {
		t.Fatal(err)
	}
	s.edit("admin: "+s.admin+"\n", "admin: "+s.admin+"\nadmin_access: {users: admin.users, cert: certs/switch.pem, key: certs/switch-key.pem, client_ca: people/ca.pem}\n")
	s.start()
	return s
}

// people is where the certificates of people are, of an authority of their own.
func (s *tlsPort) people() string { return filepath.Join(s.dir, "people") }

func (s *tlsPort) start() {
	s.t.Helper()
	s.p = start(s.t, "serve", "--config", s.config, "--drain", "100ms")
	s.p.says(patience, "switchd: serving "+s.listen)
}

// by runs a command line as omar, by --config.
func (s *tlsPort) by(code int, line string, more ...string) (out, said string) {
	s.t.Helper()
	return commands(s.t, code, append(append(strings.Fields(line), "--config", s.config, "--token-file", s.token), more...)...)
}

// TestTLSPort: commands at a switch whose admin port has TLS and users: who is let in and
// what the others are told; a configuration is shown, asked about and taken; events are
// followed over the end of the switch without a gap.
func TestTLSPort(t *testing.T) {
	t.Parallel()
	s := newTLSPort(t)
	t.Run("credentials", s.credentials)
	t.Run("config apply", s.apply)
	t.Run("config apply asks", s.applyAsks)
	t.Run("events", s.events)
	s.p.signal(os.Interrupt)
	s.p.wait(patience, 0)
	if out, said := s.by(exitFailed, "config apply --yes --reason x"); out != "" || !strings.Contains(said, "no switch answers at "+s.admin+": is it running?") {
		t.Errorf("without a switch it said %q and %q", out, said)
	}
}

func (s *tlsPort) credentials(t *testing.T) {
	ca, wrong := filepath.Join(s.certs(), "ca.pem"), filepath.Join(s.people(), "ca.pem")
	cert, key := filepath.Join(s.people(), "asha.pem"), filepath.Join(s.people(), "asha-key.pem")
	stranger, open := filepath.Join(s.dir, "stranger.token"), filepath.Join(s.dir, "open.token")
	for file, mode := range map[string]os.FileMode{stranger: 0o600, open: 0o644} {
		if err := os.WriteFile(file, []byte("switchd_nobody\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	const who = "wants to know who you are: name --token-file"
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"--admin https://" + s.admin + " --ca " + ca + " --token-file " + s.token, "", 0},
		{"--admin " + s.admin + " --ca " + ca + " --token-file " + s.token, "", 0}, // whoever names --ca means TLS
		{"--admin https://" + s.admin + " --ca " + ca + " --cert " + cert + " --key " + key, "", 0},
		{"--config " + s.config + " --token-file " + s.token, "", 0}, // that very certificate
		{"--config " + s.config + " --cert " + cert + " --key " + key, "", 0},
		{"--dir " + s.data + " --token-file " + s.token, "", 0},
		{"--admin https://" + s.admin + " --ca " + wrong + " --token-file " + s.token, "is not known here: name its authority with --ca", exitFailed},
		{"--admin https://" + s.admin + " --token-file " + s.token, "is not known here: name its authority with --ca", exitFailed},
		{"--admin " + s.admin + " --token-file " + s.token, "speaks TLS: say --admin https://" + s.admin, exitUsage},
		{"--config " + s.config, who, exitFailed},
		{"--config " + s.config + " --token-file " + stranger, "this token is not known there", exitFailed},
		{"--config " + s.config + " --token-file " + open, "can be read by others", exitUsage},
		{"--config " + s.config + " --token-file " + s.token + ".none", "there is no token file", exitUsage},
		{"--config " + s.config + " --cert " + cert + " --key " + cert, "--cert and --key: ", exitUsage},
		{"--config " + s.config + " --cert " + filepath.Join(s.certs(), "BANKA.pem") + " --key " + filepath.Join(s.certs(), "BANKA-key.pem"), "", exitFailed}, // another authority's
	} {
		out, said := commands(t, c.code, append([]string{"position", "ls"}, strings.Fields(c.line)...)...)
		if !strings.Contains(said, c.want) || strings.Contains(out, "BANKA") != (c.code == 0) || strings.Contains(said, "switchd_") {
			t.Errorf("%s: it said %q and\n%s", c.line, said, out)
		}
	}
}

// changed is what the configuration says next, and what differs then.
const (
	unbounded, bounded = "currency: INR\n", "currency: INR\nbrown_out: {small_amount: \"20000000.00\"}\n"
	institution        = `institution: "999999"`
)

func (s *tlsPort) apply(t *testing.T) {
	in := func() string {
		t.Helper()
		out, _ := s.by(0, "config diff -o json")
		return out
	}
	if out, said := s.by(0, "config apply --reason x"); out != "nothing to change\n" || said != "" {
		t.Errorf("of no change it said %q and %q", out, said)
	}
	s.edit(unbounded, bounded)
	before := in()
	if out, _ := s.by(0, "config apply --reason x --dry-run"); !strings.Contains(out, "20000000.00") || !strings.HasSuffix(out, "this would change; nothing was changed\n") || in() != before {
		t.Errorf("--dry-run said %q", out)
	}
	if out, said := s.by(exitUsage, "config apply --reason x"); out != "" || !strings.Contains(said, "20000000.00") || !strings.Contains(said, "nobody can be asked here; say --yes") || in() != before {
		t.Errorf("without a person it said %q and %q", out, said)
	}
	if _, said := s.by(exitUsage, "config apply --yes"); !strings.Contains(said, "why? --reason") || in() != before {
		t.Errorf("without a reason it said %q", said)
	}
	if out, said := s.by(0, "config apply --reason x --yes"); !strings.HasSuffix(out, "in force\n") || !strings.Contains(said, "20000000.00") || strings.Contains(in(), "20000000.00") {
		t.Errorf("--yes said %q and %q", out, said)
	}
	s.edit(institution, `institution: "999998"`)
	before = in()
	if out, said := s.by(exitFailed, "config apply --reason x --yes"); out != "" || !strings.Contains(said, "restart") || in() != before {
		t.Errorf("of a change that needs a restart it said %q and %q", out, said)
	}
	s.edit(`institution: "999998"`, institution)
	s.edit("currency: INR", "curency: INR")
	if out, said := s.by(exitUsage, "config apply --reason x --yes"); out != "" || !strings.HasPrefix(said, s.config+":") || !strings.Contains(said, `did you mean "currency"?`) {
		t.Errorf("of a file with a fault it said %q and %q", out, said)
	}
	s.edit("curency: INR", "currency: INR")
	if out, said := commands(t, exitUsage, "config", "apply", "--config", s.banksConfig(), "--admin", "https://"+s.admin, "--ca", filepath.Join(s.certs(), "ca.pem"), "--token-file", s.token, "--yes", "--reason", "x"); out != "" || !strings.Contains(said, "the switch reads "+s.config) {
		t.Errorf("of another file it said %q and %q", out, said)
	}
}

// applyAsks: at a terminal a person is asked, and no is no.
func (s *tlsPort) applyAsks(t *testing.T) {
	s.edit(bounded, unbounded)
	s.answers(t, "n\n", exitFailed)
	s.answers(t, "\n", exitFailed)
	s.answers(t, "y\n", 0)
}

func (s *tlsPort) answers(t *testing.T, answer string, code int) {
	t.Helper()
	keyboard, tty := terminal(t)
	p := startWith(t, func(c *exec.Cmd) { c.Stdin = tty }, "config", "apply", "--reason", "x", "--config", s.config, "--token-file", s.token)
	p.says(patience, "Take these changes? [y/N] ")
	if _, err := keyboard.WriteString(answer); err != nil {
		t.Fatal(err)
	}
	p.wait(patience, code)
	if said := p.err.String(); strings.Contains(said, errNo.Error()) == (code == 0) || strings.Contains(p.out.String(), "in force") != (code == 0) {
		t.Errorf("to %q it said %q and %q", answer, said, p.out.String())
	}
}

// events are followed from the first on, over a kill of the switch.
func (s *tlsPort) events(t *testing.T) {
	follow := start(t, "events", "--participant", "BANKC", "--from", "0", "--config", s.config, "--token-file", s.token)
	c := s.connect("BANKC")
	c.signOn()
	c.ask(c.pay("BANKC", "user1@nosuchhandle"))
	lines := func() []string { return slices.Collect(strings.Lines(follow.out.String())) }
	declined := func() (n int) { return strings.Count(follow.out.String(), `"event":"declined"`) }
	until(t, patience, "the first payment", func() bool { return declined() == 1 })
	s.p.kill()
	follow.says(patience, "going on")
	s.start()
	c = s.connect("BANKC")
	c.signOn()
	for range 3 {
		c.ask(c.pay("BANKC", "user1@nosuchhandle"))
	}
	until(t, patience, "the payments after the start", func() bool { return declined() == 4 })
	all, _ := s.by(0, "events --participant BANKC --from 0 --until now")
	want := slices.Collect(strings.Lines(all))
	until(t, patience, "all events", func() bool { return len(lines()) >= len(want) })
	if got := lines(); !slices.Equal(got[:len(want)], want) {
		t.Errorf("it has followed\n%s\nthere are\n%s", strings.Join(got, ""), all)
	}
	for _, line := range want {
		if !json.Valid([]byte(line)) {
			t.Errorf("this is no JSON: %s", line)
		}
	}
	follow.signal(os.Interrupt)
	follow.wait(patience, 0)
}
