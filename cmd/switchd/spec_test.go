package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/codec/iso8583"
)

// TestSpecList names every built-in dialect and what it is for.
func TestSpecList(t *testing.T) {
	code, stdout, _ := command("spec", "list")
	_, asJSON, _ := command("spec", "list", "--json")
	for _, name := range iso8583.BuiltinNames() {
		if code != 0 || specUses[name] == "" || !strings.Contains(stdout, "\n"+name) || !strings.Contains(asJSON, `"name":"`+name+`"`) {
			t.Errorf("%s, exit code %d\n%s\n%s", name, code, stdout, asJSON)
		}
	}
	if !strings.Contains(stdout, "BCD, binary, BCD") {
		t.Error(stdout)
	}
}

// TestSpecShow: the table fits a terminal, and the JSON is a spec that loads.
func TestSpecShow(t *testing.T) {
	for _, name := range iso8583.BuiltinNames() {
		code, stdout, stderr := command("spec", "show", name)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "\n128 ") || !strings.Contains(stdout, "9F26") {
			t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
		}
		for line := range strings.Lines(stdout) {
			if len(line) > 121 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
		_, text, _ := command("spec", "show", name, "--json")
		file := filepath.Join(t.TempDir(), "mine.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, stdout, _ := command("spec", "check", file); code != 0 || stdout != file+": good, "+name+", 126 fields, 22 message types with rules\n" {
			t.Errorf("exit code %d: %s", code, stdout)
		}
		if code, _, stderr := command("decode", "--dialect", file, "00"); code != exitFailed {
			t.Errorf("a file is no dialect: %s", stderr)
		}
	}
}

// TestSpecCheck lists all faults of a file and ends with 2.
func TestSpecCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.json")
	text := `{"name": "mine", "fields": {
		"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"},
		"2": {"type": "Strung", "length": 19, "enc": "ASCII", "prefix": "ASCII.LL"},
		"200": {}}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command("spec", "check", file)
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, file+": field 2: ") || !strings.Contains(stderr, file+": field 200: field numbers are 0 to 128") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	for _, line := range []string{"spec check", "spec check " + file + ".none", "spec show nonsense", "spec show " + file, "spec nonsense", "spec list more"} {
		if code, stdout, stderr := command(strings.Fields(line)...); code != exitUsage || stdout != "" || stderr == "" {
			t.Errorf("%s: exit code %d\n%s\n%s", line, code, stdout, stderr)
		}
	}
}

// TestDecodeCompletion: the shell is offered dialects and framings.
func TestDecodeCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"__complete decode --dialect iso87-n": "iso87-npci\n", "__complete decode --framing NAC": "NAC\t", "__complete spec show iso93": "iso93-ascii\n",
	} {
		args := strings.Fields(line)
		if args[1] == "spec" {
			args = strings.Fields("__complete spec show iso93")
		}
		if _, stdout, _ := command(args...); !strings.Contains(stdout, want) {
			t.Errorf("%s: %s", line, stdout)
		}
	}
	for _, line := range []string{"decode", "spec", "spec list", "spec show", "spec check"} {
		code, stdout, _ := command(append(strings.Fields(line), "--help")...)
		if code != 0 || !strings.Contains(stdout, "Examples:\n  switchd") {
			t.Errorf("%s: %s", line, stdout)
		}
	}
}
