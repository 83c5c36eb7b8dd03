package simbank

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// schemaFolders are where the schemas of ISO 20022 may be; they are not part of
// the repository. ISO20022_XSD names another folder.
func schemaFolders() []string {
	folders := []string{os.Getenv("ISO20022_XSD"), "../../../shared/xsd"}
	if cache, err := exec.Command("go", "env", "GOMODCACHE").Output(); err == nil {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), "github.com/moov-io/iso20022@*/docs/specifications/*"))
		folders = append(folders, found...)
	}
	return folders
}

// noted are messages that the tests of this package have seen on the wire, up to
// a few of each kind and direction, for TestSchemas.
var noted struct {
	mu     sync.Mutex // guards bodies
	bodies map[string][][]byte
}

var definitionOf = regexp.MustCompile(`<MsgDefIdr>([a-z0-9.]+)</MsgDefIdr>`)

func noteSchema(t testing.TB, body []byte) {
	m := definitionOf.FindSubmatch(body)
	if m == nil {
		t.Errorf("no definition in %s", body)
		return
	}
	noted.mu.Lock()
	defer noted.mu.Unlock()
	if noted.bodies == nil {
		noted.bodies = map[string][][]byte{}
	}
	const enough = 400
	if kind := string(m[1]); len(noted.bodies[kind]) < enough {
		noted.bodies[kind] = append(noted.bodies[kind], bytes.Clone(body))
	}
}

// TestMain holds what the tests have seen on the wire against the schemas, by
// libxml2, if it and they are there.
func TestMain(m *testing.M) {
	code := m.Run()
	faults, checked := checkSchemas()
	for _, fault := range faults {
		fmt.Println("not valid:", fault)
		code = 1
	}
	if len(noted.bodies) > 0 && testing.Verbose() {
		fmt.Println(checked, "headers and documents are valid by their schemas")
	}
	os.Exit(code)
}

func checkSchemas() (report []string, checked int) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		return nil, 0
	}
	dir, err := os.MkdirTemp("", "schemas")
	if err != nil {
		return []string{err.Error()}, 0
	}
	defer func() { _ = os.RemoveAll(dir) }()
	noted.mu.Lock()
	defer noted.mu.Unlock()
	for kind, bodies := range noted.bodies {
		var heads, docs [][]byte
		for _, body := range bodies {
			head, rest, _ := bytes.Cut(body, []byte("<Document "))
			heads = append(heads, bytes.TrimPrefix(head, []byte(`<Message xmlns="">`)))
			docs = append(docs, append([]byte("<Document "), bytes.TrimSuffix(rest, []byte("</Message>"))...))
		}
		for schema, files := range map[string][][]byte{"head.001.001.02": heads, kind: docs} {
			n, fault := lintAll(lint, dir, schema, files)
			checked += n
			if fault != "" {
				report = append(report, kind+" by "+schema+": "+fault)
			}
		}
	}
	return report, checked
}

func lintAll(lint, dir, schema string, files [][]byte) (checked int, fault string) {
	xsd := ""
	for _, folder := range schemaFolders() {
		if found, _ := filepath.Glob(filepath.Join(folder, schema+"*.xsd")); folder != "" && len(found) > 0 {
			xsd = found[0]
			break
		}
	}
	if xsd == "" {
		return 0, ""
	}
	args := []string{"--noout", "--schema", xsd}
	for i, file := range files {
		name := filepath.Join(dir, fmt.Sprintf("%s.%d.xml", schema, i))
		if err := os.WriteFile(name, file, 0o600); err != nil {
			return 0, err.Error()
		}
		args = append(args, name)
	}
	if out, err := exec.Command(lint, args...).CombinedOutput(); err != nil {
		return len(files), clip(string(out), 2000)
	}
	return len(files), ""
}
