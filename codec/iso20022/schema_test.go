package iso20022

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// schemas finds the XSD of every definition, by its hash. It skips the test where
// one is not there: they are not part of the repository.
func schemas(t *testing.T) map[*Definition]string {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moov-io/iso20022").Output()
	if err != nil {
		t.Skipf("no schemas: %v", err)
	}
	files := map[string]string{} // by hash
	for _, dir := range []string{"../../../shared/xsd", filepath.Join(strings.TrimSpace(string(module)), "docs/specifications")} {
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".xsd" {
				if data, err := os.ReadFile(path); err == nil {
					sum := sha256.Sum256(data)
					files[hex.EncodeToString(sum[:])] = path
				}
			}
			return nil
		})
	}
	found := map[*Definition]string{}
	for _, d := range Definitions() {
		path, ok := files[d.SchemaHash]
		if !ok {
			t.Skipf("the schema of %s is not here", d.Name)
		}
		found[d] = path
	}
	return found
}

// xmllint judges files by a schema and gives what it says of the bad ones.
func xmllint(t *testing.T, schema string, files []string) string {
	t.Helper()
	out, err := exec.Command("xmllint", append([]string{"--noout", "--nonet", "--schema", schema}, files...)...).CombinedOutput()
	if err == nil {
		return ""
	}
	var bad []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasSuffix(line, " validates\n") {
			bad = append(bad, line)
		}
	}
	return strings.Join(bad, "")
}

// TestXmllintValidatesWhatIsWritten has the judge look at every message of every
// profile, with what must be there and with all that can be.
func TestXmllintValidatesWhatIsWritten(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	schema := schemas(t)
	files := map[*Definition][]string{}
	dir := t.TempDir()
	keep := func(d *Definition, name string, b []byte) {
		path := filepath.Join(dir, name+"-"+d.Name+".xml")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files[d] = append(files[d], path)
	}
	for _, name := range BuiltinNames() {
		p := mustProfile(t, name)
		for _, d := range Definitions() {
			if !p.Accepts(d) || d == p.Header() {
				continue
			}
			for what, want := range map[string]chosen{"must": onlyMandatory, "all": everything} {
				var w Writer
				var m Message
				b := writeSample(t, &w, p, d, want)
				if err := m.Parse(nil, b); err != nil {
					t.Fatal(err)
				}
				keep(d, name+"-"+what, m.Document())
				keep(p.Header(), name+"-"+what+"-"+d.Name, m.Header())
			}
		}
	}
	for d, paths := range files {
		if said := xmllint(t, schema[d], paths); said != "" {
			t.Errorf("%s: %s", d.Name, said)
		}
	}
	t.Logf("%d definitions, %d files of the header", len(files), len(files[Find("head.001.001.02")]))
}
