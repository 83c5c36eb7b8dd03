package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/switch/access"
)

// TestUsers: a token that was shown once opens, its file has nothing but a hash, and a
// user who was removed is nobody.
func TestUsers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, out := filepath.Join(dir, "admin.users"), filepath.Join(dir, "asha.token")
	shown, said := commands(t, 0, "user", "add", "asha", "--roles", "operator,auditor", "--users", file)
	token := strings.TrimSpace(shown)
	if !strings.HasPrefix(token, "switchd_") || len(token) < 50 || strings.Contains(said, token) {
		t.Fatalf("it shows %q and says %q", shown, said)
	}
	commands(t, 0, "user", "add", "asha", "--roles", "operator,auditor", "--users", file, "--again", "--token-out", out)
	commands(t, 0, "user", "add", "probe", "--roles", "viewer", "--users", file, "--certificate", "urn:switch:operator:probe")
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), token) {
		t.Fatalf("%v: the token stands in the file:\n%s", err, text)
	}
	for _, name := range []string{file, out} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	second, err := readToken(out)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []string{token, second} {
		if c, known := users.ByToken(each); !known || c.Name != "asha" || c.Roles != access.Operator|access.Auditor {
			t.Errorf("a token is of %+v, %v", c, known)
		}
	}
	list, _ := commands(t, 0, "user", "ls", "--users", file)
	if !strings.Contains(list, "probe  viewer            certificate") || strings.Count(list, "asha") != 2 || strings.Contains(list, userLines(string(text))[0].value) {
		t.Errorf("the list is\n%s", list)
	}
	_, said = commands(t, 0, "user", "rm", "asha", "--users", file)
	if changed, err := users.Reload(); !changed || err != nil || users.Len() != 1 || !strings.Contains(said, "2 lines") {
		t.Errorf("%v %v: %d users, it said %q", changed, err, users.Len(), said)
	}
	if _, known := users.ByToken(token); known {
		t.Error("who was removed is still let in")
	}
	left, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(left), "# Who may look") {
		t.Errorf("%v: the comment has gone:\n%s", err, left)
	}
}

// TestUserFaults: what cannot be is refused and changes nothing.
func TestUserFaults(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admin.users")
	commands(t, 0, "user", "add", "asha", "--roles", "operator", "--users", file)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"add asha --roles operator", "is in " + file + " already", exitUsage},
		{"add asha --roles viewer --again", "has other roles in line 2", exitUsage},
		{"add biko --roles king", "is not known", exitUsage},
		{"add b!ko --roles viewer", "a name is", exitUsage},
		{"add b!ko --roles viewer", "b!ko is not added: ", exitUsage},
		{"add biko --roles king", "biko is not added: ", exitUsage},
		{"add bi#ko --roles viewer", "no space, line end or # in them", exitUsage},
		{"add biko", `"roles" not set`, exitUsage},
		{"add biko --roles viewer --certificate probe", "a certificate is named by a URI", exitUsage},
		{"rm biko", "biko is not in", exitFailed},
		{"add biko --roles viewer --token-out " + file, "exists", exitFailed},
	} {
		if out, said := commands(t, c.code, append([]string{"user"}, append(strings.Fields(c.line), "--users", file)...)...); out != "" || !strings.Contains(said, c.want) || strings.Contains(said, ":1:") {
			t.Errorf("%s: it said %q and %q", c.line, out, said)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("%v: the file has changed:\n%s", err, after)
	}
	if _, said := commands(t, exitUsage, "user", "ls", "--users", file+".none"); !strings.Contains(said, "no such file") {
		t.Errorf("of a file that is not there it said %q", said)
	}
}
