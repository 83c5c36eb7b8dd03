package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// unseen are the bad files in which a schema sees nothing wrong, with the reason.
var unseen = map[string]string{
	"nomodule.bad.yml":        "what a participant has needs a module of the switch",
	"addresses.bad.yml":       "host:port is checked by the binder",
	"anchors.bad.yml":         "anchors, aliases and merge keys are gone when a validator looks",
	"health-order.bad.yml":    "one value above another",
	"health-step.bad.yml":     "one value below the default of another",
	"storage-inside.bad.yml":  "one folder inside another",
	"journal-after.bad.yml":   "one value that needs another",
	"journal-archive.bad.yml": "one folder inside another",
	"storage-years.bad.yml":   "one value above another",
}

// TestSchema: another's validator agrees with the binder. What the binder accepts is
// valid; what it refuses is not, unless it is nothing that a schema can say.
func TestSchema(t *testing.T) {
	root, folder := compile(t, ""), compile(t, "#/$defs/folder")
	valid := func(schema *jsonschema.Schema, file string) error {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return validate(schema, data)
	}
	for _, file := range append(files(t, "*.good.yml"), files(t, "*.good/switchd.yml")...) {
		if err := valid(root, file); err != nil {
			t.Errorf("%s is good: %v", file, err)
		}
	}
	for _, file := range files(t, "*.good/participants.d/[0-9]*.yml") {
		if err := valid(folder, file); err != nil {
			t.Errorf("%s is good: %v", file, err)
		}
	}
	if err := validate(root, Example()); err != nil {
		t.Errorf("the example: %v", err)
	}
	for _, file := range files(t, "*.bad.yml") {
		why, blind := unseen[filepath.Base(file)]
		if err := valid(root, file); (err == nil) != blind {
			t.Errorf("%s: the validator says %v; cannot be seen: %q", file, err, why)
		}
	}
	for _, file := range []string{"a.yml", "b.yml", "e.yml"} {
		if err := valid(folder, filepath.Join(golden, "folder.bad", "participants.d", file)); err == nil {
			t.Errorf("%s is accepted", file)
		}
	}
}

// TestSchemaSeesEachFault: one fault each, in a configuration that is good without.
func TestSchemaSeesEachFault(t *testing.T) {
	schema := compile(t, "")
	good, err := os.ReadFile(filepath.Join(golden, "gateway.good.yml"))
	if err != nil {
		t.Fatal(err)
	}
	f := func(old, changed string) {
		t.Helper()
		text := strings.Replace(string(good), old, changed, 1)
		if text == string(good) {
			t.Fatalf("%q is not in the file", old)
		}
		if validate(schema, []byte(text)) == nil {
			t.Errorf("%q for %q: accepted by the schema", changed, old)
		}
		if _, err := Parse("f", []byte(text), known); err == nil {
			t.Errorf("%q for %q: accepted by the binder", changed, old)
		}
	}
	f("listen: 127", "listens: 127")
	f("data_dir: data\n", "")
	f("links: 2000", "links: 0")
	f("links: 2000", `links: "2000"`)
	f("outbox: 8MiB", "outbox: 8")
	f("commit: 300ms", "commit: 300")
	f("commit_age: 30s", "commit_age: 30")
	f("certificates: 14d", "certificates: 14")
	f("queue: 40", "queue: 102")
	f("types: [push, collect]", "types: [push, mandate]")
	f("payee: person", "payee: persons")
	f(`institution: "1"`, "institution: 1")
	f("roles: [bank]", "roles: bank")
	f("bic: BNKAINBB", "bic: BNKA1NBB")
	f(`"400000-400099"`, `"400000-"`)
	f("currency: INR", "currency: inr")
	f("dialect: iso87-npci", "dialect: iso93")
	f("framing: BIN2", "framing: BIN5")
	f("amount_in_major_units: true", `amount_in_major_units: "true"`)
	f("account_padding: {width: 16}", "account_padding: {with: zeros}")
	f("group: 1", "group: 16")
	f("sha256/47", "sha1/47")
	f("FU=", "FV=") // bits behind the end, which certs.ParsePin refuses as well
	f(`["bank.example:8583"]`, "[]")
	f("    - {queue: 60, commit: 1s}\n", "")
	f(`tls_min: "1.2"`, "tls_min: 1.2")
	f("rate: {requests: {per_second: 500}", "rate: {requests: {burst: 500}")
	f("others: off", "others: none")
	f("in_flight: off", "in_flight: on")
	f("breaker: off", "breaker: {row: 5}")
	f("handles: [pspc]", "profile: ips-base")
	f("participants:\n", "participant:\n")
}

// TestTableIsWhole: each key says what it is for, and what holds without it is
// something that it may hold.
func TestTableIsWhole(t *testing.T) {
	eachKey(&rootShape, "", func(path string, k *key) {
		if k.says == "" || strings.HasSuffix(k.says, ".") {
			t.Errorf("%s: says %q", path, k.says)
		}
		if k.def != "" && k.example != "" {
			t.Errorf("%s must be there and has a default", path)
		}
		if k.def == "" {
			return
		}
		schema := node{"$schema": schemaDraft, "properties": node{"it": schemer{known}.of(&k.is)}}
		if err := validate(compileNode(t, schema, ""), []byte(fmt.Sprintf("it: %s", quoted(k)))); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	})
}

// quoted is what holds without a key, as YAML.
func quoted(k *key) string {
	if k.is.kind == isText {
		return fmt.Sprintf("%q", k.def)
	}
	return k.def
}

// eachKey calls f for every key of a shape and of those below it, with its path.
func eachKey(is *shape, under string, f func(path string, k *key)) {
	for i := range is.keys {
		k := &is.keys[i]
		path := strings.TrimPrefix(under+"."+k.name, ".")
		f(path, k)
		below := &k.is
		if below.kind == isList {
			below = below.each
		}
		eachKey(below, path, f)
	}
}

func compile(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(known)))
	if err != nil {
		t.Fatal(err)
	}
	return compileNode(t, doc, part)
}

func compileNode(t *testing.T, doc any, part string) *jsonschema.Schema {
	t.Helper()
	if n, ours := doc.(node); ours { // as others see it
		data, err := yaml.MarshalWithOptions(n, yaml.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json" + part)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate reads YAML as other tools do, and validates it.
func validate(schema *jsonschema.Schema, data []byte) error {
	var doc any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return err
	}
	return schema.Validate(doc)
}

// TestUnseenExist: the list of what a schema cannot see names files.
func TestUnseenExist(t *testing.T) {
	bad := files(t, "*.bad.yml")
	for name := range unseen {
		if !slices.Contains(bad, filepath.Join(golden, name)) {
			t.Errorf("%s is no bad file", name)
		}
	}
}
