package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sources are the folders with the schemas: the first beside the repository, the
// other in a module that the tests use.
func sources(t *testing.T) []string {
	t.Helper()
	dirs := []string{filepath.Join("..", "..", "..", "..", "shared", "xsd")}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moov-io/iso20022").Output()
	if err != nil || strings.TrimSpace(string(out)) == "" {
		t.Skip("the module github.com/moov-io/iso20022, which has schemas, is not there")
	}
	dirs = append(dirs, filepath.Join(strings.TrimSpace(string(out)), "docs", "specifications"))
	for _, dir := range dirs {
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("no schemas in %s", dir)
		}
	}
	return dirs
}

// TestTables proves that the tables in the repository are what the schemas give.
func TestTables(t *testing.T) {
	tables, err := generate(sources(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range tables {
		old, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(old, table) {
			t.Errorf("%s is not what the schemas give: go generate ./codec/iso20022", name)
		}
	}
	there, err := filepath.Glob(filepath.Join("..", "table_*.go"))
	if err != nil || len(there) != len(tables) {
		t.Errorf("there are %d tables of %d (%v)", len(there), len(tables), err)
	}
}

// TestCheck: -check finds a table that was changed by hand, and writes nothing.
func TestCheck(t *testing.T) {
	dirs, out := sources(t), t.TempDir()
	if err := run(dirs, out, false); err != nil {
		t.Fatal(err)
	}
	if err := run(dirs, out, true); err != nil {
		t.Error(err)
	}
	path := filepath.Join(out, "table_names.go")
	if err := os.WriteFile(path, []byte("package iso20022\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dirs, out, true); err == nil || !strings.Contains(err.Error(), "table_names.go") {
		t.Errorf("the change was not found: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "package iso20022\n" {
		t.Error("-check has written a table")
	}
}

// xsd is a schema around some types, whose root element has the type T.
func xsd(types string) []byte {
	return []byte(`<xs:schema xmlns="urn:iso:std:iso:20022:tech:xsd:test.001.001.01" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 elementFormDefault="qualified" targetNamespace="urn:iso:std:iso:20022:tech:xsd:test.001.001.01">
<xs:element name="Document" type="T"/>` + types + `</xs:schema>`)
}

const (
	text   = `<xs:simpleType name="S"><xs:restriction base="xs:string"><xs:maxLength value="4"/></xs:restriction></xs:simpleType>`
	inT    = `<xs:complexType name="T"><xs:sequence>`
	endT   = `</xs:sequence></xs:complexType>`
	oneInT = inT + `<xs:element name="A" type="S"/>` + endT
)

// TestRefuses: whatever the tables cannot hold is an error and not passed over.
func TestRefuses(t *testing.T) {
	restricted := func(base, facets string) string {
		return oneInT + `<xs:simpleType name="S"><xs:restriction base="` + base + `">` + facets + `</xs:restriction></xs:simpleType>`
	}
	for want, types := range map[string]string{
		"":                               oneInT + text,
		"two elements A":                 inT + `<xs:element name="A" type="S"/><xs:element name="A" type="S"/>` + endT + text,
		"xs:sequence inside":             inT + `<xs:sequence/>` + endT + text,
		"contains itself":                inT + `<xs:element name="A" type="T"/>` + endT,
		`type "S" is not`:                oneInT,
		"type S is not used":             inT + `<xs:any namespace="##any" processContents="lax"/>` + endT + text,
		"attribute minOccurs":            `<xs:complexType name="T"><xs:sequence minOccurs="0"><xs:element name="A" type="S"/>` + endT + text,
		"attribute nillable":             inT + `<xs:element name="A" type="S" nillable="true"/>` + endT + text,
		"xs:any inside":                  inT + `<xs:element name="A" type="S"/><xs:any namespace="##any" processContents="lax"/>` + endT + text,
		"attribute minOccurs, which":     inT + `<xs:any namespace="##any" processContents="lax" minOccurs="0"/>` + endT,
		"processContents=strict":         inT + `<xs:any namespace="##any" processContents="strict"/>` + endT,
		"of namespace ##other":           inT + `<xs:any namespace="##other" processContents="lax"/>` + endT,
		"type with 0 elements":           inT + endT,
		"300 to 300 times":               inT + `<xs:element name="A" type="S" minOccurs="300" maxOccurs="300"/>` + endT + text,
		"xs:all is not":                  `<xs:complexType name="T"><xs:all/></xs:complexType>`,
		"xs:group is not":                oneInT + text + `<xs:group name="G"/>`,
		"base xs:anyURI":                 restricted("xs:anyURI", ""),
		"xs:maxInclusive of":             restricted("xs:decimal", `<xs:maxInclusive value="9"/>`),
		"xs:minInclusive of":             restricted("xs:decimal", `<xs:minInclusive value="1"/>`),
		"xs:maxLength of":                restricted("xs:date", `<xs:maxLength value="9"/>`),
		"is no number":                   restricted("xs:string", `<xs:whiteSpace value="-"/>`),
		"codes of baseDecimal":           restricted("xs:decimal", `<xs:enumeration value="1"/>`),
		`code "A B"`:                     restricted("xs:string", `<xs:enumeration value="A B"/>`),
		"a second pattern":               restricted("xs:string", `<xs:pattern value="A"/><xs:pattern value="B"/>`),
		"one of a type that is not text": restricted("xs:decimal", `<xs:pattern value="1"/>`),
	} {
		err := newPool().add("test.001.001.01", xsd(types))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := newPool().add("test.001.001.02", xsd(oneInT+text)); err == nil {
		t.Error("a schema of another message was taken")
	}
}

// TestPool: what is built alike is one type, whatever its name.
func TestPool(t *testing.T) {
	p := newPool()
	for _, types := range []string{oneInT + text, strings.ReplaceAll(oneInT+text, `"S"`, `"Other"`)} {
		if err := p.add("test.001.001.01", xsd(types)); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.simple.all) != 1 || len(p.complex.all) != 1 || len(p.messages) != 2 {
		t.Errorf("%d simple and %d complex types of %d messages", len(p.simple.all), len(p.complex.all), len(p.messages))
	}
}
