package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var rewriteMetrics = flag.Bool("rewrite-metrics", false, "write docs/metrics.md anew")

const metricsFile = "../../docs/metrics.md"

// documented: docs/metrics.md is what the registry says.
func documented(t *testing.T, seen map[string]*seenMetric) {
	want := metricsText(seen)
	if *rewriteMetrics {
		if err := os.WriteFile(metricsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(metricsFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		for line := range strings.Lines(want) {
			if !strings.Contains(string(got), line) {
				t.Errorf("not there: %s", line)
			}
		}
		t.Error("docs/metrics.md is not what the registry says: go test ./cmd/switchd -run TestMetrics/documented -rewrite-metrics")
	}
}

// metricsText is the table of all metrics. It does not depend on the traffic there was.
func metricsText(seen map[string]*seenMetric) string {
	var b strings.Builder
	b.WriteString(`# Metrics

Generated from the registry of a running switch (` + "`go test ./cmd/switchd -run TestMetrics/documented -rewrite-metrics`" + `); do not edit.
Beside these there are those of the Go runtime (` + "`go_*`) and of the process (`process_*`" + `). Those of ` + "`switchd_hsm_*`" + ` are there with a
security module, those of ` + "`switchd_hsm_payshield_*`" + ` with payShields.

Every label is of a small fixed set, or the id of a configured participant: none stands for a payment, an account or a message.
Which alerts are made of them: [switchd.rules.yml](../deploy/prometheus/switchd.rules.yml); what to do about those: [operating.md](operating.md).

| name | type | labels | meaning |
|---|---|---|---|
`)
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if m := seen[name]; strings.HasPrefix(name, "switchd_") {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, m.kind, strings.Join(m.labels, ", "), strings.ReplaceAll(m.help, "|", "\\|"))
		}
	}
	return b.String()
}
