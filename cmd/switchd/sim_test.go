package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// TestSim: the keys of --json are a contract, and the same seeds give the same trace.
func TestSim(t *testing.T) {
	traces := map[string]bool{}
	for range 2 {
		out, said := runs(t, 0, "sim", "--seeds", "5", "--seed", "3", "--json")
		var report map[string]any
		if err := json.Unmarshal([]byte(out), &report); err != nil || said != "" {
			t.Fatalf("%v\n%s\n%s", err, out, said)
		}
		want := []string{"events", "faults", "first_violation_seed", "payments", "seeds", "simulated_hours", "trace_hash", "violations"}
		if keys := slices.Sorted(maps.Keys(report)); !slices.Equal(keys, want) {
			t.Errorf("keys %v, want %v", keys, want)
		}
		if report["seeds"] != 5.0 || report["violations"] != 0.0 || report["first_violation_seed"] != nil || report["payments"].(float64) < 100 {
			t.Errorf("%s", out)
		}
		traces[report["trace_hash"].(string)] = true
	}
	if len(traces) != 1 {
		t.Errorf("the same seeds have several traces: %v", traces)
	}
}
