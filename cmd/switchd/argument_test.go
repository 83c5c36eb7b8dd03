package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/view"
)

// missingAnswer is that of a switch that knows nothing of it.
var missingAnswer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "it is not here", http.StatusNotFound) })

// TestArgumentWords: what is wrong with an argument is told in words, with the way to call
// the command; a name that is not known with those that are.
func TestArgumentWords(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	f.set("/api/v1/commands", missingAnswer)
	f.set("/api/v1/participants/bankb", missingAnswer)
	f.set("/api/v1/participants/X", missingAnswer)
	f.set("/v1/events", missingAnswer)
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"payment show", "missing: ID\nUsage: switchd payment show ID (--config FILE | --admin ADDRESS | --dir D)\nSee 'switchd payment show --help'\n", exitUsage},
		{"participant drain --reason x", "missing: ID\nUsage: switchd participant drain ID --reason WHY\n", exitUsage},
		{"cap", "missing: PARTICIPANT, AMOUNT\n", exitUsage},
		{"cap BANKB", "missing: AMOUNT\n", exitUsage},
		{"cap BANKB 5 6", "\"6\" is one argument too many\n", exitUsage},
		{"cap BANKB -5", "-5 is below zero, which no amount and no number here can be\n", exitUsage},
		{"link close -5.00", "-5.00 is below zero", exitUsage},
		{"status -x", "unknown shorthand flag: 'x' in -x\n", exitUsage},
		{"version now", "\"now\" is one argument too many\nUsage: switchd version\n", exitUsage},
		{"spec check", "which file? one spec file or profile file; spec list has the built-in ones\nUsage: switchd spec check FILE\n", exitUsage},
		{"status --watch=0s --admin ADDRESS", "--watch 0s: want 200ms or more\n", exitUsage},
		{"position ls --watch=0s --admin ADDRESS", "--watch 0s: want 200ms or more\n", exitUsage},
		{"participant show bankb --admin ADDRESS", "switchd: there is no participant \"bankb\": did you mean \"BANKB\"?\n", exitFailed},
		{"participant show X --admin ADDRESS", "switchd: there is no participant \"X\": known are BANKA, BANKB, PSPC\n", exitFailed},
		{"participant drain bankb --reason x --admin ADDRESS", "there is no participant \"bankb\": did you mean \"BANKB\"?\n", exitFailed},
		{"cap bankb 5 --reason x --admin ADDRESS", "there is no participant \"bankb\": did you mean \"BANKB\"?\n", exitFailed},
		{"events --participant bankb --admin ADDRESS", "there is no participant \"bankb\": did you mean \"BANKB\"?\n", exitFailed},
		{"participant drain BANKB --reason x --admin ADDRESS", "switchd: it is not here\n", exitFailed}, // whatever that is
	} {
		out, said := commands(t, c.code, strings.Fields(strings.ReplaceAll(c.line, "ADDRESS", f.address()))...)
		if out != "" || !strings.Contains(said, c.want) {
			t.Errorf("%s: it said %q and\n%s, want\n%s", c.line, out, said, c.want)
		}
	}
	f.set("/api/v1/participants", view.Participants{Participants: make([]view.Participant, knownMost+1)})
	if _, said := commands(t, exitFailed, "participant", "show", "X", "--admin", f.address()); !strings.Contains(said, "'switchd participant ls' lists") {
		t.Errorf("of many it said %q", said)
	}
}

// TestOwnWords: no command leaves it to cobra to count arguments.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	eachCommand(newRoot(), func(c *cobra.Command) {
		if c.HasSubCommands() || c.Args == nil {
			return
		}
		for n := range 4 {
			if err := c.Args(c, strings.Fields("a b c")[:n]); err != nil && (strings.Contains(err.Error(), "arg(s)") || strings.Contains(err.Error(), "unknown command")) {
				t.Errorf("%s with %d: %v", c.CommandPath(), n, err)
			}
		}
	})
}

// TestFileNotGood: a configuration that is not good at the moment is still that of a
// running switch, found by what is in force; if it cannot be, it is said what to do.
func TestFileNotGood(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	s := newScheme(t, longTimers, 2)
	s.edit("admin: "+s.admin, "admin: "+f.address())
	cfg, err := config.Load(s.config, known())
	if err == nil {
		err = os.MkdirAll(s.data, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	k := newKept(cfg, clock(), "a test", "a test")
	if err := k.write(s.data); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := []string{"status", "audit ls", "payment show 4711", "participant drain BANKB --reason x", "events --participant BANKB --count 1 --from 0"}
	f.set("/v1/events", `{"event": "payment", "next": "2"}`+"\n")
	for _, data := range []string{s.data, `"data"`, "'data' # here", "./data"} {
		write(s.config, strings.Replace(string(good), "data_dir: "+s.data, "data_dir: "+data, 1)+"  - {id: [\n")
		for _, line := range lines {
			out, said := commands(t, 0, append(strings.Fields(line), "--config", s.config)...)
			if out == "" || said != "switchd: "+s.config+" is not good ('switchd check-config' says why); this is the switch that has it, with what is in force\n" {
				t.Errorf("%s by data_dir %s: it said %q and\n%s", line, data, said, out)
			}
		}
	}
	const way = "' says why), and which switch it is of cannot be seen: name the address of its admin port with --admin"
	copied := s.config + ".copy"
	write(copied, string(good)+"  - {id: [\n")
	write(s.config, "data_dr: x\n"+string(good)[strings.Index(string(good), "currency"):])
	for _, file := range []string{s.config, copied} {
		for _, line := range lines {
			out, said := commands(t, exitUsage, append(strings.Fields(line), "--config", file)...)
			if byDir := !strings.HasPrefix(line, "payment show"); out != "" || strings.Count(said, "\n") != 1 || !strings.Contains(said, way) || strings.Contains(said, "--dir") != byDir {
				t.Errorf("%s: it said %q and\n%s", line, out, said)
			}
		}
	}
	if _, said := commands(t, exitUsage, "status", "--config", s.config+".none"); !strings.Contains(said, "cannot be read: no such file") {
		t.Errorf("of a file that is not there it said %q", said)
	}
}

// TestFileWithAnyPort: a configuration that leaves the admin port to the system is enough
// to find it.
func TestFileWithAnyPort(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	s := newScheme(t, longTimers, 2)
	s.edit("admin: "+s.admin, "admin: 127.0.0.1:0")
	if _, said := commands(t, exitFailed, "link", "ls", "--config", s.config); !strings.Contains(said, "name it with --admin") {
		t.Errorf("without a note it said %q", said)
	}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.data+"/"+addressKept, []byte(f.address()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands(t, 0, "link", "ls", "--config", s.config)
}

// TestForms: lists that are older than -o have the same values as JSON, by -o as by --json,
// and as YAML.
func TestForms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := "--file " + dir + "/k.hsm --unlock " + dir + "/k.unlock"
	commands(t, 0, strings.Fields("keys create --make-unlock "+keys)...)
	for _, line := range []string{"version", "spec list", "check-config ../../testdata/config/minimal.good.yml", "keys officer list " + keys} {
		args := strings.Fields(line)
		asJSON, _ := commands(t, 0, append(args, "-o", "json")...)
		old, _ := commands(t, 0, append(args, "--json")...)
		if !json.Valid([]byte(asJSON)) || asJSON != old {
			t.Errorf("%s is as JSON\n%s and\n%s", line, asJSON, old)
		}
		if asYAML, _ := commands(t, 0, append(args, "-o", "yaml")...); !strings.HasPrefix(asYAML, "---\n") || strings.Contains(asYAML, "{\"") {
			t.Errorf("%s is as YAML\n%s", line, asYAML)
		}
	}
	if _, said := commands(t, exitUsage, "journal", "prove", "--id", "1", "--admin", "127.0.0.1:1", "-o", "yaml"); !strings.Contains(said, "a proof is JSON") {
		t.Errorf("of a proof as YAML it said %q", said)
	}
}
