package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"switchd/certs"
	"switchd/switch/config"
)

// post asks an admin page for something: JSON as bytes, or a value.
func (s *scheme) post(page string, order any) (status int, answer string) {
	s.t.Helper()
	body, isText := order.([]byte)
	if !isText {
		var err error
		if body, err = json.Marshal(order); err != nil {
			s.t.Fatal(err)
		}
	}
	r, err := s.http.Post("http://"+s.admin+page, "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, strings.TrimSpace(string(text))
}

// inForce is what the switch says of its configuration.
func (s *scheme) inForce() (k kept) {
	s.t.Helper()
	if err := s.get("/api/v1/config", &k); err != nil {
		s.t.Fatal(err)
	}
	return k
}

// edit changes the text of the configuration.
func (s *scheme) edit(old, next string) {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	if err == nil && !strings.Contains(string(text), old) {
		s.t.Fatalf("the configuration has no %q", old)
	}
	if err == nil {
		err = os.WriteFile(s.config, []byte(strings.Replace(string(text), old, next, 1)), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// leaves reads the switch's sign-off, answers it, and waits for the end of the link.
func (c *client) leaves() {
	c.t.Helper()
	m := c.receive()
	if m.mti != "0800" || m.de[70] != "002" {
		c.t.Fatalf("%s: a %s with code %q, want the sign-off", c.id, m.mti, m.de[70])
	}
	c.send(m.answer("00", 7, 11, 70))
	c.closed(patience)
}

// TestReload: participants come, change and go while the switch runs; who asks is
// told what was changed.
func TestReload(t *testing.T) {
	s := newSchemeOf(t, longTimers, schemeParticipants[:4], nil)
	s.write(s.config, longTimers, schemeParticipants[:3])
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()

	out, _ := runs(t, 0, "config", "diff", "--config", s.config)
	if out != "no difference\n" {
		t.Errorf("diff says %q", out)
	}
	s.write(s.config, longTimers, schemeParticipants[:4])
	const added = "participant BANKD: added"
	if out, _ = runs(t, 0, "config", "diff", "--config", s.config); !strings.HasSuffix(out, added+"\n") {
		t.Errorf("diff says %q", out)
	}
	runs(t, exitUsage, "config", "reload", "--config", s.config)
	out, _ = runs(t, 0, "config", "reload", "--config", s.config, "--reason", "a new bank", "--operator", "tester", "--dry-run")
	if out != added+"\nthis would change; nothing was changed\n" || len(s.inForce().Files) != 1 || s.inForce().By != "switchd" {
		t.Errorf("a dry run says %q", out)
	}
	out, _ = runs(t, 0, "config", "reload", "--config", s.config, "--reason", "a new bank", "--operator", "tester")
	if k := s.inForce(); out != added+"\nin force\n" || k.By != "tester" || k.Reason != "a new bank" || k.SHA256 != k.sum() {
		t.Errorf("the reload says %q, in force is %q of %q", out, k.Reason, k.By)
	}
	d := s.connect("BANKD")
	d.signOn()
	d.send(d.payAccount("BANKD", "BANKC"))
	if debit := d.receive(); debit.mti != "0200" || debit.tags[1] != "DEBIT" {
		t.Errorf("a %s %v, want the debit", debit.mti, debit.tags)
	} else {
		d.send(debit.answer("51", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
		d.receive()
	}

	// How its messages are read has changed: the link ends in good order.
	s.edit("id: BANKC,", "id: BANKC, duplicate_key: [11, 37],")
	if status, text := s.post("/api/v1/reload", reloadOrder{"a test", "tester", false}); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	c.leaves()
	c = s.connect("BANKC")
	c.signOn()

	// Removed: its link ends, and it does not come in again.
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.config, longTimers, schemeParticipants[:3])
	s.edit("id: BANKC,", "id: BANKC, duplicate_key: [11, 37],")
	p.signal(syscall.SIGHUP)
	d.leaves()
	p.says(patience, `msg="configuration reloaded" operator=SIGHUP`)
	if _, err := certs.ClientConfig(leafPaths(s.certs(), "BANKD"), clock); err != nil {
		t.Fatal(err)
	}
	s.connect("BANKD").closed(patience)
	p.says(patience, `msg="handshake refused" event=link.handshake.refused reason=unknown_identity`)
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, text := s.post("/api/v1/reload", reloadOrder{"back", "tester", false}); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	s.connect("BANKD").signOn()
	c.echo("301")
	if n := s.metric(`switchd_config_reloads_total{result="applied"}`); n != 4 {
		t.Errorf("%v reloads were applied, want 4", n)
	}
	s.stopClean(p)
}

// TestReloadRefused: what is not good, or needs a restart, changes nothing, is told
// as check-config does, and does not stand in the way of what is good.
func TestReloadRefused(t *testing.T) {
	s := newScheme(t, longTimers, 3)
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()
	good, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	before := s.inForce()
	for name, spoil := range map[string]func(){
		"no YAML":     func() { s.edit("participants:", "participants: [") },
		"unknown key": func() { s.edit("currency: INR", "currency: INR\nplan: none") },
		"two faults":  func() { s.edit("currency: INR", "currency: XXY\nplan: none") },
		"gone":        func() { _ = os.Remove(s.config) },
		"empty":       func() { _ = os.WriteFile(s.config, nil, 0o600) },
	} {
		spoil()
		_, want := config.Load(s.config, known())
		if want == nil {
			t.Fatalf("%s is good", name)
		}
		status, text := s.post("/api/v1/reload", reloadOrder{"a test", "tester", false})
		if status != http.StatusUnprocessableEntity || text != want.Error() {
			t.Errorf("%s: %d %s, want %s", name, status, text, want)
		}
		if s.inForce().SHA256 != before.SHA256 {
			t.Errorf("%s is in force", name)
		}
		if err := os.WriteFile(s.config, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Together with what could be reloaded: all or nothing.
	s.edit("currency: INR", "currency: INR\nlimits: {links: 77}")
	s.edit("id: BANKC,", "id: BANKC, duplicate_key: [11, 37],")
	status, text := s.post("/api/v1/reload", reloadOrder{"a test", "tester", false})
	want := "nothing was changed: 1 of the changes cannot be made without a restart; restart the switch, or take them back and reload the others:\n" +
		"limits.links 1024 -> 77 (needs a restart)"
	if status != http.StatusUnprocessableEntity || text != want {
		t.Errorf("%d %s", status, text)
	}
	if out, _ := runs(t, 0, "config", "diff", "--config", s.config); !strings.Contains(out, "changes that need a restart: 1; a reload refuses the file") {
		t.Errorf("diff says %s", out)
	}
	for order, want := range map[string]int{
		"": http.StatusBadRequest, "reload": http.StatusBadRequest, `{"reason": "r", "operator": "o", "now": true}`: http.StatusBadRequest,
		"{}": http.StatusUnprocessableEntity, `{"reason": "r"}`: http.StatusUnprocessableEntity,
		`{"reason":"` + strings.Repeat("x", 141) + `","operator":"o"}`: http.StatusUnprocessableEntity,
	} {
		if status, _ := s.post("/api/v1/reload", []byte(order)); status != want {
			t.Errorf("%s: %d, want %d", order, status, want)
		}
	}
	if s.metric("switchd_config_reload_refused") != 1 {
		t.Error("the latest reload was refused, and no metric says so")
	}
	if err := os.WriteFile(s.config, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, text := s.post("/api/v1/reload", reloadOrder{"a test", "tester", false}); status != http.StatusOK || !strings.Contains(text, `"changes": []`) {
		t.Errorf("%d %s", status, text)
	}
	if s.metric("switchd_config_reload_refused") != 0 {
		t.Error("the latest reload was taken, and the metric says that it was refused")
	}
	c.echo("301")
	if a, r := s.metric(`switchd_config_reloads_total{result="applied"}`), s.metric(`switchd_config_reloads_total{result="refused"}`); a != 0 || r != 6 {
		t.Errorf("%v applied, %v refused", a, r)
	}
	s.stopClean(p)
}

// TestReloadFindsTheSwitch: config reload and diff by the data folder speak to the
// switch that works there, whatever its file says meanwhile.
func TestReloadFindsTheSwitch(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 2)
	reload := []string{"config", "reload", "--dir", s.data, "--reason", "a test"}
	if _, said := runs(t, exitUsage, reload...); !strings.Contains(said, "no switch is known to work in "+s.data) {
		t.Errorf("of no switch: %s", said)
	}
	p := s.serve()
	s.edit("admin: "+s.admin, "admin: 127.0.0.1:1")
	if _, said := runs(t, exitFailed, reload...); !strings.Contains(said, "admin "+s.admin+" -> 127.0.0.1:1 (needs a restart)") {
		t.Errorf("of another admin port: %s", said)
	}
	if out, _ := runs(t, 0, "config", "diff", "--dir", s.data); !strings.Contains(out, "admin "+s.admin) {
		t.Errorf("diff: %s", out)
	}
	if _, said := runs(t, exitFailed, "config", "reload", "--config", s.config, "--reason", "a test"); !strings.Contains(said, "no switch answers at 127.0.0.1:1") {
		t.Errorf("by the new file: %s", said)
	}
	s.edit("admin: 127.0.0.1:1", "admin: "+s.admin+"\nadmin: "+s.admin)
	if _, said := runs(t, exitFailed, reload...); !strings.Contains(said, s.config+":") {
		t.Errorf("of a bad file: %s", said)
	}
	s.edit("\nadmin: "+s.admin, "")
	if out, _ := runs(t, 0, reload...); !strings.Contains(out, "nothing to change") {
		t.Errorf("of the file of before: %s", out)
	}
	s.stopClean(p)
}

// TestLastGood: a start by a bad file is refused, and says so; with --last-good it
// goes on by what was in force last, until a good file is reloaded.
func TestLastGood(t *testing.T) {
	s := newScheme(t, longTimers, 3)
	p := s.serve()
	s.edit("id: BANKC,", "id: BANKC, duplicate_key: [11, 37],")
	if status, text := s.post("/api/v1/reload", reloadOrder{"a test", "tester", false}); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	last := s.inForce()
	s.edit("currency: INR", "currency: INR\nplan: none")
	p.kill()
	if info, err := os.Stat(filepath.Join(s.data, keptFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	out, said := runs(t, 0, "config", "last", "--dir", s.data)
	if !strings.HasPrefix(out, "# "+s.config+"\n"+last.Files[0].Text) || !strings.Contains(said, "by tester: a test") {
		t.Errorf("last says %s%s", said, out)
	}
	if _, said := runs(t, exitUsage, "serve", "--config", s.config); !strings.Contains(said, "plan") {
		t.Errorf("a bad file: %s", said)
	}
	p = s.serve("--last-good", s.data)
	p.says(patience, "serving by the configuration that was in force last")
	if k := s.inForce(); k.SHA256 != last.SHA256 || k.By != "tester" || s.metric("switchd_config_last_good") != 1 {
		t.Errorf("in force is what %s has brought: %s", k.By, k.Reason)
	}
	s.edit("\nplan: none", "")
	if status, text := s.post("/api/v1/reload", reloadOrder{"mended", "tester", false}); status != http.StatusOK || s.metric("switchd_config_last_good") != 0 {
		t.Errorf("%d %s", status, text)
	}
	s.stopClean(p)

	// What is kept is looked at before it is used.
	file := filepath.Join(s.data, keptFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("BANKC"), []byte("BANKX"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	s.edit("currency: INR", "currency: INR\nplan: none")
	if _, said := runs(t, exitUsage, "serve", "--config", s.config, "--last-good", s.data); !strings.Contains(said, "damaged") || !strings.Contains(said, "plan") {
		t.Errorf("a damaged one: %s", said)
	}
}

// TestServiceManager: it is told when the switch serves, reloads, lives and stops.
func TestServiceManager(t *testing.T) {
	s := newScheme(t, longTimers, 2)
	m := newManager(t, filepath.Join(t.TempDir(), "notify"))
	t.Setenv("NOTIFY_SOCKET", m.conn.LocalAddr().String())
	t.Setenv("WATCHDOG_USEC", "300000")
	p := s.serve("--drain-lead", "50ms")
	next := func(want string) {
		t.Helper()
		if got := m.hearsNext(); !strings.HasPrefix(got, want) {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	next("READY=1\nSTATUS=serving " + s.listen)
	if got := m.hears(); got != "WATCHDOG=1" {
		t.Errorf("it says %q, want a sign of life", got)
	}
	p.signal(syscall.SIGHUP)
	next("RELOADING=1\nMONOTONIC_USEC=")
	next("READY=1\n")
	p.signal(syscall.SIGTERM)
	next("STOPPING=1\nSTATUS=about")
	next("STOPPING=1\nSTATUS=no new payments")
	p.wait(patience, 0)
}

// TestDrainLead: before a switch declines anything, /readyz says that it is about to.
func TestDrainLead(t *testing.T) {
	s := newScheme(t, longTimers, 3)
	p := s.serve("--drain-lead", "10m")
	c := s.connect("BANKC")
	c.signOn()
	var ready string
	until(t, patience, "ready", func() bool { return s.get("/readyz", &ready) == nil && ready == "ok\n" })
	p.signal(syscall.SIGTERM)
	until(t, patience, "not ready", func() bool {
		return s.get("/readyz", &ready) == nil && strings.Contains(ready, "[-] accepting: the switch is draining")
	})
	c.send(c.pay("BANKC", "user1@bankc"))
	if m := c.receive(); m.mti != "0100" {
		t.Errorf("a %s %v, want a resolution: payments are still taken", m.mti, m.de)
	}
	p.kill()
}
