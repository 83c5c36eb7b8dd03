package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
