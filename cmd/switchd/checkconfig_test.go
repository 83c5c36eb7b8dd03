package main

import (
	"bytes"
	"os"
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
