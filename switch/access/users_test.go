package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func hexOf(token string) string {
	d := DigestOf(token)
	return hex.EncodeToString(d[:])
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func certificate(t *testing.T, uri string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{RawSubjectPublicKeyInfo: spki}
	if uri != "" {
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		c.URIs = append(c.URIs, u)
	}
	return c
}

// TestUsers: a caller is known by his token, his URI or his key, and by nothing else.
func TestUsers(t *testing.T) {
	pinned := certificate(t, "")
	pin := sha256.Sum256(pinned.RawSubjectPublicKeyInfo)
	file := filepath.Join(t.TempDir(), "users")
	write(t, file, "# people\n\n"+
		"asha  operator,viewer\ttoken "+hexOf("a")+"   # at work\r\n"+
		"asha operator,viewer token "+hexOf("b")+"\n"+
		"asha operator,viewer certificate urn:switch:operator:asha#1\n"+
		"boris@bank.example security-officer certificate sha256/"+base64.StdEncoding.EncodeToString(pin[:])+"\n"+
		"feed participant:BANKA token "+hexOf("c"))
	u, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if u.Len() != 3 || !u.Certificates() || u.Bad() || u.File() != file {
		t.Errorf("%d users", u.Len())
	}
	asha := Caller{Name: "asha", Roles: Operator | Viewer, Secured: true}
	for token, want := range map[string]Caller{
		"a": asha, "b": asha, "c": {Name: "feed", Roles: Participant, Participant: "BANKA", Secured: true},
		"": {}, "d": {}, hexOf("a"): {}, strings.Repeat("a", TokenBytesMax+1): {},
	} {
		if c, known := u.ByToken(token); c != want || known != (want != Caller{}) {
			t.Errorf("%.10q: %+v %v", token, c, known)
		}
	}
	if c, known := u.ByName("asha"); c != asha || !known {
		t.Errorf("by his name: %+v", c)
	}
	if c, known := u.ByName("Asha"); known {
		t.Errorf("by no name: %+v", c)
	}
	if c, known := u.ByCertificate(pinned); !known || c.Name != "boris@bank.example" || c.Roles != SecurityOfficer {
		t.Errorf("by his key: %+v", c)
	}
	if c, known := u.ByCertificate(certificate(t, "urn:switch:operator:asha#1")); !known || c != asha {
		t.Errorf("by his URI: %+v", c)
	}
	if c, known := u.ByCertificate(certificate(t, "urn:switch:operator:boris")); known {
		t.Errorf("a stranger: %+v", c)
	}
}

// TestFaults: what is wrong is told with its place, all at once, and never with a token.
func TestFaults(t *testing.T) {
	const secret = "thisisatokenandnohash"
	f := func(text, want string) {
		t.Helper()
		err := Parse("users", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), hexOf("a"))) {
			t.Errorf("%q: the error has a secret", text)
		}
	}
	a := "asha operator token " + hexOf("a") + "\n"
	f("", "users:1:1: the file has no user: write NAME ROLE token HEX64, which `switchd user add` makes")
	f("# nobody\n", "users:1:1: the file has no user: write NAME ROLE token HEX64, which `switchd user add` makes")
	f("asha operator token "+secret, "users:1:21: behind token stands the SHA-256 of a token as 64 digits of lower-case hex, never the token")
	f("asha operator token "+strings.ToUpper(hexOf("a")), "users:1:21: behind token stands the SHA-256 of a token as 64 digits of lower-case hex, never the token")
	f("asha operator "+secret, "users:1:1: an entry is four words, not 3: NAME ROLE[,ROLE] token HEX64, or NAME ROLE[,ROLE] certificate URI|sha256/PIN")
	f(a+"\n  asha  root token "+hexOf("b"), "users:3:9: role \"root\" is not known: viewer, operator, security-officer, auditor, participant:ID")
	f("asha operator, token "+hexOf("b"), "users:1:6: role \"\" is not known: viewer, operator, security-officer, auditor, participant:ID")
	f("as/ha operator token "+hexOf("b"), "users:1:1: a name is 1 to 35 letters, digits, dots, dashes, underscores and at signs")
	f(a+a, "users:2:21: this token stands there already: each is of one user")
	f(a+"asha viewer token "+hexOf("b"), "users:2:6: asha has other roles in line 1: a user has the same in all lines")
	f(a+"Asha security-officer token "+hexOf("b"), "users:2:1: Asha differs from asha in line 1 by its case only: two persons are told apart by more")
	f("x participant token "+hexOf("b"), "users:1:3: the role participant says whose: participant:ID")
	f("x participant: token "+hexOf("b"), "users:1:3: the role participant says whose: participant:ID")
	f("x participant:A,participant:B token "+hexOf("b"), "users:1:3: a user is of one participant")
	f("x participant:A token "+hexOf("a")+"\nx participant:B token "+hexOf("b"), "users:2:3: x has other roles in line 1: a user has the same in all lines")
	f(a+"olga operator token "+hexOf("a"), "users:2:21: this token stands there already: each is of one user")
	f("x viewer password "+secret, "users:1:10: the third word is token or certificate")
	f("x viewer certificate asha", "users:1:22: a certificate is named by a URI of its names (SAN), such as urn:switch:operator:asha, or by its pin, sha256/...")
	f("x viewer certificate sha256/AAAA", "users:1:22: a pin is sha256/ and the base64 of the 32 bytes of a public key's SHA-256, as `switchd certs show` says it")
	f("x viewer certificate urn:a\ny viewer certificate urn:a", "users:2:22: this URI stands there already: each is of one user")
	many := strings.Repeat("x\n", 30)
	if err := Parse("users", []byte(many)); err == nil || strings.Count(err.Error(), "\n") != faultsMax || !strings.HasSuffix(err.Error(), "10 more faults are not shown") {
		t.Errorf("%v", err)
	}
	var names strings.Builder
	for i := range usersMax + 1 {
		name := "u" + hex.EncodeToString([]byte{byte(i >> 8), byte(i)})
		names.WriteString(name + " viewer token " + hexOf(name) + "\n")
	}
	f(names.String(), "users:257:1: more than 256 users")
	var entries strings.Builder
	for i := range entriesMax + 2 {
		entries.WriteString("x viewer token " + hexOf(strconv.Itoa(i)) + "\n")
	}
	f(entries.String(), "users:1025:1: more than 1024 entries")
}

// TestOddFilesAndTokens: a pipe would block who reads it, and what is longer than a token is
// not even hashed.
func TestOddFilesAndTokens(t *testing.T) {
	dir := t.TempDir()
	pipe, file, long := filepath.Join(dir, "pipe"), filepath.Join(dir, "users"), strings.Repeat("x", TokenBytesMax)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(pipe); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a pipe: %v", err)
	}
	if err := os.WriteFile(file, []byte("x viewer token "+hexOf(long)+"\ny viewer token "+hexOf(long+"x")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if c, known := u.ByToken(long); !known || c.Name != "x" {
		t.Errorf("the longest token is of %+v", c)
	}
	if c, known := u.ByToken(long + "x"); known {
		t.Errorf("one that is too long is of %+v", c)
	}
}

// TestFileIsWatched: a change counts when two looks have seen it; a file that is not good
// leaves the users of before, and is told once.
func TestFileIsWatched(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	if _, err := Load(file); err == nil {
		t.Error("a file that is not there is taken")
	}
	one := "asha operator token " + hexOf("a") + "\n"
	write(t, file, one)
	u, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	look := func(changed bool, want string) {
		t.Helper()
		got, err := u.Watch()
		if got != changed || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("changed %v, %v; want %v, %q", got, err, changed, want)
		}
	}
	look(false, "")
	write(t, file, one+"boris auditor token "+hexOf("b")+"\n")
	look(false, "")
	if u.Len() != 1 {
		t.Error("it is taken while it is written")
	}
	look(true, "")
	look(false, "")
	if u.Len() != 2 {
		t.Errorf("%d users", u.Len())
	}
	write(t, file, "nonsense")
	look(false, "")
	look(false, "users:1:1: an entry is four words")
	look(false, "")
	if _, known := u.ByToken("b"); !known || !u.Bad() {
		t.Error("the users of before are gone")
	}
	if _, err := u.Reload(); !errors.As(err, new(Faults)) {
		t.Errorf("a reload says %v", err)
	}
	write(t, file, one)
	if changed, err := u.Reload(); !changed || err != nil || u.Len() != 1 || u.Bad() {
		t.Errorf("%v %v, %d users", changed, err, u.Len())
	}
	if err := os.Chmod(file, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Reload(); err == nil || !strings.Contains(err.Error(), "can be written by others (mode 0666)") {
		t.Errorf("open to all: %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
	write(t, file+"2", strings.Repeat("#", fileBytesMax+1))
	if _, err := Load(file + "2"); err == nil || !strings.Contains(err.Error(), "has more than") {
		t.Errorf("too large: %v", err)
	}
}

// TestContext: who asks goes with a request.
func TestContext(t *testing.T) {
	c := Caller{Name: "asha", Roles: Viewer}
	if From(t.Context()) != (Caller{}) || From(With(t.Context(), c)) != c {
		t.Error("the caller is lost")
	}
}

func FuzzUsers(f *testing.F) {
	f.Add("asha operator token " + hexOf("a"))
	f.Add("x participant:A certificate sha256/AAAA # y")
	f.Add("x viewer certificate urn:a")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parse("users", []byte(text))
		if (l == nil) == (err == nil) {
			t.Errorf("%v %v", l, err)
		}
		if err == nil && (len(l.callers) == 0 || len(l.callers) > usersMax) {
			t.Errorf("%d users", len(l.callers))
		}
		for name, c := range l.all() {
			if name != c.Name || c.Roles == 0 || !c.Secured || c.Roles.Any(Participant) != (c.Participant != "") {
				t.Errorf("%+v", c)
			}
		}
	})
}

func (l *list) all() map[string]Caller {
	if l == nil {
		return nil
	}
	return l.callers
}
