package main

import (
	"bytes"
	"os"
	"testing"

	"switchd/switch/config"
	"switchd/switch/engine"
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
