package tidy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTree holds every law over the whole source tree.
func TestTree(t *testing.T) {
	root, err := FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if tree.Module == "" || len(tree.Files) == 0 {
		t.Fatalf("nothing was read below %s", root)
	}
	found := tree.Check()
	for _, v := range found {
		t.Errorf("%s", v)
	}
	if len(found) > 0 {
		t.Logf("%d breaches", len(found))
	}
}

// TestLoad: what is read, what is skipped, and that a file that does not parse is
// a breach like any other.
func TestLoad(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod":              "// a comment\nmodule example.test/m\n\ngo 1.26\n",
		"ledger/book.go":      "package ledger\n",
		"ledger/book_test.go": "package ledger\n",
		"ledger/broken.go":    "package ledger\n\nfunc (\n",
		"ledger/data.json":    "{}",
		"README.md":           "text",
		"Makefile":            "all:",
		"testdata/x.go":       "broken",
		"vendor/v/x.go":       "broken",
		".hidden/x.go":        "broken",
		"_old/x.go":           "broken",
	} {
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range tree.Files {
		files = append(files, f.Path)
	}
	if got := strings.Join(files, " "); got != "ledger/book.go ledger/book_test.go" {
		t.Errorf("files %s", got)
	}
	if tree.Module != "example.test/m" || len(tree.Texts) != 2 {
		t.Errorf("module %q, texts %v", tree.Module, tree.Texts)
	}
	if got := lines(tree.Check()); !strings.Contains(got, "ledger/broken.go:3: syntax: does not parse: ") {
		t.Errorf("%s", got)
	}
}

func TestFindRoot(t *testing.T) {
	root, err := FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "switch", "tidy", "tree.go")); err != nil {
		t.Error(err)
	}
	t.Chdir(string(filepath.Separator))
	if root, err := FindRoot(); err == nil {
		t.Errorf("found %s above the file system's root", root)
	}
}

// TestLawIsSound: the tables themselves. Each row names places that can exist,
// and the layers have no cycle.
func TestLawIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range places {
		if seen[p.dir] {
			t.Errorf("%s has two rows", p.dir)
		}
		seen[p.dir] = true
	}
	for _, p := range places {
		for _, q := range places {
			mutual := under(strings.TrimSuffix(q.dir, "/..."), p.may...) && under(strings.TrimSuffix(p.dir, "/..."), q.may...)
			if mutual && p.dir < q.dir && !strings.HasPrefix(q.dir, "hsm") {
				t.Errorf("%s and %s may import each other", p.dir, q.dir)
			}
		}
	}
	for _, d := range dependencies {
		for _, dir := range d.in {
			if _, known := placeOf(strings.TrimSuffix(dir, "/...")); !known && dir != "switch/..." {
				t.Errorf("%s is allowed in %s, which has no place", d.prefix, dir)
			}
		}
	}
}

func lines(found []Violation) string {
	var b strings.Builder
	for _, v := range found {
		b.WriteString(v.String() + "\n")
	}
	return b.String()
}
