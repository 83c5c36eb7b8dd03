package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchd/certs"
	"switchd/switch/config"
	"switchd/switch/doctor"
	"switchd/switch/screen"
	"switchd/switch/seal"
	"switchd/switch/simbank"
)

// examined is what doctor has found.
type examined struct {
	t *testing.T
	examination
}

// asDoctor is the command line.
func asDoctor(args []string) []string {
	return append([]string{"doctor", "--no-fsync", "-o", "json"}, args...)
}

// doctorSays runs doctor in this process.
func doctorSays(t *testing.T, args ...string) *examined {
	t.Helper()
	var out, talk strings.Builder
	code := run(t.Context(), asDoctor(args), &out, &talk)
	return readAs(t, code, out.String(), talk.String())
}

// doctorBeside runs doctor in a process of its own, as people do: who has the data folder
// cannot be seen from within the process that has it.
func doctorBeside(t *testing.T, args ...string) *examined {
	t.Helper()
	p := start(t, asDoctor(args)...)
	select {
	case <-p.over:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	return readAs(t, p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String())
}

// readAs looks at what holds of all that doctor says: what is not good has what to do,
// the exit code is that of what was found, and all of it fits 80 columns.
func readAs(t *testing.T, code int, out, talk string) *examined {
	t.Helper()
	e := &examined{t: t}
	if err := json.Unmarshal([]byte(out), &e.examination); err != nil {
		t.Fatalf("%v: exit code %d\n%s%s", err, code, out, talk)
	}
	e.holds(code)
	return e
}

func (e *examined) holds(code int) {
	e.t.Helper()
	want, bad, warnings := 0, 0, 0
	for _, f := range e.Findings {
		if f.Name == "" || f.Text == "" || (f.Level != doctor.OK) != (f.Todo != "") || strings.Contains(f.Text+f.Todo, "%!") || strings.Contains(f.Text, "\n") {
			e.t.Errorf("%+v", f)
		}
		switch f.Level {
		case doctor.Bad:
			bad++
		case doctor.Warn:
			warnings++
		}
	}
	if bad > 0 {
		want = exitFailed
	}
	if code != want || bad != e.Bad || warnings != e.Warnings {
		e.t.Errorf("exit code %d, %d bad and %d warnings; they are %d and %d", code, e.Bad, e.Warnings, bad, warnings)
	}
	var page strings.Builder
	p := screen.NewPage(&page, screen.Paper{Width: 80})
	e.draw(p)
	if err := p.End(); err != nil {
		e.t.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		if line = strings.TrimSuffix(line, "\n"); screen.Width(line) > 80 {
			e.t.Errorf("wider than 80 columns: %q", line)
		}
	}
}

// has wants a finding of a name and a level whose text and what to do have all these words.
func (e *examined) has(level doctor.Level, name string, words ...string) {
	e.t.Helper()
	var of []doctor.Finding
next:
	for _, f := range e.Findings {
		if f.Name != name {
			continue
		}
		of = append(of, f)
		if f.Level != level {
			continue
		}
		for _, w := range words {
			if !strings.Contains(f.Text+"\n"+f.Todo, w) {
				continue next
			}
		}
		return
	}
	e.t.Errorf("no finding %s of %s with %q: %+v", level, name, words, of)
}

// hasNot wants no finding of a name.
func (e *examined) hasNot(name string) {
	e.t.Helper()
	for _, f := range e.Findings {
		if f.Name == name {
			e.t.Errorf("%+v", f)
		}
	}
}

// TestDoctorOfAServingSwitch: of one that is well, of one whose key everybody may read, and
// by a configuration that is another switch's.
func TestDoctorOfAServingSwitch(t *testing.T) {
	in := newInside(t, calmTimers, pairs(1), func(*simbank.Options) {})
	var e *examined
	until(t, patience, "it is well", func() bool {
		e = doctorBeside(t, "--config", in.config)
		return !strings.Contains(fmt.Sprint(e.Findings), "ready: ")
	})
	for _, name := range []string{"configuration", "disk", "clock jump", "key file", "certificates", "data folder", "switch", "version", "ready", "participants"} {
		e.has(doctor.OK, name)
	}
	e.has(doctor.OK, "data folder", "the running switch has "+in.data)
	e.has(doctor.Warn, "admin port", "everybody on this machine", "admin_access")
	e.hasNot("journal")
	doctorBeside(t, "--dir", in.data).has(doctor.OK, "ready", "all 12 checks hold")

	key := filepath.Join(in.certs(), "switch-key.pem")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	e = doctorBeside(t, "--config", in.config)
	e.has(doctor.Bad, "key file", key+" is open to everyone (mode 0644)", "chmod 600 "+key)
	e.has(doctor.OK, "ready")
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}

	other := filepath.Join(in.dir, "other.yml")
	rewritten(t, in.config, other, "data_dir: "+in.data, "data_dir: "+filepath.Join(in.dir, "elsewhere"))
	e = doctorBeside(t, "--config", other)
	e.has(doctor.Warn, "data folder", "although a switch answers", "look at --config and --admin")

	in.node.leaving.Store(true)
	until(t, patience, "it drains", func() bool { // as of the desk's next look
		e = doctorBeside(t, "--admin", in.admin)
		return strings.Contains(fmt.Sprint(e.Findings), "ready: accepting")
	})
	e.has(doctor.Bad, "ready: accepting", "the switch is draining", "until then no traffic should come here")
	e.hasNot("ready")
}

// rewritten writes a configuration with something changed.
func rewritten(t *testing.T, from, to, old, changed string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%v: nothing of %q in %s", err, old, from)
	}
	if err := os.WriteFile(to, []byte(strings.Replace(string(text), old, changed, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// stoppedSwitch is the configuration file of a switch that has made some payments and is
// stopped.
func stoppedSwitch(t *testing.T, data ...string) (*scheme, *config.Config) {
	t.Helper()
	s := newScheme(t, longTimers, 2, data...)
	cfg, err := loadConfig(s.config, true)
	if err != nil {
		t.Fatal(err)
	}
	past(t, cfg, 0, 1, 50)
	return s, cfg
}

// TestDoctorOfAStoppedSwitch: that it is stopped is no fault; that it could not start is.
func TestDoctorOfAStoppedSwitch(t *testing.T) {
	t.Parallel()
	s, cfg := stoppedSwitch(t)
	e := doctorSays(t, "--config", s.config)
	e.has(doctor.Warn, "switch", "does not run: nothing listens at "+s.admin, "unless it is meant to be stopped")
	e.has(doctor.OK, "data folder", "the switch is stopped")
	e.has(doctor.OK, "journal", "opens, with 51 records up to 2")
	e.has(doctor.OK, "state", "opens")
	doctorSays(t, "--admin", s.admin).has(doctor.Bad, "switch", "does not run")

	file := filepath.Join(s.dir, "harmed.yml")
	harmed := func(harm func(data string)) *examined {
		data := copyFolder(t, cfg.DataDir)
		harm(data)
		rewritten(t, s.config, file, "data_dir: "+s.data, "data_dir: "+data)
		return doctorSays(t, "--config", file)
	}
	harmed(func(data string) { spoil(t, data, ".log") }).has(doctor.Bad, "journal", "journal is damaged", "restore the last backup")
	e = harmed(func(data string) { remove(t, filepath.Join(data, journalDir)) })
	e.has(doctor.Bad, "journal", "has the folder state, but no journal", "restore a backup")
	e = harmed(func(data string) { remove(t, filepath.Join(data, stateDir, "MANIFEST-*")) })
	e.has(doctor.OK, "journal")
	e.has(doctor.Bad, "state", "open state store", "move the folder state away")
	harmed(func(data string) { remove(t, filepath.Join(data, stateDir)) }).has(doctor.OK, "state", "the next start makes it from the journal")
	e = harmed(func(data string) {
		key := filepath.Join(data, sealKeyFile)
		remove(t, key)
		if _, err := seal.CreateFile(key); err != nil {
			t.Fatal(err)
		}
	})
	e.has(doctor.Bad, "state", "key", "put the key file back")
	e = harmed(func(data string) { remove(t, data) })
	e.has(doctor.OK, "journal", "there is none yet")
	e.has(doctor.OK, "disk")
}

// remove removes what a pattern names.
func remove(t *testing.T, pattern string) {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("there is no %s: %v", pattern, err)
	}
	for _, file := range found {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDoctorOfAStart: a start that takes long is no fault, whichever way the switch is
// named, and even if the configuration leaves the port to the system.
func TestDoctorOfAStart(t *testing.T) {
	t.Parallel()
	cfg, s, far := startHalfWay(t)
	e := doctorBeside(t, "--config", cfg.Sources()[0].File)
	e.has(doctor.Warn, "switch", "starting: "+far, "come back when that is over")
	e.has(doctor.OK, "data folder", "the running switch has "+cfg.DataDir)
	e.hasNot("journal")
	doctorSays(t, "--admin", s.node.admin.Addr()).has(doctor.Warn, "switch", "starting: "+far)
	for _, f := range e.Findings {
		if f.Level == doctor.Bad && f.Name != "clock" && f.Name != "file descriptors" { // those are of this machine
			t.Errorf("%+v", f)
		}
	}
	s.end()
}

// TestDoctorAfterAKill: what a killed process leaves behind, its address among it, is not
// taken for a switch; nor is who has the port after it.
func TestDoctorAfterAKill(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 2)
	p := s.serve()
	e := doctorSays(t, "--dir", s.data)
	e.has(doctor.OK, "switch", "runs since")
	e.has(doctor.Bad, "participant BANKA", "down")
	p.kill()
	e = doctorSays(t, "--dir", s.data)
	e.has(doctor.Warn, "switch", "does not run: nothing listens at "+s.admin)
	e.has(doctor.OK, "data folder", "the switch is stopped")
	e.has(doctor.OK, "journal", "opens, with ")
	e.has(doctor.OK, "state", "opens")
	if _, said := commands(t, exitFailed, "status", "--dir", s.data); !strings.Contains(said, "no switch answers at "+s.admin) {
		t.Errorf("status says %s", said)
	}
	stranger, err := net.Listen("tcp", s.admin)
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.Server{Listener: stranger, Config: &http.Server{Handler: http.NotFoundHandler()}}
	other.Start()
	doctorSays(t, "--dir", s.data).has(doctor.Bad, "switch", "taken by something that is no switch")
	other.Close()
	s.serve()
	doctorSays(t, "--dir", s.data).has(doctor.OK, "switch", "runs since")
}

// TestDoctorOfABadConfiguration: each fault is a finding, and told once.
func TestDoctorOfABadConfiguration(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 2)
	file := filepath.Join(s.dir, "bad.yml")
	rewritten(t, s.config, file, schemeDisk, "reserve: 1MiB, ballast: 1")
	e := doctorSays(t, "--config", file)
	e.has(doctor.Bad, "configuration", "bad.yml:7:17: reserve is 1MiB", "check-config")
	e.has(doctor.Bad, "configuration", "ballast has no unit")
	e.has(doctor.Warn, "switch", "which switch it is of cannot be seen", "--admin")
	if len(e.Findings) != 3 {
		t.Errorf("%+v", e.Findings)
	}
	rewritten(t, s.config, file, "certs/switch.pem", "certs/none.pem")
	doctorSays(t, "--config", file).has(doctor.Bad, "configuration", "none.pem")
	doctorSays(t, "--config", filepath.Join(s.dir, "none.yml")).has(doctor.Bad, "configuration", "none.yml")
}

// TestDoctorOfAForeignPort: who has the admin port and is no switch is not taken for one
// that is stopped, nor one that hangs, speaks TLS or wants a login for a stranger.
func TestDoctorOfAForeignPort(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	login := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) })
	f.set("/startupz", map[string]any{"ok": true, "checks": []any{map[string]any{"name": "started", "ok": true}}})
	e := doctorSays(t, "--admin", f.address())
	e.has(doctor.OK, "switch", "runs since 2026-11-23")
	e.has(doctor.Bad, "participant BANKB", "down: no link", "switchd participant show BANKB")
	e.has(doctor.Bad, "alert ParticipantDown", "docs/runbooks/participant-down.md")
	e.has(doctor.Warn, "ready: links", "BANKB has none", "switchd participant ls")
	e.has(doctor.Warn, "dead letters", "1", "switchd deadletter ls")
	f.set("/api/v1/overview", login)
	doctorSays(t, "--admin", f.address()).has(doctor.Warn, "switch", "runs, and wants to know who asks", "--token-file")

	s := newScheme(t, longTimers, 2)
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	file := filepath.Join(s.dir, "taken.yml")
	rewritten(t, s.config, file, "admin: "+s.admin, "admin: "+page.Listener.Addr().String())
	doctorSays(t, "--config", file).has(doctor.Bad, "switch", "is taken by something that is no switch", "ss -ltnp")
	secret := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secret.Close)
	doctorSays(t, "--admin", secret.Listener.Addr().String()).has(doctor.Bad, "switch", "speaks TLS")

	hangs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hangs.Close() }) // nobody has asked it for anything
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	own := doctorFlags{adminFlags: adminFlags{address: hangs.Addr().String()}}
	silent := examined{t, *own.examine(ctx)}
	silent.has(doctor.Bad, "switch", "has not answered", "it hangs")
}

// TestDoctorOfCertificates: from when on their end is bad the configuration says.
func TestDoctorOfCertificates(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	f := func(level doctor.Level, kind string, days int, left time.Duration, words string) {
		t.Helper()
		got := expiry(&config.Health{Certificates: days}, "x.pem", &certs.Description{Kind: kind, NotAfter: wall().Add(left + time.Minute)})
		e := examined{t, examination{Findings: []doctor.Finding{got}}}
		e.has(level, got.Name, words)
	}
	f(doctor.OK, "certificate", 7, 31*day, "")
	f(doctor.Warn, "certificate", 7, 29*day, "expires in 29")
	f(doctor.Warn, "certificate", 7, 8*day, "docs/certificates.md")
	f(doctor.Bad, "certificate", 7, 6*day, "expires in 6")
	f(doctor.Warn, "certificate", 1, 2*day, "expires in")
	f(doctor.Bad, "certificate", 90, 89*day, "expires in 89")
	f(doctor.Bad, "certificate", 7, -2*day, "has expired")
	f(doctor.OK, "crl", 7, 2*day, "")
	f(doctor.Warn, "crl", 7, 23*time.Hour, "fetch the next one")
	f(doctor.Bad, "crl", 7, -time.Hour, "has expired")
}

// TestDoctorOfAFullDisk: below the warning, and below the reserve.
func TestDoctorOfAFullDisk(t *testing.T) {
	t.Parallel()
	disk := tinyDisk(t, "400m")
	s, _ := stoppedSwitch(t, filepath.Join(disk, "data"))
	doctorSays(t, "--config", s.config).has(doctor.OK, "disk", "free of 400 MiB")
	other := filepath.Join(disk, "other")
	fill(t, other, 150<<20)
	doctorSays(t, "--config", s.config).has(doctor.Warn, "disk", "150 MiB free", "below the warning of 192 MiB", "make room soon")
	fillUp(t, other)
	doctorSays(t, "--config", s.config).has(doctor.Bad, "disk", "0 B free", "the reserve is 96.0 MiB", "make room now")
}

// TestDoctorNamesPages: what it sends people to is there.
func TestDoctorNamesPages(t *testing.T) {
	t.Parallel()
	for _, check := range (&node{}).checks() {
		todo := toMend(check.Name)
		if strings.HasPrefix(todo, "'switchd status'") && check.Name != "recovered" {
			t.Errorf("nothing is to be done about %s", check.Name)
		}
		for word := range strings.FieldsSeq(todo) {
			if page := strings.Trim(word, "();,"); strings.HasSuffix(page, ".md") && !isThere(filepath.Join("..", "..", page)) {
				t.Errorf("%s: there is no %s", check.Name, page)
			}
		}
	}
}
