package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// TestKeysUsage: what is wrong in how it was called says what to do, changes nothing,
// and is never said again when it could be a secret.
func TestKeysUsage(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	before := contents(t, l.dir)
	who := " --officer asha --token-file " + l.path("asha.token")
	for _, c := range []struct{ line, want string }{
		{"list --file x --config y", "which keys? Name the --config"},
		{"list --config y --unlock z", "--unlock goes with --file"},
		{"officer list --file= --config=", "which keys? Name the --config"},
		{"list --config " + l.path("none.yml"), "none.yml: "},
		{"list UPPER", "no name of a key"},
		{"list --unlock x --nonsense", "unknown flag"},
		{"kcv", "which key?"},
		{"kcv banka/zak --expect 12", "6 to 10 hexadecimal digits"},
		{"generate", "which key?"},
		{"generate a b", "which key?"},
		{"generate banka/zak" + who, "--for is one of bdk, data, pvk"},
		{"generate banka/zak --for zac" + who, "--for is one of"},
		{"generate banka/zak --usage Z9 --algorithm AES --mode B" + who, "--usage is one of"},
		{"generate banka/zak --usage M6" + who, "needs --algorithm and --mode"},
		{"generate banka/zak --for zak --algorithm ROT13" + who, "--algorithm is one of"},
		{"generate banka/zak --for zak --mode Q" + who, "--mode is one of"},
		{"generate banka/zak --for zak --export maybe" + who, "--export is E, N or S"},
		{"generate banka/zak --for zak --expires soon" + who, "--expires is a date"},
		{"generate banka/zak --for zak --expires 2020-01-01" + who, "is over"},
		{"generate banka/zak --for zak", "who are you?"},
		{"generate banka/zak --for zak --officer asha", "no terminal to ask for the token of asha"},
		{"generate banka/zak --for zak --officer asha --token-file " + l.path("none"), "does not exist"},
		{"generate switchd/ceremony/1 --for data" + who, "for the keys that seal components"},
		{"generate " + strings.ToLower(componentA) + " --for zak" + who, "looks like a key or a component"},
		{"generate banka/zak --for zak --officer " + strings.ToLower(componentA), "want names of officers"},
		{"generate banka/zak --for zak --officer asha --token-file @TOKEN", "wants the name of a file"},
		{"officer add", "which officer?"},
		{"officer add Asha", "no name of an officer"},
		{"officer add dana" + who, "whose token? She makes it herself"},
		{"officer add dana --fingerprint 0123" + who, "has 64 hexadecimal digits"},
		{"officer add dana --fingerprint @TOKEN" + who, "that is a token, which only its owner may see"},
		{"officer add dana --fingerprint @PRINT" + who, "two officers must agree: name the other one"},
		{"officer add dana --second asha --fingerprint @PRINT" + who, "are the same one"},
		{"officer list x", "one argument too many"},
		{"components begin banka/zmk --for zmk --of 4" + who, "--of is 2 or 3"},
		{"components begin banka/zmk --for sign" + who, "DES, TDES or AES"},
		{"components begin banka/zmk --for zmk --algorithm TDES --from " + componentA + who, "wants the name of a file"},
		{"components begin banka/zmk --for zmk --algorithm TDES" + who, "no terminal to ask for the component"},
		{"components begin banka/zmk --for zmk --algorithm TDES --from " + l.path("a") + " --kcv " + componentA + who, "6 to 10 hexadecimal digits"},
		{"components begin banka/zmk --for zmk --algorithm TDES --from " + l.path("a") + " --key-kcv 010203" + who, "is for the last component"},
		{"import banka/zpk --for zpk" + who, "under which key?"},
		{"import banka/zpk --under banka/zmk" + who, "--for is one of"},
		{"import banka/zpk --under banka/zmk --for zpk --block " + l.path("none") + who, "no such file"},
		{"import banka/zpk --under banka/zmk --for zpk --block B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F534117" + who, "not the block itself"},
		{"export banka/zpk --under banka/zmk --block-version C" + who, "is B or D"},
		{"rotate banka/zpk --overlap soon" + who, "invalid argument"},
		{"retire banka/zpk --version x" + who, "invalid argument"},
		{"create --make-unlock", "it is not overwritten"},
		{"create --file " + l.path("other.hsm"), "Name its --unlock file"}, // no terminal to ask
		{"create --file " + l.path("other.hsm") + " --unlock " + l.path("none"), "--make-unlock makes that file too"},
		{"audit x", "one argument too many"},
	} {
		words := strings.NewReplacer("@TOKEN", strings.TrimSpace(l.read("asha.token")), "@PRINT", strings.Repeat("5F", 32))
		l.fails(exitUsage, c.want, strings.Fields("keys "+words.Replace(c.line))...)
	}
	l.noSecret()
	for name, text := range contents(t, l.dir) {
		if before[name] != text && !strings.HasSuffix(name, ".audit") {
			t.Errorf("%s was changed by a command that was wrong", name)
		}
	}
	l.events()
}

// TestKeysRefused: what the rules and the module refuse ends with 1, says why, changes
// no key and is in the audit file.
func TestKeysRefused(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.write("short", componentA[:30]+"\n")
	l.write("parity", "00"+componentA[2:]+"\n")
	l.write("letters", "Z"+componentA[1:]+"\n")
	l.write("zeros", strings.Repeat("01", 16)+"\n")
	l.write("wrong.token", strings.ReplaceAll(l.read("biko.token"), tokenHead, tokenHead[:2]+"_"+"x")+"\n")
	asha, biko := l.as("asha"), l.as("biko")
	begin := func(more ...string) []string {
		return append(append([]string{"keys", "components", "begin", "banka/zmk", "--for", "zmk", "--algorithm", "TDES"}, more...), asha...)
	}
	add := func(who []string, from string) []string {
		return append([]string{"keys", "components", "add", "banka/zmk", "--from", l.path(from)}, who...)
	}

	l.fails(exitFailed, "'switchd keys components begin' enters the first", add(biko, "b")...)
	l.last("biko components add refused")
	for from, want := range map[string]string{"short": "15 bytes", "parity": "odd parity", "letters": "hexadecimal digits", "zeros": "nothing but zeros"} {
		l.fails(exitFailed, want, begin("--from", l.path(from))...)
		l.last("asha components begin refused")
	}
	l.fails(exitFailed, "another check value", begin("--from", l.path("a"), "--kcv", componentBKCV)...)
	l.ok(begin("--from", l.path("a"))...)
	l.last("asha components begin started", "asha components begin done")
	l.fails(exitFailed, "being entered already", begin("--from", l.path("b"))...)
	l.fails(exitFailed, "asha has entered a component of banka/zmk already", add(asha, "b")...)
	l.last("asha components add refused")

	// Who uses another's name has not her token; a token that is another's is none.
	for _, who := range [][]string{
		{"--officer", "asha", "--token-file", l.path("biko.token")}, {"--officer", "nobody", "--token-file", l.path("biko.token")},
		{"--officer", "biko", "--token-file", l.path("wrong.token")}, {"--officer", "biko", "--token-file", l.path("a")},
	} {
		l.fails(exitFailed, errToken.Error(), add(who, "b")...)
		l.last("components add refused") // nobody has proven who it was
	}
	l.fails(exitFailed, "the components before yours are kept", append(add(biko, "b"), "--key-kcv", "010203")...)
	l.last("biko components add started", "biko components add refused")
	if keys := l.list("banka"); len(keys) != 0 {
		t.Errorf("refused, and there are %+v", keys)
	}
	l.ok(append([]string{"keys", "components", "cancel", "banka/zmk"}, biko...)...)
	l.fails(exitFailed, "no components of banka/zmk", add(biko, "b")...)
	if keys := l.list(); len(keys) != 0 {
		t.Errorf("cancelled, and there are %+v", keys)
	}
	if events := l.events(); len(events) < 20 || strings.Contains(l.read("k.hsm.pending"), "sealed\":") {
		t.Errorf("%d events, pending:\n%s", len(events), l.read("k.hsm.pending"))
	}
	for name, digits := range map[string]string{"short": componentA[:30], "letters": "Z" + componentA[1:]} {
		if err := os.Remove(l.path(name)); err != nil {
			t.Fatal(err)
		}
		l.secret("component "+name, digits)
	}
	l.noSecret()
}

// TestKeysModuleRefuses: what the module refuses of keys.
func TestKeysModuleRefuses(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	asha := l.as("asha")
	do := func(args ...string) []string { return append(append([]string{"keys"}, args...), asha...) }
	l.ok(do("generate", "banka/zak", "--for", "zak")...)
	l.ok(do("generate", "banka/zmk", "--for", "zmk", "--export", "N")...)
	people, err := readOfficers(l.path("k.hsm.officers"))
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := people.Officers[people.at("biko")].Token
	for _, c := range []struct {
		args []string
		want string
	}{
		{do("generate", "banka/zak", "--for", "zak"), "--replace puts another in its place"},
		{do("generate", "banka/zak", "--for", "zpk", "--replace"), "a key for CMAC"},
		{do("generate", "banka/zak", "--for", "zak", "--bits", "128", "--replace"), "weaker"},
		{do("generate", "bankb/zak", "--for", "zak", "--bits", "100"), "no key of 100 bits"},
		{do("generate", "bankb/zak", "--for", "zak", "--mode", "E"), "mode of use do not go together"},
		{do("rotate", "bankb/zak"), "there is no key bankb/zak"},
		{do("export", "banka/zmk", "--under", "banka/zmk"), "must not leave"},
		{do("export", "banka/zak", "--under", "bankb/zmk"), "there is no key bankb/zmk"},
		{do("export", "banka/zak", "--under", "banka/zmk", "--block-version", "B"), "not under"},
		{do("import", "bankb/zak", "--under", "banka/zmk", "--for", "zak", "--block", l.path("a")), "malformed"},
		{do("retire", "bankb/zak"), "there is no key bankb/zak"},
		{do("retire", "banka/zak", "--version", "7"), "it has 1 (active)"},
		{do("components", "begin", "banka/zak", "--for", "zmk", "--from", l.path("a")), "--replace puts the new one"},
		{do("components", "begin", "bankb/zak", "--for", "zmk", "--replace", "--from", l.path("a")), "to be replaced"},
		{do("officer", "add", "biko", "--fingerprint", fingerprint, "--second", "biko", "--second-token-file", l.path("biko.token")), "an officer biko already"},
		{do("officer", "add", "chen", "--fingerprint", fingerprint, "--second", "biko", "--second-token-file", l.path("biko.token")), "the fingerprint of biko's token"},
		{do("officer", "remove", "dana", "--second", "biko", "--second-token-file", l.path("biko.token")), "there are asha, biko"},
	} {
		l.fails(exitFailed, c.want, c.args...)
		if e := l.events(); e[len(e)-1].Outcome != keyRefused {
			t.Errorf("%q: the audit file says %+v", c.args, e[len(e)-1])
		}
	}
	if keys := l.list(); len(keys) != 2 {
		t.Errorf("%+v", keys)
	}
	l.ok(do("officer", "remove", "biko", "--second", "biko", "--second-token-file", l.path("biko.token"))...)
	l.fails(exitFailed, errToken.Error(), append([]string{"keys", "rotate", "banka/zak"}, l.as("biko")...)...)
	l.noSecret()
}

// TestKeysInUse: beside a process that may write, such as a switch, keys are listed and
// not changed.
func TestKeysInUse(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	m := l.open()
	l.fails(exitFailed, "Stop the switch, make the change and start it again", append([]string{"keys", "rotate", "banka/zak"}, l.as("asha")...)...)
	l.last("asha rotate refused")
	if keys := l.list(); len(keys) != 1 || keys[0].Version != 1 {
		t.Errorf("%+v", keys)
	}
	l.ok("keys", "kcv", "banka/zak")
	l.fails(exitFailed, "a key for CMAC", "keys", "public", "banka/zak")
	l.ok("keys", "audit")
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	l.ok(append([]string{"keys", "rotate", "banka/zak"}, l.as("asha")...)...)

	// Two at once: one waits for nothing, and says so.
	desk, err := takeDesk(l.file + ".desk")
	if err != nil {
		t.Fatal(err)
	}
	l.fails(exitFailed, "another 'switchd keys' is at work", append([]string{"keys", "rotate", "banka/zak"}, l.as("asha")...)...)
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
}

// open opens the key file as its writer.
func (l *keysLab) open() *soft.Module {
	l.t.Helper()
	o := soft.Options{Path: l.file, Clock: clock}
	err := o.Unlock(l.path("k.unlock"))
	var m *soft.Module
	if err == nil {
		m, err = soft.Open(o)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = m.Close() })
	return m
}

// TestKeysConfig: the keys of a switch are those of its configuration, and a running
// one keeps them to itself.
func TestKeysConfig(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 2)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	l := emptyKeysLab(t)
	l.fails(exitUsage, "has no section hsm", "keys", "list", "--config", s.config)
	l.write("payshield.yml", "hsm: {driver: payshield, keys: k.json, addresses: [\"192.0.2.20:1500\"]}\n"+string(text))
	l.fails(exitUsage, "driver payshield", "keys", "list", "--config", l.path("payshield.yml"))
	l.fails(exitFailed, "there is no audit file "+l.path("k.json.audit"), "keys", "audit", "--config", l.path("payshield.yml"))
	hsm := fmt.Sprintf("hsm: {driver: soft, keys: %s, unlock: %s}\n", l.file, l.path("k.unlock"))
	if err := os.WriteFile(s.config, []byte(hsm+string(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	l.fails(exitFailed, "'switchd keys create' makes one", "keys", "list", "--config", s.config)
	l.ok("keys", "create", "--make-unlock", "--config", s.config)
	l.officer("asha", "--config", s.config)
	generate := append([]string{"keys", "generate", "banka/zak", "--for", "zak", "--config", s.config}, l.as("asha")...)
	p := s.serve()
	l.fails(exitFailed, "a switch runs with these keys", generate...)
	l.ok("keys", "list", "--config", s.config)
	s.stopClean(p)
	l.ok(generate...)
	l.ok("keys", "audit", "--config", s.config)
}

// TestKeysPermissions: what holds secrets is made for its owner only, and refused when
// others have access to it.
func TestKeysPermissions(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	asha := l.as("asha")
	l.ok(append([]string{"keys", "components", "begin", "banka/zmk", "--for", "zmk", "--algorithm", "TDES", "--from", l.path("a")}, asha...)...)
	l.ok(append([]string{"keys", "generate", "bankb/zmk", "--for", "zmk", "--export", "E"}, asha...)...)
	export := append([]string{"keys", "export", "bankb/zmk", "--under", "bankb/zmk", "--out", l.path("block")}, asha...)
	l.ok(export...)
	l.fails(exitUsage, "it is not overwritten", export...)
	l.last("asha export done", "asha export refused") // and no key has left
	for _, name := range []string{"k.hsm", "k.unlock", "k.hsm.audit", "k.hsm.officers", "k.hsm.pending", "block"} {
		info, err := os.Stat(l.path(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	add := append([]string{"keys", "components", "add", "banka/zmk", "--from", l.path("b")}, l.as("biko")...)
	for name, code := range map[string]int{"k.hsm": 1, "k.unlock": 1, "k.hsm.audit": 1, "k.hsm.officers": 1, "k.hsm.pending": 1, "biko.token": 2, "b": 2} {
		mode := os.FileMode(0o640)
		if name == "k.hsm.audit" {
			mode = 0o620
		}
		if err := os.Chmod(l.path(name), mode); err != nil {
			t.Fatal(err)
		}
		l.fails(code, "chmod 600 "+l.path(name), add...)
		if err := os.Chmod(l.path(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.ok(add...)
	l.noSecret()
}

// TestKeysPending: components whose time is over, whose key was changed since, or that
// somebody has changed in the file, make no key.
func TestKeysPending(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	add := append([]string{"keys", "components", "add", "banka/zmk", "--from", l.path("b")}, l.as("biko")...)
	begin := append([]string{"keys", "components", "begin", "banka/zmk", "--for", "zmk", "--algorithm", "TDES", "--from", l.path("a")}, l.as("asha")...)

	l.begunAt(clock() - int64(ceremonyTime) - int64(time.Second))
	if out := l.ok("keys", "components", "status"); !strings.Contains(out, "over since") {
		t.Error(out)
	}
	l.fails(exitFailed, "no components of banka/zmk", add...)
	l.last("components end done", "biko components add refused")
	if keys := l.list(); len(keys) != 0 {
		t.Errorf("what sealed them is still there: %+v", keys)
	}

	l.ok(begin...)
	whole := l.read("k.hsm.pending")
	for what, change := range map[string][2]string{
		"exportable":     {`"export": 78`, `"export": 69`},
		"of two, not 3":  {`"of": 2`, `"of": 3`},
		"another person": {`"officer": "asha"`, `"officer": "chen"`},
		"another time":   {`"begun": 1`, `"begun": 2`},
		"another sum":    {`"kcv": "08`, `"kcv": "09`},
	} {
		changed := strings.Replace(whole, change[0], change[1], 1)
		if changed == whole {
			t.Fatalf("%s: nothing to change in\n%s", what, whole)
		}
		l.write("k.hsm.pending", changed)
		l.fails(exitFailed, "was changed in the file", add...)
	}
	l.write("k.hsm.pending", "{")
	l.fails(exitFailed, "is damaged, or of another version", add...)
	// Of a ceremony without a component nobody has agreed to what the key is for.
	empty := strings.Replace(regexp.MustCompile(`(?s)"parts": \[.*?\n      \]`).ReplaceAllString(whole, `"parts": []`), `"export": 78`, `"export": 69`, 1)
	if strings.Contains(empty, "sealed\":") || !strings.Contains(empty, `"parts": []`) {
		t.Fatalf("there are components in\n%s", empty)
	}
	l.write("k.hsm.pending", empty)
	l.fails(exitFailed, "nobody has entered a component", add...)
	l.write("k.hsm.pending", whole)
	l.ok(add...)

	replace := append(slices.Clone(begin), "--replace")
	l.ok(replace...)
	l.ok(append([]string{"keys", "rotate", "banka/zmk"}, l.as("asha")...)...)
	l.fails(exitFailed, "no components of banka/zmk", add...)
	l.noSecret()
}

// begunAt has asha's component there since another time.
func (l *keysLab) begunAt(at int64) {
	l.t.Helper()
	m := l.open()
	c := newCeremony(&hsm.New{As: "banka/zmk", Usage: hsm.KeyProtection, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.BothWays, Export: hsm.NotExportable}, 2, 0, at)
	component, err := digits([]byte(componentA))
	if err == nil {
		e := entering{all: &pending{Version: 1, Ceremonies: []ceremony{c}}, component: component, part: ceremonyPart{Officer: "asha", KCV: componentAKCV, At: at}}
		e.one = &e.all.Ceremonies[0]
		err = e.keep(context.Background(), &keyDesk{place: keyPlace{keys: l.file}, module: m})
	}
	if err = errors.Join(err, m.Close()); err != nil {
		l.t.Fatal(err)
	}
}

// TestKeysBesideLink: what is beside the keys is beside the file, not beside a link.
func TestKeysBesideLink(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	link := filepath.Join(t.TempDir(), "link.hsm")
	if err := os.Symlink(l.file, link); err != nil {
		t.Fatal(err)
	}
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak", "--file", link, "--unlock", l.path("k.unlock")}, l.as("asha")...)...)
	l.last("asha generate started", "asha generate done")
}

// typing starts a command whose standard input the test writes to.
func (l *keysLab) typing(args ...string) (*process, *os.File) {
	l.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		l.t.Fatal(err)
	}
	p := startWith(l.t, func(c *exec.Cmd) { c.Stdin = r }, l.place(args)...)
	_ = r.Close()
	l.t.Cleanup(func() { _ = w.Close() })
	return p, w
}
