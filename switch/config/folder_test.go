package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestFolder: participants of a folder come after those of the file, in the order of
// its names; what is wrong names its file.
func TestFolder(t *testing.T) {
	t.Chdir(golden)
	c, err := Load("folder.good/switchd.yml", known)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "folder.good.txt", dump(t, c))
	if got, want := names(c), "[folder.good/switchd.yml folder.good/participants.d/10-two.yml folder.good/participants.d/20-one.yml]"; got != want {
		t.Errorf("read %s, want %s", got, want)
	}
	if _, err = Load("folder.bad/switchd.yml", known); err == nil {
		t.Fatal("accepted")
	}
	compare(t, "folder.bad.txt", err.Error()+"\n")
}

// folderHead is a configuration without participants.
const folderHead = `listen: 127.0.0.1:8583
admin: 127.0.0.1:9583
data_dir: data
institution: "999999"
tls: {ca: a, cert: b, key: c}
`

// TestFolderBounds: a folder that is none, is empty, or is something else.
func TestFolderBounds(t *testing.T) {
	dir := t.TempDir()
	file, parts := filepath.Join(dir, "switchd.yml"), filepath.Join(dir, "p.d")
	f := func(text, want string) {
		t.Helper()
		write(t, file, folderHead+text, 0o600)
		_, err := Load(file, known)
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
		}
		if !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	const named = "participants_dir: p.d\n"
	one := `{id: AA, institution: "1", handles: [aa], dialect: iso87-npci, framing: BIN2, net_debit_cap: "0"}`
	f(named, "switchd.yml:6:19: participants_dir p.d cannot be read: no such file or directory")
	if err := os.Mkdir(parts, 0o700); err != nil {
		t.Fatal(err)
	}
	f(named, "switchd.yml:6:19: participants_dir has no *.yml files: a switch needs at least one participant")
	f(named+"participants: []\n", "switchd.yml:6:19: participants_dir has no *.yml files")
	f(named+"participants: ["+one+"]\n", "")
	write(t, filepath.Join(parts, "a.yml"), "[]", 0o600)
	f(named, "switchd.yml:6:19: participants_dir has no participant in its files")
	write(t, filepath.Join(parts, "a.yml"), one, 0o600)
	f(named, "")
	write(t, filepath.Join(parts, "a.yml"), strings.Repeat("#", fileBytesMax+1), 0o600)
	f(named, "p.d/a.yml: the file is larger than 4 MiB")
	for i := range 4 {
		write(t, filepath.Join(parts, fmt.Sprintf("b%d.yml", i)), strings.Repeat("#", fileBytesMax), 0o600)
	}
	f(named, "switchd.yml:6:19: participants_dir p.d has files of more than 16 MiB")
	if err := os.Mkdir(filepath.Join(parts, "0.yml"), 0o700); err != nil {
		t.Fatal(err)
	}
	f(named, "participants_dir p.d has a file 0.yml that cannot be read: is a directory")
	for _, name := range []string{"2.yaml", "1.YML", "0.Yml"} { // they come in the order of their names
		write(t, filepath.Join(parts, name), one, 0o600)
		write(t, filepath.Join(parts, ".2.yaml"), one, 0o600)
	}
	if err := os.Remove(filepath.Join(parts, "0.yml")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"0.Yml", "1.YML", "2.yaml"} {
		f(named, "participants_dir p.d has a file "+name+": its name must end with .yml")
		if err := os.Remove(filepath.Join(parts, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTooManyParticipants: the bound is on all files together.
func TestTooManyParticipants(t *testing.T) {
	var text strings.Builder
	entries := func(from, to int) string {
		text.Reset()
		for i := from; i < to; i++ {
			fmt.Fprintf(&text, "- {id: A%d, institution: \"%d\", handles: [a%d], dialect: iso87-npci, framing: BIN2, net_debit_cap: \"0\"}\n", i, i, i)
		}
		return text.String()
	}
	parts := []Source{{"p", []byte(entries(participantsMax, participantsMax+1))}}
	folder := func(string) ([]Source, error) { return parts, nil }
	root := Source{"f", []byte(folderHead + "participants_dir: d\nparticipants:\n" + entries(1, participantsMax))}
	if c, err := parse(root, known, folder); err != nil || len(c.Participants) != participantsMax {
		t.Fatalf("%v", err)
	}
	parts[0].Data = []byte(entries(participantsMax, participantsMax+2))
	if _, err := parse(root, known, folder); err == nil || err.Error() != "f: 4097 participants: at most 4096 are possible" {
		t.Fatalf("%v", err)
	}
}

// TestParseOpensNothing: bytes in memory cannot name a folder.
func TestParseOpensNothing(t *testing.T) {
	_, err := Parse("f", []byte(folderHead+"participants_dir: /etc\n"), known)
	if err == nil || err.Error() != "f:6:19: participants_dir: there are no folders here: write the participants out" {
		t.Errorf("%v", err)
	}
}

// names are the files of a configuration.
func names(c *Config) string {
	var all []string
	for _, s := range c.Sources() {
		all = append(all, s.File)
	}
	return fmt.Sprint(all)
}

// TestAgain: what was read gives the same configuration again, whatever has become of
// the files.
func TestAgain(t *testing.T) {
	t.Chdir(golden)
	for _, file := range []string{"folder.good/switchd.yml", "gateway.good.yml"} {
		c, err := Load(file, known)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Again(c.Sources(), known)
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%s: %v, or another one", file, err)
		}
	}
	if _, err := Again(nil, known); err == nil {
		t.Error("a configuration of no file")
	}
}
