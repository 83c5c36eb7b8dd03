package config

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// reference is the page about the keys; between the marks it is made of their table.
const (
	reference      = "../../docs/configuration.md"
	referenceBegin = "<!-- keys: go test ./switch/config -rewrite -->\n"
	referenceEnd   = "<!-- end of keys -->\n"
)

// TestReference: the page lists all keys as they are, and its limits are those of
// the example.
func TestReference(t *testing.T) {
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	front, rest, begins := strings.Cut(string(page), referenceBegin)
	_, back, ends := strings.Cut(rest, referenceEnd)
	if !begins || !ends {
		t.Fatalf("%s has no marks", reference)
	}
	compare(t, reference, front+referenceBegin+tables()+referenceEnd+back)

	_, example, _ := strings.Cut(string(mustRead(t, "limits.good.yml")), "payment_limits:\n")
	example, _, _ = strings.Cut(example, "participants:\n")
	if block := "```yaml\npayment_limits:\n" + example + "```\n"; !bytes.Contains(page, []byte(block)) {
		t.Errorf("%s does not have the limits of testdata/config/limits.good.yml:\n%s", reference, block)
	}
}

// tables has one table for each mapping.
func tables() string {
	var b strings.Builder
	tableOf(&b, "The file", &rootShape)
	return b.String()
}

// alike are mappings whose keys stand in another table.
var alike = []string{"participants.timers", "participants.rate.enquiries", "participants.rate.others"}

func tableOf(b *strings.Builder, title string, is *shape) {
	fmt.Fprintf(b, "\n### %s\n\n| key | value | without it | |\n|---|---|---|---|\n", title)
	for i := range is.keys {
		k := &is.keys[i]
		mark := ""
		if k.restart {
			mark = " †"
		}
		fmt.Fprintf(b, "| `%s`%s | %s | %s | %s |\n", k.name, mark, k.is.inWords(), k.otherwise(is), cell(k.says))
	}
	for i := range is.keys {
		k := &is.keys[i]
		below := &k.is
		if below.kind == isList {
			below = below.each
		}
		name := strings.TrimPrefix(title+"."+k.name, "The file.")
		if below.kind == isTable && !slices.Contains(alike, name) {
			tableOf(b, name, below)
		}
	}
}

// inWords is what a value looks like.
func (s *shape) inWords() string {
	switch low, high := s.bounds(); {
	case s.kind == isNumber:
		return low + " to " + high
	case low != "":
		return low + " to " + high
	case s.kind == isTruth:
		return "`true`, `false`"
	case s.kind == isList:
		return "list of " + s.each.inWords()
	case s.kind == isTable && s.off:
		return "mapping, or `off`"
	case s.kind == isTable:
		return "mapping"
	case len(s.words) > 10:
		return "one of " + fmt.Sprint(len(s.words)) + " codes"
	case s.words != nil:
		return "`" + strings.Join(s.words, "`, `") + "`"
	case s.known != nil:
		return "a name"
	case s.form != nil:
		return cell(s.form.says)
	}
	return "a text"
}

// otherwise is what holds without a key.
func (k *key) otherwise(in *shape) string {
	switch {
	case k.def != "":
		return "`" + k.def + "`"
	case in.oneOfSome(k.name):
		return "one of these: `" + strings.Join(in.some, "`, `") + "`"
	case k.example != "":
		return "**needed**"
	}
	return ""
}

// cell is a text in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
