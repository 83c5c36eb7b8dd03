package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/translate"
)

// schemaFile is the schema as it is published.
const schemaFile = "../../docs/switchd.schema.json"

// TestSchemaIsPublished: the file is what the command prints.
func TestSchemaIsPublished(t *testing.T) {
	published, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := runs(t, 0, "check-config", "--schema"); !bytes.Equal(published, []byte(out)) {
		t.Fatal("docs/switchd.schema.json is stale: go run ./cmd/switchd check-config --schema > docs/switchd.schema.json")
	}
}

// TestLoadStepsAgree: a configuration without brown_out leaves the engine as it is
// without a configuration.
func TestLoadStepsAgree(t *testing.T) {
	for i, s := range config.DefaultLoadSteps() {
		if want := engine.DefaultLoadSteps()[i]; s.Queue != want.Fill || s.Commit != want.Commit {
			t.Errorf("step %d is %+v, the engine's %+v", i+1, s, want)
		}
	}
}

// TestQuirksOfTheConfiguration: the unit of DE4 follows the currency; what belongs to
// ISO 8583 is refused elsewhere.
func TestQuirksOfTheConfiguration(t *testing.T) {
	p := config.Participant{Dialect: "iso87-npci", Framing: "BIN2", Currency: "INR", AccountPadding: config.Padding{Width: 16, Spaces: true}}
	for currency, want := range map[string]int64{"INR": 100, "JPY": 1, "BHD": 1000} {
		p.Currency, p.AmountInMajorUnits = currency, true
		if q := quirksOf(&p); q.Unit != want || q.Padding.Width != 16 || !q.Padding.Spaces {
			t.Errorf("%s: %+v", currency, q)
		}
	}
	p.AccountPadding.Width = 29
	if _, err := newDialect(&p, &translate.Directory{}, 0); err == nil {
		t.Error("quirks do not reach the dialect")
	}
	p.AccountPadding.Width = 16
	p.AmountInMajorUnits = false
	if q := quirksOf(&p); q.Unit != 1 {
		t.Errorf("%+v", q)
	}
	p.Dialect, p.Framing = dialect20022, "BIN4"
	if err := checkWire(&p); err == nil || !strings.Contains(err.Error(), "account_padding belong to dialects of ISO 8583") {
		t.Errorf("padding in XML: %v", err)
	}
}

// TestCheckConfigFiles: check-config --files reads certificates, keys and lists as a
// start does, and says the same of them; --json has each fault by itself.
func TestCheckConfigFiles(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 2)
	s.edit("tls: {", "tls: {crl: [none.pem], ")
	own, err := os.ReadFile(filepath.Join(s.certs(), "BANKA.pem"))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.certs(), "switch.pem"), own, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, said := runs(t, 0, "check-config", s.config); said != "" {
		t.Errorf("without --files: %s", said)
	}
	out, said := runs(t, exitUsage, "check-config", "--files", "--json", s.config)
	var v checked
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	if v.Good || v.File != s.config || len(v.Faults) != 2 || v.Faults.Error()+"\n" != said ||
		!strings.Contains(said, "switch-key.pem: tls: private key does not match public key") || !strings.Contains(said, "none.pem: no such file") {
		t.Errorf("%+v\n%s", v, said)
	}
	_, refused := runs(t, exitUsage, "serve", "--config", s.config)
	for _, f := range v.Faults {
		if !strings.Contains(refused, strings.TrimPrefix(f.Text, "tls: ")) {
			t.Errorf("a start does not say %q but %q", f.Text, refused)
		}
	}
}
