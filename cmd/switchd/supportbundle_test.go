package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestSupportBundle: a bundle of a switch whose every answer, file and key has canaries
// has what helps and none of them.
func TestSupportBundle(t *testing.T) {
	t.Setenv(tokenFileEnv, "")
	s := newScheme(t, shortTimers, 2)
	f := newFakeSwitch(t)
	const canary = "4929123456781234"
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	// In a comment of the configuration, and in the file of a token.
	text = append([]byte("# account "+canary+", password: hunter2hunter2\n"), text...)
	token := filepath.Join(s.dir, "token")
	for file, content := range map[string][]byte{s.config: text, token: []byte("canary-token-0123456789\n")} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := loadConfig(s.config, false)
	if err != nil {
		t.Fatal(err)
	}
	f.set("/api/v1/config", newKept(cfg, clock(), "asha rao", "for "+canary))
	f.set("/metrics", "# HELP x of "+canary+"\nx{who=\""+canary+"\"} 1\nswitchd_payments_total 12\n")
	f.set("/readyz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "[-] disk: "+canary+"\nfailed\n")
	}))
	f.set("/livez", "[+] live: ok\n")
	f.set(goroutinesPage, goroutineView{3, "goroutine profile: total 3\n1 @ 0x1 main.serve\n"})
	f.set("/api/v1/audit", map[string]any{"changes": []any{map[string]any{"seq": 1, "operator": "asha rao", "reason": "Mr. Iyer called", "text": "cap of " + canary, "unknown": map[string]any{"account": "x" + canary}}}})
	out := filepath.Join(s.dir, "support.tar.gz")
	said, _ := commands(t, 0, "support-bundle", "--config", s.config, "--admin", f.address(), "--token-file", token, "--out", out, "--no-fsync")
	files := unpacked(t, out)
	for name, content := range files {
		for _, never := range []string{canary, "hunter2", "canary-token", "asha", "Iyer", "PRIVATE KEY", "632710000471", "500001******0011", "ticket 312"} {
			if strings.Contains(content, never) {
				t.Errorf("%q is in %s:\n%s", never, name, content)
			}
		}
	}
	for name, has := range map[string]string{
		"settings.txt": "BANKA: net_debit_cap = 10000000.00", "status.json": `"in_doubt": 3`, "metrics.txt": "switchd_payments_total 12", "readyz.txt": "[-] disk: (masked)",
		"audit.json": `"seq": 1`, "goroutines.txt": "main.serve", "doctor.json": `"findings"`, "manifest.json": `"journal.json"`, "version.json": releaseVersion, "links.json": `"10.1.0.7:40112"`,
	} {
		if !strings.Contains(files[name], has) {
			t.Errorf("nothing of %s in %s:\n%s", has, name, files[name])
		}
	}
	if !strings.Contains(said, "settings.txt") || !strings.Contains(said, "missing: there is no such page") || !strings.Contains(said, "look at it before you send it") {
		t.Errorf("it says\n%s", said)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, said := commands(t, exitFailed, "support-bundle", "--config", s.config, "--out", out); !strings.Contains(said, "exists: it is not overwritten") {
		t.Errorf("the second time it said %q", said)
	}
}

// unpacked reads a bundle, by the names in its folder.
func unpacked(t *testing.T, file string) map[string]string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for entries := tar.NewReader(zip); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		text, fault := io.ReadAll(entries)
		if err != nil || fault != nil {
			t.Fatal(err, fault)
		}
		_, name, _ := strings.Cut(h.Name, "/")
		files[name] = string(text)
	}
}

// TestBundleOfASwitch: a bundle of a switch that has made payments, whose
// operators have tokens and have given reasons: every file is read, none has a secret, and
// what helps is there.
func TestBundleOfASwitch(t *testing.T) {
	t.Parallel()
	s := newStaff(t, longTimers, "")
	s.edit("data_dir:", "# password: hunter2hunter2, the account of Mr. Iyer is 4929123456781234\ndata_dir:")
	bank, payer := s.connect("BANKD"), s.connect("BANKC")
	bank.signOn()
	payer.signOn()
	payment := payer.payAccount("BANKC", "BANKD")
	payer.send(payment)
	s.by("oscar", 0, "participant drain BANKD --reason", "Mr. Iyer of account 4929123456781234 has called")
	s.proposes("alice", "cap BANKD 25000000.00 --reason Iyer-said-so")
	s.ready("vera")
	log := filepath.Join(s.dir, "log.txt")
	if err := os.WriteFile(log, []byte(s.p.err.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(s.dir, "support.tar.gz")
	said, _ := commands(t, 0, "support-bundle", "--config", s.config, "--token-file", s.token("sofia"), "--out", out, "--no-fsync", "--log", log)
	files := unpacked(t, out)

	secrets := []string{"Iyer", "4929123456781234", "hunter2", "has called", "said-so", "PRIVATE KEY", payment.de[102], payment.de[103], payment.de[37]}
	var names []string
	for _, who := range staffRoles {
		secrets, names = append(secrets, s.secret(who.name)), append(names, who.name)
	}
	people := regexp.MustCompile(`\b(` + strings.Join(names, "|") + `)\b`)
	for _, file := range []string{filepath.Join(s.data, sealKeyFile), filepath.Join(s.data, checkpointKeyFile), filepath.Join(s.dir, "admin.users"), filepath.Join(s.certs(), "switch-key.pem")} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for word := range strings.FieldsSeq(string(text)) {
			if len(word) > 20 && !strings.HasPrefix(word, "switchd/") { // with that everybody may verify
				secrets = append(secrets, word)
			}
		}
	}
	for name, content := range files {
		if who := people.FindString(content); who != "" {
			t.Errorf("%s is in %s:\n%s", who, name, content)
		}
		for _, never := range secrets {
			if never != "" && strings.Contains(content, never) {
				t.Errorf("%q is in %s:\n%s", never, name, content)
			}
		}
	}
	for name, has := range map[string][]string{
		"settings.txt": {"\nadmin_access.users = ", "\ntls.key = ", "-key.pem\n", "\nhealth.commit_age = 10s"},
		"status.json":  {`"version": "` + releaseVersion}, "metrics.txt": {`switchd_commit_duration_seconds_bucket{le="0.`, "switchd_drained{participant=\"BANKD\"} 1"},
		"readyz.txt": {"[+] links: ok"}, "livez.txt": {"ok"}, "links.json": {`"participant": "BANKD"`}, "participants.json": {"BANKA"}, "breakers.json": {"BANKA"}, "limits.json": {`"queue"`}, "positions.json": {"BANKD"},
		"journal.json": {`"tree_root": "` + asJSON[journalView](t, "journal", "stat", "--admin", s.admin, "--token-file", s.token("sofia")).Root}, "doctor.json": {`"ready"`},
		"audit.json": {`"drain"`, `"reason": "(masked)"`}, "goroutines.txt": {"pebble/v2@v", ".(*node).run"}, "log.txt": {"msg=ready", "command=drain", "operator=(masked)"},
		"version.json": {`"go"`}, "writer.json": {`"formats"`}, "disk.json": {`"journal"`}, "manifest.json": {`"log.txt"`}, "system.json": {`"cpus"`}, "series.json": {`{`}, "alerts.json": {`"firing"`},
	} {
		for _, want := range has {
			if !strings.Contains(files[name], want) {
				t.Errorf("nothing of %s in %s:\n%s", want, name, files[name])
			}
		}
	}
	if strings.Contains(said, "missing") || strings.Contains(files["metrics.txt"], "0.(masked)") {
		t.Errorf("it says\n%s", said)
	}
	s.p.signal(syscall.SIGTERM)
	s.p.wait(patience, 0)
	stopped := filepath.Join(s.dir, "stopped.tar.gz")
	commands(t, 0, "support-bundle", "--dir", s.data, "--out", stopped, "--no-fsync")
	if files := unpacked(t, stopped); !strings.Contains(files["doctor.json"], "the switch is stopped") || !strings.Contains(files["disk.json"], "state") || !strings.Contains(files["manifest.json"], "--log") || files["metrics.txt"] != "" {
		t.Errorf("of a stopped switch: %v", files)
	}
}

// TestLastBytes: of a long log the last whole lines are read.
func TestLastBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"", 5, ""}, {"one\ntwo\n", 8, "one\ntwo\n"}, {"one\ntwo\n", 7, "two\n"}, {strings.Repeat("line\n", 50_000), 12, "line\nline\n"}} {
		if got, err := lastBytes(strings.NewReader(c.text), c.most); err != nil || string(got) != c.want {
			t.Errorf("%d of %d bytes: %q %v", c.most, len(c.text), got, err)
		}
	}
}
