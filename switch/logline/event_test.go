package logline

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write docs/logs.md anew")

// TestTable: the table is sorted, says something of each event, and names none twice.
func TestTable(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+(\.[a-z_]+){1,2}$`)
	for i, e := range Events() {
		if !id.MatchString(e.ID) || len(e.Says) < 20 || !strings.HasSuffix(e.Says, ".") {
			t.Errorf("%+v", e)
		}
		if i > 0 && events[i-1].ID >= e.ID {
			t.Errorf("%s stands after %s", e.ID, events[i-1].ID)
		}
	}
	if !known("link.up") || known("link.sideways") || known("") {
		t.Error("an event is not found")
	}
}

// TestDocument: docs/logs.md ends with the table of the code.
func TestDocument(t *testing.T) {
	const file, begin = "../../docs/logs.md", "| event |"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, table, found := strings.Cut(string(b), begin)
	switch {
	case !found:
		t.Fatalf("no table in %s", file)
	case begin+table == Document():
	case *rewrite:
		if err := os.WriteFile(file, []byte(text+Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not of today: go test ./switch/logline -rewrite", file)
	}
}
