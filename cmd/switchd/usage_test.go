package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestHelp: every command explains itself on stdout.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "demo", "serve", "bank", "bench", "check-config", "certs", "certs init", "certs issue", "certs revoke", "certs show", "decode", "validate",
		"sim", "hsmsim", "hsmsim key", "keys", "keys create", "keys officer", "keys officer enrol", "keys officer add", "keys officer remove", "keys officer list", "keys generate", "keys components", "keys components begin", "keys components add", "keys components status", "keys components cancel", "keys import", "keys export", "keys list", "keys kcv", "keys public", "keys rotate", "keys retire", "keys delete", "keys audit", "payment", "payment show", "payment find", "payment settle", "cap", "status", "top", "participant", "participant ls", "participant show", "participant drain", "participant debug", "link", "link ls", "link close", "position ls", "breaker ls", "limit ls", "deadletter ls", "deadletter resolve", "exception ls", "approval ls", "approval approve", "audit ls", "alert ls", "events", "config apply", "doctor", "backup", "backup verify", "restore", "journal", "journal verify", "journal dump", "journal stat", "journal export", "journal prove", "journal verify-proof", "spec", "spec list", "spec show", "spec check", "version", "completion", "completion bash"} {
		t.Run(command, func(t *testing.T) {
			out, said := runs(t, 0, append(strings.Fields(command), "--help")...)
			if !strings.Contains(out, "Usage:\n  switchd") || !strings.Contains(out, "--help") || said != "" {
				t.Errorf("stdout:\n%s\nstderr:\n%s", out, said)
			}
		})
	}
}

// TestUsage: a wrong command line ends with 2, says what is wrong on stderr and
// nothing on stdout.
func TestUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct{ line, want string }{
		{"serv", "unknown command"},
		{"serve", `"config" not set`},
		{"serve --nonsense", "unknown flag: --nonsense\nSee 'switchd serve --help'"},
		{"serve --config c.yml extra", "See 'switchd serve --help'"},
		{"serve --config c.yml --drain soon", "invalid argument"},
		{"serve --config " + dir + "/none.yml", dir + "/none.yml: "},
		{"bank --id BANKA", `"config" not set`},
		{"bank --config " + dir + "/none.yml --id BANKA", dir + "/none.yml: "},
		{"check-config", "which file?"},
		{"check-config --schema --example", "none of the others can be"},
		{"check-config --schema a.yml", "name one of them"},
		{"check-config a b", "See 'switchd check-config --help'"},
		{"check-config " + dir, dir + ": "},
		{"certs init --dir " + dir, `"ids" not set`},
		{"certs init --dir " + dir + " --ids BANKA,bankb,B", "id \"bankb\": a participant has 2 to 11 capital letters and digits, for example BANKA\nid \"B\""},
		{"certs issue --dir " + dir + " --ids BANK-A", "id \"BANK-A\""},
		{"certs nonsense", "unknown command"},
		{"journal nonsense", "unknown command \"nonsense\" for \"switchd journal\"\nSee 'switchd journal --help'"},
		{"payment nonsense", "unknown command"},
		{"completion nonsense", "unknown command"},
		{"participant cap BANKA 5 --config f", "unknown command \"cap\" for \"switchd participant\": did you mean 'switchd cap'?\nSee"},
		{"payment fnd --state SUCCESS --config f", "unknown command \"fnd\" for \"switchd payment\": did you mean 'switchd payment find'?\nSee"},
		{"payment --state SUCCESS", "unknown flag: --state"},
		{"certs revoke --dir " + dir, `"ids" not set`},
		{"certs revoke --ids A --valid 0s", "--valid must be"},
		{"certs issue --ids A --valid soon", "invalid argument"},
		{"certs show", "which file?"},
		{"certs show " + dir + "/none.pem", "no such file"},
		{"version --yaml", "unknown flag"},
		{"decode --dialect iso87-npci 30 31", "needs quotes"},
		{"decode --dialect iso87-npci " + dir + "/none.bin", "no such file"},
		{"decode --dialect iso87-npci " + dir, "is a directory"},
		{"validate", "which files?"},
		{"spec show", "which one? a dialect (iso87-ascii, "},
		{"spec check a.json b.json", "which file?"},
		{"sim", "--seeds"},
		{"hsmsim --listen 0.0.0.0:0", "or say --public"},
		{"hsmsim --listen :1500", "or say --public"},
		{"hsmsim --listen localhost", "missing port"},
		{"hsmsim --fault nonsense", "none of delay, hang"},
		{"hsmsim --fault CC:delay", "CC:delay"},
		{"hsmsim --conns -1", "ConnsMax -1"},
		{"hsmsim nonsense", "unknown command"},
		{"hsmsim key --name a --usage P0", `"lmk" not set`},
		{"hsmsim key --name a --usage P0 --lmk " + dir + "/none", "no such file"},
		{"keys nonsense", "unknown command"},
		{"keys components nonsense", "unknown command"},
		{"keys list", "which keys?"},
		{"payment show 1", "which switch?"},
		{"payment show x --admin 127.0.0.1:1", "which payment?"},
		{"payment show 1 --dir " + dir, "is no data folder"},
		{"payment find", "which switch?"},
		{"payment find 5", "\"5\" is one argument too many"},
		{"payment find --state", "needs an argument"},
		{"payment find --limit x", "invalid argument"},
		{"payment find --dir " + dir, "is no data folder"},
		{"payment settle 1 --admin 127.0.0.1:1", "why? --reason"},
		{"payment retry", "See 'switchd payment retry --help'"},
		{"journal stat", "which journal?"},
		{"journal verify", "what?"},
		{"journal verify --dir " + dir, "is no data folder"},
		{"journal verify --segment " + dir + "/none", "no such file"},
		{"journal dump --dir " + dir + " --admin 127.0.0.1:1", "name one of them"},
		{"journal dump --dir " + dir + " --segment x", "a file of its own"},
		{"journal dump --dir " + dir + " --kind nothing", "is not one of request, answer"},
		{"journal dump --dir " + dir + " --payment five", "neither a number"},
		{"journal dump --dir " + dir + " --from 5 --to 4", "to 4 is before from 5"},
		{"journal dump --dir " + dir + " --from x", "invalid argument"},
		{"journal export --dir " + dir + " --day 2026-11-22", "where to?"},
		{"journal export --dir " + dir + " --out x", "Name a --day"},
		{"journal export --dir " + dir + " --out x --day 2026-11-22 --from 1", "Name a --day"},
		{"journal export --dir " + dir + " --out x --from 2 --to 1", "--to 1 is before --from 2"},
		{"journal export --dir " + dir + " --out x --from 2", "belong together"},
		{"journal export --dir " + dir + " --out x --day yesterday", "is not a date"},
		{"journal prove --dir " + dir, "which payment?"},
		{"journal prove --dir " + dir + " --id x", "which payment?"},
		{"journal verify-proof", "which proof?"},
		{"journal verify-proof " + dir + "/none", "whose proof?"},
		{"journal verify-proof --any-key " + dir + "/none", "no such file"},
		{"journal verify-proof " + os.DevNull + " --key " + dir + "/none", "no such file"},
		{"cap BANKA", "See 'switchd cap --help'"},
		{"status", "which switch?"},
		{"status --admin 127.0.0.1:1 --watch=1ms", "want 200ms or more"},
		{"status --admin 127.0.0.1:1 -o xml", "none of table, json, yaml"},
		{"status --admin 127.0.0.1:1 -o json --json", "none of the others can be"},
		{"status --admin 127.0.0.1:1 --cert x", "missing [key]"},
		{"status --admin 127.0.0.1:1 --cert x --key y", "--cert and --key"},
		{"status --admin 127.0.0.1:1 --ca " + dir + "/none", "--ca: open"},
		{"top", "which switch?"},
		{"top --admin 127.0.0.1:1 --every 1ms", "want 200ms or more"},
		{"participant ls x --admin 127.0.0.1:1", "\"x\" is one argument too many"},
		{"participant drain --admin 127.0.0.1:1", "See 'switchd participant drain --help'"},
		{"participant debug BANKA --for -1s --reason x --admin 127.0.0.1:1", "a time to come"},
		{"link close x --reason x --admin 127.0.0.1:1", "which link?"},
		{"approval approve 0 --reason x --admin 127.0.0.1:1", "which approval?"},
		{"deadletter resolve 1 --reason x --admin 127.0.0.1:1", "how? --as settle"},
		{"deadletter resolve 1 --as keep --reason x --admin 127.0.0.1:1", "is none of settle, write-off, retry"},
		{"deadletter nonsense", "unknown command"},
		{"config apply", "\"config\" not set"},
		{"config apply --config " + dir + "/none.yml", "why? --reason"},
		{"config apply --config " + dir + "/none.yml --reason x", dir + "/none.yml: "},
		{"doctor", "which switch?"},
		{"backup", `"out" not set`},
		{"backup --out " + dir + "/b", "which switch?"},
		{"backup --out " + dir + "/b", "with --dir the data folder of one that does not run"},
		{"backup --out " + dir + "/b --dir " + dir, "is no data folder: it has no folder journal"},
		{"backup --out " + dir + "/b --dir " + dir + "/none", "is no data folder"},
		{"backup --out " + dir + "/b --dir " + dir + " --admin 127.0.0.1:1", "name one of them"},
		{"backup --out " + dir + "/b --admin nonsense", `--admin "nonsense" is no address: want host:port`},
		{"payment show 1 --admin http://localhost", "is no address"},
		{"cap BANKA 1 --reason x --admin localhost:http", "is no address"},
		{"journal stat --admin :8080", "is no address"},
		{"backup verify", "which backup?"},
		{"backup verify " + dir + "/none", "/none is no backup: there is no such folder"},
		{"restore --from " + dir + "/none --to " + dir + "/b", "/none is no backup"},
		{"restore --from " + dir + " --to " + dir + "/no/such", "/no is no place for a data folder: there is no such folder"},
		{"restore --from a", `"to" not set`},
		{"restore --from a --to b --until-seq 1 --until-time 2026-11-22T00:00:00Z", "none of the others can be"},
		{"restore --from a --to b --until-time yesterday", "is no time"},
		{"sim --seeds 1 --payments 0", "--payments must be"},
		{"demo --rate -1", "--rate must be"},
		{"demo --duration yesterday", "invalid argument"},
	} {
		t.Run(c.line, func(t *testing.T) {
			out, said := runs(t, exitUsage, strings.Fields(c.line)...)
			if out != "" || !strings.Contains(said, c.want) {
				t.Errorf("stdout:\n%s\nstderr:\n%s\nwant %q in it", out, said, c.want)
			}
		})
	}
}

// TestWrongConfig: serve, bank and check-config list every fault of a file with
// its place, and exit with 2.
func TestWrongConfig(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 2)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.NewReplacer("currency: INR", "currency: XXQ", "handles: [bankb]", "handles: [banka]").Replace(string(text)) + "lisen: x\n"
	file := filepath.Join(s.dir, "wrong.yml")
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^` + regexp.QuoteMeta(file) + `:[0-9]+:[0-9]+: .{10,}$`)
	for _, args := range [][]string{{"serve", "--config", file}, {"bank", "--config", file, "--id", "BANKA"}, {"check-config", file}} {
		out, said := runs(t, exitUsage, args...)
		lines := strings.Split(strings.TrimSpace(said), "\n")
		for _, l := range lines {
			if !line.MatchString(l) {
				t.Errorf("%v: not file:line:column: text: %s", args, l)
			}
		}
		for _, what := range []string{"XXQ", "lisen", "banka"} {
			if !strings.Contains(said, what) {
				t.Errorf("%v: nothing about %s:\n%s", args, what, said)
			}
		}
		if out != "" || len(lines) < 3 {
			t.Errorf("%v: stdout %q, stderr:\n%s", args, out, said)
		}
	}
	if _, err := os.Stat(s.data); err == nil {
		t.Error("a wrong configuration has made a data folder")
	}
	out, said := runs(t, 0, "check-config", "--files", s.config)
	if !strings.Contains(out, "good, 2 participants") || said != "" {
		t.Errorf("of a good file it says %q and %q", out, said)
	}
	keys := filepath.Join(s.dir, "keys.yml")
	named := "seal_key: none.key\ncheckpoint_key: " + s.certs() + "\n" + string(text)
	if err := os.WriteFile(keys, []byte(named), 0o600); err != nil {
		t.Fatal(err)
	}
	runs(t, 0, "check-config", keys)
	if _, said := runs(t, exitUsage, "check-config", "--files", keys); !strings.Contains(said, "seal_key: ") || !strings.Contains(said, "none.key") || strings.Count(said, "put it back") != 1 || !strings.Contains(said, "checkpoint_key: ") {
		t.Errorf("of key files that cannot be used it says %q", said)
	}
}

// TestExample: the example configuration is a good one.
func TestExample(t *testing.T) {
	out, _ := runs(t, 0, "check-config", "--example")
	file := filepath.Join(t.TempDir(), "example.yml")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	runs(t, 0, "check-config", file)
}

// TestMissingCertificates: serve says which file it cannot read.
func TestMissingCertificates(t *testing.T) {
	s := newScheme(t, shortTimers, 2)
	key := filepath.Join(s.certs(), "switch-key.pem")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, said := runs(t, exitUsage, "serve", "--config", s.config); !strings.Contains(said, "switch-key.pem") {
		t.Errorf("it said:\n%s", said)
	}
}

// TestAddressInUse: a port that is taken is named.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 2)
	first := s.serve()
	other := newScheme(t, shortTimers, 2)
	text, err := os.ReadFile(other.config)
	if err != nil {
		t.Fatal(err)
	}
	for _, taken := range [][2]string{{other.admin, s.admin}, {other.listen, s.listen}} {
		file := filepath.Join(other.dir, "taken.yml")
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), taken[0], taken[1], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said := runs(t, exitFailed, "serve", "--config", file, "--quiet"); !strings.Contains(said, taken[1]) || !strings.Contains(said, "in use") {
			t.Errorf("for a taken %s it said:\n%s", taken[1], said)
		}
	}
	s.stopClean(first)
}

// TestVersion prints what this binary is, for people and for scripts.
func TestVersion(t *testing.T) {
	if out, _ := runs(t, 0, "version"); !strings.HasPrefix(out, "switchd "+releaseVersion+"\n") {
		t.Errorf("version says:\n%s", out)
	}
	out, _ := runs(t, 0, "version", "--json")
	var got version
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != releaseVersion || !strings.HasPrefix(got.Go, "go1.") || got.Commit == "" || got.Settings["GOOS"] == "" {
		t.Errorf("version --json says %s", out)
	}
}

// TestCertsInit: certificates are made once, and keys are for the owner's eyes.
func TestCertsInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	args := []string{"certs", "init", "--dir", dir, "--ids", "BANKA,BANKB"}
	if out, said := runs(t, 0, args...); out != "" || !strings.Contains(said, ": switch, BANKA, BANKB\n") {
		t.Errorf("it said %q and %q", out, said)
	}
	before := contents(t, dir)
	if len(before) != 8 {
		t.Errorf("%d files, want ca, switch and two participants with their keys", len(before))
	}
	for name := range before {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "-key.pem") && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	if _, said := runs(t, exitFailed, args...); !strings.Contains(said, "ca.pem") {
		t.Errorf("the second time it said:\n%s", said)
	}
	for name, text := range contents(t, dir) {
		if before[name] != text {
			t.Errorf("%s was changed by the second time", name)
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}
