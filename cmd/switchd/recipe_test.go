package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"switchd/certs"
)

// recipe is the block of commands of a page in which a text stands.
func recipe(t testing.TB, page, has string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	const margin = "    "
	block := ""
	for line := range strings.Lines(string(text) + "end\n") {
		if strings.HasPrefix(line, margin) {
			block += line[len(margin):]
			continue
		}
		if strings.Contains(block, has) {
			return block
		}
		block = ""
	}
	t.Fatalf("%s has no commands with %q", page, has)
	return ""
}

// follow has bash do what a page says, in the folder of the scheme.
func (s *scheme) follow(page, has string) {
	s.t.Helper()
	bin := s.t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "switchd")); err != nil {
		s.t.Fatal(err)
	}
	shell := exec.CommandContext(s.t.Context(), "bash", "-euc", recipe(s.t, page, has))
	shell.Dir = s.dir
	shell.Env = append(os.Environ(), asCommand+"=1", "PATH="+bin+":"+os.Getenv("PATH"))
	if said, err := shell.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", page, err, said)
	}
}

// TestRecipes: who does what the pages say of keys and certificates has a switch and two
// participants that understand each other.
func TestRecipes(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	all := []schemeParticipant{{demoParticipant: demoParticipants[0]}, {demoParticipant: demoParticipants[2]}}
	all[0].Extra, all[1].Extra = demoProof["BANKA"], demoProof["BANKC"]
	s := newSchemeOf(t, longTimers, all, all)
	s.edit("\ndisk:", "\nhsm: {driver: soft, timeout: 60s, keys: keys.hsm, unlock: keys.unlock}\ndisk:")
	s.follow("hsm.md", "components begin")
	s.follow("signatures.md", "--sign-ids BANKC")
	text, err := os.ReadFile(s.config)
	if err == nil {
		err = os.WriteFile(s.banksConfig(), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(s.dir, name) }
	p := s.serve()
	a := s.bank("BANKA", 1, "--rate", "20", "--mac-key", file("BANKA-mac.key"), "--pin-key", file("BANKA-pin.key"))
	c := s.bank("BANKC", 2, "--rate", "20", "--sign-key", file("certs/BANKC-sign-key.pem"))
	until(t, patience, "20 payments", func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] >= 20 })
	s.rest(a, c)
	if wrong := s.metric(`switchd_messages_unproven_total{participant="BANKA",why="wrong"}`); wrong != 0 {
		t.Errorf("%v messages of BANKA are not proven", wrong)
	}
	s.stopClean(p)
	judge(t, readHistory(t, s.data), s.reports(a, c))
}

// TestSigningCertificates: certificates for signatures are of keys that sign, under names
// of their own.
func TestSigningCertificates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	runs(t, 0, "certs", "init", "--dir", dir, "--ids", "BANKA")
	issue := func(code int, want string, args ...string) {
		t.Helper()
		if _, said := runs(t, code, append([]string{"certs", "issue", "--dir", dir}, args...)...); !strings.Contains(said, want) {
			t.Errorf("%q: %s", args, said)
		}
	}
	issue(0, "wrote certificates to "+dir+": BANKA-sign, BANKB-sign", "--sign-ids", "BANKA,BANKB")
	issue(exitFailed, "not overwritten", "--sign-ids", "BANKA")
	issue(exitUsage, "use --public", "--sign-ids", certs.SwitchID)
	issue(exitUsage, "2 to 11", "--sign-ids", "BANKA-sign")
	issue(exitUsage, "2 to 11", "--ids", "switch-sign")
	issue(exitUsage, "at least one of the flags")
	issue(exitUsage, "none of the others can be", "--ids", "BANKB", "--sign-ids", "BANKC")
	issue(exitUsage, "must all be set", "--public", "x.pub")

	public := filepath.Join(dir, "x.pub")
	ed25519 := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	for text, want := range map[string]string{"": "no public key", ed25519: "P-256 and RSA are taken"} {
		if err := os.WriteFile(public, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		issue(exitUsage, want, "--public", public, "--id", "switch-sign")
	}
	issue(exitUsage, "has a name such as switch-sign", "--public", filepath.Join(dir, "BANKA.pem"), "--id", "BANKC")
	issue(0, "wrote certificates to "+dir+": switch-sign-2", "--public", filepath.Join(dir, "BANKA-sign.pem"), "--id", "switch-sign-2")
	out, _ := runs(t, 0, "certs", "show", filepath.Join(dir, "switch-sign-2.pem"))
	if strings.Contains(out, "participant ") || !strings.Contains(out, "1.3.6.1.5.5.7.3.36") {
		t.Error(out)
	}
}
