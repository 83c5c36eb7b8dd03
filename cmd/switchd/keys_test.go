package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/keyblock"
)

// The components of a key of two lengths, each byte with odd parity, and their check
// values, as the command openssl makes them.
const (
	componentA, componentAKCV = "0123456789ABCDEFFEDCBA9876543210", "08D7B4"
	componentB, componentBKCV = "89E98CF7921545F234BC7546FD3E380D", "D1D812"
	componentC                = "DA01B5D94C7A683B29E3C2A1807FFE46"
	componentsABKCV           = "1C00C2"
)

// keysLab is a key file with two officers, and everything that is said about it.
type keysLab struct {
	t         *testing.T
	dir, file string
	said      bytes.Buffer
	secrets   map[string][]byte // by what they are
}

func newKeysLab(t *testing.T) *keysLab {
	t.Helper()
	l := emptyKeysLab(t)
	l.ok("keys", "create", "--make-unlock")
	l.secret("unlock", strings.TrimSpace(l.read("k.unlock")))
	l.officer("asha")
	l.officer("biko", l.as("asha")...)
	return l
}

func emptyKeysLab(t *testing.T) *keysLab {
	l := &keysLab{t: t, dir: t.TempDir(), secrets: map[string][]byte{}}
	l.file = filepath.Join(l.dir, "k.hsm")
	for name, digits := range map[string]string{"a": componentA, "b": componentB, "c": componentC} {
		l.write(name, digits+"\n")
		l.secret("component "+name, digits)
	}
	return l
}

// secret keeps what must be nowhere, in every form that it may take.
func (l *keysLab) secret(what, text string) {
	l.secrets[what], l.secrets[what+" in small letters"] = []byte(text), []byte(strings.ToLower(text))
	if b, err := hex.DecodeString(text); err == nil {
		l.secrets[what+" as bytes"] = b
		l.secrets[what+" in base64"] = []byte(base64.StdEncoding.EncodeToString(b))[:20]
	}
}

func (l *keysLab) path(name string) string { return filepath.Join(l.dir, name) }

func (l *keysLab) read(name string) string {
	l.t.Helper()
	b, err := os.ReadFile(l.path(name))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

func (l *keysLab) write(name, text string) {
	l.t.Helper()
	if err := os.WriteFile(l.path(name), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// as are the flags of an officer.
func (l *keysLab) as(name string) []string {
	return []string{"--officer", name, "--token-file", l.path(name + ".token")}
}

// place adds the flags of the key file, unless a command has its own.
func (l *keysLab) place(args []string) []string {
	for _, a := range args {
		if strings.HasPrefix(a, "--file") || a == "--config" {
			return args
		}
	}
	return append(args, "--file", l.file, "--unlock", l.path("k.unlock"))
}

// does runs a command and keeps what it says.
func (l *keysLab) does(code int, args ...string) (out, said string) {
	l.t.Helper()
	out, said = runs(l.t, code, l.place(args)...)
	l.said.WriteString(out + said)
	return out, said
}

func (l *keysLab) ok(args ...string) string {
	l.t.Helper()
	out, _ := l.does(0, args...)
	return out
}

// fails wants a refusal with words in it, and nothing on stdout.
func (l *keysLab) fails(code int, want string, args ...string) {
	l.t.Helper()
	if out, said := l.does(code, args...); out != "" || !strings.Contains(said, want) {
		l.t.Errorf("%q says %q and %q, want %q in it", args, out, said, want)
	}
}

// officer adds an officer, whose token is looked for ever after.
func (l *keysLab) officer(name string, flags ...string) {
	l.t.Helper()
	l.ok(append([]string{"keys", "officer", "add", name, "--fingerprint", l.enrols(name)}, flags...)...)
}

// enrols makes the token of an officer, and gives its fingerprint.
func (l *keysLab) enrols(name string) string {
	l.t.Helper()
	out, said := runs(l.t, 0, "keys", "officer", "enrol", name, "--out", l.path(name+".token"))
	l.said.WriteString(out + said)
	token := l.read(name + ".token")
	if !strings.HasPrefix(token, tokenHead) || len(token) != len(tokenHead)+43+1 {
		l.t.Fatalf("enrol makes the token %q", token)
	}
	l.secrets["token of "+name] = []byte(strings.TrimSpace(token)[len(tokenHead):])
	return strings.TrimSpace(out)
}

// noSecret looks for all secrets in all that was said and all files but those that
// hold them.
func (l *keysLab) noSecret() {
	l.t.Helper()
	texts := map[string][]byte{"what was said": l.said.Bytes()}
	for name, text := range contents(l.t, l.dir) {
		if !strings.HasSuffix(name, ".token") && name != "k.unlock" && len(name) > 1 {
			texts[name] = []byte(text)
		}
	}
	if len(texts) < 4 || l.said.Len() < 200 || len(l.secrets) < 10 {
		l.t.Fatalf("%d texts, %d bytes said, %d secrets: this scan proves nothing", len(texts), l.said.Len(), len(l.secrets))
	}
	for what, secret := range l.secrets {
		for where, text := range texts {
			if bytes.Contains(text, secret) {
				l.t.Errorf("%s has the %s", where, what)
			}
		}
	}
}

// events are what the audit file says, after it was verified.
func (l *keysLab) events() (all []keyEvent) {
	l.t.Helper()
	if err := readInto(new(keyChain), l.file+".audit", func(e *keyEvent) error {
		all = append(all, *e)
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	return all
}

// last is the end of the audit file but for those who only looked, one word for each
// event.
func (l *keysLab) last(want ...string) {
	l.t.Helper()
	all := slices.DeleteFunc(l.events(), func(e keyEvent) bool { return e.Action == "list" || e.Action == "kcv" || e.Action == "public" })
	var got []string
	for _, e := range all[max(0, len(all)-len(want)):] {
		got = append(got, strings.TrimSpace(e.Officer+" "+e.Action+" "+e.Outcome))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		l.t.Errorf("the audit file ends with %q, want %q", got, want)
	}
}

// begun wants words in the last event that says what was to be done.
func (l *keysLab) begun(want ...string) {
	l.t.Helper()
	all := l.events()
	slices.Reverse(all)
	e := all[slices.IndexFunc(all, func(e keyEvent) bool { return e.Outcome == keyStarted })]
	for _, w := range want {
		if !strings.Contains(e.Detail, w) {
			l.t.Errorf("the audit file says %q of what was to be done, want %q in it", e.Detail, w)
		}
	}
}

func (l *keysLab) list(args ...string) (views []keyView) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(l.ok(append([]string{"keys", "list", "--json"}, args...)...)), &views); err != nil {
		l.t.Fatal(err)
	}
	return views
}

// TestKeysStory makes a key of two people's components, moves another under it, and
// ends it; nothing that is said or kept has a secret in it.
func TestKeysStory(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	do := func(who string, args ...string) string { t.Helper(); return l.ok(append(args, l.as(who)...)...) }

	begun := do("asha", "keys", "components", "begin", "banka/zmk", "--for", "zmk", "--algorithm", "TDES", "--from", l.path("a"), "--kcv", componentAKCV)
	if !strings.Contains(begun, "kept component 1 of 2 of banka/zmk, check value "+componentAKCV) {
		t.Error(begun)
	}
	l.noSecret()
	l.begun("component 1 of 2 of ceremony ", ", K1 TDES-128 B N, check value of the component "+componentAKCV)
	var waits []ceremonyView
	if err := json.Unmarshal([]byte(l.ok("keys", "components", "status", "--json")), &waits); err != nil || len(waits) != 1 || waits[0].Parts[0].Officer != "asha" || waits[0].Over {
		t.Errorf("%+v, %v", waits, err)
	}
	made := do("biko", "keys", "components", "add", "banka/zmk", "--from", l.path("b"), "--key-kcv", componentsABKCV)
	if !strings.Contains(made, "made banka/zmk version 1: key block protection, TDES-128, mode B, not exportable, check value "+componentsABKCV) {
		t.Error(made)
	}
	if keys := l.list(); len(keys) != 1 || keys[0].Origin != "components" || keys[0].Export != "N" {
		t.Errorf("after the ceremony there are %+v", keys)
	}

	do("asha", "keys", "generate", "banka/zpk", "--for", "zpk", "--algorithm", "TDES", "--expires", "20d")
	block := strings.TrimSpace(do("asha", "keys", "export", "banka/zpk", "--under", "banka/zmk"))
	whole := unhexed(t, componentA)
	for i, b := range unhexed(t, componentB) {
		whole[i] ^= b ^ 1 // two of odd parity have even parity, which the module sets right
	}
	_, zpk, err := keyblock.Unwrap(hsm.NewSecret(whole), block)
	if err != nil {
		t.Fatalf("the exported block does not open under the sum of the components: %v", err)
	}
	l.secret("ZPK", hex.EncodeToString(zpk.Reveal()))
	l.secret("ZMK", hex.EncodeToString(whole))
	zpkKCV := l.list("banka/zpk")[0].KCV
	l.write("zpk.tr31", block+"\n")
	do("biko", "keys", "import", "bankb/zpk", "--under", "banka/zmk", "--for", "zpk", "--block", l.path("zpk.tr31"), "--kcv", zpkKCV)
	if got := strings.TrimSpace(l.ok("keys", "kcv", "bankb/zpk", "--expect", zpkKCV)); got != zpkKCV {
		t.Errorf("it has check value %s, want %s", got, zpkKCV)
	}
	l.fails(exitFailed, "which is another", "keys", "kcv", "bankb/zpk", "--expect", componentAKCV)

	do("asha", "keys", "rotate", "banka/zpk")
	keys := l.list("banka/")
	if len(keys) != 3 || keys[1].Version != 2 || keys[2].State != "old" || keys[2].Until == "" || keys[1].Expires[:10] != keys[2].Expires[:10] || !strings.HasPrefix(keys[1].Warning, "expires in ") {
		t.Errorf("after the rotation there are %+v", keys)
	}
	l.fails(exitFailed, "retire' ends its use first", append([]string{"keys", "delete", "banka/zpk", "--version", "1"}, l.as("asha")...)...)
	l.fails(exitFailed, "--in-use", append([]string{"keys", "retire", "banka/zpk", "--version", "2"}, l.as("asha")...)...)
	do("asha", "keys", "retire", "banka/zpk", "--version", "1")
	do("asha", "keys", "delete", "banka/zpk", "--version", "1")
	l.last("asha delete started", "asha delete done")
	for _, e := range l.events()[len(l.events())-2:] {
		if e.Version != 1 || e.KCV != zpkKCV || e.Name != "banka/zpk" {
			t.Errorf("%+v", e)
		}
	}
	do("asha", "keys", "generate", "a-rather-long-name-of-a-participant/and-its-zak", "--for", "zak")
	table, warned := l.does(0, "keys", "list")
	for line := range strings.Lines(table) {
		if len(line) > 101 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	if !strings.Contains(warned, "banka/zpk version 2 expires in ") || !strings.Contains(table, "!") {
		t.Errorf("of a key that expires in 20 days it says %q and\n%s", warned, table)
	}
	if audit := l.ok("keys", "audit"); !strings.Contains(audit, "biko: components add banka/zmk version 1 "+componentsABKCV) || !strings.Contains(audit, "unchanged, head ") {
		t.Error(audit)
	}
	l.noSecret()
}

// TestKeysPublic: the public half of a pair, whose check value is that of the pair.
func TestKeysPublic(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "switch/sign", "--for", "sign"}, l.as("biko")...)...)
	public, rest := pem.Decode([]byte(l.ok("keys", "public", "switch/sign")))
	if public == nil || len(rest) > 0 {
		t.Fatal("public prints no PEM")
	}
	if sum := sha256.Sum256(public.Bytes); l.list("switch/")[0].KCV != fmt.Sprintf("%X", sum[:5]) {
		t.Errorf("the public half is not that of %+v", l.list("switch/")[0])
	}
}

// TestKeysNotRotated: a pair stays under its name, because its certificate is outside of
// the module, and so does a key that makes pseudonyms.
func TestKeysNotRotated(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	for purpose, want := range map[string]string{"sign": "Make a pair under a new name", "token": "A new one gets a new name"} {
		name := "switch/" + purpose
		generate := append([]string{"keys", "generate", name, "--for", purpose}, l.as("asha")...)
		l.ok(generate...)
		l.fails(exitFailed, want, append([]string{"keys", "rotate", name}, l.as("asha")...)...)
		l.fails(exitFailed, want, append(generate, "--replace")...)
		l.last("asha generate refused")
		if keys := l.list(name); len(keys) != 1 {
			t.Errorf("%+v", keys)
		}
	}
	l.fails(exitFailed, "A new one gets a new name", append([]string{"keys", "import", "switch/token", "--under", "banka/zmk", "--for", "token", "--replace", "--block", l.path("a")}, l.as("asha")...)...)
}

// TestKeysThreeComponents: of three people, of a key of AES.
func TestKeysThreeComponents(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.officer("chen", append(l.as("asha"), "--second", "biko", "--second-token-file", l.path("biko.token"))...)
	parts := map[string]string{}
	for _, who := range []string{"asha", "biko", "chen"} {
		var b [32]byte
		rand.Read(b[:])
		parts[who] = hex.EncodeToString(b[:])
		l.write("part-"+who, "  "+strings.ToUpper(parts[who][:32])+" "+parts[who][32:]+"\r\n")
		l.secret("component of "+who, parts[who])
	}
	enter := func(who string, args ...string) []string {
		return append(append([]string{"keys", "components"}, append(args, "--from", l.path("part-"+who))...), l.as(who)...)
	}
	l.ok(enter("asha", "begin", "banka/zmk", "--for", "zpk", "--of", "3")...)
	// One that is there already is refused while another can be entered in its place.
	equal := func(who, from string) {
		l.fails(exitFailed, "each officer has one of her own", append([]string{"keys", "components", "add", "banka/zmk", "--from", l.path("part-" + from)}, l.as(who)...)...)
		l.last(who + " components add refused")
	}
	equal("biko", "asha")
	l.ok(enter("biko", "add", "banka/zmk")...)
	equal("chen", "biko")
	for _, who := range []string{"asha", "biko"} {
		l.fails(exitFailed, who+" has entered a component of banka/zmk already", enter(who, "add", "banka/zmk")...)
	}
	if out := l.ok(enter("chen", "add", "banka/zmk", "--json")...); !strings.Contains(out, `"bits": 256`) || !strings.Contains(out, `"export": "N"`) {
		t.Error(out)
	}
	for _, name := range []string{"part-asha", "part-biko", "part-chen"} {
		if err := os.Remove(l.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	l.noSecret()
}

func unhexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
